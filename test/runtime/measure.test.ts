import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { unreachableReport } from '../../functions/report/build-report.ts';
import { configurationOverrides, type Report } from '../../functions/report/model.ts';
import { coveragePercent, measured, oldestCriticalHours } from '../../functions/runtime/measure.ts';
import { rolledUp, runMetrics } from '../../functions/runtime/metric-names.ts';
import { checks, facts, found, ref, reportOf, scanOf } from '../report/sample-report.ts';

const node = (name: string, startedAt?: string) =>
  found('node-not-ready', ref('Node', name), { severity: 'critical', ...(startedAt && { startedAt }) });
const healthy = reportOf(scanOf([]));
const unreachable = unreachableReport({
  facts: facts(),
  checks,
  ignore: [],
  previous: undefined,
  today: new Date(),
  error: { message: 'no answer', remedy: 'look' },
});

/** The blobs of EMF that a report is measured by. */
function blobsOf(report: Report) {
  const lines: string[] = [];
  Object.assign(process.env, { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_DISABLED: 'false', POWERTOOLS_METRICS_NAMESPACE: 'Nightshift' });
  const log = mock.method(console, 'log', (line: string) => lines.push(line));
  const metrics = new Metrics();
  metrics.clearDefaultDimensions();
  measured(metrics, report);
  metrics.publishStoredMetrics();
  log.mock.restore();
  return lines.map((line) => {
    const { _aws, ...values } = JSON.parse(line);
    const [{ Namespace, Dimensions, Metrics: named }] = _aws.CloudWatchMetrics;
    return { Namespace, Dimensions, names: named.map(({ Name }: { Name: string }) => Name), units: named, values };
  });
}

describe('coverage', () => {
  test('is 100 for a complete report, whatever is turned off or does not apply', () => {
    assert.equal(coveragePercent(healthy), 100);
    const off = scanOf([], [], [{ id: 'pod-waiting', outcome: 'not-run', objects: 0, reason: 'turned off in nightshift.yaml' }]);
    assert.equal(coveragePercent(reportOf(off)), 100);
  });

  test('is 0 where the cluster could not be read, though what is read beside it could be', () => {
    assert.equal(coveragePercent(unreachable), 0);
    const beside = { check: configurationOverrides, ran: true, objects: 0 };
    assert.equal(coveragePercent({ ...unreachable, checks: [...unreachable.checks, beside] }), 0);
  });

  test('is the whole percent of the checks that ran of those that should have', () => {
    const ends = [
      { id: 'pod-waiting', outcome: 'incomplete', objects: 5, reason: 'forbidden', remedy: 'allow it' },
      { id: 'node-not-ready', outcome: 'incomplete', objects: 0, reason: 'forbidden', remedy: 'allow it' },
      { id: 'warning-events', outcome: 'not-run', objects: 0, reason: 'turned off' },
    ] as const;
    // 6 of 8 of the 9 checks.
    assert.equal(coveragePercent(reportOf(scanOf([], [], ends))), 75);
    assert.equal(coveragePercent(reportOf(scanOf([], [], ends.slice(0, 1)))), 88);
  });

  test('is never 100 for a report that is not complete, however many checks there are', () => {
    const many = Array.from({ length: 999 }, (_, index) => ({ check: `check-${index}`, ran: true, objects: 1 }));
    assert.equal(coveragePercent({ complete: false, checks: many, incomplete: [{ check: 'last', reason: 'forbidden', remedy: '' }] }), 99);
  });
});

describe('the age of the oldest critical finding', () => {
  test('is 0 where there is none, or it is just found', () => {
    assert.equal(oldestCriticalHours(healthy), 0);
    assert.equal(oldestCriticalHours(reportOf(scanOf([node('a')]))), 0);
    const warning = found('pod-waiting', ref('Pod', 'a', 'shop'), { startedAt: '2026-11-01T00:00:00Z' });
    assert.equal(oldestCriticalHours(reportOf(scanOf([warning]))), 0);
  });

  test('is told from the object’s own account, or from the first report that had it where that is earlier', () => {
    const first = reportOf(scanOf([node('a', '2026-11-23T18:00:03Z'), node('b', '2026-11-24T05:30:03Z')]));
    assert.equal(oldestCriticalHours(first), 12);
    const tomorrow = facts({ runId: 'b'.repeat(16), eventTime: '2026-11-25T06:00:00.000Z', startedAt: '2026-11-25T06:30:03.000Z' });
    const second = reportOf(scanOf([node('b', '2026-11-25T06:00:03Z')]), { facts: tomorrow, previous: first });
    assert.equal(oldestCriticalHours(second), 24.5);
  });

  test('does not break on a time that is none', () => {
    assert.equal(oldestCriticalHours(reportOf(scanOf([node('a', 'soon'), node('b', '2026-11-24T05:00:03Z')]))), 1);
  });
});

