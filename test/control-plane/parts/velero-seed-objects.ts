/** What a small cluster with some of everything consists of: a shop, its database, and what the platform under them brings. */
import type { KubernetesObject } from './objects.ts';

/** `v1` -> `{ apiVersion: 'v1', kind, metadata: { name, namespace? }, ...rest }` */
const object = (apiVersion: string, kind: string, name: string, namespace: string | undefined, rest: object = {}): KubernetesObject => ({
  apiVersion,
  kind,
  ...rest,
  metadata: {
    name,
    ...(namespace !== undefined && { namespace }),
    ...('metadata' in rest && typeof rest.metadata === 'object' && rest.metadata),
  },
});

const podTemplate = (app: string, spec: object) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: app, image: `registry.example.com/${app}:1.4.2` }], ...spec },
});

/** Objects of no namespace that the others refer to. They go first, definitions before all. */
export const clusterObjects: readonly KubernetesObject[] = [
  definition('example.com', 'widgets', 'Widget', ['v1', 'v1beta1']),
  definition('bitnami.com', 'sealedsecrets', 'SealedSecret', ['v1alpha1']),
  ...['shop', 'data', 'platform'].map((name) => object('v1', 'Namespace', name, undefined, { metadata: { labels: { team: name } } })),
  object('scheduling.k8s.io/v1', 'PriorityClass', 'shop-critical', undefined, { value: 100_000, description: 'what customers see' }),
  object('storage.k8s.io/v1', 'StorageClass', 'fast', undefined, {
    provisioner: 'ebs.csi.aws.com',
    parameters: { type: 'gp3' },
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
  }),
  object('networking.k8s.io/v1', 'IngressClass', 'public', undefined, { spec: { controller: 'k8s.io/ingress-nginx' } }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'widget-reader', undefined, {
    rules: [{ apiGroups: ['example.com'], resources: ['widgets'], verbs: ['get', 'list'] }],
  }),
  object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'shop-reads-widgets', undefined, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'widget-reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
  }),
];

/** The shop: a Deployment with all that one refers to, and what refers to it. */
export const shopObjects: readonly KubernetesObject[] = [
  object('v1', 'ServiceAccount', 'web', 'shop', { imagePullSecrets: [{ name: 'registry' }] }),
  object('v1', 'ConfigMap', 'web-config', 'shop', { data: { LOG_LEVEL: 'info' } }),
  object('v1', 'Secret', 'web-credentials', 'shop', { stringData: { password: 'a-secret-of-the-shop' } }),
  object('v1', 'Secret', 'web-tls', 'shop', { type: 'kubernetes.io/tls', stringData: { 'tls.crt': 'certificate', 'tls.key': 'key' } }),
  object('v1', 'Secret', 'registry', 'shop', {
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': '{"auths":{}}' },
  }),
  object('apps/v1', 'Deployment', 'web', 'shop', {
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: podTemplate('web', {
        serviceAccountName: 'web',
        priorityClassName: 'shop-critical',
        imagePullSecrets: [{ name: 'registry' }],
        containers: [
          {
            name: 'web',
            image: 'registry.example.com/web:1.4.2',
            ports: [{ containerPort: 8080 }],
            envFrom: [{ configMapRef: { name: 'web-config' } }],
            env: [
              { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'web-credentials', key: 'password' } } },
              { name: 'HINT', valueFrom: { configMapKeyRef: { name: 'not-there', key: 'hint', optional: true } } },
            ],
            volumeMounts: [{ name: 'config', mountPath: '/etc/web' }],
          },
        ],
        volumes: [{ name: 'config', configMap: { name: 'web-config' } }],
      }),
    },
  }),
  object('v1', 'Service', 'web', 'shop', { spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } }),
  object('networking.k8s.io/v1', 'Ingress', 'web', 'shop', {
    spec: {
      ingressClassName: 'public',
      tls: [{ hosts: ['shop.example.com'], secretName: 'web-tls' }],
      rules: [
        {
          host: 'shop.example.com',
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }] },
        },
      ],
    },
  }),
  object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', 'shop', {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 6 },
  }),
  object('policy/v1', 'PodDisruptionBudget', 'web', 'shop', { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } }),
  object('networking.k8s.io/v1', 'NetworkPolicy', 'web', 'shop', {
    spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ingress: [{}] },
  }),
  object('rbac.authorization.k8s.io/v1', 'Role', 'web', 'shop', {
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
  }),
  object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'web', 'shop', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'shop' }],
  }),
  object('batch/v1', 'CronJob', 'mails', 'shop', {
    spec: {
      schedule: '0 4 * * *',
      jobTemplate: { spec: { template: podTemplate('mails', { restartPolicy: 'Never', serviceAccountName: 'web' }) } },
    },
  }),
  object('v1', 'ResourceQuota', 'pods', 'shop', { spec: { hard: { pods: '50' } } }),
  object('example.com/v1', 'Widget', 'blue', 'shop', { spec: { size: 3 } }),
  object('example.com/v1', 'Widget', 'red', 'shop', { spec: { size: 4 } }),
  object('bitnami.com/v1alpha1', 'SealedSecret', 'payment', 'shop', { spec: { encryptedData: { key: 'AgBy3i4OJSWK' } } }),
];

