import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backupVerification } from '../../functions/backup-verification/operation.ts';
import type { ScheduleConfiguration } from '../../functions/runtime/configuration.ts';
import { rolledUp } from '../../functions/runtime/metric-names.ts';
import { handler, overdue, overdueFailed, runsFailed, runsNotFannedOut, runsNotStarted, template, topic } from './example-stack.ts';
import { type Resource, resourcesOf, synthesize } from './synthesize.ts';

const alarmsOf = (of: typeof template) => resourcesOf(of, 'AWS::CloudWatch::Alarm');
const alarms = alarmsOf(template);

/** `namespace metric of dimension: statistic`. */
const watched = ({ Properties }: Resource): string => {
  const {
    Namespace,
    MetricName,
    Statistic,
    Dimensions = [],
  } = Properties as {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Statistic: string;
    readonly Dimensions?: readonly { readonly Value: string }[];
  };
  return `${Namespace} ${MetricName}${Dimensions.map(({ Value }) => ` of ${Value}`).join('')}: ${Statistic}`;
};
const alarmOf = (metric: string, from: readonly Resource[] = alarms) => {
  const [found, ...more] = from.filter((alarm) => watched(alarm) === metric);
  assert.ok(found && more.length === 0, `${metric}: ${from.map(watched).join(', ')}`);
  return found.Properties;
};

describe('the alarms', () => {
  test('watch what runs, what they found, what did not come, and each dead-letter queue', () => {
    assert.deepEqual(
      alarms.map(watched).sort(),
      [
        `AWS/Lambda Errors of <${handler.id}>: Sum`,
        `AWS/Lambda Throttles of <${handler.id}>: Sum`,
        'Nightshift PublishersFailed-health-check: Sum',
        'Nightshift CoveragePercent of health-check: Minimum',
        'Nightshift FindingsCritical of health-check: Maximum',
        'Nightshift OverdueReports of overdue-reports: Maximum',
        'Nightshift OverdueReports of overdue-reports: SampleCount',
        `AWS/Lambda Errors of <${overdue.id}>: Sum`,
        ...[runsFailed, overdueFailed, runsNotStarted, runsNotFannedOut].map(
          ({ id }) => `AWS/SQS ApproximateNumberOfMessagesVisible of <${id}.QueueName>: Maximum`,
        ),
      ].sort(),
    );
  });

  test('tell the topic, and say what to do', () => {
    for (const { Properties } of alarms) {
      assert.deepEqual(Properties.AlarmActions, [`<${topic.id}>`]);
      assert.match(String(Properties.AlarmName), /^Nightshift-[A-Za-z-]+$/);
      assert.match(String(Properties.AlarmDescription), /^Nightshift: .{60,900}$/);
    }
  });

  test('of what should never be: at the first of it', () => {
    for (const { Properties } of alarms.filter(({ Properties }) => Properties.Period === 300)) {
      assert.partialDeepStrictEqual(Properties, {
        Threshold: 1,
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      });
    }
    assert.equal(alarms.filter(({ Properties }) => Properties.Period === 300).length, 8);
  });

  test('of what runs found: any hour of the window, over all clusters of the operation, by what is rolled up', () => {
    const hourly = { Period: 3600, DatapointsToAlarm: 1, TreatMissingData: 'notBreaching' };
    assert.partialDeepStrictEqual(alarmOf('Nightshift CoveragePercent of health-check: Minimum'), {
      ...hourly,
      Threshold: 100,
      ComparisonOperator: 'LessThanThreshold',
    });
    assert.partialDeepStrictEqual(alarmOf('Nightshift FindingsCritical of health-check: Maximum'), {
      ...hourly,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      // A pager closes what it opened.
      OKActions: [`<${topic.id}>`],
    });
    const byOperation = alarms.flatMap(({ Properties }) =>
      JSON.stringify(Properties.Dimensions)?.includes('"health-check"') ? [String(Properties.MetricName)] : [],
    );
    assert.deepEqual(byOperation.sort(), [...rolledUp].sort());
  });

  test('a report is overdue until the next count says that none is', () => {
    assert.partialDeepStrictEqual(alarmOf('Nightshift OverdueReports of overdue-reports: Maximum'), {
      Period: 3600,
      EvaluationPeriods: 26,
      DatapointsToAlarm: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test('no count for a day and its retries is an alarm, but not before the first could come', () => {
    assert.partialDeepStrictEqual(alarmOf('Nightshift OverdueReports of overdue-reports: SampleCount'), {
      Period: 3600,
      EvaluationPeriods: 26,
      DatapointsToAlarm: 26,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      WarmUpConfiguration: { WarmUpPeriodDurationInMinutes: 120 },
    });
  });
});

describe('the window of what runs found', () => {
  const hoursOf = (...schedules: readonly Pick<ScheduleConfiguration, 'cron' | 'rate' | 'flexibleMinutes' | 'with'>[]) => {
    const { template: made } = synthesize({
      clusters: { prod: { eks: { name: 'prod', region: 'eu-central-1' } } },
      schedules: schedules.map((schedule) => ({ operation: 'health-check', clusters: ['prod'], ...schedule })),
    });
    return alarmOf('Nightshift FindingsCritical of health-check: Maximum', alarmsOf(made)).EvaluationPeriods;
  };

  test('is as long as the slowest schedule may take to the next run, so that nothing ends in between', () => {
    // A day, an hour of retries and ten minutes of the run.
    assert.equal(hoursOf({ cron: '0 6 * * ? *' }), 26);
    assert.equal(hoursOf({ cron: '0 6 * * ? *' }, { rate: '1 hour' }), 26);
    assert.equal(hoursOf({ rate: '1 hour' }), 3);
    assert.equal(hoursOf({ rate: '1 hour', flexibleMinutes: 60 }), 4);
    assert.equal(hoursOf({ cron: '0 6 ? * MON-FRI *' }), 74);
    // What runs a part of the checks measures nothing.
    assert.equal(hoursOf({ cron: '0 6 * * ? *' }, { cron: '0 6 ? * MON *', with: { only: ['nodes'] } }), 26);
  });

  test('is a week at most, as CloudWatch has it, and a day where nothing is scheduled', () => {
    assert.equal(hoursOf({ cron: '0 6 1 * ? *' }), 168);
    assert.equal(hoursOf(), 24);
  });
});

describe('the alarm on backups', () => {
  const clusters = { 'lost-1': { backups: [{ bucket: 'velero-backups', region: 'eu-central-1' }] } };
  const made = synthesize({ clusters, schedules: [{ operation: 'backup-verification', clusters: ['*'], cron: '30 5 * * ? *' }] }, [
    backupVerification,
  ]).template;

  test('is one for all schedules of all clusters, and lasts until the next run must have come', () => {
    assert.partialDeepStrictEqual(alarmOf('Nightshift VerifiedBackupsOverdue of backup-verification: Maximum', alarmsOf(made)), {
      Period: 3600,
      EvaluationPeriods: 26,
      DatapointsToAlarm: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('has its line on the dashboard, by cluster and schedule', () => {
    const [dashboard] = resourcesOf(made, 'AWS::CloudWatch::Dashboard');
    const body = String(dashboard?.Properties.DashboardBody);
    assert.ok(
      body.includes(`SEARCH('{Nightshift,Cluster,Schedule} MetricName=\\"HoursSinceVerifiedBackup\\"', 'Maximum', 86400)`),
      body.slice(0, 3000),
    );
  });

  test('is not made where backups are not verified', () => {
    assert.ok(!alarms.some((alarm) => watched(alarm).includes('VerifiedBackupsOverdue')));
  });
});
