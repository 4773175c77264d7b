/** Every Kubernetes resource that Nightshift reads, once: group, plural, kind, versions and client-node's type (types only: free at run time). */
import type {
  CoreV1Event,
  V1APIService,
  V1ClusterRole,
  V1ComponentStatus,
  V1CronJob,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1IngressClass,
  V1Job,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1PriorityClass,
  V1ReplicaSet,
  V1RuntimeClass,
  V1Secret,
  V1Service,
  V1StatefulSet,
  V1StorageClass,
} from '@kubernetes/client-node';
import type { Read } from '../scan/contracts.ts';

/** What a metadata-only list gives. */
export interface Metadata {
  metadata?: V1ObjectMeta;
}

/** metav1.Condition, as custom resources carry it. */
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** The fields of an Argo CD Application that are read; https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml */
export interface ArgoApplication extends Metadata {
  spec?: { destination?: { server?: string; name?: string; namespace?: string } };
  status?: {
    health?: { status?: string; message?: string; lastTransitionTime?: string };
    sync?: { status?: string; revision?: string };
    operationState?: { phase?: string; message?: string; startedAt?: string; finishedAt?: string };
    reconciledAt?: string;
    conditions?: { type?: string; message?: string; lastTransitionTime?: string }[];
    resources?: {
      group?: string;
      version?: string;
      kind?: string;
      namespace?: string;
      name?: string;
      status?: string;
      health?: { status?: string; message?: string };
    }[];
  };
}

/** The fields of a Flux Kustomization that are read; https://fluxcd.io/flux/components/kustomize/kustomizations/ */
export interface FluxKustomization extends Metadata {
  spec?: { suspend?: boolean; interval?: string };
  status?: { conditions?: Condition[]; observedGeneration?: number; lastAppliedRevision?: string; lastAttemptedRevision?: string };
}

export const nodes: Read<V1Node> = { group: '', resource: 'nodes', kind: 'Node', versions: ['v1'] };
export const pods: Read<V1Pod> = { group: '', resource: 'pods', kind: 'Pod', versions: ['v1'] };
export const services: Read<V1Service> = { group: '', resource: 'services', kind: 'Service', versions: ['v1'] };
export const namespaces: Read<V1Namespace> = { group: '', resource: 'namespaces', kind: 'Namespace', versions: ['v1'] };
/** core/v1, not events.k8s.io: one storage, and lastTimestamp, count, eventTime and series are all there. */
export const events: Read<CoreV1Event> = { group: '', resource: 'events', kind: 'Event', versions: ['v1'] };
export const secrets: Read<V1Secret> = { group: '', resource: 'secrets', kind: 'Secret', versions: ['v1'] };
export const componentStatuses: Read<V1ComponentStatus> = {
  group: '',
  resource: 'componentstatuses',
  kind: 'ComponentStatus',
  versions: ['v1'],
};
export const apiServices: Read<V1APIService> = {
  group: 'apiregistration.k8s.io',
  resource: 'apiservices',
  kind: 'APIService',
  versions: ['v1'],
};
export const endpointSlices: Read<V1EndpointSlice> = {
  group: 'discovery.k8s.io',
  resource: 'endpointslices',
  kind: 'EndpointSlice',
  versions: ['v1'],
};
export const leases: Read<V1Lease> = { group: 'coordination.k8s.io', resource: 'leases', kind: 'Lease', versions: ['v1'] };
export const deployments: Read<V1Deployment> = { group: 'apps', resource: 'deployments', kind: 'Deployment', versions: ['v1'] };
export const statefulSets: Read<V1StatefulSet> = { group: 'apps', resource: 'statefulsets', kind: 'StatefulSet', versions: ['v1'] };
export const daemonSets: Read<V1DaemonSet> = { group: 'apps', resource: 'daemonsets', kind: 'DaemonSet', versions: ['v1'] };
export const replicaSets: Read<V1ReplicaSet> = { group: 'apps', resource: 'replicasets', kind: 'ReplicaSet', versions: ['v1'] };
export const jobs: Read<V1Job> = { group: 'batch', resource: 'jobs', kind: 'Job', versions: ['v1'] };
export const cronJobs: Read<V1CronJob> = { group: 'batch', resource: 'cronjobs', kind: 'CronJob', versions: ['v1'] };
export const argoApplications: Read<ArgoApplication> = {
  group: 'argoproj.io',
  resource: 'applications',
  kind: 'Application',
  versions: ['v1alpha1'],
};
export const fluxKustomizations: Read<FluxKustomization> = {
  group: 'kustomize.toolkit.fluxcd.io',
  resource: 'kustomizations',
  kind: 'Kustomization',
  versions: ['v1', 'v1beta2'],
};
export const storageClasses: Read<V1StorageClass> = {
  group: 'storage.k8s.io',
  resource: 'storageclasses',
  kind: 'StorageClass',
  versions: ['v1'],
};
export const priorityClasses: Read<V1PriorityClass> = {
  group: 'scheduling.k8s.io',
  resource: 'priorityclasses',
  kind: 'PriorityClass',
  versions: ['v1'],
};
export const runtimeClasses: Read<V1RuntimeClass> = {
  group: 'node.k8s.io',
  resource: 'runtimeclasses',
  kind: 'RuntimeClass',
  versions: ['v1'],
};
export const ingressClasses: Read<V1IngressClass> = {
  group: 'networking.k8s.io',
  resource: 'ingressclasses',
  kind: 'IngressClass',
  versions: ['v1'],
};
export const clusterRoles: Read<V1ClusterRole> = {
  group: 'rbac.authorization.k8s.io',
  resource: 'clusterroles',
  kind: 'ClusterRole',
  versions: ['v1'],
};
export const customResourceDefinitions: Read<V1CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  resource: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  versions: ['v1'],
};

/** Those that are in no namespace: who has the rights of one namespace alone cannot list them. Held against a real server's discovery. */
export const clusterScoped: readonly Read[] = [
  nodes,
  namespaces,
  componentStatuses,
  apiServices,
  storageClasses,
  priorityClasses,
  runtimeClasses,
  ingressClasses,
  clusterRoles,
  customResourceDefinitions,
];

/** Groups of Kubernetes' own are `apps` or end with .k8s.io; no folder and no backup has to prove that they exist. */
export const isCustomGroup = (group: string): boolean => group.includes('.') && !group.endsWith('.k8s.io');

/** The same read, of which the metadata is enough. */
export const metadataOf = (read: Read): Read<Metadata> => ({ ...read, part: 'metadata' }) as Read<Metadata>;

/**
 * What `pass.owner()` needs to climb from a pod to its Deployment or CronJob; a check that asks for owners spreads it into its reads.
 * Optional: without these rights an owner is told from the pod alone.
 */
export const ownerReads = {
  ownerReplicaSets: { ...metadataOf(replicaSets), optional: true },
  ownerJobs: { ...metadataOf(jobs), optional: true },
} as const satisfies Record<string, Read<Metadata>>;

/**
 * Looked at for the annotation nightshift.dev/ignore, whichever checks run: a Namespace's holds for what is in it, and a Deployment's for the
 * findings that name it as the owner of its pods.
 */
export const annotatedKinds = { always: [namespaces], owners: [deployments, statefulSets, daemonSets, cronJobs] } as const;
