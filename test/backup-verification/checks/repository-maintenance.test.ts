import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/repository-maintenance.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import type { ClusterFacts, Listed } from '../../../functions/velero/cluster-facts.ts';
import { type BackupRepositoryObject, type BackupStorageLocationObject, backupRepositories } from '../../../functions/velero/kinds.ts';
import { factsOf, here, lookAt, noClusterAtAll, unreachable } from '../look-at.ts';
import { backupOf, day, hour, now } from '../sample-location.ts';

const ago = (milliseconds: number): string => new Date(now - milliseconds).toISOString();
const repository = (
  status: BackupRepositoryObject['status'],
  spec: NonNullable<BackupRepositoryObject['spec']> = {},
): BackupRepositoryObject => ({
  metadata: { name: 'shop-default-kopia-x7k2p', namespace: 'velero', creationTimestamp: ago(90 * day) },
  spec: { volumeNamespace: 'shop', backupStorageLocation: 'default', repositoryType: 'kopia', maintenanceFrequency: '1h0m0s', ...spec },
  status: { phase: 'Ready', lastMaintenanceTime: ago(hour), ...status },
});
const cluster = (
  repositories: readonly BackupRepositoryObject[],
  locations: readonly BackupStorageLocationObject[] = [here],
): ClusterFacts => ({
  of: <T>({ resource }: { readonly resource: string; readonly type?: T }) =>
    ({ state: 'read', objects: resource === backupRepositories.resource ? repositories : locations }) as Listed<T>,
});
const look = (repositories: readonly BackupRepositoryObject[], locations?: readonly BackupStorageLocationObject[], options: unknown = {}) =>
  lookAt(check, factsOf([], { cluster: cluster(repositories, locations) }), { options });
const lines = async (...given: Parameters<typeof look>) => (await look(...given)).lines;

const run = (result: string, hoursAgo: number, message = '') => ({
  result,
  startTimestamp: ago(hoursAgo * hour),
  completeTimestamp: ago(hoursAgo * hour),
  message,
});

test('a repository that is ready and maintained is none to speak of', async () => {
  assert.deepEqual(await lines([repository({})]), []);
});

test('one that is not ready names what Velero says', async () => {
  const { findings } = await look([repository({ phase: 'NotReady', message: 'error to get repo options: secret not found' })]);
  assert.deepEqual(findings[0]?.object, {
    apiVersion: 'velero.io/v1',
    kind: 'BackupRepository',
    namespace: 'velero',
    name: 'shop-default-kopia-x7k2p',
  });
  assert.equal(
    findings[0]?.message,
    'it is not ready, so no volume of namespace shop can be backed up or restored: error to get repo options: secret not found',
  );
});

test('Ready is no proof of maintenance: what is older than two days is stale, with the last failure', async () => {
  const stale = repository({ lastMaintenanceTime: ago(3 * day), recentMaintenance: [run('Failed', 2, 'no space left on device')] });
  assert.deepEqual(await lines([stale]), [
    'warning stale: its last maintenance was 3 days ago, expected one each 60 minutes: no space left on device',
  ]);
  assert.deepEqual(await lines([stale], [here], { staleHours: 96 }), []);
  const { lastMaintenanceTime: _never, ...never } = repository({}).status ?? {};
  assert.match((await lines([{ ...repository({}), status: never }]))[0] ?? '', /^warning stale: its last maintenance was 90 days ago/);
});

test('restic is maintained once a week: its own frequency counts', async () => {
  const restic = { repositoryType: 'restic', maintenanceFrequency: '168h0m0s' };
  assert.deepEqual(await lines([repository({ lastMaintenanceTime: ago(9 * day) }, restic)]), []);
  assert.match((await lines([repository({ lastMaintenanceTime: ago(15 * day) }, restic)]))[0] ?? '', /expected one each 7 days/);
});

test('runs that all fail are told before it is stale; one failure among others is not', async () => {
  const failing = repository({ recentMaintenance: [run('Failed', 3), run('Failed', 2), run('Failed', 1, 'clock skew')] });
  assert.deepEqual(await lines([failing]), ['warning failing: its last 3 maintenance runs failed: clock skew']);
  assert.deepEqual(await lines([repository({ recentMaintenance: [run('Succeeded', 3), run('Failed', 2), run('Succeeded', 1)] })]), []);
  assert.deepEqual(await lines([repository({ recentMaintenance: [run('Failed', 1)] })]), []);
});

test('no false alarm: a new repository, one of another location, one that may not be written to', async () => {
  const old = { lastMaintenanceTime: ago(30 * day) };
  assert.deepEqual(await lines([repository({ ...old, phase: 'New' })]), []);
  assert.deepEqual(await lines([repository(old, { backupStorageLocation: 'offsite' })]), []);
  assert.deepEqual(await lines([repository(old)], [{ ...here, spec: { ...here.spec, accessMode: 'ReadOnly' } }]), []);
});

test('where no BackupStorageLocation is this place, the backups say what it is called', async () => {
  const backup = backupOf('nightly-1', 5);
  assert.ok(backup.metadata);
  const named = { ...backup, metadata: { ...backup.metadata, spec: { ...backup.metadata.spec, storageLocation: 'default' } } };
  const stale = repository({ lastMaintenanceTime: ago(3 * day) });
  const facts = factsOf([named], { name: '/mnt/copy', cluster: cluster([stale]) });
  assert.equal((await lookAt(check, facts)).lines.length, 1);
});

test('without a cluster it does not run; with one that does not answer it is unknown', async () => {
  await assert.rejects(lookAt(check, factsOf([], { cluster: noClusterAtAll })), NotApplicable);
  const { unknowns, lines: said } = await lookAt(check, factsOf([], { cluster: unreachable }));
  assert.deepEqual([said, unknowns.length], [[], 1]);
});

test('a frequency that nobody can read counts for nothing', async () => {
  assert.deepEqual(await lines([repository({}, { maintenanceFrequency: 'often' })]), []);
  assert.equal((await lines([repository({ lastMaintenanceTime: ago(3 * day) }, { maintenanceFrequency: 'often' })])).length, 1);
});

test('three hundred repositories that one wrong password keeps from being maintained are one finding', async () => {
  const stale = (index: number): BackupRepositoryObject => ({
    ...repository({ lastMaintenanceTime: ago(3 * day), recentMaintenance: [run('Failed', 2, 'invalid password')] }),
    metadata: { name: `team-${index}-default-kopia-x7k2p`, namespace: 'velero' },
  });
  const many = Array.from({ length: 300 }, (_, index) => stale(index));
  const { findings } = await look([...many, repository({ phase: 'NotReady' })]);
  assert.deepEqual(
    findings.map(({ object, subject }) => `${object.kind} ${subject}`),
    ['Bucket repositories stale', 'BackupRepository not ready'],
  );
  assert.match(
    findings[0]?.message ?? '',
    /^300 repositories are stale; of the first, team-0-default-kopia-x7k2p: its last maintenance was 3 days ago.*: invalid password$/,
  );
  assert.equal(findings[0]?.members?.length, 300);
  assert.equal((await look(many.slice(0, 5))).findings.length, 5);
});
