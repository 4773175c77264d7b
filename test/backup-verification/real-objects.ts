/** The kinds of objects that a cluster's tools install, each in one line: for real-cluster.ts. */
import { type Manifest, manifest } from './archive-of.ts';
import { definition, deployment, namespace } from './samples.ts';

export type Json = Readonly<Record<string, unknown>>;

export const rbac = 'rbac.authorization.k8s.io/v1';
const admission = 'admissionregistration.k8s.io/v1';
const served = [{ name: 'v1', served: true, storage: true }];
export const crd = (plural: string, group: string, kind: string): Manifest => definition(plural, group, kind, served);
export const secret = (place: string, metadata: Json = {}): Manifest =>
  manifest('v1', 'Secret', place, { metadata, data: { password: 'bWFya2VkLXNlY3JldA==' } });
export const configMap = (place: string): Manifest => manifest('v1', 'ConfigMap', place, { data: { a: 'b' } });
export const account = (place: string, more: Json = {}): Manifest => manifest('v1', 'ServiceAccount', place, more);
export const service = (place: string): Manifest => manifest('v1', 'Service', place, { spec: { ports: [{ port: 443 }] } });
export const owner = (kind: string, name: string, apiVersion = 'apps/v1'): Json => ({
  ownerReferences: [{ apiVersion, kind, name, uid: 'u', controller: true }],
});

/** As the API server mounts it into every pod. */
const tokenVolume = {
  name: 'kube-api-access-x7k2p',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};
export const pod = (place: string, spec: Json, metadata: Json, status: Json = {}): Manifest =>
  manifest('v1', 'Pod', place, {
    metadata,
    spec: { serviceAccountName: 'default', nodeName: 'ip-10-0-0-1', priority: 0, ...spec, volumes: [tokenVolume, ...volumesOf(spec)] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], ...status },
  });
const volumesOf = ({ volumes }: Json): readonly unknown[] => (Array.isArray(volumes) ? volumes : []);

/** A Deployment with its ReplicaSets and a pod. */
export function rollout(place: string, spec: Json): readonly Manifest[] {
  const name = place.split('/')[1] ?? '';
  const replicaSet = (revision: string, replicas: number, template: Json): Manifest =>
    manifest('apps/v1', 'ReplicaSet', `${place}-${revision}`, {
      metadata: owner('Deployment', name),
      spec: { replicas, template: { spec: template } },
      status: { replicas, readyReplicas: replicas },
    });
  const gone = { volumes: [{ name: 'c', configMap: { name: `${name}-config-of-last-month` } }] };
  return [
    deployment(place, spec),
    replicaSet('5d8f', 1, spec),
    replicaSet('7c6b', 0, gone),
    pod(`${place}-5d8f-x7k2p`, spec, owner('ReplicaSet', `${name}-5d8f`)),
  ];
}

export const webhooks = (kind: 'Mutating' | 'Validating', name: string, place: string, webhook: Json): Manifest => {
  const [serviceNamespace, serviceName] = place.split('/');
  const clientConfig = { service: { namespace: serviceNamespace, name: serviceName, path: '/' }, caBundle: 'LS0t' };
  return manifest(admission, `${kind}WebhookConfiguration`, name, {
    webhooks: [{ name: `${name}.example.io`, failurePolicy: 'Fail', clientConfig, ...webhook }],
  });
};
export const rule = (group: string, ...resources: readonly string[]) => [
  { apiGroups: [group], apiVersions: ['*'], resources, operations: ['CREATE', 'UPDATE'] },
];
export const bound = (place: string, role: string, kind = 'ClusterRole'): Manifest =>
  manifest(rbac, place.includes('/') ? 'RoleBinding' : 'ClusterRoleBinding', place, {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
  });

export const inEachNamespace = (name: string): readonly Manifest[] => [
  namespace(name),
  configMap(`${name}/kube-root-ca.crt`),
  configMap(`${name}/istio-ca-root-cert`),
  account(`${name}/default`),
];
