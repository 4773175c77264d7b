/** Objects for the tests of restorability: a shop, as its cluster had it. */
import { type Manifest, manifest } from './archive-of.ts';

/** A Deployment that ran; `spec` is of its pod template. */
export const deployment = (
  place: string,
  spec: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Manifest =>
  manifest('apps/v1', 'Deployment', place, {
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec } } },
    status: { replicas: 1, readyReplicas: 1, availableReplicas: 1 },
    ...more,
  });

/** The same as a pod of a ReplicaSet. */
export const pod = (place: string, spec: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Manifest =>
  manifest('v1', 'Pod', place, {
    metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d8', uid: 'u', controller: true }] },
    spec: { containers: [{ name: 'web', image: 'web:1' }], ...spec },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    ...more,
  });

export const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): Manifest =>
  manifest('v1', 'Namespace', name, { metadata: { labels: { 'kubernetes.io/metadata.name': name, ...labels } } });

/** A definition with one version. */
export const definition = (plural: string, group: string, kind: string, versions: readonly Record<string, unknown>[]): Manifest =>
  manifest('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.${group}`, {
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions },
  });

/** Something was lost on the way: what is missing may have been in the cluster. */
export const inPart = { phase: 'PartiallyFailed', errors: 1 } as const;

/** A backup of the namespace shop alone. */
export const ofShop = { includedNamespaces: ['shop'] } as const;
