/**
 * What a listing of a kopia or restic repository tells, and the few small files that are no secret. Any number of blobs in constant memory.
 * Names: kopia repo/content/content_manager.go, internal/epoch/epoch_manager.go, repo/format; restic doc/design.rst.
 */
import { textOf } from '../../health-check/wire.ts';
import { isRecord } from '../archive/archived-object.ts';
import { type ObjectStore, type StoredObject, StoreError } from '../store/object-store.ts';
import type { RepositoryName } from './volume-data.ts';

/** A small file of the repository. */
export type RepositoryFile<T = object> =
  | ({ readonly state: 'read' } & T)
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly message: string }
  | { readonly state: 'unknown'; readonly message: string; readonly remedy: string };

/** How many, and the first few by their keys. */
export interface Some {
  readonly count: number;
  readonly keys: readonly string[];
}

interface Listed {
  readonly namespace: string;
  /** `kopia/shop/`. */
  readonly folder: string;
  /** Zero: there is no such repository. */
  readonly objects: number;
  readonly bytes: number;
  /** Of those that are data, index or settings: a repository writes none that are empty. */
  readonly empty: Some;
  /** In Glacier or Deep Archive: not readable before they are brought back. */
  readonly archived: Some;
}

export interface KopiaRepository extends Listed {
  readonly type: 'kopia';
  /** kopia.repository: JSON that is not encrypted. */
  readonly format: RepositoryFile<{ readonly uniqueId: string }>;
  /** udmrepo.Repository: Velero’s own, since 1.18. */
  readonly initialised: RepositoryFile<{ readonly uniqueId: string }>;
  readonly hasBlobSettings: boolean;
  /** p: files’ content. */
  readonly packs: number;
  /** q: folders and the snapshots’ manifests. */
  readonly metadataPacks: number;
  readonly indexes: number;
  /** In ms: when the newest q or index blob was written; what was uploaded before cannot lack one from then. */
  readonly newestWrite?: number;
}

export interface ResticRepository extends Listed {
  readonly type: 'restic';
  readonly hasConfig: boolean;
  readonly keys: number;
  readonly indexes: number;
  readonly packs: number;
  /** The whole names, 64 hex. */
  readonly snapshots: readonly string[];
}

export type Repository = KopiaRepository | ResticRepository;

const someKeys = 5;

export const repositoryFolder = ({ type, namespace }: RepositoryName): string => `${type}/${namespace}/`;

const byStore = new WeakMap<ObjectStore, Map<string, Promise<Repository>>>();

/** Lists it once for each store, however many backups claim it. Throws StoreError where the listing fails. */
export function readRepository(store: ObjectStore, name: RepositoryName, signal: AbortSignal): Promise<Repository> {
  const known = byStore.get(store) ?? new Map<string, Promise<Repository>>();
  byStore.set(store, known);
  const folder = repositoryFolder(name);
  const repository = known.get(folder) ?? (name.type === 'kopia' ? readKopia(store, name, signal) : readRestic(store, name, signal));
  known.set(folder, repository);
  return repository;
}

const kinds = [
  [/^p[0-9a-f]{32}/, 'pack'],
  [/^q[0-9a-f]{32}/, 'metadataPack'],
  [/^(x[nsr]\d|n[0-9a-f]{32})/, 'index'],
  [/^(kopia\.(repository|blobcfg)|udmrepo\.Repository)$/, 'settings'],
] as const;

type KopiaKind = (typeof kinds)[number][1];
const kopiaKind = (name: string): KopiaKind | undefined => kinds.find(([pattern]) => pattern.test(name))?.[1];

