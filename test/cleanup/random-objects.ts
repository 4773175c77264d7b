/** The manifests of random-cluster.ts, made of its traits. */
import { ago } from '../health-check/objects.ts';
import type {
  Guards,
  JobTraits,
  Key,
  PodTraits,
  RandomCluster,
  ReferenceTraits,
  ReferredKind,
  ReferredTraits,
  VolumeTraits,
} from './random-cluster.ts';
import { type Fields, type Made, made, ofCluster, podMakers } from './references/objects.ts';

/** As a server has it. */
const stored = (object: Made): Made => ({
  ...object,
  metadata: { uid: uidOf(object.kind, object.metadata.namespace, object.metadata.name), resourceVersion: '7', ...object.metadata },
});
const uidOf = (kind: string, place: string | undefined, name: string): string => `uid-${kind}-${place ?? ''}-${name}`;

const guarded = ({ key: carried, finalizer, terminating }: Guards, more: Partial<Record<Key['place'], Fields>> = {}): Fields => {
  const texts = (place: Key['place']): Fields => ({ ...more[place], ...(carried?.place === place && { [carried.key]: carried.value }) });
  return {
    labels: texts('labels'),
    annotations: texts('annotations'),
    ...(finalizer && { finalizers: ['example.com/wait'] }),
    ...(terminating && { deletionTimestamp: ago({ minutes: 1 }), deletionGracePeriodSeconds: 0 }),
  };
};
const owner = (apiVersion: string, kind: string, name: string, place: string): Fields => ({
  ownerReferences: [{ apiVersion, kind, name, uid: uidOf(kind, place, name), controller: true, blockOwnerDeletion: true }],
});

type Traits = Omit<RandomCluster, 'objects'>;

/** The cluster's objects; of two carriers of one name the last. */
export const objectsOf = (cluster: Traits): readonly Made[] => {
  const byName = new Map(
    manifestsOf(cluster).map((object) => [uidOf(object.kind, object.metadata.namespace, object.metadata.name), object]),
  );
  return [...byName.values()].map(stored);
};

function manifestsOf(cluster: Traits): Made[] {
  return [
    ...['shop', 'pay', 'kube-system', 'default'].map((name) => ofCluster('v1', 'Namespace', name)),
    ofCluster('v1', 'Namespace', 'kept', {}, { annotations: { 'nightshift.dev/keep': 'true' } }),
    ofCluster('v1', 'Namespace', 'leaving', {}, { deletionTimestamp: ago({ hours: 1 }) }),
    ...(cluster.hasNode ? [ofCluster('v1', 'Node', 'node-0', { spec: {}, status: {} })] : []),
    ...cronJobsOf(cluster),
    ...cluster.jobs.flatMap((each, index) => [jobOf(each, index), ...podsOfJob(each)]),
    ...cluster.pods.map(podOf),
    ...cluster.volumes.map(volumeOf),
    ...cluster.referred.map(referredOf),
    ...cluster.references.map(carrierOf),
  ];
}

function cronJobsOf({ jobs, histories }: Traits): Made[] {
  const used = new Map(jobs.map((each) => [`${each.namespace}/${each.owner}`, each]));
  return [...used.values()].flatMap(({ owner: name, namespace: place }) => {
    const history = name === 'cron-0' ? histories[0] : name === 'cron-1' ? histories[1] : undefined;
    if (!history) return [];
    const { successful, failed } = history;
    const spec = {
      schedule: '0 * * * *',
      ...(successful !== undefined && { successfulJobsHistoryLimit: successful }),
      ...(failed !== undefined && { failedJobsHistoryLimit: failed }),
      jobTemplate: { spec: { template: { spec: { containers: [{ name: 'app', image: 'app:1' }] } } } },
    };
    return [made('batch/v1', 'CronJob', name, { spec }, { in: place })];
  });
}

function jobOf({ name, namespace: place, end, endedHours, otherwise, owner: of, ...rest }: JobTraits, index: number): Made {
  const uid = uidOf('Job', place, name);
  const labels = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name };
  const conditions = [
    ...(end === 'none' ? [] : [conditionOf(end === 'untrue' ? 'Complete' : end, end === 'untrue' ? 'False' : 'True', endedHours)]),
    ...(otherwise === 'resumed' ? [{ type: 'Suspended', status: 'False' }] : []),
  ];
  const ownerIs =
    of === 'none' ? {} : owner(of === 'Workflow' ? 'argoproj.io/v1alpha1' : 'batch/v1', of === 'Workflow' ? of : 'CronJob', of, place);
  const spec = {
    completions: 3,
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
    template: { metadata: { labels }, spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'app:1' }] } },
    ...(otherwise === 'suspended' && { suspend: true }),
    ...(otherwise === 'ttl' && { ttlSecondsAfterFinished: 600 }),
    ...(otherwise === 'managed' && { managedBy: 'kueue.x-k8s.io/multikueue' }),
    ...(otherwise === 'managed-by-itself' && { managedBy: 'kubernetes.io/job-controller' }),
  };
  // The first began last: no two are of one time.
  const status = { startTime: ago({ days: 20, minutes: index }), succeeded: 1, conditions, ...(otherwise === 'active' && { active: 1 }) };
  return made('batch/v1', 'Job', name, { spec, status }, { in: place, ...guarded(rest, { labels }), ...ownerIs });
}

