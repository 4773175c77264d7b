/** Labels and annotations by which people and tools say that an object is to stay, or that it is theirs. Any of them keeps it. */
import type { GuardedMetadata, Held } from '../contracts.ts';
import type { Namespaces } from './namespaces.ts';

export interface KeepKey {
  /** One that ends with a slash stands for all keys that begin so. */
  readonly key: string;
  readonly on: 'label' | 'annotation' | 'both';
  /** Which values keep; absent: whatever it is. */
  readonly keeps?: (value: string) => boolean;
  /** Says something of this kind alone. */
  readonly only?: 'Pod';
  readonly whose: string;
  /** `asked`: somebody said that it is to stay, and need not hear of it. `owned`: somebody else makes it and takes it away. */
  readonly says: 'asked' | 'owned';
  /**
   * Templates hand it on: on what a controller owns it speaks of the controller, and does not count. `to-pods`: by kustomize’s commonAnnotations
   * and its like, into templates of pods alone.
   */
  readonly copied?: true | 'to-pods';
}

const plain = (value: string): string => value.trim().toLowerCase();
const unlessFalse = (value: string): boolean => plain(value) !== 'false';
const anyText = (value: string): boolean => value.trim() !== '';
const is = (wanted: string) => (value: string) => plain(value) === wanted;

export const nightshiftKeep = 'nightshift.dev/keep';

/**
 * Who wants what kept: the clearest statement first, as the first that fits is told. Not here, as they keep nothing: `kor/used: "false"` (never
 * a reason to delete either), velero.io/exclude-from-backup, kubectl.kubernetes.io/last-applied-configuration, and the annotation
 * cleanup.kyverno.io/ttl, which Kyverno itself ignores (kyverno#10443).
 */
export const keepKeys: readonly KeepKey[] = [
  { key: nightshiftKeep, on: 'both', keeps: unlessFalse, whose: 'Nightshift', says: 'asked' },
  { key: 'kor/used', on: 'both', keeps: unlessFalse, whose: 'kor', says: 'asked' },
  { key: 'janitor/ttl', on: 'both', keeps: is('forever'), whose: 'kube-janitor', says: 'asked' },
  { key: 'helm.sh/resource-policy', on: 'both', keeps: is('keep'), whose: 'Helm', says: 'asked' },
  { key: 'descheduler.alpha.kubernetes.io/prefer-no-eviction', on: 'annotation', only: 'Pod', whose: 'descheduler', says: 'asked' },
  {
    key: 'cluster-autoscaler.kubernetes.io/safe-to-evict',
    on: 'annotation',
    keeps: is('false'),
    only: 'Pod',
    whose: 'cluster autoscaler',
    says: 'asked',
  },
  { key: 'karpenter.sh/do-not-disrupt', on: 'annotation', keeps: unlessFalse, only: 'Pod', whose: 'Karpenter', says: 'asked' },
  { key: 'karpenter.sh/do-not-evict', on: 'annotation', keeps: unlessFalse, only: 'Pod', whose: 'Karpenter', says: 'asked' },
  { key: 'k8sgpt.ai/skip-usage-check', on: 'both', keeps: unlessFalse, whose: 'k8sgpt', says: 'asked' },
  { key: 'k8sgpt.ai/dynamically-loaded', on: 'both', keeps: unlessFalse, whose: 'k8sgpt', says: 'asked' },
  // Who deletes it by a clock of their own.
  { key: 'janitor/ttl', on: 'both', whose: 'kube-janitor', says: 'owned' },
  { key: 'janitor/expires', on: 'both', whose: 'kube-janitor', says: 'owned' },
  { key: 'k8s-ttl-controller.twin.sh/ttl', on: 'both', whose: 'k8s-ttl-controller', says: 'owned' },
  { key: 'k8s-ttl-controller.twin.sh/refreshed-at', on: 'both', whose: 'k8s-ttl-controller', says: 'owned' },
  { key: 'cleaner/ttl', on: 'both', whose: 'a TTL cleaner', says: 'owned' },
  { key: 'cleanup.kyverno.io/ttl', on: 'label', whose: 'Kyverno', says: 'owned' },
  { key: 'cleanup.kyverno.io/propagation-policy', on: 'annotation', whose: 'Kyverno', says: 'owned' },
  // Who would make it again, or run it again. On the very object that they track.
  { key: 'argocd.argoproj.io/', on: 'both', whose: 'Argo CD', says: 'owned', copied: 'to-pods' },
  { key: 'kustomize.toolkit.fluxcd.io/', on: 'both', whose: 'Flux', says: 'owned', copied: 'to-pods' },
  { key: 'helm.toolkit.fluxcd.io/', on: 'both', whose: 'Flux', says: 'owned', copied: 'to-pods' },
  { key: 'helm.sh/resource-policy', on: 'both', whose: 'Helm', says: 'owned', copied: 'to-pods' },
  { key: 'helm.sh/hook', on: 'both', whose: 'Helm', says: 'owned', copied: 'to-pods' },
  { key: 'meta.helm.sh/release-name', on: 'both', whose: 'Helm', says: 'owned', copied: 'to-pods' },
  { key: 'applyset.kubernetes.io/part-of', on: 'label', whose: 'kubectl apply --prune', says: 'owned' },
  { key: 'applyset.kubernetes.io/id', on: 'label', whose: 'kubectl apply --prune', says: 'owned' },
  { key: 'objectset.rio.cattle.io/', on: 'both', whose: 'Rancher Fleet or k3s', says: 'owned', copied: 'to-pods' },
  { key: 'kapp.k14s.io/', on: 'both', whose: 'kapp', says: 'owned', copied: 'to-pods' },
  { key: 'configsync.gke.io/', on: 'both', whose: 'Config Sync', says: 'owned', copied: 'to-pods' },
  { key: 'configmanagement.gke.io/', on: 'both', whose: 'Config Sync', says: 'owned', copied: 'to-pods' },
  { key: 'app.oam.dev/', on: 'both', whose: 'KubeVela', says: 'owned', copied: 'to-pods' },
  { key: 'karmada.io/managed', on: 'label', whose: 'Karmada', says: 'owned', copied: 'to-pods' },
  { key: 'addonmanager.kubernetes.io/mode', on: 'label', whose: 'the addon manager', says: 'owned' },
  { key: 'control-plane.alpha.kubernetes.io/leader', on: 'annotation', whose: 'a leader election', says: 'owned' },
  { key: 'app.kubernetes.io/managed-by', on: 'both', keeps: anyText, whose: 'who it names', says: 'owned', copied: true },
  // By this label alone Argo CD tracks before its version 3: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
  { key: 'app.kubernetes.io/instance', on: 'label', keeps: anyText, whose: 'Argo CD, if it tracks by label', says: 'owned', copied: true },
];

