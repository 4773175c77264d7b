/** Objects of a production cluster, each in one line: for real-cluster-*.ts. */
import { ago } from '../health-check/objects.ts';

export type Fields = Readonly<Record<string, unknown>>;
export interface Made {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Fields & { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}
/** `days` old. */
interface Metadata extends Fields {
  readonly days?: number;
}

/** `shop/web` lies in a namespace, `web` in none. */
export const made = (
  apiVersion: string,
  kind: string,
  place: string,
  rest: Fields = {},
  { days = 90, ...metadata }: Metadata = {},
): Made => {
  const at = place.indexOf('/');
  const [namespace, name] = at < 0 ? [undefined, place] : [place.slice(0, at), place.slice(at + 1)];
  const uid = `uid-${kind}-${place}`;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion: '7', creationTimestamp: ago({ days }), ...metadata },
    ...rest,
  };
};

const apiVersions: Readonly<Record<string, string>> = {
  CronJob: 'batch/v1',
  Job: 'batch/v1',
  Pod: 'v1',
  ReplicaSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  Deployment: 'apps/v1',
};
/** The one owner, which controls it; its namespace is that of what it owns. */
export const ownedBy = (kind: string, place: string, apiVersion = apiVersions[kind] ?? 'v1') => ({
  ownerReferences: [{ apiVersion, kind, name: place.slice(place.indexOf('/') + 1), uid: `uid-${kind}-${place}`, controller: true }],
});
export const labelled = (labels: Readonly<Record<string, string>>) => ({ labels });
export const annotated = (annotations: Readonly<Record<string, string>>) => ({ annotations });
/** As Helm marks what its releases hold. */
export const ofRelease = (release: string, namespace: string) => ({
  labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': release, 'app.kubernetes.io/name': release },
  annotations: { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace },
});
/** Who wrote it last, as the API server notes it. */
export const writtenBy = (manager: string) => ({
  managedFields: [{ manager, operation: 'Update', apiVersion: 'v1', time: ago({ days: 40 }), fieldsType: 'FieldsV1', fieldsV1: {} }],
});

export const configMap = (place: string, metadata: Metadata = {}, data: Fields = {}) => made('v1', 'ConfigMap', place, { data }, metadata);
export const secret = (place: string, metadata: Metadata = {}, type = 'Opaque') =>
  made('v1', 'Secret', place, { type, data: { password: 'bWFya2VkLXNlY3JldA==' } }, metadata);
export const account = (place: string, metadata: Metadata = {}, rest: Fields = {}) => made('v1', 'ServiceAccount', place, rest, metadata);
export const claim = (place: string, metadata: Metadata = {}) =>
  made(
    'v1',
    'PersistentVolumeClaim',
    place,
    {
      spec: { storageClassName: 'gp3', volumeName: `pvc-${place.replace('/', '-')}`, resources: { requests: { storage: '20Gi' } } },
      status: { phase: 'Bound', capacity: { storage: '20Gi' } },
    },
    { finalizers: ['kubernetes.io/pvc-protection'], ...metadata },
  );
export const volume = (name: string, place: string, policy: string, status: Fields = { phase: 'Bound' }) => {
  const [namespace, claimName] = place.split('/');
  return made(
    'v1',
    'PersistentVolume',
    name,
    {
      spec: {
        capacity: { storage: '20Gi' },
        claimRef: { namespace, name: claimName, uid: `uid-PersistentVolumeClaim-${place}` },
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: `vol-${name}` },
        persistentVolumeReclaimPolicy: policy,
        storageClassName: 'gp3',
      },
      status,
    },
    { finalizers: ['kubernetes.io/pv-protection'], ...annotated({ 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' }) },
  );
};
export const role = (place: string, rules: readonly Fields[] = []) =>
  made('rbac.authorization.k8s.io/v1', place.includes('/') ? 'Role' : 'ClusterRole', place, { rules });
/** `account` is `namespace/name`. */
export const binding = (place: string, ...accounts: readonly string[]) =>
  made('rbac.authorization.k8s.io/v1', place.includes('/') ? 'RoleBinding' : 'ClusterRoleBinding', place, {
    roleRef: { kind: 'ClusterRole', name: 'any' },
    subjects: accounts.map((each) => ({ kind: 'ServiceAccount', namespace: each.split('/')[0], name: each.split('/')[1] })),
  });
export const namespace = (name: string, metadata: Metadata = {}) => [
  made('v1', 'Namespace', name, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }, metadata),
  configMap(`${name}/kube-root-ca.crt`),
  account(`${name}/default`),
];

/** A template's or a pod's specification, of one container. */
export const running = (spec: Fields = {}, container: Fields = {}): Fields => ({
  containers: [{ name: 'app', image: 'registry.example/app:1', ...container }],
  ...spec,
});
export const pod = (place: string, spec: Fields, status: Fields, metadata: Metadata = {}) =>
  made('v1', 'Pod', place, { spec: { nodeName: 'ip-10-0-1-10.ec2.internal', ...spec }, status }, { days: 5, ...metadata });
export const isRunning = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago({ days: 2 }) }] };
const ended = (exitCode: number, days: number, reason: string) => ({
  containerStatuses: [{ name: 'app', state: { terminated: { exitCode, reason, finishedAt: ago({ days }) } } }],
});
export const succeeded = (days: number) => ({ phase: 'Succeeded', ...ended(0, days, 'Completed') });
export const failed = (days: number, exitCode = 1) => ({
  phase: 'Failed',
  ...ended(exitCode, days, exitCode === 137 ? 'OOMKilled' : 'Error'),
});
export const evicted = (
  days: number,
  message = 'The node was low on resource: ephemeral-storage. Threshold quantity: 2139512454, available: 1024Ki. ',
) => ({
  phase: 'Failed',
  reason: 'Evicted',
  message,
  startTime: ago({ days: days + 1 }),
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', lastTransitionTime: ago({ days }) }],
});

