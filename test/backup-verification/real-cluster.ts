/**
 * What a backup of a production cluster on EKS holds, in short: the objects that its tools install (by their charts and manifests of 2026) and that
 * their controllers make, with all that they refer to. Nothing is wrong with it.
 */
import { type Manifest, manifest } from './archive-of.ts';
import {
  account,
  bound,
  configMap,
  crd,
  inEachNamespace,
  type Json,
  owner,
  pod,
  rbac,
  rollout,
  rule,
  secret,
  service,
  webhooks,
} from './real-objects.ts';
import { namespace } from './samples.ts';

export const platform = { kubernetesVersion: 'v1.33.1-eks-595af52' } as const;

const kubeSystem: readonly Manifest[] = [
  ...inEachNamespace('kube-system'),
  ...['coredns', 'ebs-csi-controller-sa', 'aws-load-balancer-controller', 'metrics-server'].map((name) => account(`kube-system/${name}`)),
  configMap('kube-system/coredns'),
  secret('kube-system/aws-load-balancer-tls'),
  service('kube-system/kube-dns'),
  service('kube-system/aws-load-balancer-webhook-service'),
  service('kube-system/metrics-server'),
  ...rollout('kube-system/coredns', {
    serviceAccountName: 'coredns',
    priorityClassName: 'system-cluster-critical',
    volumes: [{ name: 'config-volume', configMap: { name: 'coredns' } }],
  }),
  ...rollout('kube-system/aws-load-balancer-controller', {
    serviceAccountName: 'aws-load-balancer-controller',
    priorityClassName: 'system-cluster-critical',
    volumes: [{ name: 'cert', secret: { secretName: 'aws-load-balancer-tls' } }],
  }),
  bound('kube-system/metrics-server-auth-reader', 'extension-apiserver-authentication-reader', 'Role'),
];

const argocd: readonly Manifest[] = [
  ...inEachNamespace('argocd'),
  ...['argocd-cm', 'argocd-cmd-params-cm', 'argocd-gpg-keys-cm'].map((name) => configMap(`argocd/${name}`)),
  ...['argocd-secret', 'argocd-redis', 'argocd-initial-admin-secret', 'repo-1'].map((name) => secret(`argocd/${name}`)),
  account('argocd/argocd-server', { imagePullSecrets: [] }),
  ...rollout('argocd/argocd-server', {
    serviceAccountName: 'argocd-server',
    containers: [
      {
        name: 'server',
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'argocd-cmd-params-cm', key: 'server.insecure', optional: true } } },
          { name: 'REDIS_PASSWORD', valueFrom: { secretKeyRef: { name: 'argocd-redis', key: 'auth' } } },
        ],
      },
    ],
    volumes: [
      { name: 'tls', secret: { secretName: 'argocd-repo-server-tls', optional: true } },
      { name: 'ssh', configMap: { name: 'argocd-ssh-known-hosts-cm', optional: true } },
    ],
  }),
  manifest('argoproj.io/v1alpha1', 'Application', 'argocd/shop', { spec: { destination: { namespace: 'shop' } } }),
];

/** cert-manager, external-secrets, Istio, Crossplane, the load balancer's controller: what they bring that is in no namespace. */
const clusterScoped: readonly Manifest[] = [
  ...[
    crd('certificates', 'cert-manager.io', 'Certificate'),
    crd('externalsecrets', 'external-secrets.io', 'ExternalSecret'),
    crd('virtualservices', 'networking.istio.io', 'VirtualService'),
    crd('applications', 'argoproj.io', 'Application'),
    crd('clusters', 'postgresql.cnpg.io', 'Cluster'),
    crd('prometheuses', 'monitoring.coreos.com', 'Prometheus'),
    crd('buckets', 's3.aws.upbound.io', 'Bucket'),
    crd('volumesnapshots', 'snapshot.storage.k8s.io', 'VolumeSnapshot'),
    crd('volumesnapshotcontents', 'snapshot.storage.k8s.io', 'VolumeSnapshotContent'),
  ].map(serving),
  webhooks('Validating', 'cert-manager-webhook', 'cert-manager/cert-manager-webhook', { rules: rule('cert-manager.io', '*/*') }),
  webhooks('Validating', 'externalsecret-validate', 'external-secrets/external-secrets-webhook', {
    rules: rule('external-secrets.io', 'externalsecrets'),
  }),
  webhooks('Mutating', 'istio-sidecar-injector', 'istio-system/istiod', {
    rules: rule('', 'pods'),
    namespaceSelector: { matchExpressions: [{ key: 'istio-injection', operator: 'In', values: ['enabled'] }] },
  }),
  webhooks('Mutating', 'aws-load-balancer-webhook', 'kube-system/aws-load-balancer-webhook-service', { rules: rule('', 'services') }),
  webhooks('Mutating', 'pod-identity-webhook', 'default/none', {
    clientConfig: { url: 'https://127.0.0.1:23443/mutate' },
    failurePolicy: 'Ignore',
    rules: rule('', 'pods'),
  }),
  manifest('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io', {
    spec: { group: 'metrics.k8s.io', version: 'v1beta1', service: { namespace: 'kube-system', name: 'metrics-server' } },
  }),
  manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.apps', {
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group: 'apps', version: 'v1' },
  }),
  manifest('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', 'probes'),
  manifest('storage.k8s.io/v1', 'StorageClass', 'gp3', {
    metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  }),
  manifest('scheduling.k8s.io/v1', 'PriorityClass', 'business-critical'),
  manifest('node.k8s.io/v1', 'RuntimeClass', 'nvidia'),
  manifest('networking.k8s.io/v1', 'IngressClass', 'alb'),
  ...['argocd-server', 'crossplane:edit'].map((name) => manifest(rbac, 'ClusterRole', name)),
  bound('argocd-server', 'argocd-server'),
  bound('eks:node-manager', 'eks:node-manager'),
  bound('metrics-server:system:auth-delegator', 'system:auth-delegator'),
];

