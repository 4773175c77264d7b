/** What the rules of cleanup take, and what looks like it, made through a real API server and ended by real controllers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { barePod, condition, ended, namespace, node, podStatus } from '../checks/live-objects.ts';
import { read, until } from '../checks/live-scan.ts';
import type { ControlPlane } from '../parts/control-plane.ts';

type Fields = Readonly<Record<string, unknown>>;

const template = (more: Fields = {}) => ({
  spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'registry.example/app:1.0' }], ...more },
});
const job = (inNamespace: string, name: string, spec: Fields = {}, metadata: Fields = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: inNamespace, name, ...metadata },
  spec: { template: template(), backoffLimit: 0, ...spec },
});

export const podsOf = async (plane: ControlPlane, inNamespace: string, owner: string): Promise<readonly string[]> => {
  const { items } = (await read(plane, `/api/v1/namespaces/${inNamespace}/pods`)) as {
    items: readonly { metadata: { name: string; ownerReferences?: readonly { name: string }[] } }[];
  };
  return items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === owner)).map(({ metadata }) => metadata.name);
};

/** As a kubelet would say it. */
const endPod = (plane: ControlPlane, inNamespace: string, name: string, phase: 'Failed' | 'Succeeded', more: Fields = {}) =>
  plane.applyStatus({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: inNamespace, name },
    status: podStatus(phase, false, { state: phase === 'Failed' ? ended(1, 'Error', 1) : ended(0, 'Completed', 1) }, more),
  });

const conditionsOf = async (plane: ControlPlane, inNamespace: string, name: string): Promise<readonly string[]> => {
  const { status } = (await read(plane, `/apis/batch/v1/namespaces/${inNamespace}/jobs/${name}`)) as {
    status?: { conditions?: readonly { type: string; status: string }[] };
  };
  return (status?.conditions ?? []).filter((each) => each.status === 'True').map(({ type }) => type);
};

/** Ends `count` pods of a Job that the real controller made, and waits for its verdict. */
const runJob = async (
  plane: ControlPlane,
  made: ReturnType<typeof job>,
  phase: 'Failed' | 'Succeeded',
  verdict: string | undefined,
  count = 1,
) => {
  const { namespace: inNamespace, name } = made.metadata;
  await plane.apply(made);
  await until(`the pods of ${name} are made`, async () => (await podsOf(plane, inNamespace, name)).length >= count);
  for (const pod of (await podsOf(plane, inNamespace, name)).slice(0, count)) await endPod(plane, inNamespace, pod, phase);
  if (verdict) await until(`${name} is ${verdict}`, async () => (await conditionsOf(plane, inNamespace, name)).includes(verdict));
};

export const makeJobs = async (plane: ControlPlane) => {
  await plane.apply(namespace('work'));
  await runJob(plane, job('work', 'done'), 'Succeeded', 'Complete');
  await runJob(plane, job('work', 'done-5', { completions: 5, parallelism: 5 }), 'Succeeded', 'Complete', 5);
  await runJob(plane, job('work', 'gave-up'), 'Failed', 'Failed');
  await runJob(plane, job('work', 'one-of-three', { completions: 3, parallelism: 3 }), 'Succeeded', undefined);
  await runJob(plane, job('work', 'tries-again', { backoffLimit: 6 }), 'Failed', undefined);
  await runJob(plane, job('work', 'with-ttl', { ttlSecondsAfterFinished: 864_000 }), 'Succeeded', 'Complete');
  await runJob(plane, job('work', 'held', {}, { finalizers: ['example.com/results'] }), 'Succeeded', 'Complete');
  await plane.apply(job('work', 'suspended', { suspend: true }));
  await until('the controller suspends it', async () => (await conditionsOf(plane, 'work', 'suspended')).includes('Suspended'));
  await plane.apply(job('work', 'elsewhere', { managedBy: 'example.com/another' }));
  await plane.applyStatus({
    ...job('work', 'elsewhere', { managedBy: 'example.com/another' }),
    status: {
      startTime: new Date().toISOString(),
      completionTime: new Date().toISOString(),
      succeeded: 1,
      conditions: [condition('SuccessCriteriaMet', 'True'), condition('Complete', 'True')],
    },
  });
  const { metadata } = (await plane.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'work', name: 'engine' },
  })) as unknown as { metadata: { uid: string } };
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'engine', uid: metadata.uid }];
  await runJob(plane, job('work', 'of-an-engine', {}, { ownerReferences }), 'Succeeded', 'Complete');
};

export const makeCronJob = async (plane: ControlPlane, spec: Fields): Promise<void> => {
  const made = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace: 'nightly', name: 'backup' },
    spec: { schedule: '0 0 29 2 *', suspend: true, jobTemplate: { spec: { template: template() } }, ...spec },
  };
  await plane.apply(namespace('nightly'));
  await plane.apply(made);
  const { metadata } = (await read(plane, '/apis/batch/v1/namespaces/nightly/cronjobs/backup')) as { metadata: { uid: string } };
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid: metadata.uid, controller: true }];
  // Starts are told in seconds; the names are in another order than the starts, but for two that start at once.
  for (const batch of [['z'], ['m', 'c'], ['a'], ['y']]) {
    for (const name of batch) {
      await runJob(plane, job('nightly', `good-${name}`, {}, { ownerReferences }), 'Succeeded', 'Complete');
      await runJob(plane, job('nightly', `bad-${name}`, {}, { ownerReferences }), 'Failed', 'Failed');
    }
    await sleep(1100);
  }
};

