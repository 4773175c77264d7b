/** When a tarball without its velero-backup.json was begun: Velero writes metadata/version first, with the time (velero pkg/backup/backup.go). */

import { gunzip } from '../archive/gunzip.ts';
import { type Backup, startedAt } from '../backup.ts';
import type { ObjectStore } from '../store/object-store.ts';

const headerBytes = 512;

/** In ms; that of the file where it cannot be told. Throws StoreError. */
export async function firstMemberTime(store: ObjectStore, backup: Backup, signal: AbortSignal): Promise<number> {
  const { key = '', etag = '' } = backup.files.contents ?? {};
  const header = await firstBytes(store.open(key, { signal, etag }));
  // mtime of a ustar header: octal, at 136.
  const seconds = Number.parseInt(header.subarray(136, 147).toString('latin1'), 8);
  return header.length === headerBytes && seconds > 0 ? seconds * 1000 : startedAt(backup);
}

async function firstBytes(packed: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of gunzip(packed).chunks) {
    parts.push(part);
    size += part.length;
    if (size >= headerBytes) break;
  }
  return Buffer.concat(parts).subarray(0, headerBytes);
}
