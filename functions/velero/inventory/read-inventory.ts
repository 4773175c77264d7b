/** A location's backups by one listing and their velero-backup.json: what is cheap enough to look at every night, however many there are. */
import pLimit from 'p-limit';
import { type Backup, startedAt } from '../backup.ts';
import { backupOfKey } from '../layout.ts';
import { type Folder, type ObjectStore, type StoredObject, StoreError } from '../store/object-store.ts';
import { addFile, type PackedFiles, pack, packedFiles, unpackFiles } from '../store/packed-files.ts';
import { readKnown, sharedParts, writeKnown } from './known-backups.ts';
import { type ParsedMetadata, parseBackupMetadata } from './parse-backup-metadata.ts';

export interface Inventory {
  /** At the top of the location, without slashes. */
  readonly topFolders: readonly string[];
  /** Newest first, by their start. */
  readonly backups: readonly Backup[];
  /** For the next run: becomes JSON as it is written, so that it is not held twice. */
  readonly known: unknown;
}

export interface InventoryOptions {
  /** What the last inventory of this location gave. */
  readonly known: unknown;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly objects: number; readonly resource: string }) => void;
}

/** How many velero-backup.json are asked for at once, beside the listing. */
const readsAtOnce = 16;

/** A velero-backup.json has some 5 KB; what is larger than this is none. */
const mostBytes = 10 << 20;

/** A folder while it is listed. */
interface Found {
  readonly packed: PackedFiles;
  strangers: StoredObject[];
  bytes: number;
  lastModified: number;
  /** Of its velero-backup.json. */
  read?: ParsedMetadata;
}

/**
 * Lists `backups/`, and reads each velero-backup.json that is not known by its ETag, while the next page is asked for. Throws the StoreError of
 * the listing; what goes wrong with one backup is that backup's `trouble`.
 */
export async function readInventory(store: ObjectStore, { known, signal, onProgress }: InventoryOptions): Promise<Inventory> {
  const before = readKnown(known);
  let objects = 0;
  const limit = pLimit(readsAtOnce);
  const shared = sharedParts();
  const readOne = async ({ backup, folder }: Noted, object: StoredObject): Promise<void> => {
    const parsed = await readMetadata(store, object, signal);
    folder.read = 'metadata' in parsed ? { metadata: shared.share(parsed.metadata) } : parsed;
    objects += 1;
    onProgress?.({ objects, resource: backup });
  };
  const found = new Map<string, Found>();
  /** Gives those of a page to be read. */
  const readPage = (page: readonly StoredObject[]): Promise<unknown> => {
    const reads: Promise<void>[] = [];
    const folders = new Set<Found>();
    for (const object of page) {
      const noted = note(found, object);
      if (!noted) continue;
      const { backup, folder, isMetadata } = noted;
      folders.add(folder);
      if (!isMetadata) continue;
      const earlier = before.get(backup);
      if (earlier?.etag !== object.etag) reads.push(limit(readOne, noted, object));
      else {
        folder.read = { metadata: shared.share(earlier.metadata) };
        objects += 1;
      }
    }
    for (const { packed } of folders) pack(packed);
    return Promise.all(reads);
  };
  const [top] = await Promise.all([store.folder('', signal), aPageAhead(store.list('backups/', signal), readPage)]);
  return inventoryOf(top, found);
}

/** Apart from the reading: what is written later would hold on to all that it needed. */
function inventoryOf({ folders }: Folder, found: ReadonlyMap<string, Found>): Inventory {
  const backups = [...found].map(([name, folder]) => backupOf(name, folder));
  backups.sort((a, b) => startedAt(b) - startedAt(a) || (a.name < b.name ? -1 : 1));
  return { topFolders: folders, backups, known: knownBy(backups) };
}

const knownBy = (backups: readonly Backup[]): unknown => ({ toJSON: () => writeKnown(backups) });

/** The next page is asked for while one is worked on; not the one after that, so that what waits to be read stays little. */
async function aPageAhead<T>(pages: AsyncIterable<T>, work: (page: T) => Promise<unknown>): Promise<void> {
  let working: Promise<unknown> = Promise.resolve();
  try {
    for await (const page of pages) {
      await working;
      working = work(page);
      // Awaited only after the next page came; until then nobody listens.
      working.catch(() => undefined);
    }
  } finally {
    await working;
  }
}

interface Noted {
  readonly backup: string;
  readonly folder: Found;
  readonly isMetadata: boolean;
}

/** Of nearly all folders: ten thousand empty lists are worth a megabyte. */
const noStrangers: StoredObject[] = [];

/** Puts an object into its backup's folder. */
function note(found: Map<string, Found>, object: StoredObject): Noted | undefined {
  const place = backupOfKey(object.key);
  if (!place) return undefined;
  const { backup, kind } = place;
  let folder = found.get(backup);
  if (!folder) {
    folder = { packed: packedFiles(), strangers: noStrangers, bytes: 0, lastModified: 0 };
    // As part of the key the name would keep the whole of it.
    found.set(Buffer.from(backup).toString(), folder);
  }
  folder.bytes += object.size;
  folder.lastModified = Math.max(folder.lastModified, object.lastModified);
  if (kind) addFile(folder.packed, kind, object);
  else if (folder.strangers === noStrangers) folder.strangers = [object];
  else folder.strangers.push(object);
  return { backup, folder, isMetadata: kind === 'metadata' };
}

/** What could not be had is unknown; that it was there a moment ago and is gone means that somebody deletes or replaces it. */
async function readMetadata(store: ObjectStore, { key, etag }: StoredObject, signal: AbortSignal): Promise<ParsedMetadata> {
  try {
    return parseBackupMetadata(await store.read(key, { signal, etag, mostBytes }));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const gone = error.reason === 'missing' ? `${key} was listed, and gone when it was read` : `${key}: ${error.message}`;
    return { trouble: { unknown: true, message: gone, remedy: error.remedy } };
  }
}

/** What is in a backup's folder, packed. */
const packedText = Symbol('packed files');

const filesGetter: PropertyDescriptor & ThisType<{ readonly name: string; readonly [packedText]: string }> = {
  enumerable: true,
  configurable: true,
  get() {
    return unpackFiles(this.name, this[packedText]);
  },
};

/** One getter for all, added and never put in the place of a value: whatever else costs each backup as much as its files. */
function backupOf(name: string, { packed, strangers, bytes, lastModified, read }: Found): Backup {
  const backup: Omit<Backup, 'files'> = { name, strangers, bytes, lastModified, ...read };
  Object.defineProperty(backup, packedText, { value: pack(packed) });
  return Object.defineProperty(backup, 'files', filesGetter) as Backup;
}
