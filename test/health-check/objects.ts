/** Kubernetes objects as an API server gives them, healthy unless told otherwise. */

/** The clock of these tests. */
export const now = Date.parse('2026-03-18T09:00:00Z');

/** A time before `now`: `ago({ minutes: 5 })`. */
export const ago = ({ seconds = 0, minutes = 0, hours = 0, days = 0 }): string =>
  new Date(now - (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000).toISOString();

type Fields = Readonly<Record<string, unknown>>;
interface Shape {
  readonly name?: string;
  readonly namespace?: string;
  readonly metadata?: Fields;
  readonly spec?: Fields;
  readonly status?: Fields;
}

const object = (apiVersion: string, kind: string, { name, namespace, metadata, spec, status }: Shape, defaults: Shape) => ({
  apiVersion,
  kind,
  metadata: {
    name: name ?? defaults.name ?? 'web',
    ...((namespace ?? defaults.namespace) ? { namespace: namespace ?? defaults.namespace } : {}),
    uid: `uid-${kind}-${namespace ?? defaults.namespace ?? ''}-${name ?? defaults.name}`,
    creationTimestamp: ago({ days: 30 }),
    ...metadata,
  },
  spec: { ...defaults.spec, ...spec },
  status: { ...defaults.status, ...status },
});

export const condition = (type: string, status: string, since = ago({ days: 2 }), more: Fields = {}) => ({
  type,
  status,
  lastTransitionTime: since,
  ...more,
});

export const controlledBy = (kind: string, name: string, namespace = 'shop') => ({
  apiVersion: kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : kind === 'Node' ? 'v1' : 'apps/v1',
  kind,
  name,
  uid: `uid-${kind}-${namespace}-${name}`,
  controller: true,
});

export const node = (shape: Shape = {}) =>
  object('v1', 'Node', shape, {
    name: 'node-1',
    status: {
      conditions: [
        condition('MemoryPressure', 'False'),
        condition('DiskPressure', 'False'),
        condition('PIDPressure', 'False'),
        condition('Ready', 'True', ago({ days: 2 }), { reason: 'KubeletReady' }),
      ],
    },
  });

export const runningContainer = (name = 'app', more: Fields = {}) => ({
  name,
  image: `registry.example/${name}:1.0`,
  ready: true,
  restartCount: 0,
  state: { running: { startedAt: ago({ days: 2 }) } },
  lastState: {},
  ...more,
});

/** A container that waits with this reason. */
export const waitingContainer = (reason: string, more: Fields = {}, message?: string) =>
  runningContainer('app', { ready: false, state: { waiting: { reason, ...(message ? { message } : {}) } }, ...more });

/** How a container's last run ended, `endedAgo` before now, after `ran` minutes. */
export const terminated = (exitCode: number, endedMinutesAgo: number, ranMinutes = 1, reason = exitCode === 0 ? 'Completed' : 'Error') => ({
  terminated: {
    exitCode,
    reason,
    startedAt: ago({ minutes: endedMinutesAgo + ranMinutes }),
    finishedAt: ago({ minutes: endedMinutesAgo }),
  },
});

export const podConditions = (ready: boolean, since = ago({ days: 2 }), more: Fields = {}) => [
  condition('PodScheduled', 'True'),
  condition('Initialized', 'True'),
  condition('ContainersReady', ready ? 'True' : 'False', since),
  condition('Ready', ready ? 'True' : 'False', since, more),
];

/** A ready pod of ReplicaSet web-5d8f (Deployment web) in shop, on node-1. */
export const pod = (shape: Shape = {}) =>
  object('v1', 'Pod', shape, {
    name: 'web-5d8f-abcde',
    namespace: 'shop',
    spec: { nodeName: 'node-1', containers: [{ name: 'app', image: 'registry.example/app:1.0' }] },
    status: { phase: 'Running', startTime: ago({ days: 2 }), conditions: podConditions(true), containerStatuses: [runningContainer()] },
  });

export const ofReplicaSet = (name = 'web-5d8f', hash = '5d8f') => ({
  labels: { app: 'web', 'pod-template-hash': hash },
  ownerReferences: [controlledBy('ReplicaSet', name)],
});

export const replicaSet = (name = 'web-5d8f', deployment = 'web') =>
  object('apps/v1', 'ReplicaSet', { name, namespace: 'shop', metadata: { ownerReferences: [controlledBy('Deployment', deployment)] } }, {});

export const job = (shape: Shape = {}) => object('batch/v1', 'Job', shape, { name: 'backup-1', namespace: 'shop' });

export const service = (shape: Shape = {}) =>
  object('v1', 'Service', shape, {
    name: 'web',
    namespace: 'shop',
    spec: { type: 'ClusterIP', clusterIP: '10.0.0.7', selector: { app: 'web' }, ports: [{ port: 80 }] },
  });

interface EndpointShape {
  readonly pod?: string;
  readonly ready?: boolean | null;
  readonly serving?: boolean;
  readonly terminating?: boolean;
}
export const endpointSlice = (endpoints: readonly EndpointShape[] | null, of = 'web', namespace = 'shop') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${of}-x1`, namespace, labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  endpoints:
    endpoints?.map(({ pod: name = 'web-5d8f-abcde', ...conditions }) => ({
      addresses: ['10.1.0.7'],
      conditions,
      targetRef: { kind: 'Pod', namespace, name },
    })) ?? null,
});

export const deployment = (shape: Shape = {}) =>
  object(
    'apps/v1',
    'Deployment',
    { ...shape, metadata: { generation: 3, ...shape.metadata } },
    {
      name: 'web',
      namespace: 'shop',
      spec: { replicas: 3, template: { metadata: { labels: { app: 'web' } } } },
      status: {
        observedGeneration: 3,
        replicas: 3,
        updatedReplicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        conditions: [
          condition('Available', 'True', ago({ days: 9 }), { reason: 'MinimumReplicasAvailable' }),
          condition('Progressing', 'True', ago({ days: 9 }), { reason: 'NewReplicaSetAvailable', lastUpdateTime: ago({ days: 9 }) }),
        ],
      },
    },
  );

export const statefulSet = (shape: Shape = {}) =>
  object(
    'apps/v1',
    'StatefulSet',
    { ...shape, metadata: { generation: 2, ...shape.metadata } },
    {
      name: 'db',
      namespace: 'shop',
      spec: { replicas: 3, template: { metadata: { labels: { app: 'db' } } } },
      status: {
        observedGeneration: 2,
        replicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        updatedReplicas: 3,
        currentRevision: 'db-1',
        updateRevision: 'db-1',
      },
    },
  );

export const daemonSet = (shape: Shape = {}) =>
  object(
    'apps/v1',
    'DaemonSet',
    { ...shape, metadata: { generation: 2, ...shape.metadata } },
    {
      name: 'agent',
      namespace: 'shop',
      spec: { updateStrategy: { type: 'RollingUpdate' } },
      status: {
        observedGeneration: 2,
        desiredNumberScheduled: 4,
        currentNumberScheduled: 4,
        numberReady: 4,
        numberAvailable: 4,
        updatedNumberScheduled: 4,
      },
    },
  );

/** managedFields that say when people's part or the controller's part last changed. */
export const changed = (part: 'spec' | 'status', time: string) => ({
  managedFields: [{ manager: 'test', operation: 'Update', time, ...(part === 'status' ? { subresource: 'status' } : {}) }],
});

export const cronJob = (shape: Shape = {}) =>
  object('batch/v1', 'CronJob', shape, {
    name: 'report',
    namespace: 'shop',
    spec: { schedule: '0 * * * *', concurrencyPolicy: 'Allow', suspend: false },
    status: { lastScheduleTime: ago({}) },
  });

export const namespace = (shape: Shape = {}) =>
  object('v1', 'Namespace', shape, { name: 'old', spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });

export const lease = (name: string, renewed: string, spec: Fields = {}) =>
  object(
    'coordination.k8s.io/v1',
    'Lease',
    {
      name,
      namespace: 'kube-system',
      spec: { holderIdentity: 'cp-1_7d', leaseDurationSeconds: 15, renewTime: renewed.replace('Z', '000Z'), ...spec },
    },
    {},
  );

export const event = (fields: Fields, about: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: {
    name: `event-${Math.abs(JSON.stringify([fields, about]).length)}`,
    namespace: 'shop',
    creationTimestamp: ago({ minutes: 50 }),
  },
  involvedObject: {
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'shop',
    name: 'web-5d8f-abcde',
    uid: 'uid-Pod-shop-web-5d8f-abcde',
    ...about,
  },
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  count: 1,
  firstTimestamp: ago({ minutes: 50 }),
  lastTimestamp: ago({ minutes: 2 }),
  ...fields,
});

/** The metadata of a Secret in which Helm keeps one revision; never its payload. */
export const helmRevision = (release: string, version: number, status: string, modified: string, namespaceName = 'shop') => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: `sh.helm.release.v1.${release}.v${version}`,
    namespace: namespaceName,
    creationTimestamp: modified,
    labels: { owner: 'helm', name: release, status, version: `${version}`, modifiedAt: `${Date.parse(modified) / 1000}` },
  },
});

export const apiService = (shape: Shape = {}) =>
  object('apiregistration.k8s.io/v1', 'APIService', shape, {
    name: 'v1beta1.metrics.k8s.io',
    spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { namespace: 'kube-system', name: 'metrics-server', port: 443 } },
    status: { conditions: [condition('Available', 'True', ago({ days: 2 }), { reason: 'Passed' })] },
  });
