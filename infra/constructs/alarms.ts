import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, CfnAlarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { graceOf, longestInterval } from '../../functions/overdue-reports/due-times.ts';
import { isNarrowed } from '../../functions/overdue-reports/watched-reports.ts';
import type { OperationName } from '../../functions/report/model.ts';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import { publisherFailed } from '../../functions/runtime/log-messages.ts';
import {
  metricNamespace,
  overdueBackupsMetric,
  overdueMetric,
  overdueReports,
  type RunMetric,
  type rolledUp,
} from '../../functions/runtime/metric-names.ts';
import type { NightshiftFunction } from './nightshift-function.ts';

/** What the alarms watch. Keys name the alarms. */
export interface AlarmsProps {
  readonly configuration: Configuration;
  readonly operations: ReadonlyMap<OperationName, NightshiftFunction>;
  /** The function that says which reports did not come. */
  readonly overdueReports: NightshiftFunction;
  readonly deadLetters: ReadonlyMap<string, IQueue>;
  readonly topic: ITopic;
}

type Settings = Pick<AlarmProps, 'metric' | 'alarmDescription'> & Partial<AlarmProps>;

const soon = Duration.minutes(5);
const hour = Duration.hours(1);

/**
 * Who watches the watchman: runs that failed, could not start, or did not see everything, reports that nobody was told of or that did not
 * come, what lies in a dead-letter queue; and critical findings, for pagers. Each description says what to do; docs/watching.md says more.
 */
