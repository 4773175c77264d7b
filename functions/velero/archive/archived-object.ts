/** Is what a member holds the object that its path says? Restores take the object's place from the path and its content from the member. */
import type { ArchivedObject, ArchivePath, ArchiveProblem } from './archive-facts.ts';
import { groupResource } from './archive-path.ts';
import type { Problems } from './archive-problems.ts';

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface ObjectReader {
  /** The object of a canonical copy, or what is wrong with it. */
  read(path: string, at: ArchivePath, content: Buffer): { readonly object: ArchivedObject } | { readonly problem: ArchiveProblem };
}

export function objectReader(problems: Problems): ObjectReader {
  const kinds = kindsByResource(problems);
  return {
    read(path, at, content) {
      const wrong = (kind: 'not-json' | 'wrong-name', message: string) => ({
        problem: { kind, place: path, message, fatal: false } as const,
      });
      const body = parse(content);
      if (!isRecord(body)) return wrong('not-json', `its ${content.length} bytes are no JSON object`);
      const { apiVersion, kind, metadata } = body;
      if (
        typeof apiVersion !== 'string' ||
        typeof kind !== 'string' ||
        kind === '' ||
        !isRecord(metadata) ||
        typeof metadata.name !== 'string'
      )
        return wrong('not-json', 'it has no apiVersion, kind or metadata.name: it is no Kubernetes object');
      const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
      const namespace = typeof metadata.namespace === 'string' && metadata.namespace !== '' ? metadata.namespace : undefined;
      const expectedKind = kinds.expected(path, at, kind);
      if (metadata.name !== at.name || namespace !== at.namespace || group !== at.group || kind !== expectedKind) {
        const found = [apiVersion, kind, named(namespace, metadata.name)].map((text) => text.slice(0, 120)).join(' ');
        return wrong(
          'wrong-name',
          `it holds ${found}, expected a ${expectedKind} of ${groupResource(at)} named ${named(at.namespace, at.name)}`,
        );
      }
      const { version: _version, preferred: _preferred, ...place } = at;
      return { object: { ...place, path, apiVersion, kind, body, size: content.length } };
    },
  };
}

/** What a parser says of a text quotes it, so nothing of its error is kept: Secrets lie here. */
function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}

const named = (namespace: string | undefined, name: string): string => (namespace === undefined ? name : `${namespace}/${name}`);

/** A kind's resource as Kubernetes guesses it (k8s.io/apimachinery pkg/api/meta/restmapper.go, UnsafeGuessKindToResource). */
function guessedResource(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('endpoints')) return singular;
  if (singular.endsWith('s')) return `${singular}es`;
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

/**
 * Which kind a resource's objects have. A path names the resource only, and a CRD may call its plural anything: where a kind's plural is the usual
 * one that is the kind, else all objects of one resource have the kind of the first.
 */
function kindsByResource(problems: Problems) {
  const kinds = new Map<string, { readonly kind: string; readonly path: string; count: number }>();
  return {
    expected(path: string, at: ArchivePath, kind: string): string {
      const key = groupResource(at);
      const known = kinds.get(key);
      if (known?.kind === kind) known.count += 1;
      if (known && (guessedResource(kind) !== at.resource || guessedResource(known.kind) === at.resource)) return known.kind;
      if (known && known.kind !== kind) {
        const message = `it holds a ${known.kind.slice(0, 120)}, expected a ${kind.slice(0, 120)} of ${key}`;
        problems.add({ kind: 'wrong-name', place: known.path, message, fatal: false });
        problems.count('wrong-name', known.count - 1);
      }
      kinds.set(key, { kind, path, count: 1 });
      return kind;
    },
  };
}
