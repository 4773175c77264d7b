/** Archives as a test wants them: genuine ones, taken apart and put together again with a fault in them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import type { ArchivedObject, ArchiveEnd } from '../../functions/velero/archive/archive-facts.ts';
import { type ReadArchive, readArchive } from '../../functions/velero/archive/read-archive.ts';

export const genuine = (backup: 'full-1' | 'shop-1'): Buffer =>
  readFileSync(join(import.meta.dirname, 'bucket', 'backups', backup, `${backup}.tar.gz`));

export interface Entry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly type?: 'file' | 'link' | 'symlink' | 'directory' | 'block-device' | 'character-device' | 'fifo' | 'contiguous-file';
  readonly linkname?: string;
  readonly mtime?: Date;
}

/** The members of a packed archive, in their order. */
export async function entriesOf(packed: Uint8Array): Promise<Entry[]> {
  const entries: Entry[] = [];
  const tar = extract();
  tar.end(gunzipSync(packed));
  for await (const entry of tar) {
    const parts: Buffer[] = [];
    for await (const part of entry) if (Buffer.isBuffer(part)) parts.push(part);
    entries.push({ name: entry.header.name, mtime: entry.header.mtime, content: Buffer.concat(parts) });
  }
  return entries;
}

const written = new Date('2026-11-23T19:41:17Z');

/** Not packed. */
export async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  const whole = buffer(tar);
  for (const { name, content = '', type = 'file', linkname, mtime = written } of entries) {
    if (type === 'file' || type === 'contiguous-file') tar.entry({ name, type, mode: 0o755, mtime }, content);
    else tar.entry({ name, type, mode: 0o755, mtime, ...(linkname !== undefined && { linkname }) });
  }
  tar.finalize();
  return whole;
}

export const archiveOf = async (entries: readonly Entry[]): Promise<Buffer> => gzipSync(await tarOf(entries));

export const json = (value: unknown): string => JSON.stringify(value);

/** Both copies of an object, as Velero writes them; `where` is `namespaces/NS` or `cluster`. */
export function twins(
  resource: string,
  where: string,
  object: { readonly apiVersion: string; readonly metadata: { readonly name: string } },
): Entry[] {
  const version = object.apiVersion.split('/').at(-1) ?? '';
  const content = json(object);
  return [
    { name: `resources/${resource}/${where}/${object.metadata.name}.json`, content },
    { name: `resources/${resource}/${version}-preferredversion/${where}/${object.metadata.name}.json`, content },
  ];
}

export const configMap = (name: string, namespace = 'shop', more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  ...more,
});
export const configMapTwins = (name: string, namespace = 'shop', more: object = {}): Entry[] =>
  twins('configmaps', `namespaces/${namespace}`, configMap(name, namespace, more));

export const version: Entry = { name: 'metadata/version', content: '1.1.0\n' };

/** The packed side in pieces of this size. */
export async function* inPieces(packed: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < packed.length; at += size) {
    await undefined;
    yield packed.subarray(at, at + size);
  }
}

export interface Reading {
  readonly end: ArchiveEnd;
  /** Paths, in their order. */
  readonly seen: readonly string[];
}
export async function reading(packed: Uint8Array, options: Partial<ReadArchive> & { readonly pieces?: number } = {}): Promise<Reading> {
  const seen: string[] = [];
  const { pieces, ...more } = options;
  const see = ({ path }: ArchivedObject) => void seen.push(path);
  const end = await readArchive(inPieces(packed, pieces), { see, signal: new AbortController().signal, ...more });
  return { end, seen };
}

/** `kind place: message`, of each problem. */
export const faults = ({ problems }: ArchiveEnd): string[] => problems.map(({ kind, place, message }) => `${kind} ${place}: ${message}`);
