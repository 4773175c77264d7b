/** A location on disk: a copy of a bucket, of one backup's folder, or a single tarball. Read only. */
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open as openFile, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf } from '../../cluster/connection-errors.ts';
import { bytesOf } from './bytes-of.ts';
import { type Mounted, mountedAt } from './mounted-at.ts';
import { type Folder, type ObjectStore, type ReadOptions, type StoredObject, StoreError } from './object-store.ts';
import type { Traffic } from './traffic.ts';

/** Beside the store itself, what the path told. */
export interface DirectoryObjectStore extends ObjectStore {
  /** The only backup, where the path is that of one. */
  readonly backupName?: string;
}

/**
 * `path`: a folder that is laid out like the bucket (it holds backups/), the folder of one backup, or its tarball, NAME.tar.gz. Links that lead
 * out of it are not followed. Throws PlaceError where it is none of them. Files and folders that are opened count as requests.
 */
export async function directoryObjectStore(path: string): Promise<DirectoryObjectStore> {
  const mounted = await mountedAt(path);
  const disk: Disk = { ...mounted, traffic: { requests: 0, bytes: 0 } };
  return {
    location: path,
    ...(mounted.backupName !== undefined && { backupName: mounted.backupName }),
    list: (folder, signal) => inPages(below(disk, folder, signal)),
    async folder(folder, signal): Promise<Folder> {
      const entries = await entriesOf(disk, folder, signal);
      return {
        folders: entries.flatMap(({ name, object }) => (object ? [] : [name])),
        objects: entries.flatMap(({ object }) => object ?? []),
      };
    },
    read: (key, { mostBytes, ...options }) => bytesOf(opened(disk, key, options), join(path, key), mostBytes),
    open: (key, options) => opened(disk, key, options),
    traffic: () => ({ ...disk.traffic }),
  };
}

interface Disk extends Mounted {
  readonly traffic: Traffic;
}

async function* inPages(objects: AsyncIterable<StoredObject>): AsyncGenerator<readonly StoredObject[], void, undefined> {
  let page: StoredObject[] = [];
  for await (const object of objects) {
    page.push(object);
    if (page.length < 1_000) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** What lies directly in a folder; without `object` it is a folder. */
interface Entry {
  readonly name: string;
  readonly object?: StoredObject;
}

/** `above`: the folders, without links, that it was reached through: a link to one of them would lead in a circle. */
async function* below(
  disk: Disk,
  folder: string,
  signal: AbortSignal,
  above: readonly string[] = [],
): AsyncGenerator<StoredObject, void, undefined> {
  const real = (await realPlace(disk, folder)) ?? folder;
  if (above.includes(real)) return;
  for (const { name, object } of await entriesOf(disk, folder, signal)) {
    if (object) yield object;
    else yield* below(disk, `${folder}${name}/`, signal, [...above, real]);
  }
}

/** In the order of S3, which compares whole keys byte by byte: `a-b` goes before what lies in `a`. */
async function entriesOf(disk: Disk, folder: string, signal: AbortSignal): Promise<readonly Entry[]> {
  if (signal.aborted) throw outOfTime(folder);
  const { base, only } = disk;
  if (base.startsWith(folder) && base !== folder) return [{ name: base.slice(folder.length).split('/', 1)[0] ?? '' }];
  const names = only && folder === base ? [only.name] : await namesIn(disk, folder);
  const entries = await Promise.all(names.map((name) => entryAt(disk, folder, name)));
  const sortKey = ({ name, object }: Entry) => Buffer.from(object ? name : `${name}/`);
  return entries
    .flatMap((entry) => (entry ? [{ entry, key: sortKey(entry) }] : []))
    .sort((one, other) => Buffer.compare(one.key, other.key))
    .map(({ entry }) => entry);
}

/** A folder that is not there is empty, as in S3. */
async function namesIn(disk: Disk, folder: string): Promise<readonly string[]> {
  const place = await realPlace(disk, folder);
  if (place === undefined) return [];
  disk.traffic.requests += 1;
  return (await orNothing(readdir(place), place)) ?? [];
}

/** Nothing for what is neither file nor folder, has gone meanwhile, or leads out of the root. */
async function entryAt(disk: Disk, folder: string, name: string): Promise<Entry | undefined> {
  const key = `${folder}${name}`;
  const place = await realPlace(disk, key);
  const status = place === undefined ? undefined : await orNothing(stat(place, { bigint: true }), place);
  if (status?.isDirectory()) return { name };
  if (!status?.isFile()) return undefined;
  return { name, object: { key, size: Number(status.size), etag: etagOf(status), lastModified: Number(status.mtimeMs) } };
}

/** Where on disk a key or folder lies, links followed; undefined where that is nowhere below the root. */
async function realPlace({ root, base, only }: Disk, key: string): Promise<string | undefined> {
  if (!key.startsWith(base)) return undefined;
  const parts = key.slice(base.length).replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '..' || part === '.')) return undefined;
  if (only) return parts.join('/') === only.name ? join(root, only.file) : undefined;
  const place = join(root, ...parts);
  const real = await orNothing(realpath(place), place);
  return real !== undefined && (real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) ? real : undefined;
}

/** Another file under the name, another length or time of writing is another version. */
const etagOf = ({ ino, size, mtimeNs }: BigIntStats): string => `${ino}-${size}-${mtimeNs}`;

async function* opened(disk: Disk, key: string, { signal, etag }: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const place = await realPlace(disk, key);
  if (place === undefined) throw notThere(key);
  if (signal.aborted) throw outOfTime(key);
  disk.traffic.requests += 1;
  let handle: FileHandle | undefined;
  try {
    // Opening a pipe would wait for whoever writes into it.
    if (!(await stat(place)).isFile()) throw notThere(key);
    handle = await openFile(place);
    const version = etagOf(await handle.stat({ bigint: true }));
    if (etag !== undefined && version !== etag) throw changed(key);
    for await (const chunk of handle.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })) {
      const bytes: Uint8Array = chunk;
      disk.traffic.bytes += bytes.length;
      yield bytes;
      if (signal.aborted) throw outOfTime(key);
    }
    if (etagOf(await handle.stat({ bigint: true })) !== version) throw changed(key);
  } catch (error) {
    throw diskError(error, key);
  } finally {
    await handle?.close();
  }
}

/** Undefined for what is not there; what may not be seen is denied, never missing. */
async function orNothing<T>(work: Promise<T>, place: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return undefined;
    throw diskError(error, place);
  }
}

const outOfTime = (place: string) => new StoreError('budget', `${place}: the time was spent before it was read`, 'give the run more time');
const notThere = (key: string) => new StoreError('missing', `${key}: there is no such file`, 'is the copy of the bucket whole?');
const changed = (key: string) => new StoreError('changed', `${key} was written anew while it was read`, 'run again when its copy is whole');

function diskError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error) ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return new StoreError('missing', `${place}: there is no such file`, 'is the copy whole?');
  const denied = code === 'EACCES' || code === 'EPERM';
  const remedy = denied ? `ls -l ${place}: may this user read it?` : 'is the disk in order? Look at the system’s log';
  return new StoreError(denied ? 'denied' : 'unreachable', `${place} cannot be read (${code})`, remedy, { cause: error });
}
