/** A folder, a file or a stream of manifests as a source: what a cluster shall be, or, with status, what one was. */
import { type Batch, type End, NotApplicable, type Read, type Source } from '../scan/contracts.ts';
import { isCustomGroup } from './kinds.ts';
import { type Manifest, manifests } from './manifest-documents.ts';
import { ManifestError } from './manifest-error.ts';
import { manifestTexts } from './manifest-files.ts';
import { newestTime } from './newest-time.ts';

/** All that was found. */
interface Folder {
  /** By group/kind. */
  readonly objects: Map<string, Manifest[]>;
  /** group/kind of each CustomResourceDefinition. */
  readonly defined: Set<string>;
  readonly seen: Set<string>;
  newest: number | undefined;
  stateful: boolean;
  characters: number;
}

/**
 * Reads all manifests of `path` (`-`: standard input). Each object counts once, the first time it comes. Throws ManifestError: no such
 * file, nothing in it, or not valid YAML or JSON, with file and line.
 */
export async function openManifests(path: string, stdin: NodeJS.ReadableStream = process.stdin): Promise<Source> {
  const present = Date.now();
  const folder: Folder = { objects: new Map(), defined: new Set(), seen: new Set(), newest: undefined, stateful: false, characters: 0 };
  const name = path === '-' ? 'standard input' : path;
  for await (const file of manifestTexts(path, stdin)) {
    folder.characters += file.text.length;
    for (const object of manifests(file)) add(folder, object, present);
  }
  if (folder.objects.size === 0) throw new ManifestError('there is no Kubernetes object in it (each has apiVersion and kind)', name);
  return {
    kind: 'manifests',
    name,
    now: folder.newest ?? present,
    ...(!folder.stateful && { stateless: 'these manifests hold no status: they say what is wanted, not what is' }),
    read: (reads, signal) => readAll(folder, reads, signal),
    probe: async (probed) => {
      throw new NotApplicable(`${path === '-' ? 'a stream' : 'a folder'} of manifests has no ${probed}`);
    },
    traffic: () => ({ requests: 0, bytes: folder.characters }),
    close: async () => undefined,
  };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function add(folder: Folder, object: Manifest, present: number): void {
  const { apiVersion, kind, metadata } = object;
  const key = `${groupOf(apiVersion)}/${kind}`;
  const keys = [
    ...(metadata?.uid ? [`uid ${metadata.uid}`] : []),
    ...(metadata?.name ? [`${key}/${metadata.namespace ?? ''}/${metadata.name}`] : []),
  ];
  if (keys.some((each) => folder.seen.has(each))) return;
  for (const each of keys) folder.seen.add(each);
  const same = folder.objects.get(key);
  if (same === undefined) folder.objects.set(key, [object]);
  else same.push(object);
  if (kind === 'CustomResourceDefinition') folder.defined.add(definedBy(object));
  const newest = newestTime(object, present);
  if (newest !== undefined && newest > (folder.newest ?? 0)) folder.newest = newest;
  // Generated CRDs carry an empty status of their own.
  folder.stateful ||= Boolean(metadata?.uid) || (kind !== 'CustomResourceDefinition' && saysSomething(object.status));
}

function definedBy({ spec }: Manifest): string {
  const { group, names }: { readonly group?: unknown; readonly names?: { readonly kind?: unknown } | null } = spec ?? {};
  return `${group}/${names?.kind}`;
}

/** `status: {}` and `loadBalancer: {}` say nothing. */
function saysSomething(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some(saysSomething);
  return value !== undefined && value !== null && value !== '';
}

async function* readAll(folder: Folder, reads: readonly Read[], signal: AbortSignal): AsyncGenerator<Batch | End, void, undefined> {
  for (const read of reads) {
    if (signal.aborted) {
      const remedy = 'give the run more time';
      yield { read, objects: 0, state: 'failed', reason: 'budget', message: `${read.resource}: the time budget was spent`, remedy };
      continue;
    }
    const key = `${read.group}/${read.kind}`;
    const all = folder.objects.get(key) ?? [];
    const objects = read.namespace === undefined ? all : all.filter(({ metadata }) => metadata?.namespace === read.namespace);
    if (objects.length > 0) yield { read, objects };
    if (all.length === 0 && isCustomGroup(read.group) && !folder.defined.has(key)) {
      yield { read, objects: 0, state: 'absent', reason: `the manifests hold no ${read.kind} of ${read.group}` };
    } else {
      yield { read, objects: objects.length, state: 'complete' };
    }
  }
}
