import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-expired.ts';
import { clusterOf, factsOf, here, lookAt, noClusterAtAll, unreachable } from '../look-at.ts';
import { backupOf, day, now } from '../sample-location.ts';

const expired = (name: string, daysAgo: number) =>
  backupOf(name, 24 * (30 + daysAgo), { expiration: new Date(now - daysAgo * day).toISOString() });
const known = (name: string, labels = {}, phase = 'Completed') => ({ metadata: { name, namespace: 'velero', labels }, status: { phase } });

test('expired two days ago and still there', async () => {
  const cluster = clusterOf({ backups: [known('b'), known('c')] });
  const { lines, findings } = await lookAt(check, factsOf([backupOf('a', 2), expired('b', 2.1), expired('c', 40)], { cluster }));
  assert.deepEqual(lines, ['warning: 2 backups are still there after expiring (5.4 MB without volumes, the oldest 40 days ago): b and c']);
  assert.equal(findings[0]?.startedAt, '2026-10-15T05:30:00.000Z');
});

test('why, where the cluster tells: the label, a delete that does not end, a backup that it does not know', async () => {
  const because = async (...backups: readonly ReturnType<typeof known>[]) =>
    (await lookAt(check, factsOf([expired('b', 3)], { cluster: clusterOf({ backups }) }))).lines[0]?.split('; ')[1];
  assert.equal(await because(known('b', { 'velero.io/gc-failure': 'BSLNotFound' })), 'Velero’s garbage collection says BSLNotFound');
  assert.equal(await because(known('b', {}, 'Deleting')), 'Velero is at deleting them, and does not get to the end');
  assert.equal(await because(), 'the cluster does not know them, so it removes none');
});

test('no alarm: garbage collection runs hourly; two days are left to it', async () => {
  assert.deepEqual((await lookAt(check, factsOf([expired('b', 1.9)], { cluster: clusterOf({}) }))).lines, []);
  const { metadata, ...unread } = expired('c', 9);
  assert.ok(metadata);
  assert.deepEqual((await lookAt(check, factsOf([unread]))).lines, []);
});

test('no alarm, but worth knowing: a ReadOnly location for disasters, and a bucket whose cluster is gone', async () => {
  const readOnly = { ...here, spec: { ...here.spec, accessMode: 'ReadOnly' } };
  for (const cluster of [clusterOf({ locations: [readOnly] }), noClusterAtAll]) {
    const { lines, alarms } = await lookAt(check, factsOf([expired('b', 9)], { cluster }));
    assert.deepEqual([lines.length, alarms], [1, []]);
  }
  // Who was not asked may be ReadOnly or not: it stays what it is.
  assert.equal((await lookAt(check, factsOf([expired('b', 9)], { cluster: unreachable }))).alarms.length, 1);
});
