import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-unknown-to-cluster.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { clusterOf, factsOf, here, lookAt, unreachable } from '../look-at.ts';
import { backupOf, now } from '../sample-location.ts';

const schedules = [{ metadata: { name: 'nightly', namespace: 'velero' }, spec: { schedule: '@daily' } }];
const nightly = (name: string, hoursAgo: number, more = {}) => backupOf(name, hoursAgo, { schedule: 'nightly', ...more });
const knowing = (...names: readonly string[]) => names.map((name) => ({ metadata: { name, namespace: 'velero' } }));
const looked = (backups: Parameters<typeof factsOf>[0], cluster = clusterOf({ schedules })) => lookAt(check, factsOf(backups, { cluster }));

test('finished backups that Velero did not bring into the cluster', async () => {
  const cluster = clusterOf({ schedules, backups: knowing('n-1') });
  const { lines, rows } = await looked([nightly('n-3', 2), nightly('n-2', 26, { phase: 'Failed' }), nightly('n-1', 50)], cluster);
  assert.deepEqual(lines, ['warning: the cluster does not know 2 backups of this location: n-3 and n-2']);
  assert.equal(rows.length, 2);
});

test('that another Velero in the cluster has one of the same name helps nobody', async () => {
  const cluster = clusterOf({ schedules, backups: [{ metadata: { name: 'n-1', namespace: 'openshift-adp' } }] });
  assert.equal((await looked([nightly('n-1', 50)], cluster)).alarms.length, 1);
});

test('no alarm: the delay of the synchronisation, what is not finished, what expired, what cannot be read', async () => {
  assert.deepEqual((await looked([nightly('n', 0.2)])).lines, []);
  assert.deepEqual((await looked([nightly('n', 3, { phase: 'Finalizing' })])).lines, []);
  assert.deepEqual((await looked([nightly('n', 800, { expiration: new Date(now - 1).toISOString() })])).lines, []);
  const { metadata, ...unread } = nightly('n', 3);
  assert.ok(metadata);
  assert.deepEqual((await looked([unread])).lines, []);
});

test('no alarm: the location is not available, not here, or not synchronised on purpose', async () => {
  const locations = [
    { ...here, status: { phase: 'Unavailable' } },
    { ...here, spec: { ...here.spec, backupSyncPeriod: '0s' } },
    { ...here, spec: { ...here.spec, objectStorage: { bucket: 'other' } } },
  ];
  for (const location of locations)
    assert.deepEqual((await looked([nightly('n', 3)], clusterOf({ schedules, locations: [location] }))).lines, []);
  const readOnly = { ...here, spec: { ...here.spec, accessMode: 'ReadOnly', backupSyncPeriod: '10m0s' } };
  assert.equal((await looked([nightly('n', 3)], clusterOf({ schedules, locations: [readOnly] }))).alarms.length, 1);
});

test('no alarm: the Schedule is gone, and its Backups with it (useOwnerReferencesInBackup)', async () => {
  const { lines, alarms } = await looked([nightly('n', 3)], clusterOf({}));
  assert.deepEqual(alarms, []);
  assert.match(lines[0] ?? '', /^info: the cluster does not know 1 backup of this location: n; their Schedule is gone/);
});

test('without a cluster it does not run; one that was not reached is unknown', async () => {
  await assert.rejects(lookAt(check, factsOf([nightly('n', 3)])), NotApplicable);
  assert.equal((await looked([nightly('n', 3)], unreachable)).unknowns.length, 1);
});