describe('a run', () => {
  test('is measured by cluster and operation under six names, zeros too, and by operation for the alarms', () => {
    const [byOperation, byCluster, ...more] = blobsOf(healthy);
    assert.deepEqual(more, []);
    assert.partialDeepStrictEqual(byCluster, {
      Namespace: 'Nightshift',
      Dimensions: [['Cluster', 'Operation']],
      names: Object.keys(runMetrics),
      values: {
        Cluster: 'prod',
        Operation: 'health-check',
        RunCompleted: 1,
        FindingsCritical: 0,
        FindingsWarning: 0,
        FindingsNew: 0,
        CoveragePercent: 100,
        OldestCriticalHours: 0,
      },
    });
    assert.ok(Object.keys(runMetrics).length <= 6);
    assert.deepEqual(
      byCluster?.units,
      Object.entries(runMetrics).map(([Name, Unit]) => ({ Name, Unit })),
    );
    assert.partialDeepStrictEqual(byOperation, { Namespace: 'Nightshift', Dimensions: [['Operation']], names: [...rolledUp] });
    // No name more than is paid for, and no dimension of another set.
    assert.deepEqual(byOperation?.values, { Operation: 'health-check', FindingsCritical: 0, CoveragePercent: 100 });
  });

  test('of backups is measured by schedule too, and counts those without a young verified backup', () => {
    const line = (schedule: string, hoursSinceVerified: number | undefined, allowedHours = 26) => ({
      location: 's3://velero',
      schedule,
      allowedHours,
      calendar: [],
      ...(hoursSinceVerified !== undefined && { hoursSinceVerified }),
    });
    const backupSchedules = [
      line('nightly', 8.2),
      line('weekly', 30),
      line('never', undefined),
      line('', undefined),
      line('old', 900, 1000),
      { ...line('paused', 40), silent: 'paused' as const },
      { ...line('new', undefined), silent: 'new' as const },
      // What is left of it ages until it expires: nobody is to be told every night.
      { ...line('gone', 500), silent: 'gone' as const },
    ];
    const [byOperation, ...bySchedule] = blobsOf({ ...healthy, operation: 'backup-verification', backupSchedules });
    assert.equal(byOperation?.values.VerifiedBackupsOverdue, 2);
    const byCluster = bySchedule.pop();
    assert.deepEqual(byCluster?.Dimensions, [['Cluster', 'Operation']]);
    assert.deepEqual(
      bySchedule.map(({ Dimensions, values }) => ({ Dimensions, values })),
      [
        { Dimensions: [['Cluster', 'Schedule']], values: { Cluster: 'prod', Schedule: 'nightly', HoursSinceVerifiedBackup: 8.2 } },
        { Dimensions: [['Cluster', 'Schedule']], values: { Cluster: 'prod', Schedule: 'weekly', HoursSinceVerifiedBackup: 30 } },
        { Dimensions: [['Cluster', 'Schedule']], values: { Cluster: 'prod', Schedule: 'old', HoursSinceVerifiedBackup: 900 } },
        { Dimensions: [['Cluster', 'Schedule']], values: { Cluster: 'prod', Schedule: 'paused', HoursSinceVerifiedBackup: 40 } },
      ],
    );
  });

  test('that could not reach its cluster is one that covered nothing and found one critical thing', () => {
    const [byOperation, byCluster] = blobsOf(unreachable);
    assert.deepEqual(byOperation?.values, { Operation: 'health-check', FindingsCritical: 1, CoveragePercent: 0 });
    assert.partialDeepStrictEqual(byCluster?.values, { RunCompleted: 1, FindingsCritical: 1, FindingsNew: 1, CoveragePercent: 0 });
  });
});