/** In the version that its objects below are stored in. */
function serving(object: Manifest): Manifest {
  const versions: Readonly<Record<string, string>> = { 'argoproj.io': 'v1alpha1', 's3.aws.upbound.io': 'v1beta2' };
  const group = object.metadata.name.slice(object.metadata.name.indexOf('.') + 1);
  const version = versions[group];
  const spec = object.spec as Json;
  return version === undefined ? object : { ...object, spec: { ...spec, versions: [{ name: version, served: true, storage: true }] } };
}

const tools: readonly Manifest[] = [
  'cert-manager',
  'external-secrets',
  'istio-system',
  'crossplane-system',
  'cnpg-system',
  'velero',
].flatMap((name) => inEachNamespace(name));
const toolServices: readonly Manifest[] = [
  service('cert-manager/cert-manager-webhook'),
  service('external-secrets/external-secrets-webhook'),
  service('istio-system/istiod'),
  secret('velero/velero-repo-credentials'),
  manifest('v1', 'ConfigMap', 'kube-system/cert-manager-controller', {
    metadata: { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } },
  }),
  manifest('coordination.k8s.io/v1', 'Lease', 'kube-system/cert-manager-controller'),
  manifest('s3.aws.upbound.io/v1beta2', 'Bucket', 'assets', {
    spec: { providerConfigRef: { name: 'default' }, writeConnectionSecretToRef: { namespace: 'crossplane-system', name: 'assets' } },
  }),
];

const monitoring: readonly Manifest[] = [
  ...inEachNamespace('monitoring'),
  manifest('monitoring.coreos.com/v1', 'Prometheus', 'monitoring/k8s', { spec: { replicas: 2 } }),
  account('monitoring/prometheus-k8s'),
  ...['prometheus-k8s', 'prometheus-k8s-tls-assets-0', 'prometheus-k8s-web-config'].map((name) => secret(`monitoring/${name}`)),
  configMap('monitoring/prometheus-k8s-rulefiles-0'),
  manifest('apps/v1', 'StatefulSet', 'monitoring/prometheus-k8s', {
    metadata: owner('Prometheus', 'k8s', 'monitoring.coreos.com/v1'),
    spec: {
      replicas: 1,
      template: { spec: prometheusPod() },
      volumeClaimTemplates: [{ metadata: { name: 'db' }, spec: { storageClassName: 'gp3' } }],
    },
    status: { readyReplicas: 1 },
  }),
  pod('monitoring/prometheus-k8s-0', prometheusPod(), owner('StatefulSet', 'prometheus-k8s')),
];
function prometheusPod(): Json {
  return {
    serviceAccountName: 'prometheus-k8s',
    volumes: [
      { name: 'config', secret: { secretName: 'prometheus-k8s' } },
      { name: 'tls-assets', projected: { sources: [{ secret: { name: 'prometheus-k8s-tls-assets-0' } }] } },
      { name: 'web-config', secret: { secretName: 'prometheus-k8s-web-config' } },
      { name: 'rules', configMap: { name: 'prometheus-k8s-rulefiles-0' } },
      { name: 'out', emptyDir: { medium: 'Memory' } },
    ],
  };
}

