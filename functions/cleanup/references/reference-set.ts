/** What refers to what, gathered from all objects of one scan: names alone, whatever the number of those who refer. */
import type { SharedKey } from '../../scan/contracts.ts';
import { isFulfilled, type Requirement } from '../label-selector.ts';
import { toldNames } from './told-names.ts';

/** The kinds whose references are looked for. */
export const referredKinds = ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'] as const;
export type ReferredKind = (typeof referredKinds)[number];
/** `any`: a name stands somewhere, and nothing tells of which kind it is. */
export type NamedKind = ReferredKind | 'any';

/** An object that may be referred to. */
export interface Referred {
  readonly kind: ReferredKind;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string | null | undefined>>;
}

/** In the place of a namespace: all of them. No namespace can be called so. */
export const everywhere = '*';

/** All references that were seen so far. What is no name, or in no namespace, adds nothing. */
export interface ReferenceSet {
  add(kind: NamedKind, namespace: string, name: unknown): void;
  /** A text that the ConfigMap `by` holds: which of its words are names nobody can tell. Its own name does not speak for itself. */
  addText(text: string, namespaces: readonly string[], by: string): void;
  /** Claims of a StatefulSet's template: `PREFIX-0`, `PREFIX-1`, ... */
  addClaims(namespace: string, prefix: string): void;
  /** Names that are made by a rule; the pattern is of the whole name. */
  addPattern(kind: NamedKind, namespace: string, pattern: RegExp): void;
  /** Objects of any kind that carry these labels; undefined where it is not understood which: all of them then. */
  addSelector(namespace: string, requirements: readonly Requirement[] | undefined): void;
  addNamespace(kind: ReferredKind, namespace: string): void;
  /** All of a kind: `why` is for people. */
  addKind(kind: string, why: string): void;
  /** A label by whose key some program picks what it reads. */
  addLabelKey(key: string): void;
  /** Why every object of the kind is referred to; undefined where some may not be. */
  whyAll(kind: ReferredKind): string | undefined;
  /** Whether anything that was seen refers to it. To be asked in `finish()`. */
  holds(referred: Referred): boolean;
  /** Looks at an object once, whatever the number of rules that it is shown to. What throws is tried again by the next, and fails it too. */
  once(object: object, look: () => void): void;
  /** The same for a text: the pods of one template are told the same, and a thousand of them need no thousand looks. */
  onceTold(text: string, look: () => void): void;
}

/** So many texts are remembered. */
const mostTexts = 4_000;

/** A part of a text keeps the whole of it in memory; its copy does not. */
const copyOf = (text: string): string => Buffer.from(text).toString();

const entry = <K, T>(map: Map<K, T>, key: K, make: () => T): T => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

type ByNamespace<T> = Map<string, T>;

/** Of one kind: the names by namespace, and all of a namespace. */
const namesByKind = () => {
  const names = new Map<NamedKind, ByNamespace<Set<string>>>();
  const namespaces = new Map<ReferredKind, Set<string>>();
  return {
    add(kind: NamedKind, namespace: string, name: string): void {
      const ofKind = entry(names, kind, (): ByNamespace<Set<string>> => new Map());
      const known = entry(ofKind, namespace, () => new Set<string>());
      if (!known.has(name)) known.add(kind === 'any' ? copyOf(name) : name);
    },
    addNamespace: (kind: ReferredKind, namespace: string): void => {
      entry(namespaces, kind, () => new Set<string>()).add(namespace);
    },
    holds({ kind, namespace, name }: Referred): boolean {
      if (namespaces.get(kind)?.has(namespace)) return true;
      return [names.get(kind), names.get('any')].some((each) => each?.get(namespace)?.has(name) || each?.get(everywhere)?.has(name));
    },
  };
};

export const referenceSet = (): ReferenceSet => {
  const names = namesByKind();
  const told = toldNames();
  const claims: ByNamespace<Set<string>> = new Map();
  const patterns: ByNamespace<Map<string, { readonly kind: NamedKind; readonly pattern: RegExp }>> = new Map();
  const selectors: { readonly namespace: string; readonly requirements: readonly Requirement[] | undefined }[] = [];
  const kinds = new Map<string, string>();
  const labelKeys = new Set<string>();
  const noted = new WeakSet<object>();
  const toldOnce = new Set<string>();

  const isClaimOfTemplate = ({ kind, namespace, name }: Referred): boolean =>
    kind === 'PersistentVolumeClaim' && claims.get(namespace)?.has(name.replace(/-\d+$/, '')) === true;
  const isOfPattern = ({ kind, namespace, name }: Referred): boolean =>
    [namespace, everywhere].some((place) =>
      patterns
        .get(place)
        ?.values()
        .some((each) => (each.kind === kind || each.kind === 'any') && each.pattern.test(name)),
    );
  const isSelected = ({ namespace, labels }: Referred): boolean =>
    selectors.some(
      (each) =>
        (each.namespace === namespace || each.namespace === everywhere) &&
        (each.requirements?.every((requirement) => isFulfilled(requirement, labels)) ?? true),
    );
  return {
    add(kind, namespace, name) {
      if (typeof name === 'string' && name !== '' && namespace !== '') names.add(kind, namespace, name);
    },
    addText: told.addText,
    addClaims: (namespace, prefix) => {
      entry(claims, namespace, () => new Set<string>()).add(prefix);
    },
    addPattern: (kind, namespace, pattern) => {
      entry(patterns, namespace, () => new Map()).set(`${kind} ${pattern.source}`, { kind, pattern });
    },
    addSelector: (namespace, requirements) => {
      selectors.push({ namespace, requirements });
    },
    addNamespace: names.addNamespace,
    addKind: (kind, why) => {
      // Whichever object comes first: what is said must not hang on it.
      const known = kinds.get(kind);
      if (known === undefined || why < known) kinds.set(kind, why);
    },
    addLabelKey: (key) => {
      labelKeys.add(key);
    },
    whyAll: (kind) => kinds.get(kind),
    holds: (referred) =>
      names.holds(referred) ||
      told.has(referred.namespace, referred.name, referred.kind === 'ConfigMap') ||
      isClaimOfTemplate(referred) ||
      Object.keys(referred.labels).some((key) => labelKeys.has(key)) ||
      isOfPattern(referred) ||
      isSelected(referred),
    once(object, look) {
      if (noted.has(object)) return;
      look();
      noted.add(object);
    },
    onceTold(text, look) {
      if (toldOnce.has(text)) return;
      look();
      if (toldOnce.size >= mostTexts) toldOnce.clear();
      toldOnce.add(text);
    },
  };
};

/** The references of one scan, for all rules that ask for them. */
export const references: SharedKey<ReferenceSet> = { make: referenceSet };
