import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/schedule-never-ran.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { clusterOf, factsOf, lookAt, unreachable } from '../look-at.ts';
import { backupOf } from '../sample-location.ts';

const created = (creationTimestamp: string, status: object = {}, spec: object = {}) =>
  clusterOf({
    schedules: [
      { metadata: { name: 'nightly', namespace: 'velero', creationTimestamp }, spec: { schedule: '0 3 * * *', ...spec }, status },
    ],
  });
const looked = (cluster: ReturnType<typeof clusterOf>, backups: Parameters<typeof factsOf>[0] = []) =>
  lookAt(check, factsOf(backups, { cluster }));

test('never run though it was due', async () => {
  const { lines, findings } = await looked(created('2026-11-20T12:00:00Z'));
  assert.deepEqual(lines, ['critical: was never run since it was created 3 days ago: it was due 3 times, last at 2026-11-23 03:00 UTC']);
  assert.deepEqual([findings[0]?.object.name, findings[0]?.startedAt], ['nightly', '2026-11-21T03:00:00.000Z']);
});

test('no alarm: the first interval after its creation, and the time of the first backup', async () => {
  assert.deepEqual((await looked(created('2026-11-24T04:00:00Z'))).lines, []);
  // Due at 03:00, two and a half hours ago.
  assert.deepEqual((await looked(created('2026-11-23T04:00:00Z'))).lines, []);
  // skipImmediately counts from this time.
  assert.deepEqual((await looked(created('2026-11-20T12:00:00Z', { lastSkipped: '2026-11-23T12:00:00Z' }))).lines, []);
});

test('it ran, says the cluster, and nothing is here', async () => {
  assert.deepEqual((await looked(created('2026-11-20T12:00:00Z', { lastBackup: '2026-11-23T03:00:00Z' }))).lines, [
    'critical: ran last 26 hours ago, but none of its backups is in this location',
  ]);
  assert.deepEqual((await looked(created('2026-11-20T12:00:00Z', { lastBackup: '2026-11-24T03:00:00Z' }))).lines, []);
});

test('no alarm: it has backups, is paused, is refused, writes elsewhere', async () => {
  const old = '2026-11-20T12:00:00Z';
  assert.deepEqual((await looked(created(old), [backupOf('n', 500, { schedule: 'nightly' })])).lines, []);
  assert.deepEqual((await looked(created(old, {}, { paused: true }))).lines, []);
  assert.deepEqual((await looked(created(old, { phase: 'FailedValidation' }))).lines, []);
  assert.deepEqual((await looked(created(old, {}, { template: { storageLocation: 'other' } }))).lines, []);
});

test('without a cluster it does not run; one that was not reached is unknown', async () => {
  await assert.rejects(lookAt(check, factsOf([])), NotApplicable);
  assert.equal((await looked(unreachable)).unknowns.length, 1);
});
