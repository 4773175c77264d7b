/**
 * Objects that are used without any reference that the API shows: read by name, by label or by type. Data, one list a distribution or tool.
 * After the exceptions of kor (github.com/yonahd/kor pkg/kor/exceptions) and the tools' own documentation.
 */
import { glob } from '../../report/glob.ts';
import type { ReferredKind } from './reference-set.ts';
import type { Fields } from './shape.ts';

/** An object as this list looks at it. */
export interface KnownObject {
  readonly kind: ReferredKind;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Fields;
  /** Of a Secret, where more than its metadata is there. */
  readonly type: unknown;
}

/** All that is said must hold. */
interface Known {
  readonly kinds: readonly ReferredKind[];
  /** Globs; absent: any. */
  readonly namespaces?: readonly string[];
  /** Globs; absent: any. */
  readonly names?: readonly string[];
  /** Any of these: `key` or `key=value`. */
  readonly labels?: readonly string[];
  /** Any of these keys. */
  readonly annotations?: readonly string[];
  /** Of Secrets; as they are: the API server selects by them. */
  readonly types?: readonly string[];
}

const configMap = ['ConfigMap'] as const;
const secret = ['Secret'] as const;
const both = ['ConfigMap', 'Secret'] as const;
const account = ['ServiceAccount'] as const;
const claim = ['PersistentVolumeClaim'] as const;
const system = ['kube-system'] as const;