const shop: readonly Manifest[] = [
  namespace('shop', { 'istio-injection': 'enabled' }),
  ...inEachNamespace('shop').slice(1),
  // The operator of CloudNativePG: a Cluster, the pods that it runs itself, and what it generates.
  manifest('postgresql.cnpg.io/v1', 'Cluster', 'shop/db', { spec: { instances: 1 } }),
  account('shop/db', { imagePullSecrets: [] }),
  ...['db-ca', 'db-server', 'db-replication', 'db-app', 'db-superuser'].map((name) => secret(`shop/${name}`)),
  manifest(rbac, 'Role', 'shop/db'),
  bound('shop/db', 'db', 'Role'),
  pod(
    'shop/db-1',
    {
      serviceAccountName: 'db',
      containers: [{ name: 'postgres', envFrom: [{ secretRef: { name: 'db-superuser' } }] }],
      volumes: [{ name: 'pgdata', persistentVolumeClaim: { claimName: 'db-1' } }],
    },
    owner('Cluster', 'db', 'postgresql.cnpg.io/v1'),
  ),
  manifest('v1', 'PersistentVolumeClaim', 'shop/db-1', {
    metadata: { uid: 'claim-1' },
    spec: { storageClassName: 'gp3', volumeName: 'pvc-1' },
    status: { phase: 'Bound' },
  }),
  // Its own Secrets come of an ExternalSecret; the registry's of a CronJob that renews it, in this namespace.
  manifest('external-secrets.io/v1', 'ExternalSecret', 'shop/web', { spec: { target: { name: 'web' } } }),
  secret('shop/web', owner('ExternalSecret', 'web', 'external-secrets.io/v1')),
  account('shop/web', {
    metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/web' } },
    imagePullSecrets: [{ name: 'ecr-registry' }],
  }),
  secret('shop/ecr-registry'),
  configMap('shop/web'),
  ...rollout('shop/web', webPod()),
  service('shop/web'),
  manifest('networking.k8s.io/v1', 'Ingress', 'shop/web', {
    spec: { ingressClassName: 'alb', tls: [{ hosts: ['shop.example.com'], secretName: 'web-tls' }] },
  }),
  manifest('networking.k8s.io/v1', 'Ingress', 'shop/old', {
    metadata: { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
    spec: {},
  }),
  manifest('cert-manager.io/v1', 'Certificate', 'shop/web', { spec: { secretName: 'web-tls' } }),
  secret('shop/web-tls'),
  manifest('networking.istio.io/v1', 'VirtualService', 'shop/web', { spec: { hosts: ['web'] } }),
  manifest('metrics.k8s.io/v1beta1', 'PodMetrics', 'shop/web-5d8f-x7k2p'),
  manifest('batch/v1', 'CronJob', 'shop/mails', {
    spec: {
      jobTemplate: {
        spec: { template: { spec: { serviceAccountName: 'web', containers: [{ name: 'm', envFrom: [{ secretRef: { name: 'web' } }] }] } } },
      },
    },
    status: { lastSuccessfulTime: '2026-11-24T00:00:00Z' },
  }),
  // A migration of long ago, with the ConfigMap and the claim that were deleted after it.
  manifest('batch/v1', 'Job', 'shop/migrate', {
    spec: { template: { spec: migration() } },
    status: { succeeded: 1, completionTime: '2026-01-01T00:00:00Z' },
  }),
  pod('shop/migrate-x7k2p', migration(), owner('Job', 'migrate', 'batch/v1'), { phase: 'Succeeded', conditions: [] }),
];
function webPod(): Json {
  return {
    serviceAccountName: 'web',
    priorityClassName: 'business-critical',
    containers: [{ name: 'web', envFrom: [{ configMapRef: { name: 'web' } }, { secretRef: { name: 'web' } }] }],
    volumes: [
      { name: 'istio-token', projected: { sources: [{ serviceAccountToken: { audience: 'istio-ca', path: 'istio-token' } }] } },
      { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
      { name: 'secrets', csi: { driver: 'secrets-store.csi.k8s.io', volumeAttributes: { secretProviderClass: 'web' } } },
      { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'gp3' } } } },
      { name: 'tmp', emptyDir: {} },
    ],
  };
}
function migration(): Json {
  return {
    containers: [{ name: 'm', envFrom: [{ configMapRef: { name: 'migrate-long-gone' } }] }],
    volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'migrate-long-gone' } }],
  };
}

const volumes: readonly Manifest[] = [
  manifest('v1', 'PersistentVolume', 'pvc-1', {
    spec: { csi: { driver: 'ebs.csi.aws.com' }, persistentVolumeReclaimPolicy: 'Delete', storageClassName: 'gp3' },
  }),
  manifest('v1', 'PersistentVolume', 'released', {
    spec: { claimRef: { namespace: 'gone', name: 'gone' } },
    status: { phase: 'Released' },
  }),
];

export const ofCluster = [...clusterScoped, ...volumes];
export const inNamespaces = [...kubeSystem, ...argocd, ...tools, ...toolServices, ...monitoring, ...shop];
export const ofShopAlone = [...shop, ...volumes.slice(0, 1)];
