/** Every Kubernetes resource that Nightshift reads, once: group, plural, kind, versions and client-node's type (types only: free at run time). */
import type {
  CoreV1Event,
  V1APIService,
  V1CertificateSigningRequest,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ComponentStatus,
  V1ConfigMap,
  V1ControllerRevision,
  V1CronJob,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Ingress,
  V1IngressClass,
  V1Job,
  V1Lease,
  V1MutatingAdmissionPolicyBinding,
  V1MutatingWebhookConfiguration,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1PodTemplate,
  V1PriorityClass,
  V1ReplicaSet,
  V1ReplicationController,
  V1Role,
  V1RoleBinding,
  V1RuntimeClass,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
  V1StorageClass,
  V1ValidatingAdmissionPolicyBinding,
  V1ValidatingWebhookConfiguration,
  V1VolumeAttachment,
  V2HorizontalPodAutoscaler,
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

/** The fields of a VolumeSnapshotContent that are read: external-snapshotter client/v8 apis/volumesnapshot/v1/types.go */
export interface VolumeSnapshotContent extends Metadata {
  spec?: { driver?: string; source?: { volumeHandle?: string; snapshotHandle?: string } };
  /** `creationTime`: nanoseconds since 1970. */
  status?: { readyToUse?: boolean; creationTime?: number };
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

export const persistentVolumes: Read<V1PersistentVolume> = {
  group: '',
  resource: 'persistentvolumes',
  kind: 'PersistentVolume',
  versions: ['v1'],
};
export const persistentVolumeClaims: Read<V1PersistentVolumeClaim> = {
  group: '',
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  versions: ['v1'],
};
export const volumeSnapshotContents: Read<VolumeSnapshotContent> = {
  group: 'snapshot.storage.k8s.io',
  resource: 'volumesnapshotcontents',
  kind: 'VolumeSnapshotContent',
  versions: ['v1'],
};

export const replicationControllers: Read<V1ReplicationController> = {
  group: '',
  resource: 'replicationcontrollers',
  kind: 'ReplicationController',
  versions: ['v1'],
};
export const podTemplates: Read<V1PodTemplate> = { group: '', resource: 'podtemplates', kind: 'PodTemplate', versions: ['v1'] };
export const configMaps: Read<V1ConfigMap> = { group: '', resource: 'configmaps', kind: 'ConfigMap', versions: ['v1'] };
export const ingresses: Read<V1Ingress> = { group: 'networking.k8s.io', resource: 'ingresses', kind: 'Ingress', versions: ['v1'] };
export const horizontalPodAutoscalers: Read<V2HorizontalPodAutoscaler> = {
  group: 'autoscaling',
  resource: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  versions: ['v2'],
};
export const podDisruptionBudgets: Read<V1PodDisruptionBudget> = {
  group: 'policy',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  versions: ['v1'],
};
export const certificateSigningRequests: Read<V1CertificateSigningRequest> = {
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  versions: ['v1'],
};
export const volumeAttachments: Read<V1VolumeAttachment> = {
  group: 'storage.k8s.io',
  resource: 'volumeattachments',
  kind: 'VolumeAttachment',
  versions: ['v1'],
};
export const validatingWebhookConfigurations: Read<V1ValidatingWebhookConfiguration> = {
  group: 'admissionregistration.k8s.io',
  resource: 'validatingwebhookconfigurations',
  kind: 'ValidatingWebhookConfiguration',
  versions: ['v1'],
};
export const mutatingWebhookConfigurations: Read<V1MutatingWebhookConfiguration> = {
  group: 'admissionregistration.k8s.io',
  resource: 'mutatingwebhookconfigurations',
  kind: 'MutatingWebhookConfiguration',
  versions: ['v1'],
};

export const serviceAccounts: Read<V1ServiceAccount> = { group: '', resource: 'serviceaccounts', kind: 'ServiceAccount', versions: ['v1'] };
export const controllerRevisions: Read<V1ControllerRevision> = {
  group: 'apps',
  resource: 'controllerrevisions',
  kind: 'ControllerRevision',
  versions: ['v1'],
};
export const roles: Read<V1Role> = { group: 'rbac.authorization.k8s.io', resource: 'roles', kind: 'Role', versions: ['v1'] };
export const roleBindings: Read<V1RoleBinding> = {
  group: 'rbac.authorization.k8s.io',
  resource: 'rolebindings',
  kind: 'RoleBinding',
  versions: ['v1'],
};
export const clusterRoleBindings: Read<V1ClusterRoleBinding> = {
  group: 'rbac.authorization.k8s.io',
  resource: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  versions: ['v1'],
};
export const validatingAdmissionPolicyBindings: Read<V1ValidatingAdmissionPolicyBinding> = {
  group: 'admissionregistration.k8s.io',
  resource: 'validatingadmissionpolicybindings',
  kind: 'ValidatingAdmissionPolicyBinding',
  versions: ['v1', 'v1beta1'],
};
export const mutatingAdmissionPolicyBindings: Read<V1MutatingAdmissionPolicyBinding> = {
  group: 'admissionregistration.k8s.io',
  resource: 'mutatingadmissionpolicybindings',
  kind: 'MutatingAdmissionPolicyBinding',
  versions: ['v1', 'v1beta1'],
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
  persistentVolumes,
  volumeSnapshotContents,
  certificateSigningRequests,
  volumeAttachments,
  validatingWebhookConfigurations,
  mutatingWebhookConfigurations,
  clusterRoleBindings,
  validatingAdmissionPolicyBindings,
  mutatingAdmissionPolicyBindings,
];

/** Groups of Kubernetes' own are `apps` or end with .k8s.io; no folder and no backup has to prove that they exist. */
export const isCustomGroup = (group: string): boolean => group.includes('.') && !group.endsWith('.k8s.io');

/** Groups that kube-apiserver itself serves. Others may end with .k8s.io too: gateway.networking.k8s.io. Held against a real server's discovery. */
const builtInGroups = new Set([
  ...['', 'apps', 'autoscaling', 'batch', 'extensions', 'policy'],
  ...['admissionregistration', 'apiextensions', 'apiregistration', 'apidiscovery', 'authentication', 'authorization', 'certificates'].map(
    (name) => `${name}.k8s.io`,
  ),
  ...['coordination', 'discovery', 'events', 'flowcontrol.apiserver', 'imagepolicy', 'internal.apiserver', 'networking', 'node'].map(
    (name) => `${name}.k8s.io`,
  ),
  ...['rbac.authorization', 'resource', 'scheduling', 'storage', 'storagemigration'].map((name) => `${name}.k8s.io`),
]);
export const isBuiltInGroup = (group: string): boolean => builtInGroups.has(group);

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
