/**
 * Small clusters, made at random of traits. The manifests are made of the traits, and so is what the tests expect (properties-oracle.ts): it never
 * looks at a manifest, and so cannot be mistaken in the way that a rule is.
 */
import fc from '../fuzz.ts';
import { objectsOf } from './random-objects.ts';
import type { Made } from './references/objects.ts';

/** A label or annotation. `asked`: somebody wants the object kept; `owned`: it is somebody else's to take away; `no`: only looks so. */
export interface Key {
  readonly place: 'labels' | 'annotations';
  readonly key: string;
  readonly value: string;
  readonly keeps: 'asked' | 'owned' | 'no';
  /** Of others it says nothing. */
  readonly only?: 'Pod';
  /** Templates hand it on, to pods or to whatever a controller makes: there it means the controller. */
  readonly handedOn?: 'to-pods' | 'to-all';
}
const key = (place: Key['place'], name: string, value: string, keeps: Key['keeps'], more: Pick<Key, 'only' | 'handedOn'> = {}): Key => ({
  place,
  key: name,
  value,
  keeps,
  ...more,
});
const toPods = { handedOn: 'to-pods' } as const;
/** After the table of shared/reference/cleanup-anchors.md, and not after the code's own. */
export const keys: readonly Key[] = [
  key('annotations', 'nightshift.dev/keep', 'true', 'asked'),
  key('annotations', 'nightshift.dev/keep', 'false', 'no'),
  key('labels', 'kor/used', 'true', 'asked'),
  key('labels', 'kor/used', 'false', 'no'),
  key('annotations', 'janitor/ttl', 'forever', 'asked'),
  key('annotations', 'janitor/ttl', '7d', 'owned'),
  key('annotations', 'janitor/expires', '2030-01-01', 'owned'),
  key('annotations', 'k8s-ttl-controller.twin.sh/ttl', '7d', 'owned'),
  key('labels', 'cleanup.kyverno.io/ttl', '7d', 'owned'),
  key('annotations', 'cleanup.kyverno.io/ttl', '7d', 'no'),
  key('annotations', 'argocd.argoproj.io/tracking-id', 'shop:batch/Job:shop/x', 'owned', toPods),
  key('annotations', 'argocd.argoproj.io/sync-options', 'Prune=false', 'owned', toPods),
  key('labels', 'kustomize.toolkit.fluxcd.io/name', 'shop', 'owned', toPods),
  key('labels', 'helm.toolkit.fluxcd.io/name', 'shop', 'owned', toPods),
  key('annotations', 'helm.sh/resource-policy', 'keep', 'asked'),
  key('annotations', 'helm.sh/hook', 'post-install', 'owned', toPods),
  key('annotations', 'meta.helm.sh/release-name', 'shop', 'owned', toPods),
  key('labels', 'app.kubernetes.io/managed-by', 'Helm', 'owned', { handedOn: 'to-all' }),
  key('labels', 'applyset.kubernetes.io/part-of', 'applyset-1', 'owned'),
  key('labels', 'velero.io/exclude-from-backup', 'true', 'no'),
  key('annotations', 'kubectl.kubernetes.io/last-applied-configuration', '{}', 'no'),
  key('annotations', 'cluster-autoscaler.kubernetes.io/safe-to-evict', 'false', 'asked', { only: 'Pod' }),
  key('annotations', 'cluster-autoscaler.kubernetes.io/safe-to-evict', 'true', 'no'),
  key('annotations', 'karpenter.sh/do-not-disrupt', 'true', 'asked', { only: 'Pod' }),
];

/** What any object may have that keeps it. */
export interface Guards {
  readonly key: Key | undefined;
  readonly finalizer: boolean;
  readonly terminating: boolean;
}
interface Placed extends Guards {
  readonly name: string;
  readonly namespace: string;
}
export interface JobTraits extends Placed {
  /** `untrue`: its condition Complete is False. */
  readonly end: 'Complete' | 'Failed' | 'untrue' | 'none';
  /** Undefined: its condition does not say when. */
  readonly endedHours: number | undefined;
  readonly otherwise: 'suspended' | 'resumed' | 'ttl' | 'managed' | 'managed-by-itself' | 'active' | undefined;
  /** cron-0 and cron-1 are there, cron-9 is gone. */
  readonly owner: 'none' | 'cron-0' | 'cron-1' | 'cron-9' | 'Workflow';
  /** How many pods it has. */
  readonly pods: number;
}
export interface PodTraits extends Placed {
  readonly phase: 'Failed' | 'Succeeded' | 'Running' | 'Pending';
  readonly endedHours: number | undefined;
  readonly owner: 'none' | 'ReplicaSet' | 'StatefulSet' | 'Job' | 'Workflow' | 'StatefulSet of another group';
  readonly node: 'node-0' | 'node-9' | undefined;
  readonly otherwise: 'mirror' | 'spark' | 'not-ready' | undefined;
}
export interface VolumeTraits extends Guards {
  readonly name: string;
  readonly phase: 'Released' | 'Bound' | 'Failed';
  readonly policy: 'Retain' | 'Delete';
  readonly provisioned: boolean;
  readonly releasedHours: number | undefined;
}
export const referredKinds = ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'] as const;
export type ReferredKind = (typeof referredKinds)[number];
export interface ReferredTraits extends Placed {
  readonly kind: ReferredKind;
  readonly ageHours: number;
  readonly owned: boolean;
  /** For the user's own rules of the undo. */
  readonly scratch: boolean;
}
export interface ReferenceTraits {
  readonly kind: ReferredKind;
  readonly namespace: string;
  readonly name: string;
  readonly form: number;
  readonly carrier: number;
}
export interface RandomCluster {
  readonly jobs: readonly JobTraits[];
  readonly pods: readonly PodTraits[];
  readonly volumes: readonly VolumeTraits[];
  readonly referred: readonly ReferredTraits[];
  readonly references: readonly ReferenceTraits[];
  /** Of cron-0 and cron-1; undefined: its defaults. */
  readonly histories: readonly { readonly successful: number | undefined; readonly failed: number | undefined }[];
  /** Is there a node at all? */
  readonly hasNode: boolean;
  readonly objects: readonly Made[];
}

