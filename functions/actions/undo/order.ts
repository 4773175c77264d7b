/** In which order things come back: what others need first, as Velero restores (pkg/cmd/server/config/config.go, defaultRestorePriorities). */
import { refKey } from '../../scan/contracts.ts';
import type { Action, PlannedAction } from '../contracts.ts';

/** `resource` or `resource.group`; what is not named follows, by the alphabet. */
const first: readonly string[] = [
  'customresourcedefinitions.apiextensions.k8s.io',
  'namespaces',
  'storageclasses.storage.k8s.io',
  'volumesnapshotclasses.snapshot.storage.k8s.io',
  'volumesnapshotcontents.snapshot.storage.k8s.io',
  'volumesnapshots.snapshot.storage.k8s.io',
  'persistentvolumes',
  'persistentvolumeclaims',
  'clusterroles.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'serviceaccounts',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'secrets',
  'configmaps',
  'limitranges',
  'priorityclasses.scheduling.k8s.io',
  'pods',
  // Before Deployments, which then take them on instead of making others.
  'replicasets.apps',
  'endpoints',
  'services',
];
const ranks = new Map(first.map((name, rank) => [name, rank]));

type Placed = Pick<PlannedAction, 'object' | 'resource'>;

const nameOf = ({ resource: { group, resource } }: Placed): string => (group === '' ? resource : `${resource}.${group}`);
export const rankOf = (placed: Placed): number => ranks.get(nameOf(placed)) ?? first.length;

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** For sorting. */
export const byDependency = (one: Placed, other: Placed): number =>
  rankOf(one) - rankOf(other) ||
  compareTexts(nameOf(one), nameOf(other)) ||
  compareTexts(one.object.namespace ?? '', other.object.namespace ?? '') ||
  compareTexts(one.object.name, other.object.name);

/** The object of an action in one string, for sets. */
export const keyOf = ({ apiVersion, kind, namespace, name }: Action['object']): string =>
  refKey({ apiVersion, kind, ...(namespace !== undefined && { namespace }), name });
