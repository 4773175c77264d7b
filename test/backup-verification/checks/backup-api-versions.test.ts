import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import check from '../../../functions/backup-verification/checks/backup-api-versions.ts';
import type { ArchiveReducer, CheckPass, OpenedBackup } from '../../../functions/backup-verification/contracts.ts';
import { nothingSaid, passOf, type Said } from '../../../functions/backup-verification/said.ts';
import type { ArchivedObject, ArchiveEnd } from '../../../functions/velero/archive/archive-facts.ts';
import { readArchive } from '../../../functions/velero/archive/read-archive.ts';
import type { Companion, Companions, ResourceList } from '../../../functions/velero/companions/companion-files.ts';
import fc from '../../fuzz.ts';
import { backupOf, locationOf, now, scheduleOf } from '../sample-location.ts';

const absent: Companion<never> = { state: 'absent' };
const companionsOf = (resourceList: Companion<ResourceList>): Companions => ({
  resourceList: async () => resourceList,
  results: async () => absent,
  volumeInfo: async () => absent,
  podVolumeBackups: async () => absent,
  volumeSnapshots: async () => absent,
  itemOperations: async () => absent,
  hashes: () => ({}),
});

const ended = (whole = true): ArchiveEnd => ({
  whole,
  problems: [],
  problemCounts: {},
  objects: 0,
  members: 0,
  kinds: {},
  namespaces: {},
  bytes: 0,
  packedBytes: 0,
  oddTimes: [],
});

const objectOf = (
  apiVersion: string,
  kind: string,
  resource: string,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): ArchivedObject => {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const { metadata, ...body } = { metadata: {}, ...more };
  const folder = group === '' ? resource : `${resource}.${group}`;
  return {
    resource,
    group,
    namespace: 'shop',
    name,
    path: `resources/${folder}/namespaces/shop/${name}.json`,
    apiVersion,
    kind,
    size: 100,
    body: { apiVersion, kind, metadata: { name, namespace: 'shop', ...metadata }, ...body },
  };
};

interface Told {
  readonly targetVersion?: string;
  /** Of the cluster, where it was reached. */
  readonly cluster?: string;
  /** Recorded in the backup. */
  readonly source?: string;
  readonly list?: Companion<ResourceList>;
  readonly whole?: boolean;
  readonly isNewest?: boolean;
}

function startOn({ targetVersion, cluster, source, list = absent, isNewest = true }: Told): { reducer: ArchiveReducer; said: Said } {
  const backup = backupOf('nightly-2', 5, { schedule: 'nightly', ...(source !== undefined && { kubernetesVersion: source }) });
  const newer = backupOf('nightly-3', 1, { schedule: 'nightly' });
  const schedule = scheduleOf('nightly', isNewest ? [backup] : [newer, backup]);
  const without = locationOf([schedule]);
  const location = { ...without, cluster: { ...without.cluster, ...(cluster !== undefined && { version: cluster }) } };
  const said = nothingSaid();
  const request = { level: 'restorability', namespaceMapping: {}, ...(targetVersion !== undefined && { targetVersion }) } as const;
  const { signal } = new AbortController();
  const pass: CheckPass = passOf(check, {}, { said, location, request, now, signal, memory: {}, subjectPrefix: '' });
  assert.ok('start' in check && backup.metadata);
  const opened: OpenedBackup = { backup, metadata: backup.metadata, companions: companionsOf(list), schedule };
  return { reducer: check.start(opened, pass), said };
}

async function look(objects: readonly ArchivedObject[], told: Told): Promise<Said> {
  const { reducer, said } = startOn(told);
  for (const object of objects) reducer.see?.(object);
  await reducer.finish?.(ended(told.whole));
  return said;
}

const cronJobs = (count: number): ArchivedObject[] =>
  Array.from({ length: count }, (_, index) => objectOf('batch/v1beta1', 'CronJob', 'cronjobs', `job-${index + 1}`));
