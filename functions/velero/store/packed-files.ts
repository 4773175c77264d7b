/**
 * The files of a backup’s folder, kept small: a location of 10,000 backups has 90,000, of which a run looks closely at a few. Their keys follow
 * from their kinds, so one text holds the rest of all of them, and the objects are made when they are asked for.
 */
import type { Backup } from '../backup.ts';
import { type BackupFileKind, backupFileKinds, backupKey } from '../layout.ts';
import type { StoredObject } from './object-store.ts';

export interface PackedFiles {
  add(kind: BackupFileKind, object: StoredObject): void;
  /** Frees what adding needed: once a folder is through. */
  pack(): void;
  /** New objects at each call. */
  unpack(): Backup['files'];
}

/** No tag and no storage class holds one. */
const [between, end] = ['\t', '\n'];

export function packedFiles(backup: string): PackedFiles {
  let packed = '';
  let lines: string[] = [];
  /** All in one: a text that grows bit by bit keeps all its bits. */
  const pack = (): string => {
    if (lines.length > 0) packed = [...(packed === '' ? [] : [packed]), ...lines].join(end);
    lines = [];
    return packed;
  };
  return {
    add(kind, { size, etag, lastModified, storageClass = '' }) {
      lines.push([backupFileKinds.indexOf(kind), size, lastModified, etag, storageClass].join(between));
    },
    unpack() {
      const files: Partial<Record<BackupFileKind, StoredObject>> = {};
      for (const line of pack().split(end)) {
        const [index, size, lastModified, etag = '', storageClass = ''] = line.split(between);
        const kind = backupFileKinds[Number(index || -1)];
        if (!kind) continue;
        const times = { size: Number(size), etag, lastModified: Number(lastModified) };
        files[kind] = { key: backupKey(backup, kind), ...times, ...(storageClass !== '' && { storageClass }) };
      }
      return files;
    },
    pack,
  };
}
