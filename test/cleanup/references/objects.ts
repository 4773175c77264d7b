/** Objects that refer to others, and those that are referred to; in the namespace `shop` unless told. */

import { isBuiltInGroup } from '../../../functions/cluster/kinds.ts';
import type { Read } from '../../../functions/scan/contracts.ts';
import { ago } from '../../health-check/objects.ts';

export type Fields = Readonly<Record<string, unknown>>;
export interface Made {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Fields & { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** `in` undefined: in no namespace. */
export const made = (
  apiVersion: string,
  kind: string,
  name: string,
  rest: Fields = {},
  { in: namespace = 'shop', ...metadata }: Fields & { readonly in?: string } = {},
): Made => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace && { namespace }), creationTimestamp: ago({ days: 30 }), ...metadata },
  ...rest,
});
/** In no namespace. */
export const ofCluster = (apiVersion: string, kind: string, name: string, rest: Fields = {}, metadata: Fields = {}): Made =>
  made(apiVersion, kind, name, rest, { in: '', ...metadata });

export const configMap = (name: string, metadata: Fields & { readonly in?: string } = {}) => made('v1', 'ConfigMap', name, {}, metadata);
export const secret = (name: string, type = 'Opaque', metadata: Fields & { readonly in?: string } = {}) =>
  made('v1', 'Secret', name, { type, data: { password: 'c2VjcmV0LXBheWxvYWQ=' } }, metadata);
export const claim = (name: string, spec: Fields = {}, metadata: Fields & { readonly in?: string } = {}) =>
  made(
    'v1',
    'PersistentVolumeClaim',
    name,
    { spec: { volumeName: `pv-${name}`, resources: { requests: { storage: '8Gi' } }, ...spec }, status: { phase: 'Bound' } },
    { finalizers: ['kubernetes.io/pvc-protection'], ...metadata },
  );
export const account = (name: string, metadata: Fields & { readonly in?: string } = {}, rest: Fields = {}) =>
  made('v1', 'ServiceAccount', name, rest, metadata);

/** Every way in which pods are declared, each with this specification, and none with a pod that runs. */
export const podMakers = (spec: Fields): Readonly<Record<string, Made>> => {
  const template = { metadata: { labels: { app: 'any' } }, spec };
  return {
    Pod: made('v1', 'Pod', 'any', { spec }),
    'a finished Pod': made('v1', 'Pod', 'any', { spec, status: { phase: 'Succeeded' } }),
    'Deployment of 0': made('apps/v1', 'Deployment', 'any', { spec: { replicas: 0, template } }),
    'StatefulSet of 0': made('apps/v1', 'StatefulSet', 'any', { spec: { replicas: 0, template } }),
    DaemonSet: made('apps/v1', 'DaemonSet', 'any', { spec: { template } }),
    'ReplicaSet of 0': made('apps/v1', 'ReplicaSet', 'any', { spec: { replicas: 0, template } }),
    'suspended Job': made('batch/v1', 'Job', 'any', { spec: { suspend: true, template } }),
    CronJob: made('batch/v1', 'CronJob', 'any', { spec: { jobTemplate: { spec: { template } } } }),
    ReplicationController: made('v1', 'ReplicationController', 'any', { spec: { replicas: 0, template } }),
    PodTemplate: made('v1', 'PodTemplate', 'any', { template }),
    'ControllerRevision of a StatefulSet': made('apps/v1', 'ControllerRevision', 'any', { data: { spec: { template } }, revision: 1 }),
    'ControllerRevision of something else': made('apps/v1', 'ControllerRevision', 'any', { data: { pods: [{ spec }] }, revision: 1 }),
    Rollout: made('argoproj.io/v1alpha1', 'Rollout', 'any', { spec: { replicas: 0, template } }),
    'a template deep in a custom resource': made('example.com/v1', 'Anything', 'any', { spec: { a: [{ b: { template } }] } }),
  };
};
export const podOf = (spec: Fields, name = 'any', namespace = 'shop') => made('v1', 'Pod', name, { spec }, { in: namespace });
export const container = (fields: Fields): Fields => ({ containers: [{ name: 'main', image: 'registry.example/main:1', ...fields }] });
export const volume = (source: Fields): Fields => ({ ...container({}), volumes: [{ name: 'data', ...source }] });

/** The reads that discovery would give for the custom resources among these. */
export const customReadsOf = (objects: readonly Made[]): readonly Read[] => {
  const reads = objects.flatMap(({ apiVersion, kind }): Read[] => {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    return isBuiltInGroup(group) ? [] : [{ group, kind, resource: `${kind.toLowerCase()}s`, versions: [version] }];
  });
  return [...new Map(reads.map((read) => [`${read.group}/${read.kind}`, read])).values()];
};