export const makePods = async (plane: ControlPlane) => {
  await plane.apply(namespace('pods'));
  await plane.apply(node('node-ok'));
  const mirrored = { annotations: { 'kubernetes.io/config.mirror': 'a1' } };
  for (const pod of [
    barePod('pods', 'failed'),
    barePod('pods', 'evicted'),
    barePod('pods', 'once'),
    barePod('pods', 'runs'),
    barePod('pods', 'pending'),
    barePod('pods', 'mirrored', {}, mirrored),
    barePod('pods', 'driver', {}, { labels: { 'spark-role': 'driver' } }),
    barePod('pods', 'held', {}, { finalizers: ['example.com/logs'] }),
    barePod('pods', 'orphan', { nodeName: 'node-gone' }),
    barePod('pods', 'orphan-runs', { nodeName: 'node-gone' }),
    barePod('pods', 'never-placed', { nodeName: undefined }),
  ])
    await plane.apply(pod);
  for (const name of ['failed', 'mirrored', 'driver', 'held', 'orphan', 'never-placed']) await endPod(plane, 'pods', name, 'Failed');
  await endPod(plane, 'pods', 'evicted', 'Failed', {
    reason: 'Evicted',
    message: 'The node was low on resource: memory.',
    containerStatuses: [],
    conditions: [condition('DisruptionTarget', 'True', { reason: 'TerminationByKubelet' })],
  });
  await endPod(plane, 'pods', 'once', 'Succeeded');
  for (const name of ['runs', 'orphan-runs']) {
    const made = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'pods', name }, status: podStatus('Running', false) };
    await plane.applyStatus(made);
  }
  await plane.apply({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { namespace: 'pods', name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { ...template().spec, restartPolicy: 'Always' } },
    },
  });
  await until('the ReplicaSet makes its pod', async () => (await podsOf(plane, 'pods', 'web')).length === 1);
  const [first = ''] = await podsOf(plane, 'pods', 'web');
  await endPod(plane, 'pods', first, 'Failed', { reason: 'OutOfcpu' });
  await until('and another in its place', async () => (await podsOf(plane, 'pods', 'web')).length === 2);
  return first;
};

const volume = (name: string, spec: Fields, annotations: Fields = { 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' }) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, annotations },
  spec: {
    capacity: { storage: '8Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: 'gp3',
    csi: { driver: 'ebs.csi.aws.com', volumeHandle: `vol-${name}` },
    ...spec,
  },
});

/** The real volume controller gives them their phases. */
export const makeVolumes = async (plane: ControlPlane) => {
  await plane.apply(namespace('disks'));
  const formerClaim = (name: string) => ({ kind: 'PersistentVolumeClaim', namespace: 'disks', name, uid: `${name}-of-old` });
  for (const [name, spec, annotations] of [
    ['named', { claimRef: formerClaim('data') }],
    ['unnamed', { claimRef: formerClaim('other') }],
    ['wanted-again', { claimRef: formerClaim('again') }],
    ['by-hand', { claimRef: formerClaim('hand') }, {}],
    ['goes', { claimRef: formerClaim('goes'), persistentVolumeReclaimPolicy: 'Delete' }],
    ['broken', { claimRef: formerClaim('broken'), persistentVolumeReclaimPolicy: 'Delete', csi: null, hostPath: { path: '/srv/x' } }, {}],
    ['free', {}],
    ['in-use', {}],
  ] as const)
    await plane.apply(volume(name, spec, annotations));
  for (const [name, volumeName] of [
    ['bound', 'in-use'],
    ['again', 'wanted-again'],
  ] as const)
    await plane.apply({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace: 'disks', name },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'gp3', volumeName, resources: { requests: { storage: '8Gi' } } },
    });
  const wanted = { 'in-use': 'Bound', free: 'Available', broken: 'Failed', named: 'Released', unnamed: 'Released', goes: 'Released' };
  for (const [name, phase] of Object.entries(wanted))
    await until(`${name} is ${phase}`, async () => {
      const { status } = (await read(plane, `/api/v1/persistentvolumes/${name}`)) as { status?: { phase?: string } };
      return status?.phase === phase;
    });
};

export const makeEvents = async (plane: ControlPlane) => {
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
  await plane.apply(namespace('talk'));
  const event = (name: string, fields: Fields) =>
    plane.apply({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'talk', name },
      involvedObject: { kind: 'Pod', namespace: 'talk', name: 'web-1' },
      reason: 'Pulled',
      type: 'Normal',
      ...fields,
    });
  await event('old', { firstTimestamp: ago(90), lastTimestamp: ago(30) });
  await event('seen-again', { firstTimestamp: ago(90), lastTimestamp: ago(1) });
  await event('warning', { type: 'Warning', firstTimestamp: ago(90), lastTimestamp: ago(90) });
  await event('old-warning', { type: 'Warning', firstTimestamp: ago(400), lastTimestamp: ago(200) });
  await event('untimed', {});
  const newStyle = (name: string, hours: number) =>
    plane.apply({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'talk', name },
      eventTime: ago(hours).replace('Z', '000Z'),
      reportingController: 'example.com/controller',
      reportingInstance: 'controller-0',
      action: 'Binding',
      reason: 'Scheduled',
      type: 'Normal',
      regarding: { kind: 'Pod', namespace: 'talk', name: 'web-1' },
    });
  await newStyle('new-style-old', 30);
  await newStyle('new-style', 1);
};