export class Alarms extends Construct {
  readonly names: string[] = [];
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.action = new SnsAction(props.topic);
    for (const [operation, handler] of props.operations) {
      this.runs(operation, handler);
      const hours = windowHours(operation, props.configuration);
      this.outcomes(operation, hours);
      if (operation === 'backup-verification') this.verifiedBackups(operation, hours);
    }
    this.overdue(props.overdueReports);
    for (const [place, queue] of props.deadLetters) {
      this.alarm(`DeadLetters-${place}`, {
        metric: queue.metricApproximateNumberOfMessagesVisible({ period: soon, statistic: 'Maximum' }),
        alarmDescription: `Nightshift: runs lie in the dead-letter queue of the ${place}: these clusters were not looked at. Read a message for the event and the error, mend the cause, invoke the event again. See docs/deploy.md.`,
      });
    }
  }

  /** Did the runs of an operation begin, end with a report, and tell everybody? */
  private runs(operation: OperationName, { function: handler, logGroup }: NightshiftFunction): void {
    this.alarm(`Errors-${operation}`, {
      metric: handler.metricErrors({ period: soon, statistic: 'Sum' }),
      alarmDescription: `Nightshift: ${operation} failed before a report could be stored. Its log group says why.`,
    });
    this.alarm(`Throttles-${operation}`, {
      metric: handler.metricThrottles({ period: soon, statistic: 'Sum' }),
      alarmDescription: `Nightshift: ${operation} was throttled: the account’s concurrency is spent. Runs come late or not at all. Ask for a higher quota of concurrent executions, or spread the schedules by flexibleMinutes.`,
    });
    const filter = new MetricFilter(this, `Untold-${operation}`, {
      logGroup,
      filterPattern: FilterPattern.stringValue('$.message', '=', publisherFailed),
      metricNamespace,
      metricName: `PublishersFailed-${operation}`,
    });
    this.alarm(`PublishersFailed-${operation}`, {
      metric: filter.metric({ period: soon, statistic: 'Sum' }),
      alarmDescription: `Nightshift: ${operation} stored a report but could not tell a topic or the bus of it. Read the report; the next run makes up for the message. The log says why.`,
    });
  }

  /**
   * What the runs found. One alarm for all clusters, on what is measured by operation alone: an alarm a cluster would be paid for a cluster,
   * and an alarm cannot search. A run gives one datapoint; the window is as long as it takes until every cluster must have given its next
   * one, so that a cluster that runs nightly still counts while another runs hourly, and the alarm does not end and begin again between
   * two runs. Any hour of it is enough. Maximum and Minimum, as EMF may deliver a datapoint twice.
   */
  private outcomes(operation: OperationName, hours: number): void {
    const window = { evaluationPeriods: hours, datapointsToAlarm: 1 };
    this.alarm(`NotComplete-${operation}`, {
      ...window,
      metric: ofOperation('CoveragePercent', operation, 'Minimum'),
      threshold: 100,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      alarmDescription: `Nightshift: in the last ${hours} h a run of ${operation} could not look at everything, or not reach its cluster. The dashboard says which cluster (coverage), its report which checks, why, and what to do.`,
    });
    const critical = this.alarm(`Critical-${operation}`, {
      ...window,
      metric: ofOperation('FindingsCritical', operation, 'Maximum'),
      alarmDescription: `Nightshift: in the last ${hours} h a run of ${operation} had critical findings. For pagers, which want a state with a beginning and an end; what is wrong where is told by the notifications, the dashboard and the reports.`,
    });
    critical.addOkAction(this.action);
  }

  /** One for all schedules of all clusters: what each may be old is its own, so the run itself says how many are too old. */
  private verifiedBackups(operation: OperationName, hours: number): void {
    this.alarm('VerifiedBackupsOverdue', {
      evaluationPeriods: hours,
      datapointsToAlarm: 1,
      metric: ofOperation(overdueBackupsMetric, operation, 'Maximum'),
      alarmDescription: `Nightshift: in the last ${hours} h a run of ${operation} found a schedule without a verified backup as young as it asks for: what happens now cannot be restored from. The dashboard says which (hours since the last verified backup), its report why. See docs/backup-verification.md.`,
    });
  }

  private overdue({ function: handler }: NightshiftFunction): void {
    const overdue = (statistic: string) =>
      new Metric({
        namespace: metricNamespace,
        metricName: overdueMetric,
        dimensionsMap: { Operation: overdueReports },
        statistic,
        period: hour,
      });
    // It counts once a day, and an hour of retries may pass: both windows hold the last count, whenever that was.
    const hours = 26;
    this.alarm('OverdueReports', {
      metric: overdue('Maximum'),
      evaluationPeriods: hours,
      datapointsToAlarm: 1,
      alarmDescription:
        'Nightshift: reports did not come in their time. A message to this topic says of which clusters. Look at the dead-letter queues and the alarms, then start the runs by hand. See docs/watching.md.',
    });
    const missing = this.alarm('OverdueReportsMissing', {
      metric: overdue('SampleCount'),
      evaluationPeriods: hours,
      datapointsToAlarm: hours,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription: `Nightshift: nobody looked for overdue reports in the last ${hours} h: what does not come is not noticed. Is the schedule ${overdueReports} there and enabled? Invoke the function by hand; its log says why it fails.`,
    });
    // Made together with the schedule whose first run ends it: without this a deployment would begin with an alarm.
    if (missing.node.defaultChild instanceof CfnAlarm)
      missing.node.defaultChild.warmUpConfiguration = { warmUpPeriodDurationInMinutes: 120 };
    this.alarm(`Errors-${overdueReports}`, {
      metric: handler.metricErrors({ period: soon, statistic: 'Sum' }),
      alarmDescription:
        'Nightshift: the function that looks for overdue reports failed: what does not come may not be noticed. Its log group says why (S3, KMS or SNS refuse).',
    });
  }

  private alarm(name: string, settings: Settings): Alarm {
    // Named, as it is the name that a pager shows.
    const alarmName = `${Stack.of(this).stackName}-${name}`;
    const created = new Alarm(this, name, {
      alarmName,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...settings,
    });
    created.addAlarmAction(this.action);
    this.names.push(alarmName);
    return created;
  }
}

const ofOperation = (
  metricName: (RunMetric & (typeof rolledUp)[number]) | typeof overdueBackupsMetric,
  operation: OperationName,
  statistic: string,
): IMetric => new Metric({ namespace: metricNamespace, metricName, dimensionsMap: { Operation: operation }, statistic, period: hour });

/** CloudWatch looks back a week at most. */
const week = 7 * 24;

/**
 * For how many hours a run of an operation counts: until by the slowest of its schedules the next one must be there. A day for an operation
 * that is only started by hand. What is longer than a day CloudWatch evaluates once an hour.
 */
function windowHours(operation: OperationName, { schedules, deployment }: Configuration): number {
  const waits = schedules
    // A run of a part of the checks is not measured.
    .filter((schedule) => schedule.operation === operation && !isNarrowed(schedule))
    .flatMap((schedule) => {
      const interval = longestInterval(schedule);
      return interval === undefined ? [] : [interval + graceOf(schedule, deployment.timeoutSeconds)];
    });
  return waits.length === 0 ? 24 : Math.min(week, Math.ceil(Math.max(...waits) / hour.toMilliseconds()));
}
