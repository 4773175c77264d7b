/**
 * Backups that lack something, each of a namespace of its own and with names of its own, so that all of them can be restored into one other
 * cluster: what a restore says of each is what its fault alone makes it say.
 */
import type { ControlPlane } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';
import { definition } from './velero-seed-objects.ts';

/** One of them. */
export interface IncompleteBackup {
  /** The backup's name and its namespace's. */
  readonly name: string;
  /** In the order of their creation. */
  readonly objects: readonly KubernetesObject[];
  /** Of the Backup, beside its namespace: what leaves the missing thing out. */
  readonly spec: object;
}

/** The first cluster's flags: it serves a version that a cluster with the defaults does not. */
export const flagsForRemovedVersion = [
  '--runtime-config=coordination.k8s.io/v1beta1=true',
  '--feature-gates=CoordinatedLeaderElection=true',
];

const object = (apiVersion: string, kind: string, namespace: string | undefined, name: string, rest: object = {}): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  ...rest,
});
const pod = (namespace: string, spec: object) =>
  object('v1', 'Pod', namespace, 'app', { spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }], ...spec } });

export const incompleteBackups: readonly IncompleteBackup[] = [
  {
    name: 'no-definition',
    objects: [
      definition('example.net', 'gadgets', 'Gadget', ['v1']),
      object('example.net/v1', 'Gadget', 'no-definition', 'small', { spec: { size: 1 } }),
    ],
    spec: { excludedResources: ['customresourcedefinitions.apiextensions.k8s.io'] },
  },
  {
    name: 'no-storage-class',
    objects: [
      object('storage.k8s.io/v1', 'StorageClass', undefined, 'slow', { provisioner: 'ebs.csi.aws.com' }),
      object('v1', 'PersistentVolumeClaim', 'no-storage-class', 'files', {
        spec: { storageClassName: 'slow', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      }),
    ],
    // As everyone's is: a StorageClass is of no namespace.
    spec: {},
  },
  {
    name: 'no-priority-class',
    objects: [
      object('scheduling.k8s.io/v1', 'PriorityClass', undefined, 'night', { value: 7 }),
      pod('no-priority-class', { priorityClassName: 'night' }),
    ],
    spec: { excludedResources: ['priorityclasses.scheduling.k8s.io'] },
  },
  {
    name: 'no-service-account',
    objects: [object('v1', 'ServiceAccount', 'no-service-account', 'robot'), pod('no-service-account', { serviceAccountName: 'robot' })],
    spec: { excludedResources: ['serviceaccounts'] },
  },
  {
    name: 'no-config-map',
    objects: [
      object('v1', 'ConfigMap', 'no-config-map', 'settings', { data: { color: 'blue' } }),
      pod('no-config-map', { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] }),
    ],
    spec: { excludedResources: ['configmaps'] },
  },
  {
    name: 'removed-version',
    objects: [
      object('coordination.k8s.io/v1beta1', 'LeaseCandidate', 'removed-version', 'one', {
        spec: { leaseName: 'leader', binaryVersion: '1.2.3', emulationVersion: '1.2.3', strategy: 'OldestEmulationVersion' },
      }),
    ],
    spec: {},
  },
  {
    name: 'no-webhook-service',
    objects: [
      definition('example.net', 'zebras', 'Zebra', ['v1']),
      // Restored after the webhook, by the alphabet, and refused by it; here it was first.
      object('example.net/v1', 'Zebra', 'no-webhook-service', 'striped', { spec: { stripes: 9 } }),
      object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', undefined, 'zebras', {
        webhooks: [
          {
            name: 'zebras.example.net',
            admissionReviewVersions: ['v1'],
            sideEffects: 'None',
            failurePolicy: 'Fail',
            timeoutSeconds: 1,
            clientConfig: { service: { namespace: 'elsewhere', name: 'zebra-webhook' } },
            rules: [{ apiGroups: ['example.net'], apiVersions: ['*'], resources: ['zebras'], operations: ['CREATE'] }],
          },
        ],
      }),
    ],
    spec: {
      includedNamespaceScopedResources: ['zebras.example.net'],
      includedClusterScopedResources: [
        'customresourcedefinitions.apiextensions.k8s.io',
        'validatingwebhookconfigurations.admissionregistration.k8s.io',
      ],
    },
  },
];

/** Makes what all of them are backups of; the cluster has flagsForRemovedVersion and a controller of ServiceAccounts. */
export async function seedIncompleteBackups(plane: ControlPlane): Promise<void> {
  for (const { name, objects } of incompleteBackups) {
    await plane.apply(object('v1', 'Namespace', undefined, name));
    for (const each of objects) await plane.apply(each);
  }
}