const conditionOf = (type: string, status: string, hours: number | undefined): Fields => ({
  type,
  status,
  ...(hours !== undefined && { lastTransitionTime: ago({ hours }) }),
});

/** They are its controller's, whatever became of it. */
const podsOfJob = ({ name, namespace: place, pods }: JobTraits): Made[] =>
  Array.from({ length: pods }, (_, index) =>
    made(
      'v1',
      'Pod',
      `${name}-pod-${index}`,
      { spec: {}, status: { phase: 'Succeeded' } },
      { in: place, ...owner('batch/v1', 'Job', name, place) },
    ),
  );

const podOwners: Readonly<Record<PodTraits['owner'], readonly [string, string] | undefined>> = {
  none: undefined,
  ReplicaSet: ['apps/v1', 'ReplicaSet'],
  StatefulSet: ['apps/v1', 'StatefulSet'],
  Job: ['batch/v1', 'Job'],
  Workflow: ['argoproj.io/v1alpha1', 'Workflow'],
  'StatefulSet of another group': ['apps.kruise.io/v1', 'StatefulSet'],
};

function podOf({ name, namespace: place, phase, endedHours, owner: of, node, otherwise, ...rest }: PodTraits): Made {
  const [apiVersion, kind] = podOwners[of] ?? [];
  const ended = endedHours === undefined ? undefined : ago({ hours: endedHours });
  const status = {
    phase,
    ...(ended !== undefined && {
      conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ended }],
      containerStatuses: [
        { name: 'app', state: phase === 'Running' ? { running: {} } : { terminated: { exitCode: 1, finishedAt: ended } } },
      ],
    }),
  };
  const metadata = guarded(rest, {
    annotations: otherwise === 'mirror' ? { 'kubernetes.io/config.mirror': 'x' } : {},
    labels: otherwise === 'spark' ? { 'spark-role': 'executor' } : {},
  });
  const spec = { containers: [{ name: 'app', image: 'app:1' }], ...(node && { nodeName: node }) };
  return made(
    'v1',
    'Pod',
    name,
    { spec, status },
    { in: place, ...metadata, ...(apiVersion && kind && owner(apiVersion, kind, `${name}-owner`, place)) },
  );
}

function volumeOf({ name, phase, policy, provisioned, releasedHours, ...rest }: VolumeTraits): Made {
  const spec = {
    capacity: { storage: '8Gi' },
    persistentVolumeReclaimPolicy: policy,
    claimRef: { namespace: 'shop', name: `claim-of-${name}`, uid: `uid-claim-of-${name}` },
    csi: { driver: 'ebs.csi.aws.com', volumeHandle: `vol-${name}` },
  };
  const status = { phase, ...(releasedHours !== undefined && { lastPhaseTransitionTime: ago({ hours: releasedHours }) }) };
  const annotations = provisioned ? { 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' } : {};
  return ofCluster('v1', 'PersistentVolume', name, { spec, status }, guarded(rest, { annotations }));
}

function referredOf({ kind, name, namespace: place, ageHours, owned, scratch, ...rest }: ReferredTraits): Made {
  const metadata = {
    ...guarded(rest, { labels: scratch ? { scratch: 'yes' } : {} }),
    creationTimestamp: ago({ hours: ageHours }),
    ...(owned && owner('example.com/v1', 'Widget', `${name}-owner`, place)),
  };
  const fields: Readonly<Record<ReferredKind, Fields>> = {
    ConfigMap: { data: { a: 'b' } },
    Secret: { type: 'Opaque', data: { password: 'c2VjcmV0LXBheWxvYWQ=' } },
    PersistentVolumeClaim: { spec: { resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Bound' } },
    ServiceAccount: {},
  };
  return made('v1', kind, name, fields[kind], { in: place, ...metadata });
}

const app = (fields: Fields): Fields => ({ containers: [{ name: 'app', image: 'app:1', ...fields }] });
const withVolume = (source: Fields): Fields => ({ ...app({}), volumes: [{ name: 'v', ...source }] });
/** Each way in which a pod's specification refers to one. */
const specForms: Readonly<Record<ReferredKind, readonly ((name: string) => Fields)[]>> = {
  ConfigMap: [
    (name) => app({ envFrom: [{ configMapRef: { name } }] }),
    (name) => app({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name, key: 'a', optional: true } } }] }),
    (name) => ({ ...app({}), initContainers: [{ name: 'init', envFrom: [{ configMapRef: { name } }] }] }),
    (name) => ({ ...app({}), ephemeralContainers: [{ name: 'debug', envFrom: [{ configMapRef: { name } }] }] }),
    (name) => withVolume({ configMap: { name } }),
    (name) => withVolume({ projected: { sources: [{ configMap: { name } }] } }),
    (name) => app({ args: [`--configmap=${name}`] }),
  ],
  Secret: [
    (name) => app({ envFrom: [{ secretRef: { name } }] }),
    (name) => app({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'a' } } }] }),
    (name) => withVolume({ secret: { secretName: name } }),
    (name) => withVolume({ projected: { sources: [{ secret: { name } }] } }),
    (name) => withVolume({ csi: { driver: 'x', nodePublishSecretRef: { name } } }),
    (name) => ({ ...app({}), imagePullSecrets: [{ name }] }),
    (name) => app({ env: [{ name: 'SECRET_NAME', value: name }] }),
  ],
  PersistentVolumeClaim: [
    (name) => withVolume({ persistentVolumeClaim: { claimName: name } }),
    (name) => app({ command: ['backup', '--claim', name] }),
  ],
  ServiceAccount: [(name) => ({ ...app({}), serviceAccountName: name }), (name) => ({ ...app({}), serviceAccount: name })],
};