async function readKopia(store: ObjectStore, { namespace }: RepositoryName, signal: AbortSignal): Promise<KopiaRepository> {
  const folder = `kopia/${namespace}/`;
  const counted = counter();
  const counts = { pack: 0, metadataPack: 0, index: 0, settings: 0 };
  const settings = new Map<string, StoredObject>();
  let newestWrite: number | undefined;
  for await (const page of store.list(folder, signal)) {
    for (const object of page) {
      const name = object.key.slice(folder.length);
      const kind = kopiaKind(name);
      counted.add(object, kind !== undefined);
      if (kind === undefined) continue;
      counts[kind] += 1;
      if (kind === 'settings') settings.set(name, object);
      if (kind === 'index' || kind === 'metadataPack') newestWrite = Math.max(newestWrite ?? 0, object.lastModified);
    }
  }
  const file = (name: string) => readUniqueId(store, settings.get(name), signal);
  return {
    type: 'kopia',
    namespace,
    folder,
    ...counted.result(),
    format: await file('kopia.repository'),
    initialised: await file('udmrepo.Repository'),
    hasBlobSettings: settings.has('kopia.blobcfg'),
    packs: counts.pack,
    metadataPacks: counts.metadataPack,
    indexes: counts.index,
    ...(newestWrite !== undefined && { newestWrite }),
  };
}

/** `restic/NAMESPACE/` holds config, keys/, index/, snapshots/, locks/ and data/<2hex>/. */
async function readRestic(store: ObjectStore, { namespace }: RepositoryName, signal: AbortSignal): Promise<ResticRepository> {
  const folder = `restic/${namespace}/`;
  const counted = counter();
  const counts: Record<string, number> = { config: 0, keys: 0, index: 0, data: 0 };
  const snapshots: string[] = [];
  for await (const page of store.list(folder, signal)) {
    for (const object of page) {
      const [part = '', ...rest] = object.key.slice(folder.length).split('/');
      const name = rest.at(-1) ?? '';
      const isPart = part === 'config' ? rest.length === 0 : isContentName(name) && part !== 'locks';
      counted.add(object, isPart);
      if (!isPart) continue;
      if (part === 'snapshots') snapshots.push(name);
      else if (part in counts) counts[part] = (counts[part] ?? 0) + 1;
    }
  }
  const { config = 0, keys = 0, index = 0, data = 0 } = counts;
  const found = { hasConfig: config > 0, keys, indexes: index, packs: data, snapshots };
  return { type: 'restic', namespace, folder, ...counted.result(), ...found };
}

/** restic calls every file but `config` by the SHA-256 of its content. */
export const isContentName = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

/** GLACIER_IR and the infrequent-access classes are read like any other. */
const isArchived = ({ storageClass }: StoredObject): boolean => storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';

function counter() {
  const some = () => ({ count: 0, keys: [] as string[] });
  const [empty, archived] = [some(), some()];
  let [objects, bytes] = [0, 0];
  const note = (to: { count: number; keys: string[] }, key: string) => {
    to.count += 1;
    if (to.keys.length < someKeys) to.keys.push(key);
  };
  return {
    add(object: StoredObject, counts: boolean): void {
      objects += 1;
      bytes += object.size;
      if (counts && object.size === 0) note(empty, object.key);
      if (counts && isArchived(object)) note(archived, object.key);
    },
    result: () => ({ objects, bytes, empty, archived }),
  };
}

/** kopia’s is 1 KB, Velero’s 60 bytes. */
const mostBytes = 65_536;

async function readUniqueId(
  store: ObjectStore,
  object: StoredObject | undefined,
  signal: AbortSignal,
): Promise<RepositoryFile<{ readonly uniqueId: string }>> {
  if (!object) return { state: 'absent' };
  try {
    const content = await store.read(object.key, { signal, mostBytes });
    return parseUniqueId(object.key, new TextDecoder().decode(content));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.reason === 'missing') return { state: 'absent' };
    if (error.reason === 'too-large') return { state: 'damaged', message: `${object.key} has ${object.size} bytes, expected about 1,000` };
    return { state: 'unknown', message: error.message, remedy: error.remedy };
  }
}

function parseUniqueId(key: string, text: string): RepositoryFile<{ readonly uniqueId: string }> {
  try {
    const parsed: unknown = JSON.parse(text);
    const uniqueId = isRecord(parsed) ? textOf(parsed.uniqueID) : undefined;
    return uniqueId === undefined ? { state: 'damaged', message: `${key} has no uniqueID` } : { state: 'read', uniqueId };
  } catch {
    return { state: 'damaged', message: `${key} is not JSON (${text.length} characters)` };
  }
}
