import { account, claim, configMap, container, type Made, made, ofCluster, podOf, secret } from './objects.ts';

/** By row: what is wanted, and the custom resource (or what else) that alone refers to it. */
export const rows: readonly (readonly [row: string, wanted: Made, reference: Made])[] = [
  [
    '8: a Gateway’s certificate',
    secret('wanted'),
    made('gateway.networking.k8s.io/v1', 'Gateway', 'g', { spec: { listeners: [{ tls: { certificateRefs: [{ name: 'wanted' }] } }] } }),
  ],
  [
    '8: a Gateway’s certificate in another namespace',
    secret('wanted'),
    made(
      'gateway.networking.k8s.io/v1',
      'Gateway',
      'g',
      { spec: { listeners: [{ tls: { certificateRefs: [{ name: 'wanted', namespace: 'shop' }] } }] } },
      { in: 'front' },
    ),
  ],
  [
    '8: Istio’s credentialName',
    secret('wanted'),
    made('networking.istio.io/v1', 'Gateway', 'g', { spec: { servers: [{ tls: { credentialName: 'wanted' } }] } }),
  ],
  [
    '8: Istio’s credentialName, beside the gateway’s pods and not beside the Gateway (kor #497)',
    secret('wanted', 'kubernetes.io/tls', { in: 'istio-ingress' }),
    made('networking.istio.io/v1', 'Gateway', 'g', { spec: { servers: [{ tls: { credentialName: 'wanted' } }] } }),
  ],
  [
    '8: the authorities of Istio’s mutual TLS',
    secret('wanted-cacert', 'Opaque', { in: 'istio-ingress' }),
    made('networking.istio.io/v1', 'Gateway', 'g', { spec: { servers: [{ tls: { credentialNames: ['wanted'] } }] } }),
  ],
  [
    'a Secret that GitLab’s runner is told to mount by its configuration',
    secret('wanted'),
    made('v1', 'ConfigMap', 'gitlab-runner', { data: { 'config.toml': '[[runners.kubernetes.volumes.secret]]\n  name = "wanted"\n' } }),
  ],
  [
    'a claim in a template of pods that a ConfigMap holds',
    claim('wanted'),
    made('v1', 'ConfigMap', 'airflow', { data: { 'pod.yaml': 'volumes:\n- persistentVolumeClaim: {claimName: wanted}\n' } }),
  ],
  [
    'an account in another namespace that a ConfigMap speaks of',
    account('wanted', { in: 'builds' }),
    made('v1', 'ConfigMap', 'jenkins', { data: { 'casc.yaml': 'namespace: builds\nserviceAccount: "wanted"\n' } }),
  ],
  [
    'a ConfigMap that another names',
    configMap('wanted'),
    made('v1', 'ConfigMap', 'templates', { data: { pod: 'envFrom:\n- configMapRef:\n    name: wanted\n' } }),
  ],
  [
    '8: Traefik’s TLSOption',
    secret('wanted'),
    made('traefik.io/v1alpha1', 'TLSOption', 't', { spec: { clientAuth: { secretNames: ['wanted'] } } }),
  ],
  [
    '8: Traefik’s TLSStore',
    secret('wanted'),
    made('traefik.io/v1alpha1', 'TLSStore', 't', { spec: { defaultCertificate: { secretName: 'wanted' } } }),
  ],
  [
    '8: Contour’s delegation',
    secret('wanted'),
    made('projectcontour.io/v1', 'HTTPProxy', 'p', { spec: { virtualhost: { tls: { secretName: 'shop/wanted' } } } }, { in: 'front' }),
  ],
  [
    '9: a Certificate, whose Secret has no owner',
    secret('wanted', 'kubernetes.io/tls', { annotations: { 'cert-manager.io/certificate-name': 'web' } }),
    made('cert-manager.io/v1', 'Certificate', 'web', { spec: { secretName: 'wanted' } }),
  ],
  [
    '9: an Issuer’s account key',
    secret('wanted'),
    made('cert-manager.io/v1', 'Issuer', 'i', { spec: { acme: { privateKeySecretRef: { name: 'wanted' } } } }),
  ],
  [
    '9: a ClusterIssuer’s, in whichever namespace cert-manager looks',
    secret('wanted', 'Opaque', { in: 'cert-manager' }),
    ofCluster('cert-manager.io/v1', 'ClusterIssuer', 'i', { spec: { acme: { privateKeySecretRef: { name: 'wanted' } } } }),
  ],
  [
    '9: an ACME solver’s credentials',
    secret('wanted'),
    made('cert-manager.io/v1', 'Issuer', 'i', {
      spec: { acme: { solvers: [{ dns01: { route53: { secretAccessKeySecretRef: { name: 'wanted', key: 'k' } } } }] } },
    }),
  ],
  ...[
    ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
    ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
    ['apiregistration.k8s.io/v1', 'APIService'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ].map(
    ([apiVersion = '', kind = '']) =>
      [
        `10: the authority of a ${kind}`,
        secret('wanted', 'Opaque'),
        ofCluster(apiVersion, kind, 'x', {}, { annotations: { 'cert-manager.io/inject-ca-from-secret': 'shop/wanted' } }),
      ] as const,
  ),
  [
    '12: a HelmRelease’s values',
    configMap('wanted'),
    made('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'r', { spec: { valuesFrom: [{ kind: 'ConfigMap', name: 'wanted' }] } }),
  ],
  [
    '12: a HelmRelease’s kubeConfig',
    secret('wanted'),
    made('helm.toolkit.fluxcd.io/v2', 'HelmRelease', 'r', { spec: { kubeConfig: { secretRef: { name: 'wanted' } } } }),
  ],
  ...['secretRef', 'certSecretRef'].map(
    (field) =>
      [
        `12: a source’s ${field}`,
        secret('wanted'),
        made('source.toolkit.fluxcd.io/v1', 'GitRepository', 's', { spec: { [field]: { name: 'wanted' } } }),
      ] as const,
  ),
  [
    '12: a source’s verify.secretRef',
    secret('wanted'),
    made('source.toolkit.fluxcd.io/v1', 'OCIRepository', 's', { spec: { verify: { secretRef: { name: 'wanted' } } } }),
  ],
  [
    '12: a Kustomization’s decryption',
    secret('wanted'),
    made('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'k', { spec: { decryption: { secretRef: { name: 'wanted' } } } }),
  ],
  [
    '12: a Kustomization’s substitutions',
    configMap('wanted'),
    made('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'k', {
      spec: { postBuild: { substituteFrom: [{ kind: 'ConfigMap', name: 'wanted' }] } },
    }),
  ],
  [
    '12: an alert Provider',
    secret('wanted'),
    made('notification.toolkit.fluxcd.io/v1beta3', 'Provider', 'p', { spec: { secretRef: { name: 'wanted' } } }),
  ],
  ['14: a SealedSecret', secret('wanted'), made('bitnami.com/v1alpha1', 'SealedSecret', 'wanted', { spec: {} })],
  [
    '15: the target of an ExternalSecret without owner',
    secret('wanted'),
    made('external-secrets.io/v1', 'ExternalSecret', 'e', { spec: { target: { name: 'wanted', creationPolicy: 'Orphan' } } }),
  ],
  [
    '15: an ExternalSecret whose target has no name',
    secret('wanted'),
    made('external-secrets.io/v1', 'ExternalSecret', 'wanted', { spec: {} }),
  ],
  [
    '15: a SecretStore’s credentials',
    secret('wanted'),
    made('external-secrets.io/v1', 'SecretStore', 's', {
      spec: { provider: { aws: { auth: { secretRef: { accessKeyIDSecretRef: { name: 'wanted' } } } } } },
    }),
  ],
  [
    '15: a ClusterSecretStore’s',
    secret('wanted'),
    ofCluster('external-secrets.io/v1', 'ClusterSecretStore', 's', { spec: { auth: { name: 'wanted', namespace: 'shop' } } }),
  ],
  [
    '15: a generator',
    secret('wanted'),
    made('generators.external-secrets.io/v1alpha1', 'ECRAuthorizationToken', 'g', { spec: { auth: { secretRef: { name: 'wanted' } } } }),
  ],
  [
    '16: additionalScrapeConfigs',
    secret('wanted'),
    made('monitoring.coreos.com/v1', 'Prometheus', 'k8s', { spec: { additionalScrapeConfigs: { name: 'wanted', key: 'k' } } }),
  ],
  ['16: configSecret', secret('wanted'), made('monitoring.coreos.com/v1', 'Alertmanager', 'main', { spec: { configSecret: 'wanted' } })],
  [
    '16: a ServiceMonitor’s password',
    secret('wanted'),
    made('monitoring.coreos.com/v1', 'ServiceMonitor', 's', { spec: { endpoints: [{ basicAuth: { password: { name: 'wanted' } } }] } }),
  ],
  ['16: Alertmanager’s default configSecret', secret('alertmanager-main'), made('monitoring.coreos.com/v1', 'Alertmanager', 'main')],
  ['16: what Prometheus is made of', secret('prometheus-k8s-web-config'), made('monitoring.coreos.com/v1', 'Prometheus', 'k8s')],
  ['16: rules', configMap('prometheus-k8s-rulefiles-0'), made('monitoring.coreos.com/v1', 'Prometheus', 'k8s')],
  [
    '22: a BackupStorageLocation’s credential',
    secret('wanted', 'Opaque', { in: 'velero' }),
    made('velero.io/v1', 'BackupStorageLocation', 'b', { spec: { credential: { name: 'wanted', key: 'cloud' } } }, { in: 'velero' }),
  ],
  [
    '22: a resource policy',
    configMap('wanted', { in: 'velero' }),
    made('velero.io/v1', 'Backup', 'b', { spec: { resourcePolicy: { kind: 'configmap', name: 'wanted' } } }, { in: 'velero' }),
  ],
  [
    '22: a resource modifier',
    configMap('wanted', { in: 'velero' }),
    made('velero.io/v1', 'Restore', 'r', { spec: { resourceModifier: { kind: 'configmap', name: 'wanted' } } }, { in: 'velero' }),
  ],
  [
    '23: a node’s configSource',
    configMap('wanted'),
    ofCluster('v1', 'Node', 'n', { spec: { configSource: { configMap: { namespace: 'shop', name: 'wanted', kubeletConfigKey: 'k' } } } }),
  ],
  ['23: an argument', configMap('wanted'), podOf(container({ args: ['--settings=wanted'] }))],
  ['23: an argument of its own', secret('wanted'), podOf(container({ args: ['--tls-secret', 'wanted'] }))],
  ['23: a command', configMap('wanted'), podOf(container({ command: ['sh', '-c', 'kubectl get configmap wanted -o yaml'] }))],
  ['23: a value in the environment', secret('wanted'), podOf(container({ env: [{ name: 'SETTINGS', value: 'wanted' }] }))],
  ['23: with its namespace', configMap('wanted'), podOf(container({ args: ['--tcp-services-configmap=shop/wanted'] }), 'c', 'ingress')],
  [
    '23: with its namespace beside it',
    secret('wanted'),
    podOf(container({ args: ['--secret-name=wanted', '--secret-namespace=shop'] }), 'c', 'ops'),
  ],
  [
    '23: with its namespace in the environment',
    secret('wanted'),
    podOf(
      container({
        env: [
          { name: 'SECRET_NAMESPACE', value: 'shop' },
          { name: 'SECRET_NAME', value: 'wanted' },
        ],
      }),
      'c',
      'ops',
    ),
  ],
  [
    '24: KEDA’s secretTargetRef',
    secret('wanted'),
    made('keda.sh/v1alpha1', 'TriggerAuthentication', 't', { spec: { secretTargetRef: [{ parameter: 'p', name: 'wanted', key: 'k' }] } }),
  ],
  [
    '24: Crossplane’s connection',
    secret('wanted'),
    ofCluster('database.example.org/v1', 'Instance', 'i', { spec: { writeConnectionSecretToRef: { namespace: 'shop', name: 'wanted' } } }),
  ],
  ['24: a user of Strimzi', secret('wanted'), made('kafka.strimzi.io/v1beta2', 'KafkaUser', 'wanted')],
  ['24: what Strimzi makes', secret('main-cluster-ca-cert'), made('kafka.strimzi.io/v1beta2', 'Kafka', 'main')],
  ['24: what CloudNativePG makes', secret('main-superuser'), made('postgresql.cnpg.io/v1', 'Cluster', 'main')],
  [
    '24: a user of the Postgres operator',
    secret('app.main.credentials.postgresql.acid.zalan.do'),
    made('acid.zalan.do/v1', 'postgresql', 'main'),
  ],
  ['24: Rook’s monitors', secret('rook-ceph-mon'), made('ceph.rook.io/v1', 'CephCluster', 'main')],
  ['24: Rook’s monitors’ addresses', configMap('rook-ceph-mon-endpoints'), made('ceph.rook.io/v1', 'CephCluster', 'main')],
  [
    '24: a workspace of Tekton',
    configMap('wanted'),
    made('tekton.dev/v1', 'PipelineRun', 'p', { spec: { workspaces: [{ name: 'w', configMap: { name: 'wanted' } }] } }),
  ],
  [
    '24: Knative',
    secret('wanted'),
    made('serving.knative.dev/v1', 'Service', 's', {
      spec: { template: { spec: container({ envFrom: [{ secretRef: { name: 'wanted' } }] }) } },
    }),
  ],
  [
    '25: parameters of an admission policy',
    configMap('wanted'),
    ofCluster('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'b', {
      spec: { paramRef: { name: 'wanted', namespace: 'shop' } },
    }),
  ],
  [
    '25: parameters in the namespace of what is admitted',
    configMap('wanted'),
    ofCluster('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'b', { spec: { paramRef: { name: 'wanted' } } }),
  ],
  [
    '25: parameters of a mutating policy',
    configMap('wanted'),
    ofCluster('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicyBinding', 'b', {
      spec: { paramRef: { name: 'wanted', namespace: 'shop' } },
    }),
  ],
  [
    '25: parameters by their labels',
    configMap('any', { labels: { policy: 'limits', tier: 'a' } }),
    ofCluster('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'b', {
      spec: {
        paramRef: {
          namespace: 'shop',
          selector: { matchLabels: { policy: 'limits' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] },
        },
      },
    }),
  ],
  [
    '25: Kyverno’s context',
    configMap('wanted'),
    ofCluster('kyverno.io/v1', 'ClusterPolicy', 'p', {
      spec: { rules: [{ context: [{ name: 'c', configMap: { name: 'wanted', namespace: 'shop' } }] }] },
    }),
  ],
  [
    'all (24 of "Take these"): any text of a custom resource',
    configMap('wanted'),
    made('example.com/v1', 'Thing', 't', { spec: { a: [{ b: ['x', 'wanted'] }] } }),
  ],
  [
    'all: a text within a text',
    secret('wanted'),
    made('argoproj.io/v1alpha1', 'Application', 'a', { spec: { helm: { values: 'auth:\n  existingSecret: wanted\n' } } }),
  ],
  [
    'all: an annotation of a custom resource',
    secret('wanted'),
    made('example.com/v1', 'Thing', 't', {}, { annotations: { 'example.com/secret': 'wanted' } }),
  ],
  [
    'beyond the list: what a Role opens by name',
    configMap('wanted'),
    made('rbac.authorization.k8s.io/v1', 'Role', 'r', {
      rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['wanted'] }],
    }),
  ],
  [
    'beyond the list: what a ClusterRole opens by name',
    secret('wanted'),
    ofCluster('rbac.authorization.k8s.io/v1', 'ClusterRole', 'r', { rules: [{ resources: ['*'], resourceNames: ['wanted'] }] }),
  ],
  [
    'beyond the list: a Service’s annotation',
    secret('wanted'),
    made('v1', 'Service', 's', {}, { annotations: { 'service.beta.kubernetes.io/some-tls-secret': 'wanted' } }),
  ],
  [
    'beyond the list: a label that a sidecar is told to look for',
    configMap('board', { labels: { my_boards: '1' } }),
    podOf(container({ env: [{ name: 'LABEL', value: 'my_boards' }] }), 'grafana', 'monitoring'),
  ],
];
