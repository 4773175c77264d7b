/** A location in memory, for tests: it lists, reads and fails as a store is told to by its contract. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Folder,
  type ObjectStore,
  type ReadOptions,
  type StoredObject,
  StoreError,
} from '../../functions/velero/store/object-store.ts';

/** By key, or a folder as it is listed (`backups/`; the empty text: the top): what is thrown, told anew at each request. */
export type Faults = Readonly<Record<string, (attempt: number) => Error | undefined>>;

export interface MemoryOptions {
  /** In ms: of all, or of each by its key (then 0 is that of the others). */
  readonly lastModified?: number | Readonly<Record<string, number>>;
  readonly storageClass?: Readonly<Record<string, string>>;
  readonly faults?: Faults;
  /** How many keys a page of a listing has; S3 has 1,000. */
  readonly pageSize?: number;
  readonly location?: string;
}

/** What was asked for, in its order: `list backups/`, `folder `, `read KEY`, `open KEY`; each page of a listing is one. */
export interface MemoryObjectStore extends ObjectStore {
  readonly requests: readonly string[];
  /** The objects as they are listed. */
  readonly objects: readonly StoredObject[];
}

const bytesOf = (content: Uint8Array | string): Uint8Array => (typeof content === 'string' ? Buffer.from(content) : content);
const tagOf = (content: Uint8Array): string => createHash('md5').update(content).digest('hex');

/** As S3 with the delimiter `/`: the marker of an empty folder (a key that ends in a slash) makes a folder too. */
const directlyIn = (objects: readonly StoredObject[], keys: Iterable<string>, folder: string): Folder => {
  const below = [...keys].filter((key) => key.startsWith(folder)).map((key) => key.slice(folder.length));
  const folders = new Set(below.filter((key) => key.includes('/')).map((key) => key.slice(0, key.indexOf('/'))));
  return {
    folders: [...folders].toSorted(),
    objects: objects.filter(({ key }) => key.startsWith(folder) && !key.slice(folder.length).includes('/')),
  };
};

/** A location of these files by key. */
export const memoryObjectStore = (files: Readonly<Record<string, Uint8Array | string>>, options: MemoryOptions = {}): MemoryObjectStore => {
  const { lastModified = 0, storageClass = {}, faults = {}, pageSize = 1000, location = 's3://backups' } = options;
  const contents = new Map(Object.entries(files).map(([key, content]) => [key, bytesOf(content)]));
  const objects = [...contents]
    .filter(([key]) => !key.endsWith('/'))
    .map(([key, content]): StoredObject => {
      const modified = typeof lastModified === 'number' ? lastModified : (lastModified[key] ?? 0);
      const archived = storageClass[key];
      return { key, size: content.length, etag: tagOf(content), lastModified: modified, ...(archived ? { storageClass: archived } : {}) };
    })
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const requests: string[] = [];
  const attempts = new Map<string, number>();
  let bytes = 0;
  const ask = (verb: string, what: string, signal: AbortSignal): void => {
    if (signal.aborted) throw new StoreError('budget', `the time was spent before ${what} was read`, 'run it again');
    requests.push(`${verb} ${what}`);
    const attempt = (attempts.get(what) ?? 0) + 1;
    attempts.set(what, attempt);
    const fault = faults[what]?.(attempt);
    if (fault) throw fault;
  };
  const contentOf = (key: string, { etag }: ReadOptions): Uint8Array => {
    const content = contents.get(key);
    if (!content) throw new StoreError('missing', `${key} is not there`, 'look at the bucket');
    if (etag !== undefined && etag !== tagOf(content)) throw new StoreError('changed', `${key} was rewritten meanwhile`, 'run it again');
    bytes += content.length;
    return content;
  };
  return {
    location,
    requests,
    objects,
    async *list(folder, signal) {
      const listed = objects.filter(({ key }) => key.startsWith(folder));
      for (let at = 0; at === 0 || at < listed.length; at += pageSize) {
        await undefined;
        ask('list', folder, signal);
        yield listed.slice(at, at + pageSize);
      }
    },
    async folder(folder, signal) {
      ask('folder', folder, signal);
      return directlyIn(objects, contents.keys(), folder);
    },
    async read(key, read) {
      ask('read', key, read.signal);
      const content = contentOf(key, read);
      if (content.length > read.mostBytes) throw new StoreError('too-large', `${key} has ${content.length} bytes`, 'look at it');
      return content;
    },
    async *open(key, read) {
      ask('open', key, read.signal);
      const content = contentOf(key, read);
      for (let at = 0; at < content.length; at += 65_536) {
        if (read.signal.aborted) throw new StoreError('budget', `the time was spent while ${key} was read`, 'run it again');
        yield content.subarray(at, at + 65_536);
      }
    },
    traffic: () => ({ requests: requests.length, bytes }),
  };
};

/** All files of a folder that is laid out like a location, by key; the genuine bucket where none is named. */
export const bucketFiles = (folder = join(import.meta.dirname, 'bucket')): Record<string, Uint8Array> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name.replaceAll('\\', '/'), new Uint8Array(readFileSync(join(folder, name)))]),
  );
