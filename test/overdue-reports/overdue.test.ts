import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allOperations } from '../../functions/operations.ts';
import { knownSince } from '../../functions/overdue-reports/known-since.ts';
import { overdueReports, watchOf } from '../../functions/overdue-reports/overdue.ts';
import { narrowingKeys, watchedReports } from '../../functions/overdue-reports/watched-reports.ts';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { clustersFor } from '../../functions/runtime/select-clusters.ts';

const now = Date.parse('2026-11-24T10:00:00Z');
const ago = (hours: number) => now - hours * 3_600_000;
const eks = { name: 'c', region: 'eu-central-1' };
const nightly = {
  operation: 'health-check',
  clusters: ['*'],
  cron: '0 6 * * ? *',
  timeZone: 'Europe/Berlin',
  flexibleMinutes: 10,
} as const;

const given = (clusters: object, schedules: readonly object[] = [nightly]) =>
  watchedReports(configurationSchema.parse({ clusters, schedules }));
const names = (reports: readonly { cluster: string; operation: string }[]) =>
  reports.map(({ cluster, operation }) => `${cluster} ${operation}`);

describe('watched', () => {
  test('is each cluster that a schedule of everything names, by name, glob or label', () => {
    const { watched, notWatched } = given(
      { prod: { eks }, stage: { eks, labels: { team: 'core' } }, 'edge-7': { kubeconfig: { secret: 's' } } },
      [
        { ...nightly, clusters: ['prod', 'edge-*'] },
        { operation: 'health-check', clusters: ['team=core'], rate: '1 hour', with: {} },
      ],
    );
    assert.deepEqual(names(watched), ['prod health-check', 'edge-7 health-check', 'stage health-check']);
    assert.deepEqual(notWatched, []);
  });

  test('is not what runs a part of the checks: said, with the reason', () => {
    const { watched, notWatched } = given({ prod: { eks } }, [
      { ...nightly, with: { only: ['node-pressure'] } },
      { operation: 'health-check', clusters: ['prod'], rate: '1 hour', with: { off: ['node-pressure'] } },
    ]);
    assert.deepEqual(watched, []);
    assert.deepEqual(
      notWatched.map(({ schedule }) => schedule),
      ['health-check on *, cron 0 6 * * ? * (Europe/Berlin)', 'health-check on prod, rate 1 hour'],
    );
    for (const { reason } of notWatched) assert.match(reason, /it runs a part \((only|off)\)/);
  });

  test('is of a cluster that has backups alone only what reads backups', () => {
    const backups = [{ bucket: 'velero', region: 'eu-central-1' }];
    const clusters = { prod: { eks }, both: { eks, backups }, lost: { backups } };
    const { watched } = given(clusters, [nightly, { ...nightly, operation: 'backup-verification' }]);
    assert.deepEqual(names(watched), ['prod health-check', 'both health-check', 'both backup-verification', 'lost backup-verification']);
  });
});

test('what narrows a run is what the operations say, and what all have', () => {
  const declared = allOperations.flatMap(({ narrowing = [] }) => narrowing);
  assert.deepEqual([...narrowingKeys].sort(), [...new Set(['only', 'off', ...declared])].sort());
});

describe('what an operation needs of a cluster', () => {
  const backups = [{ bucket: 'velero', region: 'eu-central-1' }];
  const clusters = { prod: { eks }, both: { eks, backups }, lost: { backups }, edge: { kubeconfig: { secret: 's' } } };
  for (const operation of allOperations) {
    test(`${operation.name}: as it declares it, which this function does not load`, () => {
      const { watched } = given(clusters, [{ ...nightly, operation: operation.name }]);
      assert.deepEqual(
        watched.map(({ cluster }) => cluster),
        clustersFor(operation, configurationSchema.parse({ clusters }), ['*']),
      );
    });
  }
});