const deployment = objectOf('apps/v1', 'Deployment', 'deployments', 'web');
const removed = { targetVersion: '1.31' };

test('objects in a version that the target no longer serves: one finding a version and kind, with examples and the way out', async () => {
  const { findings, marks } = await look(
    [...cronJobs(7), deployment, objectOf('policy/v1beta1', 'PodDisruptionBudget', 'poddisruptionbudgets', 'web')],
    removed,
  );
  const [jobs, budget, ...more] = findings;
  assert.deepEqual(more, []);
  assert.deepEqual(jobs, {
    object: { apiVersion: 'velero.io/v1', kind: 'Schedule', namespace: 'velero', name: 'nightly' },
    subject: 'batch/v1beta1 CronJob',
    severity: 'critical',
    message:
      '7 objects are stored as batch/v1beta1 CronJob, which Kubernetes 1.31 no longer serves (since 1.25): a restore leaves them out',
    remedy:
      'velero backup download nightly-2, rewrite them as batch/v1 CronJob and apply them after the restore; or restore into a Kubernetes before 1.25',
    members: ['job-1', 'job-2', 'job-3', 'job-4', 'job-5'].map((name) => ({
      apiVersion: 'batch/v1beta1',
      kind: 'CronJob',
      namespace: 'shop',
      name,
    })),
    details: { objects: 7, targetVersion: '1.31' },
    observer: 'backup-api-versions',
  });
  assert.equal(budget?.subject, 'policy/v1beta1 PodDisruptionBudget');
  assert.match(budget?.message ?? '', /^1 object is stored as .*: a restore leaves it out$/);
  assert.deepEqual(
    marks.map(({ backup, verdict }) => [backup, verdict]),
    [
      ['nightly-2', 'error'],
      ['nightly-2', 'error'],
    ],
  );
});

test('the same objects are fine in the Kubernetes that they are from, and it is said', async () => {
  const { findings, marks, unknowns } = await look([...cronJobs(2), deployment], { source: 'v1.24.7-eks-fb459a0' });
  assert.deepEqual([findings, unknowns], [[], []]);
  assert.deepEqual(marks, [
    {
      backup: 'nightly-2',
      verdict: 'ok',
      what: 'Kubernetes 1.24 serves every version of its API that is in it',
      check: 'backup-api-versions',
    },
  ]);
});

test('the target is the event’s, else the cluster’s, else the one in the backup', async () => {
  const all = { targetVersion: '1.25', cluster: 'v1.24.1', source: 'v1.23.0' };
  const told = async (of: Told): Promise<unknown> => {
    const { findings, marks } = await look(cronJobs(1), of);
    return findings[0]?.details?.targetVersion ?? marks[0]?.what.slice(0, 15);
  };
  assert.equal(await told(all), '1.25');
  assert.equal(await told({ cluster: all.cluster, source: all.source }), 'Kubernetes 1.24');
  assert.equal(await told({ source: all.source }), 'Kubernetes 1.23');
});

test('a target that nobody tells, or that is no version, is unknown and no pass', async () => {
  for (const told of [{}, { targetVersion: 'latest' }, { source: 'unversioned' }]) {
    const { findings, marks, unknowns } = await look(cronJobs(1), told);
    assert.deepEqual([findings, marks], [[], []]);
    assert.deepEqual(
      unknowns.map(({ check: id, backup }) => [id, backup]),
      [['backup-api-versions', 'nightly-2']],
    );
    assert.match(unknowns[0]?.remedy ?? '', /targetVersion/);
  }
});

