/**
 * What a cluster has before anything is restored into it: Kubernetes' own (plugin/pkg/auth/authorizer/rbac/bootstrappolicy, pkg/apis/scheduling,
 * the controllers that fill namespaces), and what EKS adds.
 */
import { apiLives } from '../../cluster/api-lifecycle.ts';
import type { OpenedBackup } from '../contracts.ts';

/** `eks`: the backed up cluster was one, and so will be the one that is restored into. */
export type Platform = 'eks' | 'kubernetes';

/** EKS says so in its gitVersion: v1.33.1-eks-595af52. */
export const platformOf = ({ metadata }: Pick<OpenedBackup, 'metadata'>): Platform =>
  metadata.kubernetesVersion?.includes('-eks-') ? 'eks' : 'kubernetes';

export interface Named {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Kinds of which a cluster has some from the beginning. */
export type BaselineKind =
  | 'ConfigMap'
  | 'Secret'
  | 'ServiceAccount'
  | 'Service'
  | 'StorageClass'
  | 'PriorityClass'
  | 'RuntimeClass'
  | 'IngressClass'
  | 'ClusterRole'
  | 'Role'
  | 'PersistentVolumeClaim';

/** In every namespace: made by kube-controller-manager. */
const inEveryNamespace: Readonly<Partial<Record<BaselineKind, readonly string[]>>> = {
  ConfigMap: ['kube-root-ca.crt'],
  ServiceAccount: ['default'],
};

/** Made in every namespace by whoever runs the mesh or the platform, once it is there: Istio's and OpenShift's certificates. */
const filledIn: Readonly<Partial<Record<BaselineKind, readonly string[]>>> = {
  ConfigMap: ['istio-ca-root-cert', 'openshift-service-ca.crt', 'linkerd-identity-trust-roots'],
  ServiceAccount: ['builder', 'deployer'],
};

/** Is it made again in each namespace by a controller that is no part of Kubernetes? */
export const isFilledIn = (kind: BaselineKind, { name }: Named): boolean => filledIn[kind]?.includes(name) === true;

/** `NAMESPACE/NAME`, or the name of what is in none. */
const everywhere: Readonly<Partial<Record<BaselineKind, readonly string[]>>> = {
  ConfigMap: ['kube-system/extension-apiserver-authentication', 'kube-system/kube-apiserver-legacy-service-account-token-tracking'],
  Service: ['default/kubernetes'],
  PriorityClass: ['system-cluster-critical', 'system-node-critical'],
  ClusterRole: ['cluster-admin', 'admin', 'edit', 'view'],
  Role: ['kube-system/extension-apiserver-authentication-reader'],
};

/** Amazon VPC CNI, CoreDNS and kube-proxy, which EKS installs, and what its control plane brings: docs.aws.amazon.com/eks, "Amazon EKS add-ons". */
const onEks: Readonly<Partial<Record<BaselineKind, readonly string[]>>> = {
  ConfigMap: ['amazon-vpc-cni', 'coredns', 'kube-proxy', 'kube-proxy-config'].map((name) => `kube-system/${name}`),
  ServiceAccount: ['aws-node', 'coredns', 'kube-proxy'].map((name) => `kube-system/${name}`),
  Service: ['kube-system/kube-dns', 'kube-system/eks-extension-metrics-api'],
  StorageClass: ['gp2'],
  ClusterRole: ['aws-node', 'vpc-resource-controller-role'],
};

/** Would an empty cluster have it? */
export function isBuiltIn(kind: BaselineKind, { namespace, name }: Named, platform: Platform): boolean {
  if (namespace !== undefined && inEveryNamespace[kind]?.includes(name)) return true;
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  if (everywhere[kind]?.includes(place)) return true;
  // Names with this beginning are Kubernetes' own: bootstrappolicy, and kube-controller-manager's accounts.
  if ((kind === 'ClusterRole' || kind === 'Role') && name.startsWith('system:')) return true;
  if (platform !== 'eks') return false;
  return onEks[kind]?.includes(place) === true || ((kind === 'ClusterRole' || kind === 'Role') && name.startsWith('eks:'));
}

const ownGroups: ReadonlySet<string> = new Set(apiLives.lives.map(({ group }) => group));

/**
 * Served by an API server of their own (metrics-server, Calico's, KubeVirt's, OLM's, Carvel's): no CRD stands behind them. What can be kept in a
 * backup at all shows objects that are in it under another group, or that are computed.
 */
const aggregatedGroups = new Set([
  'metrics.k8s.io',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
  'metrics.eks.amazonaws.com',
  'projectcalico.org',
  'subresources.kubevirt.io',
  'upload.cdi.kubevirt.io',
  'packages.operators.coreos.com',
  'data.packaging.carvel.dev',
  'identity.concierge.pinniped.dev',
  'login.concierge.pinniped.dev',
]);

/** Brought by Velero's own installation, without which nothing is restored. */
const veleroGroup = 'velero.io';

/** CRDs that EKS installs with the add-ons above. */
const eksGroups = new Set(['crd.k8s.amazonaws.com', 'vpcresources.k8s.aws', 'networking.k8s.aws']);

/** Are kinds of this group there without a CRD in the backup? */
export const hasBuiltInGroup = (group: string, platform: Platform): boolean =>
  ownGroups.has(group) || aggregatedGroups.has(group) || group === veleroGroup || (platform === 'eks' && eksGroups.has(group));