describe('overdue', () => {
  const { watched } = given({ prod: { eks }, stage: { eks } });
  const found = (reports: Readonly<Record<string, number>>, known = ago(1000), schedules: readonly object[] = [nightly], at = now) => {
    const { watched } = given({ prod: { eks }, stage: { eks } }, schedules);
    return overdueReports(watched, {
      now: at,
      lastReports: new Map(Object.entries(reports)),
      knownSince: new Map(watched.map((report) => [watchOf(report), known])),
      timeoutSeconds: 600,
    });
  };

  test('is what did not come since it was last due, never and oldest first', () => {
    // Due at 05:00 UTC, five hours ago.
    assert.deepEqual(found({ 'prod/health-check': ago(4.9), 'stage/health-check': ago(4.5) }), []);
    assert.deepEqual(found({ 'prod/health-check': ago(4.9), 'stage/health-check': ago(53) }), [
      {
        cluster: 'stage',
        operation: 'health-check',
        lastReport: '2026-11-22T05:00:00.000Z',
        due: '2026-11-24T05:00:00.000Z',
        schedule: 'cron 0 6 * * ? * (Europe/Berlin)',
      },
    ]);
    assert.deepEqual(
      found({ 'stage/health-check': ago(53) }).map(({ cluster, lastReport }) => [cluster, lastReport]),
      [
        ['prod', undefined],
        ['stage', '2026-11-22T05:00:00.000Z'],
      ],
    );
    assert.deepEqual(names(found({ 'prod/health-check': ago(53), 'stage/health-check': ago(77) })), [
      'stage health-check',
      'prod health-check',
    ]);
  });

  test('is not what began a moment before it was due, by a clock that is behind', () => {
    const due = Date.parse('2026-11-24T05:00:00Z');
    assert.deepEqual(
      found({ 'prod/health-check': due - 2_000, 'stage/health-check': due - 300_000 }).map(({ cluster }) => cluster),
      ['stage'],
    );
  });

  test('is nothing that may still come: window, retries and the run itself pass first', () => {
    const reports = { 'prod/health-check': ago(28), 'stage/health-check': ago(28) };
    const due = Date.parse('2026-11-24T05:00:00Z');
    assert.deepEqual(found(reports, ago(1000), [nightly], due + 79 * 60_000), []);
    assert.equal(found(reports, ago(1000), [nightly], due + 80 * 60_000).length, 2);
  });

  test('counts from when the schedule is known: a new cluster is not overdue for this morning', () => {
    assert.deepEqual(found({}, ago(2)), []);
    assert.equal(found({}, ago(5)).length, 2);
  });

  test('by a rate: a whole period and the grace without a report', () => {
    const hourly = [{ operation: 'health-check', clusters: ['prod'], rate: '1 hour' }];
    // An hour, an hour of retries, ten minutes of a run.
    assert.deepEqual(found({ 'prod/health-check': ago(2.1) }, ago(1000), hourly), []);
    assert.deepEqual(names(found({ 'prod/health-check': ago(2.2) }, ago(1000), hourly)), ['prod health-check']);
    assert.deepEqual(found({}, ago(2.1), hourly), []);
    assert.deepEqual(names(found({}, ago(2.2), hourly)), ['prod health-check']);
  });

  test('is one a cluster and operation, though two schedules owe it', () => {
    const both = [nightly, { operation: 'health-check', clusters: ['prod'], rate: '1 hour' }];
    const [first, ...more] = found({ 'prod/health-check': ago(4), 'stage/health-check': ago(4) }, ago(1000), both);
    assert.deepEqual([first?.cluster, first?.schedule, more], ['prod', 'rate 1 hour', []]);
    assert.deepEqual(names(found({}, ago(1000), both)), ['prod health-check', 'stage health-check']);
  });

  test('is known since: what is remembered; at the very first the last report; else now', () => {
    const lastReports = new Map([['prod/health-check', ago(30)]]);
    const [prod = '', stage = ''] = watched.map(watchOf);
    const since = (remembered?: Readonly<Record<string, string>>) => {
      const known = knownSince(watched, remembered, { now, lastReports });
      return [known.get(prod), known.get(stage)];
    };
    assert.deepEqual(since(undefined), [ago(30), now]);
    assert.deepEqual(since({}), [now, now]);
    assert.deepEqual(since({ [prod]: new Date(ago(50)).toISOString(), [stage]: 'yesterday' }), [ago(50), now]);
    // A report of a clock that runs ahead.
    assert.deepEqual(knownSince(watched, undefined, { now, lastReports: new Map([['prod/health-check', now + 1e9]]) }).get(prod), now);
  });
});