/** Volumes whose disks are asked for by name. */
export const namedVolumes: readonly string[] = ['pv-0', 'pv-1', 'pv-2'];

const sometimes = <T>(arbitrary: fc.Arbitrary<T>, weight = 6): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const seldom = fc.nat(9).map((one) => one === 0);
const guards = { key: sometimes(fc.constantFrom(...keys), 3), finalizer: seldom, terminating: seldom };
/** `kept` and `leaving` are what they are called; `gone` is in no list. */
const namespace = fc.constantFrom('shop', 'shop', 'shop', 'pay', 'pay', 'pay', 'kept', 'leaving', 'gone', 'kube-system');
const job = fc.record({
  ...guards,
  namespace,
  end: fc.constantFrom<JobTraits['end'][]>('Complete', 'Complete', 'Complete', 'Failed', 'Failed', 'untrue', 'none'),
  endedHours: fc.constantFrom(1, 23, 24, 30, 167, 168, 200, 200, 300, undefined),
  otherwise: sometimes(fc.constantFrom('suspended', 'resumed', 'ttl', 'managed', 'managed-by-itself', 'active')),
  owner: fc.constantFrom<JobTraits['owner'][]>('none', 'none', 'cron-0', 'cron-0', 'cron-0', 'cron-1', 'cron-9', 'Workflow'),
  pods: fc.nat(2),
});
const pod = fc.record({
  ...guards,
  namespace,
  phase: fc.constantFrom<PodTraits['phase'][]>('Failed', 'Failed', 'Succeeded', 'Running', 'Pending'),
  endedHours: fc.constantFrom(0, 1, 5, 23, 24, 100, 100, undefined),
  owner: fc.constantFrom<PodTraits['owner'][]>(
    ...(['none', 'none', 'ReplicaSet', 'ReplicaSet', 'StatefulSet', 'Job', 'Workflow', 'StatefulSet of another group'] as const),
  ),
  node: fc.constantFrom<PodTraits['node'][]>('node-0', 'node-0', 'node-9', undefined),
  otherwise: sometimes(fc.constantFrom('mirror', 'spark', 'not-ready')),
});
const volume = fc.record({
  ...guards,
  phase: fc.constantFrom<VolumeTraits['phase'][]>('Released', 'Released', 'Released', 'Bound', 'Failed'),
  policy: fc.constantFrom<VolumeTraits['policy'][]>('Retain', 'Retain', 'Retain', 'Delete'),
  provisioned: seldom.map((no) => !no),
  releasedHours: fc.constantFrom(100, 168, 200, 200, undefined),
});
const referred = fc.record({
  ...guards,
  kind: fc.constantFrom(...referredKinds),
  namespace: fc.constantFrom('shop', 'shop', 'pay', 'pay', 'kept', 'kube-system'),
  ageHours: fc.constantFrom(20, 167, 168, 400, 400, 400),
  owned: seldom,
  scratch: fc.boolean(),
});
const reference = fc.record({
  kind: fc.constantFrom(...referredKinds),
  namespace: fc.constantFrom('shop', 'pay', 'kept', 'kube-system'),
  target: fc.nat(7),
  form: fc.nat(20),
  carrier: fc.nat(20),
});

/** What objects that are referred to are called: no name is another kind's, so that a mere text means one of them. */
const nameOf = (kind: ReferredKind, index: number): string =>
  `${{ ConfigMap: 'settings', Secret: 'token', PersistentVolumeClaim: 'data-store', ServiceAccount: 'account' }[kind]}-${index}`;

export const randomCluster: fc.Arbitrary<RandomCluster> = fc
  .record({
    jobs: fc.array(job, { maxLength: 9 }),
    pods: fc.array(pod, { maxLength: 7 }),
    volumes: fc.array(volume, { maxLength: 4 }),
    referred: fc.array(referred, { maxLength: 8 }),
    references: fc.array(reference, { maxLength: 5 }),
    histories: fc.array(fc.record({ successful: sometimes(fc.nat(2), 1), failed: sometimes(fc.nat(2), 1) }), {
      minLength: 2,
      maxLength: 2,
    }),
    hasNode: seldom.map((no) => !no),
  })
  .map((traits) => {
    const cluster = {
      ...traits,
      jobs: traits.jobs.map((each, index) => ({ ...each, name: `job-${index}` })),
      pods: traits.pods.map((each, index) => ({ ...each, name: `pod-${index}` })),
      volumes: traits.volumes.map((each, index) => ({ ...each, name: `pv-${index}` })),
      referred: traits.referred.map((each, index) => ({ ...each, name: nameOf(each.kind, index) })),
      references: traits.references.map(({ target, ...each }) => ({ ...each, name: nameOf(each.kind, target) })),
    };
    return { ...cluster, objects: objectsOf(cluster) };
  });