/** The database: a StatefulSet whose claim the controllers make and bind to `volume`, a volume of EBS. */
export const databaseObjects = (volume: string): readonly KubernetesObject[] => [
  object('v1', 'PersistentVolume', 'pv-postgres-0', undefined, {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      persistentVolumeReclaimPolicy: 'Delete',
      csi: { driver: 'ebs.csi.aws.com', volumeHandle: volume, fsType: 'ext4' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'data', name: 'data-postgres-0' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['eu-central-1a'] }] }],
        },
      },
    },
    metadata: { labels: { 'topology.kubernetes.io/zone': 'eu-central-1a' } },
  }),
  object('v1', 'Secret', 'postgres', 'data', { stringData: { password: 'a-secret-of-the-database' } }),
  object('v1', 'Service', 'postgres', 'data', { spec: { clusterIP: 'None', selector: { app: 'postgres' }, ports: [{ port: 5432 }] } }),
  object('apps/v1', 'StatefulSet', 'postgres', 'data', {
    spec: {
      serviceName: 'postgres',
      replicas: 1,
      selector: { matchLabels: { app: 'postgres' } },
      template: podTemplate('postgres', {
        containers: [
          {
            name: 'postgres',
            image: 'registry.example.com/postgres:17',
            envFrom: [{ secretRef: { name: 'postgres' } }],
            volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
          },
        ],
      }),
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  }),
];

/** What the platform runs: a webhook with its Service, and the key that SealedSecrets are opened with. */
export const platformObjects: readonly KubernetesObject[] = [
  object('apps/v1', 'Deployment', 'widget-webhook', 'platform', {
    spec: { selector: { matchLabels: { app: 'widget-webhook' } }, template: podTemplate('widget-webhook', {}) },
  }),
  object('v1', 'Service', 'widget-webhook', 'platform', { spec: { selector: { app: 'widget-webhook' }, ports: [{ port: 443 }] } }),
  object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'widgets', undefined, {
    webhooks: [
      {
        name: 'widgets.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        timeoutSeconds: 1,
        clientConfig: { service: { namespace: 'platform', name: 'widget-webhook', path: '/validate' } },
        // Nothing here deletes widgets: nobody waits for a webhook that no pod serves.
        rules: [{ apiGroups: ['example.com'], apiVersions: ['*'], resources: ['widgets'], operations: ['DELETE'] }],
      },
    ],
  }),
  object('v1', 'Secret', 'sealed-secrets-keyx7k2p', 'kube-system', {
    metadata: { labels: { 'sealedsecrets.bitnami.com/sealed-secrets-key': 'active' } },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': 'certificate', 'tls.key': 'key' },
  }),
];

/** A namespaced kind; the first version is the stored one. */
export function definition(group: string, plural: string, kind: string, versions: readonly string[]): KubernetesObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.${group}`, undefined, {
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: versions.map((name, index) => ({ name, served: true, storage: index === 0, schema })),
    },
  });
}
