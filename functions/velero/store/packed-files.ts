/**
 * The files of a backup’s folder, kept small: a location of 10,000 backups has 90,000, of which a run looks closely at a few. Their keys follow
 * from their kinds, so one text holds the rest of all of them, and the objects are made when they are asked for.
 */
import type { Backup } from '../backup.ts';
import { type BackupFileKind, backupFileKinds, backupKey } from '../layout.ts';
import type { StoredObject } from './object-store.ts';

/** Data alone: functions of its own would cost each folder as much as its files. */
export interface PackedFiles {
  text: string;
  /** Not yet in the text. */
  lines: string[];
}

export const packedFiles = (): PackedFiles => ({ text: '', lines: none });
const none: string[] = [];

/** No tag and no storage class holds one. */
const [between, end] = ['\t', '\n'];

export function addFile(packed: PackedFiles, kind: BackupFileKind, { size, etag, lastModified, storageClass = '' }: StoredObject): void {
  if (packed.lines === none) packed.lines = [];
  packed.lines.push([backupFileKinds.indexOf(kind), size, lastModified, etag, storageClass].join(between));
}

/** Frees what adding needed, once a folder is through. All in one: a text that grows bit by bit keeps all its bits. */
export function pack(packed: PackedFiles): string {
  if (packed.lines.length > 0) packed.text = [...(packed.text === '' ? [] : [packed.text]), ...packed.lines].join(end);
  packed.lines = none;
  return packed.text;
}

/** New objects at each call. */
export function unpackFiles(backup: string, text: string): Backup['files'] {
  const files: Partial<Record<BackupFileKind, StoredObject>> = {};
  for (const line of text.split(end)) {
    const [index, size, lastModified, etag = '', storageClass = ''] = line.split(between);
    const kind = backupFileKinds[Number(index || -1)];
    if (!kind) continue;
    const times = { size: Number(size), etag, lastModified: Number(lastModified) };
    files[kind] = { key: backupKey(backup, kind), ...times, ...(storageClass !== '' && { storageClass }) };
  }
  return files;
}