const owned = owner('example.com/v1', 'Widget', 'somebody', 'shop');
/** Ways that are no pod's; `place` is where what is referred to is. */
const otherForms: Readonly<Record<ReferredKind, readonly ((name: string, place: string, own: string) => Made)[]>> = {
  ConfigMap: [(name, place, own) => made('example.com/v1', 'Widget', own, { spec: { deep: [{ config: name }] } }, { in: place })],
  Secret: [
    (name, place, own) => made('networking.k8s.io/v1', 'Ingress', own, { spec: { tls: [{ secretName: name }] } }, { in: place }),
    (name, place, own) => made('v1', 'ServiceAccount', own, { imagePullSecrets: [{ name }] }, { in: place, ...owned }),
    (name, place, own) => ofCluster('example.com/v1', 'GlobalWidget', own, { spec: { secret: { name, namespace: place } } }),
  ],
  PersistentVolumeClaim: [
    (_, place, own) =>
      made(
        'apps/v1',
        'StatefulSet',
        'store',
        { spec: { replicas: 0, template: { spec: app({}) }, volumeClaimTemplates: [{ metadata: { name: 'data' } }], serviceName: own } },
        { in: place },
      ),
    (name, place) =>
      made(
        'v1',
        'Pod',
        'data',
        { spec: { ...app({}), volumes: [{ name: name.slice('data-'.length), ephemeral: {} }] }, status: { phase: 'Running' } },
        { in: place },
      ),
  ],
  ServiceAccount: [
    (name, place, own) =>
      made(
        'rbac.authorization.k8s.io/v1',
        'RoleBinding',
        own,
        { roleRef: { kind: 'Role', name: 'any' }, subjects: [{ kind: 'ServiceAccount', name, namespace: place }] },
        { in: 'elsewhere' },
      ),
  ],
};
/** Which of `otherForms` it is; negative: it is in a pod's specification. */
const otherForm = ({ kind, form }: ReferenceTraits): number =>
  (form % (specForms[kind].length + otherForms[kind].length)) - specForms[kind].length;
/** The StatefulSet's template means every claim that is called after it. */
export const meansAllOfTemplate = (reference: ReferenceTraits): boolean =>
  reference.kind === 'PersistentVolumeClaim' && otherForm(reference) === 0;
/** What a resource that is in no namespace says counts for all of them. */
export const meansAllNamespaces = (reference: ReferenceTraits): boolean => reference.kind === 'Secret' && otherForm(reference) === 2;

/** One object that refers to one other. */
function carrierOf(reference: ReferenceTraits, index: number): Made {
  const { kind, namespace: place, name, carrier } = reference;
  const own = `carrier-${index}`;
  const other = otherForm(reference);
  const makes = otherForms[kind][other];
  if (makes) return makes(name, place, own);
  const { 'a finished Pod': _, ...makers } = podMakers(specForms[kind].at(other)?.(name) ?? {});
  const all = Object.values(makers);
  const object = all[carrier % all.length] ?? all[0];
  if (!object) throw new Error('there are no carriers');
  return { ...object, metadata: { ...object.metadata, name: own, namespace: place } };
}
