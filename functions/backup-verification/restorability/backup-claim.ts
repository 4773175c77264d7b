/**
 * What a backup was meant to hold, and who left out what it does not: told from the spec as the server defaulted it.
 */
import type { BackupMetadata, BackupSpec } from '../../velero/backup.ts';
import { holdsAllNamespaces, holdsNamespace, type KindNames, whyNotHeld } from '../../velero/source/held-kinds.ts';

/**
 * What a backup is for. `everything`: all namespaces and kinds, a cluster is to come of it. `namespaces`: all that is in some namespaces, for a
 * cluster that has the rest. `selection`: some kinds or labels.
 */
export type BackupClaim = 'everything' | 'namespaces' | 'selection';

/**
 * `by-filter`, `by-selector`: who made the backup wanted it so, by kind or by label. `by-velero`: nobody did. Since 1.17 the server adds volumesnapshotcontents to
 * excludedClusterScopedResources (backup_controller.go), and a backup with any such exclude holds no cluster-scoped kinds that are not named.
 */
export type LeftOut = 'no' | 'by-filter' | 'by-selector' | 'by-velero';

/** Added by the server, wanted by nobody: backup_controller.go, autoExclude...ScopedResources. */
const addedByServer = new Set(['volumesnapshots.snapshot.storage.k8s.io', 'volumesnapshotcontents.snapshot.storage.k8s.io']);
const wanted = (filters: readonly string[]): readonly string[] => filters.filter((filter) => !addedByServer.has(filter));

const includesAll = (filters: readonly string[]): boolean => filters.length === 0 || (filters.length === 1 && filters[0] === '*');

const hasSelector = ({ labelSelector, orLabelSelectors }: BackupSpec): boolean =>
  labelSelector !== undefined || orLabelSelectors.length > 0;

export function claimOf(spec: BackupSpec): BackupClaim {
  const { includedResources, includedNamespaceScopedResources, includedClusterScopedResources, includeClusterResources } = spec;
  if (hasSelector(spec) || !includesAll(includedResources) || !includesAll(includedNamespaceScopedResources)) return 'selection';
  if (!includesAll(includedClusterScopedResources)) return 'selection';
  if (includeClusterResources === false || !includesAll(spec.includedNamespaces)) return 'namespaces';
  const namesClusterScoped = includeClusterResources === true || includedClusterScopedResources.includes('*');
  return holdsAllNamespaces(spec) || namesClusterScoped ? 'everything' : 'namespaces';
}

/** Why not all objects of a kind are in a backup with this spec. */
export function leftOut(spec: BackupSpec, kind: KindNames): LeftOut {
  if (whyNotHeld(kind, spec) === undefined) return hasSelector(spec) ? 'by-selector' : 'no';
  const asked: BackupSpec = {
    ...spec,
    excludedClusterScopedResources: wanted(spec.excludedClusterScopedResources),
    excludedNamespaceScopedResources: wanted(spec.excludedNamespaceScopedResources),
  };
  return whyNotHeld(kind, asked) === undefined ? 'by-velero' : 'by-filter';
}

/** By Velero's own account. */
export const lostNothing = ({ phase, errors }: BackupMetadata): boolean => phase === 'Completed' && errors === 0;

/**
 * Every object of a kind that the cluster had is in the backup: of one namespace, or, where it is not known in which, of all. Apart from those that
 * carry the label velero.io/exclude-from-backup, which is somebody's wish.
 */
export function holdsEvery(metadata: BackupMetadata, kind: KindNames, namespace: string | undefined): boolean {
  const { spec } = metadata;
  if (leftOut(spec, kind) !== 'no' || !lostNothing(metadata)) return false;
  if (!kind.namespaced) return true;
  return namespace === undefined ? holdsAllNamespaces(spec) : holdsNamespace(namespace, spec);
}

/**
 * Some namespaces are excluded, all others and all kinds are in: to whoever made it that is the whole cluster, and yet it holds nothing of what has
 * no namespace, as Velero brings that along with all namespaces alone.
 */
export const isAllButSomeNamespaces = (spec: BackupSpec): boolean =>
  claimOf({ ...spec, excludedNamespaces: [] }) === 'everything' &&
  claimOf(spec) === 'namespaces' &&
  wanted(spec.excludedClusterScopedResources).length === 0;
