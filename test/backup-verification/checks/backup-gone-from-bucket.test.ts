import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-gone-from-bucket.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { clusterOf, factsOf, lookAt, unreachable } from '../look-at.ts';
import { backupOf, hour, now } from '../sample-location.ts';

const known = (name: string, hoursAgo: number, status: object = {}, storageLocation = 'default') => ({
  metadata: { name, namespace: 'velero' },
  spec: { storageLocation },
  status: { phase: 'Completed', completionTimestamp: new Date(now - hoursAgo * hour).toISOString(), ...status },
});
const looked = (backups: readonly ReturnType<typeof known>[], there: Parameters<typeof factsOf>[0] = []) =>
  lookAt(check, factsOf(there, { cluster: clusterOf({ backups }) }));

test('the cluster lists what is not in the bucket', async () => {
  const { lines, findings } = await looked([known('a', 2), known('b', 3), known('c', 4)], [backupOf('c', 4)]);
  assert.deepEqual(lines, ['warning: the cluster lists 2 backups as finished that are not in this location: a and b']);
  assert.deepEqual(
    findings[0]?.members?.map(({ name }) => name),
    ['a', 'b'],
  );
});

test('a folder without velero-backup.json keeps Velero from removing it from the cluster', async () => {
  const { metadata, files, ...folder } = backupOf('a', 2);
  assert.ok(metadata && files.contents);
  const { lines } = await looked([known('a', 2)], [{ ...folder, files: { contents: files.contents } }]);
  assert.match(lines[0] ?? '', /; of one the folder is still there, without velero-backup.json$/);
});

test('no alarm: the delay of the synchronisation, what failed or is being made, what expired, other locations', async () => {
  assert.deepEqual((await looked([known('a', 0.2)])).lines, []);
  for (const phase of ['Failed', 'InProgress', 'FailedValidation', 'Deleting', 'Finalizing', 'New'])
    assert.deepEqual((await looked([known('a', 2, { phase })])).lines, []);
  assert.deepEqual((await looked([known('a', 2, { expiration: new Date(now - 1).toISOString() })])).lines, []);
  assert.deepEqual((await looked([known('a', 2, {}, 'other')])).lines, []);
  // It is there, and could only not be read.
  const { metadata, ...unread } = backupOf('a', 2);
  assert.ok(metadata);
  assert.deepEqual((await looked([known('a', 2)], [unread])).lines, []);
});

test('no alarm: another Velero in the cluster, whose location has the same name and another bucket', async () => {
  const other = { ...known('a', 2), metadata: { name: 'a', namespace: 'openshift-adp' } };
  assert.deepEqual((await looked([other])).lines, []);
});

test('without a cluster it does not run; one that was not reached is unknown', async () => {
  await assert.rejects(lookAt(check, factsOf([])), NotApplicable);
  assert.equal((await lookAt(check, factsOf([], { cluster: unreachable }))).unknowns.length, 1);
});
