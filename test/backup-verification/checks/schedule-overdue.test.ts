import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/schedule-overdue.ts';
import type { Backup } from '../../../functions/velero/backup.ts';
import type { ScheduleObject } from '../../../functions/velero/kinds.ts';
import fc from '../../fuzz.ts';
import { clusterOf, factsOf, lookAt, noClusterAtAll, unreachable } from '../look-at.ts';
import { backupOf, hour, now } from '../sample-location.ts';

const schedule = (cron: string, more: Partial<ScheduleObject> = {}): ScheduleObject => ({
  metadata: { name: 'nightly', namespace: 'velero', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { schedule: cron },
  status: { phase: 'Enabled' },
  ...more,
});
const withCron = (cron: string, more: Partial<ScheduleObject> = {}) => clusterOf({ schedules: [schedule(cron, more)] });
const nightly = (hoursAgo: number, more = {}) => backupOf(`n-${hoursAgo}`, hoursAgo, { schedule: 'nightly', ...more });
/** Begun at these times (UTC), a minute each. */
const begun = (...times: readonly string[]) => times.map((time) => nightly((now - Date.parse(time)) / hour));
const looked = (backups: readonly Backup[], cluster = noClusterAtAll, more = {}) => lookAt(check, factsOf(backups, { cluster }), more);
const daily = (count: number, first: number) => Array.from({ length: count }, (_, index) => nightly(first + 24 * index));

test('by its cron: due twice since is critical, and told in the schedule’s own zone', async () => {
  const cluster = withCron('CRON_TZ=Europe/Berlin 0 3 * * *');
  const { lines, findings } = await looked(begun('2026-11-22T02:00:10Z', '2026-11-21T02:00:10Z'), cluster);
  assert.match(
    lines[0] ?? '',
    /^critical overdue: its newest usable backup n-\S+ was begun 2 days ago, and was due 2 times since, last at 2026-11-24 03:00 Europe\/Berlin$/,
  );
  assert.deepEqual([findings[0]?.object.kind, findings[0]?.details?.missed, lines.length], ['Schedule', 2, 1]);
});

test('due once more: no alarm while it may take its time, a warning in the morning', async () => {
  const backups = begun('2026-11-23T03:00:10Z', '2026-11-22T03:00:10Z');
  const { lines, alarms } = await looked(backups, withCron('0 3 * * *'), { clock: Date.parse('2026-11-24T04:59:00Z') });
  assert.deepEqual([lines.length, alarms], [1, []]);
  assert.match(lines[0] ?? '', /^info overdue: .* and was due once more, at 2026-11-24 03:00 UTC$/);
  const morning = await looked(backups, withCron('0 3 * * *'));
  assert.match(morning.lines.join(), /^warning overdue: .* and was due once more, at 2026-11-24 03:00 UTC$/);
});

test('no alarm: the cluster is at it, whose backup is in no bucket before all objects are read', async () => {
  const backups = begun('2026-11-23T03:00:10Z', '2026-11-22T03:00:10Z');
  const made = (phase: string, more: Partial<Record<'namespace' | 'name', string>> = {}) =>
    clusterOf({
      schedules: [schedule('0 3 * * *')],
      backups: [
        {
          metadata: {
            name: 'nightly-20261124030000',
            namespace: more.namespace ?? 'velero',
            labels: { 'velero.io/schedule-name': more.name ?? 'nightly' },
          },
          status: { phase },
        },
      ],
    });
  for (const phase of ['New', 'Queued', 'InProgress']) assert.deepEqual((await looked(backups, made(phase))).alarms, [], phase);
  assert.equal((await looked(backups, made('Failed'))).alarms.length, 1);
  assert.equal((await looked(backups, made('InProgress', { name: 'weekly' }))).alarms.length, 1);
  assert.equal((await looked(backups, made('InProgress', { namespace: 'other' }))).alarms.length, 1);
});

test('one that was begun in the future would never be too old: said', async () => {
  const { alarms } = await looked([nightly(-24 * 400), ...daily(5, 200)], withCron('0 3 * * *'));
  assert.match(
    alarms.join(),
    /^warning clock: its newest usable backup n--9600 says that it was begun 1 year from now|^warning clock: .* from now: nobody can tell how old it is$/,
  );
  assert.deepEqual((await looked([nightly(-0.2), ...daily(5, 23.8)], withCron('18 5 * * *'))).lines, []);
});

test('a backup that was finished days later, as the server was down, excuses no days without one', async () => {
  const late = nightly(98, { completionTimestamp: new Date(now - 30 * hour).toISOString() });
  const { lines } = await looked([late, ...daily(5, 122)], withCron('30 3 * * *'));
  assert.match(lines[0] ?? '', /^critical overdue: .* was due 4 times since/);
});

test('no alarm: last night’s is there; this minute’s cannot be yet', async () => {
  assert.deepEqual((await looked(begun('2026-11-24T03:00:10Z', '2026-11-23T03:00:10Z'), withCron('0 3 * * *'))).lines, []);
  assert.deepEqual((await looked(begun('2026-11-23T05:20:10Z', '2026-11-22T05:20:10Z'), withCron('20 5 * * *'))).lines, []);
});

test('no alarm: a weekend in which it is not due, a month, an hour that the clocks left out', async () => {
  const monday = Date.parse('2026-11-23T02:00:00Z');
  assert.deepEqual((await looked(begun('2026-11-20T03:00:10Z'), withCron('0 3 * * 1-5'), { clock: monday })).lines, []);
  assert.deepEqual((await looked(begun('2026-11-01T03:00:10Z'), withCron('0 3 1 * *'))).lines, []);
  const spring = Date.parse('2026-03-29T20:00:00Z');
  const before = begun('2026-03-28T01:30:10Z', '2026-03-27T01:30:10Z');
  assert.deepEqual((await looked(before, withCron('CRON_TZ=Europe/Berlin 30 2 * * *'), { clock: spring })).lines, []);
});

test('no alarm: the first interval after it was created, or made anew', async () => {
  const created = (creationTimestamp: string) =>
    withCron('0 3 * * *', { metadata: { name: 'nightly', namespace: 'velero', creationTimestamp } });
  assert.deepEqual((await looked(daily(2, 500), created('2026-11-24T04:00:00Z'))).lines, []);
  assert.equal((await looked(daily(2, 500), created('2026-11-22T00:00:00Z'))).alarms.length, 1);
});

test('no alarm: hourly backups that take three hours, one at a time', async () => {
  const slow = [5.9, 8.9, 11.9, 14.9].map((ago) => nightly(ago, { completionTimestamp: new Date(now - (ago - 3) * hour).toISOString() }));
  assert.deepEqual((await looked(slow, withCron('0 * * * *'))).lines, []);
  assert.equal((await looked(slow.slice(2), withCron('0 * * * *'))).alarms.length, 1);
});

test('one that Velero still works on counts for the time that it was due at, until it is stuck', async () => {
  const working = nightly(2.5, { phase: 'WaitingForPluginOperations' });
  const backups = [working, ...begun('2026-11-23T03:00:10Z')];
  assert.deepEqual((await looked(backups, withCron('0 3 * * *'))).lines, []);
  const { lines } = await looked(backups, withCron('0 3 * * *'), { clock: now + 24 * hour });
  assert.match(lines.join(), /^critical overdue: .* and was due 2 times since/);
});

test('failed backups make no usable one younger', async () => {
  const { lines } = await looked([nightly(2, { phase: 'Failed' }), nightly(26, { phase: 'Failed' }), nightly(50)], withCron('30 3 * * *'));
  assert.match(
    lines[0] ?? '',
    /^critical overdue: its newest usable backup n-50 was begun 2 days ago, .*; n-2 is newer, and cannot be restored from$/,
  );
});

test('@every counts from the last backup', async () => {
  assert.deepEqual((await looked([nightly(6)], withCron('@every 6h'))).alarms, []);
  assert.match((await looked([nightly(13)], withCron('@every 6h'))).lines[0] ?? '', /^critical overdue: .* was due 2 times since/);
});

test('paused, refused and gone Schedules are for others to say', async () => {
  const old = daily(5, 200);
  assert.deepEqual((await looked(old, withCron('0 3 * * *', { spec: { schedule: '0 3 * * *', paused: true } }))).lines, []);
  assert.deepEqual((await looked(old, withCron('0 3', { status: { phase: 'FailedValidation' } }))).lines, []);
  const { lines } = await looked(old, clusterOf({}));
  assert.match(
    lines[0] ?? '',
    /^info overdue: .*; no Schedule of this name writes here any more, it was deleted or belongs to another cluster$/,
  );
});

test('a cron that cannot be read is unknown, and the rhythm is looked at all the same', async () => {
  const { unknowns, alarms } = await looked(daily(5, 200), withCron('every day'));
  assert.deepEqual([unknowns.length, alarms.length], [1, 1]);
});

test('without a cluster the backups’ own rhythm tells, and less gravely', async () => {
  for (const cluster of [noClusterAtAll, unreachable]) {
    const { lines } = await looked(daily(10, 50), cluster);
    assert.match(
      lines[0] ?? '',
      /^warning overdue: its newest usable backup n-50 was begun 2 days ago, and the last ones came every 24 hours$/,
    );
    assert.deepEqual((await looked(daily(10, 47), cluster)).lines, []);
  }
});

test('no alarm: too few backups to tell a rhythm, and one that rests at weekends', async () => {
  assert.deepEqual((await looked(daily(3, 300))).lines, []);
  const weekdays = begun(...['20', '19', '18', '17', '16', '13', '12', '11', '10', '09', '06'].map((date) => `2026-11-${date}T03:00:00Z`));
  assert.deepEqual((await looked(weekdays, noClusterAtAll, { clock: Date.parse('2026-11-23T02:00:00Z') })).alarms, []);
});

test('whether it is too old is unknown where a newer one could not be read', async () => {
  const { metadata, ...unread } = {
    ...backupOf('nightly-20261124030000', 2),
    trouble: { unknown: true, message: 'denied', remedy: 'allow it' },
  };
  assert.ok(metadata);
  const { alarms, unknowns } = await looked([unread, ...daily(3, 74)], withCron('0 3 * * *'));
  assert.deepEqual([alarms, unknowns.length, unknowns[0]?.backup], [[], 1, 'nightly-20261124030000']);
});

test('by hand, and a schedule that never had a usable one, are not overdue', async () => {
  assert.deepEqual((await looked([backupOf('old', 5000)])).lines, []);
  assert.deepEqual((await looked([nightly(100, { phase: 'Failed' })], withCron('0 3 * * *'))).lines, []);
});

test('gaps between the backups of the last 30 days are worth knowing', async () => {
  const cluster = withCron('30 3 * * *');
  const backups = daily(10, 2).filter((_, index) => index !== 4 && index !== 5);
  const { lines, alarms } = await looked(backups, cluster);
  assert.deepEqual(lines, [
    'info gaps: 2 backups are missing between others in the last 30 days: 2026-11-20 03:30 UTC and 2026-11-19 03:30 UTC',
  ]);
  assert.deepEqual(alarms, []);
  assert.match((await looked(backups)).lines[0] ?? '', /^info gaps: a backup is missing between others/);
  assert.deepEqual((await looked(backups, cluster, { options: { gapDays: 3 } })).lines, []);
  // What expired is no gap, nor is what came before the Schedule.
  assert.deepEqual((await looked(daily(10, 2), cluster)).lines, []);
});

test('a schedule that kept to its cron is never told of, at whatever time one looks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(
        '0 3 * * *',
        '15 */6 * * *',
        '30 1 * * 1-5',
        'CRON_TZ=Europe/Berlin 30 2 * * *',
        'CRON_TZ=America/New_York 0 1 * * *',
        '0 0 1,15 * *',
        '@hourly',
      ),
      fc.integer({ min: Date.parse('2026-02-01T00:00:00Z'), max: Date.parse('2026-12-31T00:00:00Z') }),
      fc.integer({ min: 0, max: 59 }),
      async (cron, clock, delay) => {
        const { veleroCron } = await import('../../../functions/velero/inventory/velero-cron.ts');
        const due = veleroCron(cron).lastDue(clock, 12);
        // Velero begins it within its minute, and needs ten.
        const backups = due
          .filter((time) => time + delay * 1000 + 600_000 < clock)
          .map((time, index) => ({
            ...backupOf(`n-${index}`, (now - time) / hour - delay / 3600, {
              schedule: 'nightly',
              completionTimestamp: new Date(time + 600_000).toISOString(),
            }),
          }));
        const { lines } = await looked(backups, withCron(cron), { clock });
        assert.deepEqual(lines, []);
      },
    ),
    { numRuns: 60 },
  );
});
