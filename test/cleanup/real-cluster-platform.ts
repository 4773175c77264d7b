/** What runs on a production cluster on EKS that has been there for years: the platform. Nothing of this may be proposed. */
import { ago } from '../health-check/objects.ts';
import {
  account,
  annotated,
  binding,
  claim,
  configMap,
  custom,
  isRunning,
  job,
  labelled,
  type Made,
  made,
  namespace,
  ofRelease,
  ownedBy,
  pod,
  role,
  running,
  secret,
  service,
  statefulSet,
  volume,
  workload,
} from './real-cluster-objects.ts';

export const nodeNames = ['ip-10-0-1-10.ec2.internal', 'ip-10-0-2-11.ec2.internal', 'fargate-ip-10-0-3-12.ec2.internal'] as const;
const nodes = nodeNames.flatMap((name) => [
  made('v1', 'Node', name, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
  made(
    'coordination.k8s.io/v1',
    'Lease',
    `kube-node-lease/${name}`,
    { spec: { holderIdentity: name, renewTime: ago({ seconds: 5 }) } },
    ownedBy('Node', name),
  ),
]);

/** Those of kube-controller-manager; the roles of Kubernetes' own bind each. */
const controllers = [
  'attachdetach',
  'cronjob',
  'daemon-set',
  'deployment',
  'endpointslice',
  'job',
  'namespace',
  'node',
  'replicaset',
  'ttl',
];
const kubeSystem: readonly Made[] = [
  ...['default', 'kube-public', 'kube-node-lease', 'kube-system'].flatMap((name) => namespace(name)),
  ...controllers.flatMap((name) => [
    account(`kube-system/${name}-controller`),
    binding(`system:controller:${name}-controller`, `kube-system/${name}-controller`),
  ]),
  ...['extension-apiserver-authentication', 'aws-auth', 'amazon-vpc-cni', 'kube-apiserver-legacy-service-account-token-tracking'].map(
    (name) => configMap(`kube-system/${name}`),
  ),
  configMap('kube-system/cluster-autoscaler-status', annotated({ 'cluster-autoscaler.kubernetes.io/last-updated': '2026-03-18' })),
  configMap('kube-system/eks-certificates-controller', annotated({ 'control-plane.alpha.kubernetes.io/leader': '{}' })),
  configMap('kube-system/cp-vpc-resource-controller', annotated({ 'control-plane.alpha.kubernetes.io/leader': '{}' })),
  configMap('kube-system/coredns'),
  made('coordination.k8s.io/v1', 'Lease', 'kube-system/kube-controller-manager', { spec: { renewTime: ago({ seconds: 2 }) } }),
  made('coordination.k8s.io/v1', 'Lease', 'kube-system/old-operator-lock', { spec: { renewTime: ago({ days: 30 }) } }),
  ...['coredns', 'aws-node', 'kube-proxy', 'ebs-csi-controller-sa'].map((name) => account(`kube-system/${name}`)),
  ...workload('kube-system/coredns', running({ serviceAccountName: 'coredns', volumes: [{ name: 'c', configMap: { name: 'coredns' } }] })),
  ...workload('kube-system/ebs-csi-controller', running({ serviceAccountName: 'ebs-csi-controller-sa' })),
  ...['aws-node', 'kube-proxy'].map((name) =>
    made('apps/v1', 'DaemonSet', `kube-system/${name}`, {
      spec: { template: { metadata: { labels: { 'k8s-app': name } }, spec: running({ serviceAccountName: name }) } },
    }),
  ),
  made('policy/v1', 'PodDisruptionBudget', 'kube-system/coredns', {
    spec: { selector: { matchLabels: { 'app.kubernetes.io/name': 'coredns' } } },
  }),
  // The default of a cluster that had a static pod: the kubelet's copy of it.
  pod(
    'kube-system/node-problem-static',
    running(),
    { phase: 'Failed', conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago({ days: 9 }) }] },
    { ...annotated({ 'kubernetes.io/config.mirror': 'x' }), ...ownedBy('Node', nodeNames[0]) },
  ),
];

const releases = ['argocd', 'cert-manager', 'external-secrets', 'karpenter', 'keda', 'velero'].flatMap((name) =>
  Array.from({ length: 3 }, (_, index) =>
    secret(
      `${name}/sh.helm.release.v1.${name}.v${index + 1}`,
      labelled({
        owner: 'helm',
        name,
        status: index === 2 ? 'deployed' : 'superseded',
        version: String(index + 1),
        modifiedAt: '1700000000',
      }),
      'helm.sh/release.v1',
    ),
  ),
);

