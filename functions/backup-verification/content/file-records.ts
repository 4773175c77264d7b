/** The files of backups as they were when they were first found good. JSON, kept between runs. */
import * as z from 'zod';
import type { Backup } from '../../velero/backup.ts';
import { type BackupFileKind, backupFileKinds } from '../../velero/layout.ts';

const fileRecord = z.object({
  etag: z.string(),
  /** In ms. */
  lastModified: z.number(),
  size: z.number(),
  /** Hex, of the file as it lies there; absent of what was not read. */
  sha256: z.string().optional(),
});
export type FileRecord = z.output<typeof fileRecord>;
const backupRecord = z.object({
  backup: z.string(),
  /** When it was found good, RFC 3339. */
  at: z.string(),
  files: z.partialRecord(z.enum(backupFileKinds as [BackupFileKind, ...BackupFileKind[]]), fileRecord),
});
export type BackupRecord = z.output<typeof backupRecord>;

/** None where they cannot be understood. */
export const readRecords = (memory: unknown): readonly BackupRecord[] => z.array(backupRecord).safeParse(memory).data ?? [];

export const recordOf = (backup: Backup, at: string, hashes: Readonly<Partial<Record<BackupFileKind, string>>>): BackupRecord => ({
  backup: backup.name,
  at,
  files: Object.fromEntries(
    Object.entries(backup.files).map(([kind, { etag, lastModified, size }]) => {
      const sha256 = hashes[kind as BackupFileKind];
      return [kind, { etag, lastModified, size, ...(sha256 !== undefined && { sha256 }) }];
    }),
  ),
});

/**
 * `silent`: the content is another under the same version, which no write does. `rewritten`: another content, or one that was not read, under a
 * new version. `same`: the bytes are those that were there, or nothing says otherwise.
 */
export type Change = 'same' | 'silent' | 'rewritten';

export function changeOf(before: FileRecord, now: FileRecord): Change {
  const isSameVersion = before.etag === now.etag && before.lastModified === now.lastModified;
  if (before.sha256 !== undefined && now.sha256 !== undefined) {
    if (before.sha256 === now.sha256) return 'same';
    return isSameVersion ? 'silent' : 'rewritten';
  }
  if (isSameVersion) return before.size === now.size ? 'same' : 'silent';
  return 'rewritten';
}
