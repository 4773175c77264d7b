/** What cleanup looks at beside the workloads of seed.ts: Jobs and their CronJobs, old ReplicaSets, ConfigMaps and Secrets of which one in ten is unused. */
import { etcdGateway } from '../control-plane/parts/etcd-gateway.ts';
import type { Entry } from '../control-plane/parts/seed-objects.ts';
import { uidOf } from '../control-plane/parts/seed-random.ts';

export interface CleanupSeed {
  /** Of ReplicaSets and ConfigMaps: beside those of the workloads. */
  readonly jobs: number;
  readonly replicaSets: number;
  readonly configMaps: number;
  readonly secrets: number;
  /** Every so many Jobs one has no CronJob and was over days ago; the others are the history that their CronJobs keep. */
  readonly aloneEvery: number;
}

const day = 86_400_000;
const daysAgo = (days: number): string => new Date(Date.now() - days * day).toISOString().replace(/\.\d+Z$/, 'Z');
const namespaceOf = (index: number): string => `team-${String(index % 40).padStart(2, '0')}`;
const named = (kind: string, name: string, index: number, more: object = {}) => {
  const namespace = namespaceOf(index);
  return { name, namespace, uid: uidOf(kind, namespace, name), creationTimestamp: daysAgo(30), ...more };
};
const numbered = (prefix: string, index: number): string => `${prefix}-${String(index).padStart(5, '0')}`;

/** Refers to a ConfigMap and a Secret of the same number. */
const template = (index: number, restartPolicy: string, labels: object) => ({
  metadata: { labels },
  spec: {
    containers: [
      {
        name: 'app',
        image: 'registry.example.com/report:1.4.2',
        args: ['--report=monthly', `--shard=${index}`],
        envFrom: [{ configMapRef: { name: numbered('settings', index) } }],
        env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: numbered('token', index), key: 'token' } } }],
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
        resources: {},
      },
    ],
    restartPolicy,
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  },
});

/** Four to a CronJob: what it keeps unless told, three that succeeded and one that failed. */
const runsOfCronJob = 4;

function* cronJobs(count: number): Generator<Entry> {
  for (let index = 0; index < count; index += 1) {
    const metadata = named('cronjob', numbered('report', index), index);
    const spec = {
      schedule: '0 * * * *',
      suspend: false,
      concurrencyPolicy: 'Allow',
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: template(index, 'Never', { app: 'report' }) } },
    };
    yield [
      `/registry/cronjobs/${metadata.namespace}/${metadata.name}`,
      { apiVersion: 'batch/v1', kind: 'CronJob', metadata, spec, status: {} },
    ];
  }
}

function job(index: number, isAlone: boolean): Entry {
  const cronJob = Math.floor(index / runsOfCronJob);
  const owner = named('cronjob', numbered('report', cronJob), cronJob);
  const place = isAlone ? index : cronJob;
  const failed = !isAlone && index % runsOfCronJob === 0;
  const over = daysAgo(isAlone ? 9 : 8 + (index % runsOfCronJob));
  const name = isAlone ? numbered('once', index) : `${numbered('report', cronJob)}-${index}`;
  const uid = uidOf('job', namespaceOf(place), name);
  const labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
  const metadata = named('job', name, place, {
    generation: 1,
    labels,
    ...(!isAlone && {
      ownerReferences: [
        { apiVersion: 'batch/v1', kind: 'CronJob', name: owner.name, uid: owner.uid, controller: true, blockOwnerDeletion: true },
      ],
    }),
  });
  const at = { lastProbeTime: over, lastTransitionTime: over };
  const spec = {
    parallelism: 1,
    completions: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
    template: template(index, 'Never', labels),
  };
  const conditions = failed
    ? [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit', ...at }]
    : [{ type: 'Complete', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods', ...at }];
  const status = {
    conditions,
    startTime: over,
    ready: 0,
    uncountedTerminatedPods: {},
    ...(failed ? { failed: 7 } : { completionTime: over, succeeded: 1 }),
  };
  return [`/registry/jobs/${metadata.namespace}/${name}`, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec, status }];
}

function replicaSet(index: number): Entry {
  const name = numbered('old', index);
  const labels = { app: name, 'pod-template-hash': '5d8f' };
  const metadata = named('replicaset', name, index, { generation: 2, labels });
  const spec = { replicas: 0, selector: { matchLabels: labels }, template: template(index, 'Always', labels) };
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app', uid: uidOf('owner', name), controller: true };
  return [
    `/registry/replicasets/${metadata.namespace}/${name}`,
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { ...metadata, ownerReferences: [owner] },
      spec,
      status: { replicas: 0, observedGeneration: 2 },
    },
  ];
}

/** Called so that nothing refers to every tenth. */
const settings = (prefix: string, index: number): string => numbered(index % 10 === 0 ? `unused-${prefix}` : prefix, index);

function* entries({ jobs, replicaSets, configMaps, secrets, aloneEvery }: CleanupSeed): Generator<Entry> {
  yield* cronJobs(Math.ceil(jobs / runsOfCronJob));
  for (let index = 0; index < jobs; index += 1) yield job(index, index % aloneEvery === 0);
  for (let index = 0; index < replicaSets; index += 1) yield replicaSet(index);
  for (let index = 0; index < configMaps; index += 1) {
    const metadata = named('configmap', settings('settings', index), index, { labels: { app: 'report' } });
    yield [
      `/registry/configmaps/${metadata.namespace}/${metadata.name}`,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'application.yaml': 'logging: { level: info }\n'.repeat(40) } },
    ];
  }
  for (let index = 0; index < secrets; index += 1) {
    const metadata = named('secret', settings('token', index), index, { labels: { app: 'report' } });
    const data = { token: Buffer.alloc(800, index % 251).toString('base64') };
    yield [
      `/registry/secrets/${metadata.namespace}/${metadata.name}`,
      { apiVersion: 'v1', kind: 'Secret', metadata, data, type: 'Opaque' },
    ];
  }
}

/** Writes them into the namespaces that seedCluster made (40 of them). */
export async function seedForCleanup(plane: { readonly etcdGateway: string }, seed: CleanupSeed): Promise<void> {
  const gateway = etcdGateway(plane.etcdGateway);
  let batch: (readonly [string, string])[] = [];
  for (const [key, object] of entries(seed)) {
    batch.push([key, JSON.stringify(object)]);
    if (batch.length === 500) {
      await gateway.putAll(batch);
      batch = [];
    }
  }
  // The last key is nobody's: watch caches call themselves fresh from the first key of a transaction on.
  await gateway.putAll(batch);
  await gateway.putAll([['/nightshift/seeded', 'for cleanup']]);
}