/** A Deployment with its ReplicaSets, the one of before and the one of now, a pod and its Service. */
export const workload = (place: string, spec: Fields = running(), metadata: Metadata = {}, replicas = 1): readonly Made[] => {
  const name = place.slice(place.indexOf('/') + 1);
  const labels = { 'app.kubernetes.io/name': name, ...(metadata.labels as Fields) };
  const template = { metadata: { labels }, spec };
  const replicaSet = (hash: string, count: number) =>
    made(
      'apps/v1',
      'ReplicaSet',
      `${place}-${hash}`,
      { spec: { replicas: count, template }, status: { replicas: count } },
      ownedBy('Deployment', place),
    );
  return [
    made('apps/v1', 'Deployment', place, { spec: { replicas, template, selector: { matchLabels: labels } } }, metadata),
    replicaSet('5d8f', replicas),
    replicaSet('7c6b', 0),
    ...(replicas > 0 ? [pod(`${place}-5d8f-x7k2p`, spec, isRunning, { labels, ...ownedBy('ReplicaSet', `${place}-5d8f`) })] : []),
    ...service(place, labels, replicas, metadata),
  ];
};
export const service = (place: string, selector: Fields, endpoints: number, metadata: Metadata = {}): readonly Made[] => [
  made('v1', 'Service', place, { spec: { type: 'ClusterIP', selector, ports: [{ port: 80 }] } }, metadata),
  made(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    `${place}-abc12`,
    { endpoints: Array.from({ length: endpoints }, () => ({ addresses: ['10.0.0.9'] })) },
    { labels: { 'kubernetes.io/service-name': place.slice(place.indexOf('/') + 1) } },
  ),
];
export const statefulSet = (
  place: string,
  replicas: number,
  claims: readonly string[],
  metadata: Metadata = {},
  spec = running(),
): readonly Made[] => {
  const name = place.slice(place.indexOf('/') + 1);
  const labels = { app: name };
  return [
    made(
      'apps/v1',
      'StatefulSet',
      place,
      {
        spec: {
          replicas,
          serviceName: name,
          template: { metadata: { labels }, spec },
          volumeClaimTemplates: claims.map((each) => ({ metadata: { name: each } })),
        },
      },
      metadata,
    ),
    ...service(place, labels, replicas, metadata),
    ...Array.from({ length: replicas }, (_, index) =>
      pod(`${place}-${index}`, spec, isRunning, { labels, ...ownedBy('StatefulSet', place) }),
    ),
  ];
};
export const cronJob = (place: string, spec: Fields = {}, template: Fields = running()) =>
  made('batch/v1', 'CronJob', place, { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: template } } }, ...spec } });
/** A Job that ended `days` ago, and its pod. */
export const job = (
  place: string,
  outcome: 'Complete' | 'Failed' | 'running',
  days: number,
  metadata: Metadata = {},
  { spec = running(), more = {}, reason }: { readonly spec?: Fields; readonly more?: Fields; readonly reason?: string } = {},
): readonly Made[] => {
  const at = ago({ days });
  const isOver = outcome !== 'running';
  const conditions = isOver ? [{ type: outcome, status: 'True', lastTransitionTime: at, ...(reason && { reason }) }] : [];
  const ends = outcome === 'Failed' ? failed(days) : outcome === 'Complete' ? succeeded(days) : isRunning;
  return [
    made(
      'batch/v1',
      'Job',
      place,
      {
        spec: { template: { spec }, completions: 1, ...more },
        status: {
          startTime: ago({ days, minutes: 5 }),
          conditions,
          ...(outcome === 'Complete' ? { succeeded: 1 } : outcome === 'Failed' ? { failed: 6 } : { active: 1 }),
        },
      },
      { days: days + 0.01, ...metadata },
    ),
    pod(`${place}-9x8y7`, spec, ends, { days: days + 0.01, ...ownedBy('Job', place) }),
  ];
};
export const custom = (apiVersion: string, kind: string, place: string, spec: Fields = {}, rest: Fields = {}, metadata: Metadata = {}) =>
  made(apiVersion, kind, place, { spec, ...rest }, metadata);
