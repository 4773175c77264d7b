import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/location-available.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { clusterOf, factsOf, here, lookAt, noClusterAtAll, unreachable } from '../look-at.ts';

const looked = (location: object, more = {}) =>
  lookAt(check, factsOf([], { cluster: clusterOf({ locations: [{ ...here, ...location }] }), ...more }));

test('Unavailable, with Velero’s own message', async () => {
  const { findings, lines } = await looked({
    status: { phase: 'Unavailable', message: 'Backup store contains invalid top-level directories: [x]' },
  });
  assert.deepEqual(lines, ['critical unavailable: Velero cannot use it: Backup store contains invalid top-level directories: [x]']);
  assert.deepEqual([findings[0]?.object.kind, findings[0]?.object.name], ['BackupStorageLocation', 'default']);
});

test('not validated: Velero’s server does not run', async () => {
  assert.deepEqual((await looked({ status: {} })).lines, [
    'warning not-validated: Velero has not said that it can use it (no phase): is its server running?',
  ]);
});

test('ReadOnly is worth knowing', async () => {
  const { alarms, lines } = await looked({ spec: { ...here.spec, accessMode: 'ReadOnly' } });
  assert.deepEqual([alarms, lines.length, /^info read-only/.test(lines[0] ?? '')], [[], 1, true]);
});

test('not found: the cluster’s others are named; a prefix in spec.config is Velero #8918', async () => {
  const other = await looked({ spec: { objectStorage: { bucket: 'velero', prefix: 'staging' } } });
  assert.deepEqual(other.alarms, [
    'warning not-found: no BackupStorageLocation of the cluster is s3://velero/prod: the cluster’s are s3://velero/staging',
  ]);
  const misplaced = await looked({ spec: { objectStorage: { bucket: 'velero' }, config: { prefix: 'prod' } } });
  assert.match(misplaced.alarms[0] ?? '', /default says its prefix in spec.config, where Velero does not look/);
  const none = await lookAt(check, factsOf([], { cluster: clusterOf({ locations: [] }) }));
  assert.match(none.alarms[0] ?? '', /the cluster has none/);
});

test('no alarm: Available, whatever slashes its prefix has, beside another that is Unavailable', async () => {
  const slashes = { spec: { ...here.spec, objectStorage: { bucket: 'velero', prefix: 'prod/' } } };
  assert.deepEqual((await looked(slashes)).lines, []);
  const other = { metadata: { name: 'other' }, spec: { objectStorage: { bucket: 'x' } }, status: { phase: 'Unavailable' } };
  assert.deepEqual((await lookAt(check, factsOf([], { cluster: clusterOf({ locations: [other, here] }) }))).lines, []);
});

test('without a cluster it does not run; one that was not reached is unknown', async () => {
  await assert.rejects(lookAt(check, factsOf([], { cluster: noClusterAtAll })), NotApplicable);
  await assert.rejects(lookAt(check, factsOf([], { cluster: clusterOf({}), name: '/backups' })), NotApplicable);
  const { unknowns, lines } = await lookAt(check, factsOf([], { cluster: unreachable }));
  assert.deepEqual([unknowns.length, lines], [1, []]);
});
