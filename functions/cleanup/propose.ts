/** One pass over the source for all rules: what they propose, of how many, in which namespaces. */
import type { GuardedMetadata, Proposal } from '../actions/contracts.ts';
import { totalKey } from '../actions/guards/limits.ts';
import { type Metadata, metadataOf, namespaces } from '../cluster/kinds.ts';
import type { Look } from '../runtime/operation.ts';
import type { Observer, Read, ScanResult, Source, Wire } from '../scan/contracts.ts';
import { scanRunOf } from '../scan/look-at-objects.ts';
import { scan } from '../scan/scan.ts';
import { proposed, type Rule, ruleOptions } from './contracts.ts';

export interface Proposed {
  /** Of rules that ran whole alone: what one that did not has said so far may rest on what it did not see. */
  readonly proposals: readonly (Proposal & { readonly rule: string })[];
  /** Without `out`, which is above. */
  readonly scan: ScanResult<never>;
  /** By `totalKey`: how many there are of each kind, and of rules with limits by namespace in each. Absent: not known. */
  readonly totals: ReadonlyMap<string, number>;
  /** By name; undefined where they could not be read, and then nobody knows which of them are to be kept. */
  readonly namespaces: ReadonlyMap<string, GuardedMetadata> | undefined;
  /** The uid of kube-system, which tells one cluster from another. */
  readonly clusterUid: string | undefined;
}

/** Beside the rules: what guards have to know of the cluster. Their ids are no file's and never in a report. */
const observer = (id: string, read: Read, see: (object: Wire<Metadata>) => void): Observer<Proposal> => ({
  id,
  title: 'For the guards',
  why: 'Guards have to know of it',
  upstream: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/',
  reads: { read: metadataOf(read) },
  options: ruleOptions({ enabled: true, minimumAgeHours: 0 }),
  worksOnManifests: true,
  start: () => ({ see: { read: see } }),
});

/** The namespaces with what guards look at, and the cluster's uid. */
const observeNamespaces = () => {
  const noted = new Map<string, GuardedMetadata>();
  const facts: { clusterUid?: string } = {};
  const observed = observer('(namespaces)', namespaces, ({ metadata }) => {
    if (!metadata?.name) return;
    // Without uid (a manifest) nothing is acted on, but its annotations still say what is to be kept.
    noted.set(metadata.name, proposed(namespaces, { uid: '-', resourceVersion: '-', ...metadata })?.metadata ?? {});
    if (metadata.name === 'kube-system' && metadata.uid) facts.clusterUid = metadata.uid;
  });
  return { observed, noted, facts };
};

/** How many objects of a rule's kind are in each namespace. */
const countByNamespace = ({ id, target }: Rule, counts: Map<string, number>): Observer<Proposal> =>
  observer(`(count of ${id})`, target, ({ metadata }) => {
    const key = totalKey({ ...target, namespace: metadata?.namespace ?? '' });
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });

/** Never throws for what a cluster or a rule does. */
export const propose = async (
  source: Source,
  rules: readonly Rule[],
  look: Pick<Look, 'options' | 'labels' | 'previous' | 'signal' | 'onProgress' | 'off'>,
): Promise<Proposed> => {
  const { observed, noted, facts } = observeNamespaces();
  const counting = rules
    .filter(({ id, limitsByNamespace }) => limitsByNamespace && look.off[id] === undefined)
    .map((rule) => ({ counts: new Map<string, number>(), rule }));
  const counters = counting.map(({ rule, counts }) => countByNamespace(rule, counts));
  const beside = new Set([observed, ...counters].map(({ id }) => id));
  const { out, observers, ...rest } = await scan<Proposal>(source, [...rules, observed, ...counters], scanRunOf(look));
  const ran = new Set(observers.filter(({ outcome }) => outcome === 'ran').map(({ id }) => id));
  const whole = rest.ends
    // A list that a selector narrowed does not tell of how many it is a part.
    .filter(({ state, read }) => (state === 'complete' || state === 'inconsistent') && !read.labels && !read.fields && !read.namespace)
    .map(({ read, objects }): [string, number] => [
      totalKey(read.namespace === undefined ? read : { ...read, namespace: undefined }),
      objects,
    ]);
  const byNamespace = counting.flatMap(({ counts }, index) => (ran.has(counters[index]?.id ?? '') ? [...counts] : []));
  return {
    proposals: out.flatMap(({ observer: rule, ...proposal }) => (ran.has(rule) ? [{ ...proposal, rule }] : [])),
    scan: { ...rest, out: [], observers: observers.filter(({ id }) => !beside.has(id)) },
    totals: new Map([...whole, ...byNamespace]),
    namespaces: ran.has(observed.id) ? noted : undefined,
    clusterUid: facts.clusterUid,
  };
};