export const knownObjects: Readonly<Record<string, readonly Known[]>> = {
  Kubernetes: [
    { kinds: configMap, names: ['kube-root-ca.crt'] },
    { kinds: configMap, namespaces: ['kube-public'], names: ['cluster-info'] },
    {
      kinds: configMap,
      namespaces: system,
      names: [
        'extension-apiserver-authentication',
        'kube-apiserver-legacy-service-account-token-tracking',
        'coredns',
        'coredns-custom',
        'coredns-autoscaler',
        'kube-dns',
        'kube-dns-autoscaler',
        'kube-proxy',
        'kube-proxy-config',
        'kubeadm-config',
        'kubelet-config',
        'kubelet-config-*',
        'cluster-autoscaler-status',
        'cluster-autoscaler-priority-expander',
      ],
    },
    // Leader locks: client-go tools/leaderelection/resourcelock.
    { kinds: configMap, annotations: ['control-plane.alpha.kubernetes.io/leader'] },
    { kinds: secret, types: ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'] },
    { kinds: secret, names: ['bootstrap-token-*'] },
    { kinds: secret, annotations: ['kubernetes.io/service-account.name'] },
    { kinds: secret, namespaces: system, names: ['kubeadm-certs'] },
    { kinds: account, names: ['default'] },
  ],
  Helm: [
    { kinds: secret, types: ['helm.sh/release.v1'] },
    { kinds: secret, names: ['sh.helm.release.v1.*'] },
    { kinds: both, labels: ['owner=helm', 'OWNER=TILLER'] },
  ],
  EKS: [
    { kinds: configMap, namespaces: system, names: ['aws-auth', 'amazon-vpc-cni', 'aws-node', 'eks-*', 'cp-vpc-resource-controller'] },
    { kinds: configMap, namespaces: ['aws-observability'], names: ['aws-logging'] },
    { kinds: account, annotations: ['eks.amazonaws.com/role-arn'] },
  ],
  GKE: [
    {
      kinds: configMap,
      namespaces: system,
      names: [
        'cluster-kubestore',
        'clustermetrics',
        'gke-*',
        'ingress-uid',
        'ingress-gce-lock',
        'konnectivity-agent-autoscaler-config',
        'kubedns-config-images',
      ],
    },
    { kinds: configMap, namespaces: ['gmp-system', 'gke-gmp-system'], names: ['config-images', 'webhook-ca'] },
    { kinds: account, namespaces: system, names: ['metadata-proxy'] },
    { kinds: account, annotations: ['iam.gke.io/gcp-service-account'] },
  ],
  AKS: [
    { kinds: configMap, namespaces: system, names: ['overlay-upgrade-data', 'container-azm-ms-*', 'ama-metrics-*', 'azure-*', 'aks-*'] },
    { kinds: account, annotations: ['azure.workload.identity/client-id'] },
    { kinds: account, labels: ['azure.workload.identity/use'] },
  ],
  OpenShift: [
    { kinds: [...both, ...account, ...claim], namespaces: ['openshift', 'openshift-*'] },
    { kinds: configMap, names: ['openshift-service-ca.crt'] },
    { kinds: configMap, labels: ['config.openshift.io/inject-trusted-cabundle'] },
    { kinds: configMap, annotations: ['service.beta.openshift.io/inject-cabundle'] },
    { kinds: configMap, namespaces: system, names: ['bootstrap', 'cluster-config-v1', 'root-ca'] },
    { kinds: secret, namespaces: system, names: ['kube-cloud-cfg', 'kubeadmin'] },
    { kinds: secret, names: ['*-dockercfg-?????'] },
    { kinds: account, names: ['builder', 'deployer', 'pipeline'] },
  ],
  'k3s and RKE2': [
    { kinds: secret, names: ['*.node-password.k3s', '*.node-password.rke2'] },
    { kinds: secret, namespaces: system, names: ['k3s-serving', 'rke2-serving', 'k3s-etcd-*', 'rke2-etcd-*'] },
    { kinds: configMap, namespaces: system, names: ['cluster-dns', 'k3s-*', 'rke2-*', 'chart-content-*'] },
  ],
  'the Kubernetes dashboard': [
    { kinds: secret, names: ['kubernetes-dashboard-certs', 'kubernetes-dashboard-csrf', 'kubernetes-dashboard-key-holder'] },
    { kinds: configMap, names: ['kubernetes-dashboard-settings'] },
  ],
  'Argo CD': [
    { kinds: both, labels: ['argocd.argoproj.io/secret-type', 'app.kubernetes.io/part-of=argocd'] },
    { kinds: secret, names: ['argocd-secret', 'argocd-initial-admin-secret', 'argocd-notifications-secret'] },
    {
      kinds: configMap,
      names: [
        'argocd-cm',
        'argocd-rbac-cm',
        'argocd-cmd-params-cm',
        'argocd-tls-certs-cm',
        'argocd-ssh-known-hosts-cm',
        'argocd-gpg-keys-cm',
        'argocd-notifications-cm',
      ],
    },
  ],
  'Argo Workflows': [
    { kinds: configMap, names: ['workflow-controller-configmap', 'artifact-repositories'] },
    { kinds: configMap, annotations: ['workflows.argoproj.io/default-artifact-repository'] },
    { kinds: configMap, labels: ['workflows.argoproj.io/configmap-type'] },
  ],
  // Copied into other namespaces, and used there.
  'what copies it into other namespaces': [
    {
      kinds: both,
      annotations: [
        'reflector.v1.k8s.emberstack.com/reflection-allowed',
        'reflector.v1.k8s.emberstack.com/reflection-auto-enabled',
        'reflector.v1.k8s.emberstack.com/reflects',
        'replicator.v1.mittwald.de/replicate-to',
        'replicator.v1.mittwald.de/replicate-to-matching',
        'replicator.v1.mittwald.de/replication-allowed',
        'replicator.v1.mittwald.de/replicate-from',
        'kubed.appscode.com/sync',
      ],
    },
  ],
  // There is a pod while somebody works, and the claim is their work.
  'JupyterHub, Coder and Che': [
    {
      kinds: claim,
      labels: [
        'hub.jupyter.org/username',
        'component=singleuser-storage',
        'com.coder.workspace.id',
        'controller.devfile.io/devworkspace_id',
      ],
    },
    { kinds: claim, names: ['claim-che-workspace', 'claim-devworkspace'] },
  ],
  'Sealed Secrets': [{ kinds: secret, labels: ['sealedsecrets.bitnami.com/sealed-secrets-key'] }],
  'External Secrets': [
    { kinds: secret, labels: ['reconcile.external-secrets.io/created-by', 'reconcile.external-secrets.io/managed=true'] },
  ],
  'sidecars that load by label': [
    {
      kinds: both,
      labels: [
        'grafana_dashboard',
        'grafana_datasource',
        'grafana_alert',
        'grafana_notifier',
        'grafana_plugin',
        'prometheus_rule',
        'loki_rule',
        'fluentd_config',
        'console.openshift.io/dashboard',
        'jenkins-jenkins-config',
      ],
    },
    { kinds: configMap, labels: ['openpolicyagent.org/policy', 'openpolicyagent.org/data'] },
    { kinds: secret, labels: ['jenkins.io/credentials-type'] },
  ],
  Istio: [
    { kinds: configMap, names: ['istio-ca-root-cert', 'istio-leader', 'istio-gateway-*leader'] },
    { kinds: configMap, labels: ['istio.io/config=true', 'istio.io/rev'] },
    { kinds: secret, types: ['istio.io/ca-root', 'istio.io/key-and-cert', 'istio.io/cluster'] },
    { kinds: secret, labels: ['istio/multiCluster'] },
    { kinds: secret, namespaces: ['istio-system'], names: ['cacerts', 'istio-ca-secret'] },
  ],
  Linkerd: [{ kinds: both, names: ['linkerd-config', 'linkerd-identity-trust-roots', 'linkerd-identity-issuer'] }],
  Velero: [
    { kinds: configMap, labels: ['velero.io/plugin-config'] },
    { kinds: secret, names: ['cloud-credentials', 'velero-repo-credentials', 'velero-restic-credentials'] },
  ],
  Tekton: [
    { kinds: secret, annotations: ['tekton.dev/git-0', 'tekton.dev/docker-0'] },
    { kinds: configMap, namespaces: ['tekton-pipelines'] },
  ],
  Knative: [{ kinds: both, namespaces: ['knative-serving', 'knative-eventing'] }],
  'Cluster API': [
    { kinds: secret, labels: ['cluster.x-k8s.io/cluster-name'] },
    { kinds: secret, types: ['cluster.x-k8s.io/secret'] },
  ],
  Rook: [{ kinds: secret, types: ['kubernetes.io/rook'] }],
  Strimzi: [{ kinds: [...both, ...claim], labels: ['strimzi.io/cluster'] }],
  CloudNativePG: [{ kinds: [...both, ...claim], labels: ['cnpg.io/cluster'] }],
  'the Postgres operator': [{ kinds: [...secret, ...claim], labels: ['application=spilo'] }],
};

interface Entry {
  readonly whose: string;
  readonly known: Known;
  readonly isNamespace: (text: string) => boolean;
  readonly isName: (text: string) => boolean;
}

const anyOf = (globs: readonly string[] | undefined): ((text: string) => boolean) => {
  if (globs === undefined) return () => true;
  const plain = new Set(globs.filter((each) => !/[*?]/.test(each)));
  const patterns = globs.filter((each) => !plain.has(each)).map(glob);
  return (text) => plain.has(text) || patterns.some((matches) => matches(text));
};

const entriesByKind: ReadonlyMap<ReferredKind, readonly Entry[]> = Map.groupBy(
  Object.entries(knownObjects).flatMap(([whose, list]) => list.flatMap((known) => known.kinds.map((kind) => ({ kind, whose, known })))),
  ({ kind }) => kind,
)
  .entries()
  .reduce(
    (byKind, [kind, list]) =>
      byKind.set(
        kind,
        list.map(({ whose, known }) => ({
          whose,
          known,
          isNamespace: anyOf(known.namespaces),
          isName: anyOf(known.names),
        })),
      ),
    new Map<ReferredKind, readonly Entry[]>(),
  );

const carries = (labels: KnownObject['labels'], wanted: string): boolean => {
  const at = wanted.indexOf('=');
  return at < 0 ? Object.hasOwn(labels, wanted) : labels[wanted.slice(0, at)] === wanted.slice(at + 1);
};

/** Who uses the object though nothing shows it; undefined where nobody is known to. */
export const knownBy = ({ kind, namespace, name, labels, annotations, type }: KnownObject): string | undefined =>
  entriesByKind
    .get(kind)
    ?.find(
      ({ known, isNamespace, isName }) =>
        isNamespace(namespace) &&
        isName(name) &&
        (known.types === undefined || known.types.some((each) => each === type)) &&
        (known.labels?.some((label) => carries(labels, label)) ?? true) &&
        (known.annotations?.some((key) => Object.hasOwn(annotations, key)) ?? true),
    )?.whose;

/** A field selector: Secrets of none of these types. A Secret's type is no metadata, but one of the two fields that it can be selected by. */
export const ofNoKnownType: string = Object.values(knownObjects)
  .flat()
  .flatMap(({ types = [] }) => types)
  .map((type) => `type!=${type}`)
  .join(',');