const argocd: readonly Made[] = [
  ...namespace('argocd'),
  ...['argocd-cm', 'argocd-rbac-cm', 'argocd-ssh-known-hosts-cm', 'argocd-gpg-keys-cm'].map((name) =>
    configMap(`argocd/${name}`, ofRelease('argocd', 'argocd')),
  ),
  secret('argocd/argocd-secret', labelled({ 'app.kubernetes.io/part-of': 'argocd' })),
  secret('argocd/argocd-redis'),
  secret('argocd/repo-1234567', labelled({ 'argocd.argoproj.io/secret-type': 'repository' })),
  secret('argocd/cluster-eu', labelled({ 'argocd.argoproj.io/secret-type': 'cluster' })),
  account('argocd/argocd-server', ofRelease('argocd', 'argocd')),
  ...workload(
    'argocd/argocd-server',
    running(
      { serviceAccountName: 'argocd-server' },
      { env: [{ name: 'REDIS_PASSWORD', valueFrom: { secretKeyRef: { name: 'argocd-redis', key: 'auth' } } }] },
    ),
    ofRelease('argocd', 'argocd'),
  ),
  custom('argoproj.io/v1alpha1', 'Application', 'argocd/shop', {
    destination: { namespace: 'shop' },
    source: { repoURL: 'https://git.example/shop' },
  }),
];
const flux: readonly Made[] = [
  ...namespace('flux-system'),
  secret('flux-system/flux-system'),
  secret('flux-system/sops-age'),
  secret('flux-system/slack-url'),
  configMap('flux-system/cluster-vars'),
  custom('source.toolkit.fluxcd.io/v1', 'GitRepository', 'flux-system/flux-system', { secretRef: { name: 'flux-system' } }),
  custom('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'flux-system/apps', {
    decryption: { provider: 'sops', secretRef: { name: 'sops-age' } },
    postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'cluster-vars' }] },
    serviceAccountName: 'kustomize-controller',
  }),
  custom('notification.toolkit.fluxcd.io/v1beta3', 'Provider', 'flux-system/slack', { type: 'slack', secretRef: { name: 'slack-url' } }),
  account('flux-system/kustomize-controller'),
  ...workload('flux-system/kustomize-controller', running({ serviceAccountName: 'kustomize-controller' })),
];
const certificates: readonly Made[] = [
  ...namespace('cert-manager'),
  secret('cert-manager/cert-manager-webhook-ca'),
  secret('cert-manager/letsencrypt-account-key'),
  secret('cert-manager/route53-credentials'),
  account('cert-manager/cert-manager', annotated({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/dns' })),
  ...workload(
    'cert-manager/cert-manager-webhook',
    running(
      {},
      { args: ['--dynamic-serving-ca-secret-namespace=$(POD_NAMESPACE)', '--dynamic-serving-ca-secret-name=cert-manager-webhook-ca'] },
    ),
  ),
  custom('cert-manager.io/v1', 'ClusterIssuer', 'letsencrypt', {
    acme: {
      privateKeySecretRef: { name: 'letsencrypt-account-key' },
      solvers: [{ dns01: { route53: { secretAccessKeySecretRef: { name: 'route53-credentials', key: 'k' } } } }],
    },
  }),
  ...job('cert-manager/cert-manager-startupapicheck', 'Complete', 30, annotated({ 'helm.sh/hook': 'post-install' })),
];
const secretsOperators: readonly Made[] = [
  ...namespace('external-secrets'),
  secret('external-secrets/vault-approle'),
  secret('external-secrets/external-secrets-webhook'),
  ...workload(
    'external-secrets/external-secrets-webhook',
    running({}, { args: ['webhook', '--service-name=external-secrets-webhook', '--secret-name=external-secrets-webhook'] }),
  ),
  custom('external-secrets.io/v1', 'ClusterSecretStore', 'vault', {
    provider: { vault: { auth: { appRole: { secretRef: { name: 'vault-approle', namespace: 'external-secrets' } } } } },
  }),
  // Copies of one Secret for all namespaces: the first is used through the others alone (emberstack, mittwald).
  secret(
    'external-secrets/registry-everywhere',
    annotated({
      'reflector.v1.k8s.emberstack.com/reflection-allowed': 'true',
      'reflector.v1.k8s.emberstack.com/reflection-auto-enabled': 'true',
    }),
  ),
  secret('external-secrets/ca-everywhere', annotated({ 'replicator.v1.mittwald.de/replicate-to': '*' })),
  configMap('external-secrets/bundle-everywhere', annotated({ 'replicator.v1.mittwald.de/replication-allowed': 'true' })),
];
const monitoring: readonly Made[] = [
  ...namespace('monitoring'),
  custom('monitoring.coreos.com/v1', 'Prometheus', 'monitoring/k8s', {
    serviceAccountName: 'prometheus-k8s',
    additionalScrapeConfigs: { name: 'more-scrapes', key: 'a' },
  }),
  custom('monitoring.coreos.com/v1', 'Alertmanager', 'monitoring/main', { replicas: 1 }),
  custom('monitoring.coreos.com/v1', 'ServiceMonitor', 'monitoring/kube-scheduler', {
    selector: { matchLabels: { app: 'kube-scheduler' } },
    namespaceSelector: { matchNames: ['kube-system'] },
  }),
  ...service('kube-system/monitoring-kube-scheduler', { component: 'kube-scheduler' }, 0, labelled({ app: 'kube-scheduler' })),
  secret('monitoring/more-scrapes'),
  secret('monitoring/alertmanager-main'),
  ...['prometheus-k8s', 'prometheus-k8s-tls-assets-0'].map((name) =>
    secret(`monitoring/${name}`, ownedBy('Prometheus', 'monitoring/k8s', 'monitoring.coreos.com/v1')),
  ),
  account('monitoring/prometheus-k8s'),
  ...statefulSet(
    'monitoring/prometheus-k8s',
    2,
    ['db'],
    ownedBy('Prometheus', 'monitoring/k8s', 'monitoring.coreos.com/v1'),
    running({ serviceAccountName: 'prometheus-k8s' }),
  ),
  ...[0, 1].map((index) => claim(`monitoring/db-prometheus-k8s-${index}`)),
  ...['nodes', 'pods', 'shop'].map((name) => configMap(`monitoring/dashboard-${name}`, labelled({ grafana_dashboard: '1' }))),
  configMap('monitoring/slo-dashboards', labelled({ 'my-dashboards': 'yes' })),
  ...workload('monitoring/grafana', running({}, { env: [{ name: 'LABEL', value: 'my-dashboards' }] })),
];
const mesh: readonly Made[] = [
  ...namespace('istio-system'),
  ...namespace('istio-ingress'),
  ...['cacerts', 'istio-ca-secret'].map((name) => secret(`istio-system/${name}`)),
  configMap('istio-system/istio', labelled({ 'istio.io/rev': 'default' })),
  configMap('istio-system/istio-leader'),
  configMap('istio-system/istio-gateway-status-leader'),
  ...workload('istio-ingress/gateway', running()),
  // Its certificates lie beside the gateway's pods and not beside the Gateway: https://istio.io/latest/docs/reference/config/analysis/ist0161/
  secret('istio-ingress/shop-cert', {}, 'kubernetes.io/tls'),
  secret('istio-ingress/shop-cert-cacert'),
  custom('networking.istio.io/v1', 'Gateway', 'shop/public', {
    selector: { istio: 'gateway' },
    servers: [{ tls: { mode: 'MUTUAL', credentialName: 'shop-cert' } }],
  }),
  secret('istio-ingress/partner-client-cert'),
  custom('networking.istio.io/v1', 'DestinationRule', 'shop/partner', {
    host: 'partner.example',
    trafficPolicy: { tls: { mode: 'MUTUAL', credentialName: 'partner-client-cert' } },
  }),
];
const scaling: readonly Made[] = [
  ...namespace('karpenter'),
  ...namespace('keda'),
  ...workload('karpenter/karpenter', running({}, { env: [{ name: 'LOG_CONFIG', value: 'karpenter-logging' }] })),
  configMap('karpenter/karpenter-logging'),
  custom('karpenter.sh/v1', 'NodePool', 'spot', { template: { spec: { nodeClassRef: { name: 'default' } } } }),
  secret('keda/datadog'),
  custom('keda.sh/v1alpha1', 'ClusterTriggerAuthentication', 'datadog', {
    secretTargetRef: [{ parameter: 'apiKey', name: 'datadog', key: 'apiKey' }],
  }),
  secret('keda/kedaorg-certs'),
  ...workload('keda/keda-operator', running({ volumes: [{ name: 'c', secret: { secretName: 'kedaorg-certs', optional: true } }] })),
  custom('keda.sh/v1alpha1', 'ScaledJob', 'shop/thumbnails', { jobTargetRef: {} }),
  ...job('shop/thumbnails-abcde', 'Complete', 4, ownedBy('ScaledJob', 'shop/thumbnails', 'keda.sh/v1alpha1')),
];
const backups: readonly Made[] = [
  ...namespace('velero'),
  secret('velero/cloud-credentials'),
  secret('velero/velero-repo-credentials'),
  secret('velero/bsl-other-account'),
  configMap('velero/fs-restore-action-config', labelled({ 'velero.io/plugin-config': '' })),
  configMap('velero/node-agent-settings'),
  ...workload('velero/velero', running({}, { args: ['server', '--node-agent-configmap=node-agent-settings'] })),
  custom('velero.io/v1', 'BackupStorageLocation', 'velero/other', { credential: { name: 'bsl-other-account', key: 'cloud' } }),
  custom('velero.io/v1', 'Schedule', 'velero/daily', { schedule: '0 1 * * *' }),
];
const volumes = ['monitoring-db-prometheus-k8s-0', 'monitoring-db-prometheus-k8s-1'].map((name) =>
  volume(`pvc-${name}`, `monitoring/${name.slice(11)}`, 'Delete'),
);

export const platform: readonly Made[] = [
  ...nodes,
  ...kubeSystem,
  ...releases,
  ...argocd,
  ...flux,
  ...certificates,
  ...secretsOperators,
  ...monitoring,
  ...mesh,
  ...scaling,
  ...backups,
  ...volumes,
  // Which of the cluster's accounts may do what is told by roles that name objects.
  role('flux-system/leader', [{ resources: ['configmaps'], resourceNames: ['flux-leader'], verbs: ['get'] }]),
  configMap('flux-system/flux-leader'),
  made(
    'v1',
    'Pod',
    'argocd/argocd-dex-server-1',
    { spec: { ...running(), nodeName: nodeNames[1] }, status: isRunning },
    ownedBy('ReplicaSet', 'argocd/argocd-server-5d8f'),
  ),
];
