import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScheduleFacts } from '../../../functions/backup-verification/contracts.ts';
import { allowedAge, inProgress, mayWorkUntil, rhythmOf, takes } from '../../../functions/velero/inventory/backup-rhythm.ts';
import { backupOf, hour, metadataOf, now, scheduleOf } from '../../backup-verification/sample-location.ts';
import fc from '../../fuzz.ts';

const every = (interval: number, count: number, first = 2): ScheduleFacts =>
  scheduleOf(
    'nightly',
    Array.from({ length: count }, (_, index) => backupOf(`nightly-${index}`, first + index * interval, { schedule: 'nightly' })),
  );
const completed = (hoursAgo: number): string => new Date(now - hoursAgo * hour).toISOString();

test('a backup takes what the longest but one of the last ten took, and half an hour at least', () => {
  assert.equal(takes(every(24, 5)), hour / 2);
  const long = backupOf('long', 50, { completionTimestamp: completed(47) });
  assert.equal(takes({ backups: [long] }), 3 * hour);
  assert.equal(takes({ backups: [...every(24, 3).backups, long, long] }), 3 * hour);
  assert.equal(takes({ backups: [...every(1, 11).backups, long, long] }), hour / 2);
  assert.equal(takes({ backups: [] }), hour / 2);
});

test('one backup that was finished days later, as the server was down, excuses no days without one', () => {
  const daysLate = backupOf('late', 26, { completionTimestamp: completed(-80) });
  assert.equal(takes({ backups: [daysLate, ...every(24, 5, 50).backups] }), hour / 2);
});

test('Velero may work for itemOperationTimeout and an hour, from when its operations began', () => {
  const { spec } = metadataOf('b', 0);
  const withTimeout = (itemOperationTimeout: string) => backupOf('b', 0, { spec: { ...spec, itemOperationTimeout } });
  // The samples are written a minute after they are begun.
  const written = now + 60_000;
  assert.equal(mayWorkUntil(backupOf('b', 0)), written + 5 * hour);
  assert.equal(mayWorkUntil(withTimeout('10h0m0s')), written + 11 * hour);
  assert.equal(mayWorkUntil(withTimeout('soon')), written + 5 * hour);
  const { files, ...begun } = backupOf('b', 8);
  const { metadata } = files;
  assert.ok(metadata);
  // Eight hours to read all volumes of pods, then the operations.
  assert.equal(mayWorkUntil({ ...begun, files: { metadata: { ...metadata, lastModified: now } } }), now + 5 * hour);
  const working = backupOf('b', 4.9, { phase: 'WaitingForPluginOperations' });
  assert.equal(inProgress({ backups: [working] }, now), working);
  assert.equal(inProgress({ backups: [working] }, now + hour), undefined);
});

test('the rhythm is the median of the last gaps; one outage is not it, a weekend is', () => {
  assert.equal(rhythmOf(every(24, 3)), undefined);
  assert.deepEqual(rhythmOf(every(24, 4)), { usual: 24 * hour, longest: 24 * hour });
  const outage = [0, 1, 2, 9, 10, 11].map((day) => backupOf(`d${day}`, day * 24));
  assert.deepEqual(rhythmOf({ backups: outage }), { usual: 24 * hour, longest: 24 * hour });
  const weekdays = [0, 1, 4, 5, 6, 7, 8, 11, 12].map((day) => backupOf(`d${day}`, day * 24));
  assert.deepEqual(rhythmOf({ backups: weekdays }), { usual: 24 * hour, longest: 72 * hour });
});

test('allowed: two intervals that passed and the time of a backup', () => {
  const daily = { ...every(24, 5), cron: '0 3 * * *' };
  // Now is 05:30: due at 03:00, and the day before.
  assert.equal(allowedAge(daily, now), 26.5 * hour);
  assert.equal(allowedAge({ ...daily, cron: '0 5 * * *' }, now), 24.5 * hour);
  // 05:10 counts once a backup of it could be there.
  assert.equal(allowedAge({ ...daily, cron: '10 5 * * *' }, now), (24 + 24 + 1 / 3) * hour);
  // On a Monday morning before it is due: Friday and Thursday.
  const monday = Date.parse('2026-11-23T02:00:00Z');
  assert.equal(allowedAge({ ...daily, cron: '0 3 * * 1-5' }, monday), 95 * hour);
  assert.equal(allowedAge({ ...daily, cron: '@every 6h' }, now), 12.5 * hour);
  assert.equal(allowedAge(every(24, 5), now), 48.5 * hour);
  assert.equal(allowedAge(every(24, 2), now), undefined);
  // An hourly one whose backups take three hours is not late after two.
  const slow = Array.from({ length: 4 }, (_, index) => backupOf(`s${index}`, 3 + 3 * index, { completionTimestamp: completed(3 * index) }));
  assert.equal(allowedAge({ ...scheduleOf('slow', slow), cron: '0 * * * *' }, now), 9 * hour);
});

test('a schedule that kept its rhythm is never too old before the next one is due', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 4, max: 30 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (interval, count, part) => {
        const schedule = every(interval, count, interval * part);
        const allowed = allowedAge(schedule, now) ?? 0;
        assert.ok(allowed >= 2 * interval * hour && allowed <= Math.max(2 * interval * hour + hour / 2, 1.5 * hour));
      },
    ),
  );
});