export interface Kept {
  readonly held: Held;
  readonly says: KeepKey['says'];
}

/** Objects carry many keys, and few of the table: each is looked up. The number is its place in the table. */
const ranked = keepKeys.map((entry, rank) => ({ ...entry, rank }));
const byPrefix = ranked.filter(({ key }) => key.endsWith('/'));
const byKey = Map.groupBy(ranked, ({ key }) => key);
const entriesOf = (key: string) => [...(byKey.get(key) ?? []), ...byPrefix.filter((entry) => key.startsWith(entry.key))];

/** The first key of the table that the object carries, on the object alone. */
export const keptByKey = ({ labels = {}, annotations = {}, ownerReferences = [] }: GuardedMetadata, kind: string): Kept | undefined => {
  const carried = [
    ...Object.entries(annotations).map(([key, value]) => ({ place: 'annotation', key, value }) as const),
    ...Object.entries(labels).map(([key, value]) => ({ place: 'label', key, value }) as const),
  ];
  // Helm's chart holds the Deployment, and not the pod of it that was evicted.
  const isControlled = ownerReferences.some(({ controller }) => controller === true);
  const [first] = carried
    .flatMap(({ place, key, value }) =>
      entriesOf(key)
        .filter(({ on, keeps, only }) => (on === 'both' || on === place) && (only ?? kind) === kind && (keeps?.(value) ?? true))
        .filter(({ copied }) => !isControlled || !(copied === true || (copied === 'to-pods' && kind === 'Pod')))
        .map((entry) => ({ entry, place, key, value })),
    )
    .toSorted((a, b) => a.entry.rank - b.entry.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  if (!first) return undefined;
  const { entry, place, key, value } = first;
  return { held: { guard: 'keep-keys', because: `${place} ${key}=${short(value)} (${entry.whose})` }, says: entry.says };
};

/** nightshift.dev/keep of the Namespace holds for what is in it. One that was not seen may carry it. */
export const keptByNamespace = ({ namespace }: GuardedMetadata, namespaces: Namespaces | undefined): Held | undefined => {
  if (namespace === undefined) return undefined;
  const guard = 'keep-keys';
  const metadata = namespaces?.get(namespace);
  if (!metadata) return { guard, because: `whether its namespace has ${nightshiftKeep} is not known: Namespace ${namespace} was not seen` };
  for (const [place, values] of [['annotation', metadata.annotations] as const, ['label', metadata.labels] as const]) {
    const value = values && Object.hasOwn(values, nightshiftKeep) ? values[nightshiftKeep] : undefined;
    if (value !== undefined && unlessFalse(value))
      return { guard, because: `${place} ${nightshiftKeep}=${short(value)} of namespace ${namespace}` };
  }
  return undefined;
};

/** Values may be as long as an object; a person needs its beginning. */
const short = (value: string): string => {
  const line = value.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
};
