/**
 * Which kinds a backup holds, by its own spec: ShouldInclude of velero pkg/util/collections/includes_excludes.go. What it does not hold is
 * unknown, and no absence.
 */
import { matchesGlob } from 'node:path';
import { groupResource } from '../archive/archive-path.ts';
import type { BackupSpec } from '../backup.ts';

/** A kind by all its names. */
export interface KindNames {
  readonly group: string;
  /** Plural, lower case. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Of a custom kind, as its definition says; those of Kubernetes' own are known. */
  readonly shortNames?: readonly string[];
}

/** `kubectl api-resources`. */
const shortNames: Readonly<Record<string, readonly string[]>> = {
  componentstatuses: ['cs'],
  configmaps: ['cm'],
  cronjobs: ['cj'],
  customresourcedefinitions: ['crd', 'crds'],
  daemonsets: ['ds'],
  deployments: ['deploy'],
  endpoints: ['ep'],
  events: ['ev'],
  horizontalpodautoscalers: ['hpa'],
  ingresses: ['ing'],
  limitranges: ['limits'],
  namespaces: ['ns'],
  networkpolicies: ['netpol'],
  nodes: ['no'],
  persistentvolumeclaims: ['pvc'],
  persistentvolumes: ['pv'],
  poddisruptionbudgets: ['pdb'],
  pods: ['po'],
  priorityclasses: ['pc'],
  replicasets: ['rs'],
  replicationcontrollers: ['rc'],
  resourcequotas: ['quota'],
  serviceaccounts: ['sa'],
  services: ['svc'],
  statefulsets: ['sts'],
  storageclasses: ['sc'],
};

const isGlob = (text: string): boolean => /[*?[{]/.test(text);

/** Does an item of a spec's list mean this kind: by plural, singular or short name, its group left out or begun; or as a glob. */
function means(item: string, names: KindNames): boolean {
  const given = item.toLowerCase();
  if (isGlob(given)) return matchesGlob(groupResource(names), given);
  const dot = given.indexOf('.');
  const [resource, group] = dot < 0 ? [given, ''] : [given.slice(0, dot), given.slice(dot + 1)];
  const { resource: plural, kind, group: own } = names;
  const known = [plural, kind.toLowerCase(), ...(shortNames[plural] ?? []), ...(names.shortNames ?? [])];
  return known.includes(resource) && own.startsWith(group);
}

/** An empty list of what is included means everything. */
const includes = (list: readonly string[], names: KindNames): boolean =>
  list.length === 0 || list.includes('*') || list.some((item) => means(item, names));

/** Velero keeps only what can be listed, created, read and deleted (velero pkg/discovery/helper.go, filterByVerbs). */
const isNeverKept = ({ group, resource }: KindNames): boolean => resource === 'componentstatuses' || /(^|\.)metrics\.k8s\.io$/.test(group);

const some = (list: readonly string[]): string => (list.length <= 5 ? list.join(', ') : `${list.slice(0, 5).join(', ')}, ...`);

/** Why a backup with this spec does not hold all objects of a kind, or undefined where it does. */
export function whyNotHeld(names: KindNames, spec: BackupSpec): string | undefined {
  const name = groupResource(names);
  if (isNeverKept(names)) return `Velero keeps no ${name}: they cannot be created`;
  const { includedResources, excludedResources, includeClusterResources } = spec;
  // UseOldResourceFilters.
  const isOld = includeClusterResources !== undefined || includedResources.length > 0 || excludedResources.length > 0;
  const reason = isOld ? whyNotByOldFilters(names, spec) : whyNotByScope(names, spec);
  return reason && `the backup holds no ${name}: ${reason}`;
}

function whyNotByOldFilters(names: KindNames, spec: BackupSpec): string | undefined {
  const { includedResources, excludedResources, includeClusterResources } = spec;
  if (excludedResources.some((item) => means(item, names))) return 'they are among its excludedResources';
  if (!includes(includedResources, names)) return `its includedResources are ${some(includedResources)}`;
  if (names.namespaced) return undefined;
  if (includeClusterResources === false) return 'its includeClusterResources is false';
  if (includeClusterResources === true || isNamespaces(names) || holdsAllNamespaces(spec)) return undefined;
  return 'of what is in no namespace it holds only what belongs to its namespaces';
}

function whyNotByScope(names: KindNames, spec: BackupSpec): string | undefined {
  if (names.namespaced) {
    const { includedNamespaceScopedResources: included, excludedNamespaceScopedResources: excluded } = spec;
    if (excluded.some((item) => means(item, names))) return 'they are among its excludedNamespaceScopedResources';
    return includes(included, names) ? undefined : `its includedNamespaceScopedResources are ${some(included)}`;
  }
  const { includedClusterScopedResources: included, excludedClusterScopedResources: excluded } = spec;
  if (excluded.some((item) => means(item, names))) return 'they are among its excludedClusterScopedResources';
  if (isNamespaces(names) || (included.length > 0 && includes(included, names))) return undefined;
  if (included.length > 0) return `its includedClusterScopedResources are ${some(included)}`;
  // Velero 1.17 and newer exclude VolumeSnapshotContents in every backup, which alone leaves out all kinds that are in no namespace: seen with
  // 1.18.3.
  const isEverything =
    excluded.length === 0 &&
    holdsAllNamespaces(spec) &&
    isEmpty(spec.excludedNamespaceScopedResources, spec.includedNamespaceScopedResources);
  if (isEverything) return undefined;
  return 'of what is in no namespace it holds only what its objects need, unless includedClusterScopedResources asks for more';
}

const isNamespaces = ({ group, resource }: KindNames): boolean => group === '' && resource === 'namespaces';

const isEmpty = (excluded: readonly string[], included: readonly string[]): boolean =>
  excluded.length === 0 && (included.length === 0 || (included.length === 1 && included[0] === '*'));

/** IncludeEverything. */
export const holdsAllNamespaces = ({ includedNamespaces, excludedNamespaces }: BackupSpec): boolean =>
  isEmpty(excludedNamespaces, includedNamespaces);

/** Is this namespace among those that were backed up? */
export function holdsNamespace(namespace: string, { includedNamespaces, excludedNamespaces }: BackupSpec): boolean {
  const isOne = (item: string) => (isGlob(item) ? matchesGlob(namespace, item) : item === namespace);
  if (excludedNamespaces.some(isOne)) return false;
  return includedNamespaces.length === 0 || includedNamespaces.some(isOne);
}

/** The namespaces that were backed up, where the spec names each of them; undefined where it does not (all, all but some, a glob). */
export function namedNamespaces(spec: BackupSpec): readonly string[] | undefined {
  const { includedNamespaces } = spec;
  if (includedNamespaces.length === 0 || includedNamespaces.some(isGlob)) return undefined;
  // The empty text is Velero's word for what is in no namespace.
  return includedNamespaces.filter((namespace) => namespace !== '' && holdsNamespace(namespace, spec));
}