test('a version that an older target does not serve yet', async () => {
  const { findings } = await look([objectOf('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'web')], {
    targetVersion: '1.22',
  });
  assert.equal(findings[0]?.severity, 'critical');
  assert.match(findings[0]?.message ?? '', /which Kubernetes 1\.22 does not serve yet \(before 1\.23\): a restore leaves it out$/);
  assert.equal(findings[0]?.remedy, 'restore into Kubernetes 1.23 or newer');
});

test('what nothing took the place of is a warning, and so is all of a backup that is not the newest', async () => {
  const policy = objectOf('policy/v1beta1', 'PodSecurityPolicy', 'podsecuritypolicies', 'restricted');
  const { findings } = await look([policy], { targetVersion: '1.25' });
  assert.equal(findings[0]?.severity, 'warning');
  assert.match(findings[0]?.remedy ?? '', /^1\.25 has nothing in its place: do without them, or restore into a Kubernetes before 1\.25$/);
  assert.equal((await look(cronJobs(1), { ...removed, isNewest: false })).findings[0]?.severity, 'warning');
});

test('with EnableAPIGroupVersions the version that is served lies in the backup too: no alarm, but how to restore it', async () => {
  const both = ['shop/job-1', 'shop/job-2'];
  const list = (value: ResourceList): Told => ({ ...removed, list: { state: 'read', value } });
  const { findings, marks } = await look(cronJobs(2), list({ 'batch/v1beta1/CronJob': both, 'batch/v1/CronJob': both }));
  assert.deepEqual(
    findings.map(({ severity }) => severity),
    ['info'],
  );
  assert.match(findings[0]?.message ?? '', /does not serve; copies of batch\/v1 lie in the backup$/);
  assert.match(findings[0]?.remedy ?? '', /--features=EnableAPIGroupVersions/);
  assert.deepEqual(
    marks.map(({ verdict }) => verdict),
    ['ok'],
  );
  const severityWith = async (told: Told): Promise<unknown> => (await look(cronJobs(2), told)).findings[0]?.severity;
  assert.equal(await severityWith(list({ 'batch/v1beta1/CronJob': both, 'batch/v1/CronJob': ['shop/job-1'] })), 'critical');
  // RemapCRDVersion and the like: listed before an action changed the version, so there are no copies.
  assert.equal(await severityWith(list({ 'batch/v1/CronJob': both })), 'critical');
  assert.equal(await severityWith(list({ 'batch/v1beta1/CronJob': both, 'batch/v2alpha1/CronJob': both })), 'critical');
  const damaged: Companion<ResourceList> = { state: 'damaged', kind: 'resourceList', message: 'is cut off', remedy: '' };
  assert.equal(await severityWith({ ...removed, list: damaged }), 'critical');
});

test('custom resources are the business of their definitions, also in a group and kind of Kubernetes’ own', async () => {
  const certificate = objectOf('cert-manager.io/v1alpha2', 'Certificate', 'certificates', 'web');
  const group = objectOf('scheduling.k8s.io/v1alpha2', 'PodGroup', 'podgroups', 'training');
  const definition = objectOf(
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    'podgroups.scheduling.k8s.io',
    {
      spec: { group: 'scheduling.k8s.io', names: { kind: 'PodGroup' }, versions: [{ name: 'v1alpha2' }] },
    },
  );
  assert.deepEqual((await look([certificate, group, definition], { targetVersion: '1.37' })).findings, []);
  assert.deepEqual(
    (await look([certificate, group], { targetVersion: '1.37' })).findings.map(({ subject }) => subject),
    ['scheduling.k8s.io/v1alpha2 PodGroup'],
  );
});

test('what Velero never restores is no loss, and what controllers make again is told as such', async () => {
  const event = objectOf('events.k8s.io/v1beta1', 'Event', 'events', 'web.1');
  const node = objectOf('storage.k8s.io/v1beta1', 'CSINode', 'csinodes', 'node-1');
  assert.deepEqual((await look([event, node], removed)).findings, []);
  const owned = { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', controller: true }] } };
  const slice = objectOf('discovery.k8s.io/v1beta1', 'EndpointSlice', 'endpointslices', 'web-x1', owned);
  const lease = objectOf('coordination.k8s.io/v1beta1', 'Lease', 'leases', 'scheduler');
  const flow = (name: string, value: string) =>
    objectOf('flowcontrol.apiserver.k8s.io/v1beta2', 'FlowSchema', 'flowschemas', name, {
      metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': value } },
    });
  const severities = async (objects: readonly ArchivedObject[]) => (await look(objects, removed)).findings.map(({ severity }) => severity);
  assert.deepEqual(await severities([slice, lease, flow('exempt', 'true')]), ['info', 'info', 'info']);
  assert.deepEqual(await severities([flow('exempt', 'true'), flow('mine', 'false')]), ['critical']);
});

test('what the target serves only where it is turned on is told where another target is asked for', async () => {
  const claim = objectOf('resource.k8s.io/v1beta1', 'ResourceClaim', 'resourceclaims', 'gpu');
  const { findings } = await look([claim], { targetVersion: '1.33' });
  assert.deepEqual(
    findings.map(({ severity }) => severity),
    ['warning'],
  );
  assert.match(findings[0]?.message ?? '', /serves only where --runtime-config turns it on$/);
  assert.deepEqual((await look([claim], { source: 'v1.33.1' })).findings, []);
});

test('of a Kubernetes that is newer than the table alphas and betas are unknown, stable versions are served', async () => {
  const version = objectOf('internal.apiserver.k8s.io/v1alpha1', 'StorageVersion', 'storageversions', 'apps.deployments');
  const { findings, unknowns, marks } = await look([version, deployment], { targetVersion: '1.99' });
  assert.deepEqual([findings, marks], [[], []]);
  assert.match(
    unknowns[0]?.reason ?? '',
    /whether Kubernetes 1\.99 serves internal\.apiserver\.k8s\.io\/v1alpha1 StorageVersion is not known/,
  );
});

test('an archive that was not read to its end: what was seen is told as the least, and nothing is called fine', async () => {
  const cut = await look(cronJobs(3), { ...removed, whole: false });
  assert.match(cut.findings[0]?.message ?? '', /^at least 3 objects are stored/);
  assert.deepEqual((await look([deployment], { ...removed, whole: false })).marks, []);
});

test('whatever an object holds, it is counted and nothing throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.constantFrom('metadata', 'spec', 'status'), fc.jsonValue()), async (holes) => {
      const body = { apiVersion: 'batch/v1beta1', kind: 'CronJob', ...holes };
      const definition = { ...deployment, resource: 'customresourcedefinitions', group: 'apiextensions.k8s.io', body };
      const { findings } = await look([...cronJobs(1).map((object) => ({ ...object, body })), definition], removed);
      assert.equal(findings.length, 1);
    }),
  );
});

