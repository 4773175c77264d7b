/** What passes of each read while an archive is read. */
import type { Read } from '../../scan/contracts.ts';
import type { ArchivedObject } from '../archive/archive-facts.ts';

/** Of a CustomResourceDefinition. */
export interface Definition {
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
}

export interface Tally {
  /** Shown to the read. */
  objects: number;
  /** Versions that the reader does not understand, and kinds that do not belong where they lie. */
  readonly strange: Set<string>;
}

export interface Tallies {
  /** Which reads an object is for; told of each object once. */
  readonly readersOf: (object: ArchivedObject) => readonly Read[];
  readonly of: (read: Read) => Tally;
  /** How many objects of the kind there are in all namespaces. */
  readonly found: (read: Read) => number;
  readonly definitionOf: (read: Read) => Definition | undefined;
}

type Kind = { readonly group: string; readonly resource: string };
const keyOf = ({ group, resource }: Kind): string => `${group}/${resource}`;

export function tallies(reads: readonly Read[]): Tallies {
  const byKind = Map.groupBy(reads, keyOf);
  const tally = new Map(reads.map((read): [Read, Tally] => [read, { objects: 0, strange: new Set() }]));
  const found = new Map<string, number>();
  const definitions = new Map<string, Definition>();
  const of = (read: Read): Tally => tally.get(read) ?? { objects: 0, strange: new Set() };
  return {
    of,
    found: (read) => found.get(keyOf(read)) ?? 0,
    definitionOf: (read) => definitions.get(keyOf(read)),
    readersOf(object) {
      const key = keyOf(object);
      if (key === 'apiextensions.k8s.io/customresourcedefinitions') noteDefinition(definitions, object);
      const readers = byKind.get(key);
      if (!readers) return [];
      found.set(key, (found.get(key) ?? 0) + 1);
      const version = object.apiVersion.slice(object.apiVersion.indexOf('/') + 1);
      return readers.filter((read) => {
        if (read.namespace !== undefined && read.namespace !== object.namespace) return false;
        const { strange } = of(read);
        if (object.kind !== read.kind) strange.add(object.kind);
        else if (!read.versions.includes(version)) strange.add(version);
        else of(read).objects += 1;
        return object.kind === read.kind && read.versions.includes(version);
      });
    },
  };
}

interface DefinitionSpec {
  readonly group?: unknown;
  readonly scope?: unknown;
  readonly names?: { readonly plural?: unknown; readonly shortNames?: unknown } | null;
}

function noteDefinition(definitions: Map<string, Definition>, { body }: ArchivedObject): void {
  const spec: DefinitionSpec = typeof body.spec === 'object' && body.spec !== null ? body.spec : {};
  const { plural, shortNames } = spec.names ?? {};
  if (typeof plural !== 'string' || typeof spec.group !== 'string') return;
  definitions.set(keyOf({ group: spec.group, resource: plural }), {
    namespaced: spec.scope !== 'Cluster',
    shortNames: Array.isArray(shortNames) ? shortNames.filter((name) => typeof name === 'string') : [],
  });
}