for (const name of ['full-1', 'shop-1']) {
  test(`the genuine backup ${name}: nothing in its own Kubernetes, and what an older one would lack`, async () => {
    const folder = join(import.meta.dirname, `../../velero/bucket/backups/${name}`);
    const value: ResourceList = JSON.parse(gunzipSync(readFileSync(join(folder, `${name}-resource-list.json.gz`))).toString());
    const findingsFor = async (told: Told) => {
      const { reducer, said } = startOn({ ...told, list: { state: 'read', value } });
      const { signal } = new AbortController();
      const end = await readArchive(createReadStream(join(folder, `${name}.tar.gz`)), { see: (object) => reducer.see?.(object), signal });
      await reducer.finish?.(end);
      assert.ok(end.whole && end.objects > 0);
      return said;
    };
    const own = await findingsFor({ source: 'v1.36.3' });
    assert.deepEqual([own.findings, own.unknowns, own.marks.map(({ verdict }) => verdict)], [[], [], ['ok']]);
    const older = await findingsFor({ targetVersion: '1.18' });
    const lacking = Object.keys(value).filter(
      (key) => key.startsWith('discovery.k8s.io/v1/') || key.startsWith('flowcontrol.apiserver.k8s.io/v1/'),
    );
    assert.ok(lacking.length > 0 || name !== 'full-1');
    assert.deepEqual(older.findings.map(({ subject }) => subject?.replace(' ', '/')).toSorted(), lacking.toSorted());
  });
}
