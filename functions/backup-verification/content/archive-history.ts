/** What archives held that were found good, by schedule: what a later one is measured by. JSON, kept between runs. */
import { hash } from 'node:crypto';
import * as z from 'zod';
import type { ArchiveEnd } from '../../velero/archive/archive-facts.ts';
import { type Backup, type BackupSpec, startedAt } from '../../velero/backup.ts';

const held = z.object({
  backup: z.string(),
  /** In ms. */
  startedAt: z.number(),
  objects: z.number(),
  /** By resource.group. */
  kinds: z.record(z.string(), z.number()),
  /** Absent where there are too many to keep. */
  namespaces: z.array(z.string()).optional(),
});
export type Held = z.output<typeof held>;
const scheduleHistory = z.object({
  /** What was asked for; of another request nothing is compared. */
  spec: z.string(),
  /** The last good ones, newest first. */
  good: z.array(held),
  /** When the first of those began that hold less, in ms. */
  lessSince: z.number().optional(),
});
export type ScheduleHistory = z.output<typeof scheduleHistory>;
const histories = z.record(z.string(), scheduleHistory);

/** By schedule; none where it cannot be understood. */
export const readHistories = (memory: unknown): Readonly<Record<string, ScheduleHistory>> => histories.safeParse(memory).data ?? {};

/** More names than this are not kept. */
const mostNamespaces = 200;

export function heldBy(backup: Backup, end: ArchiveEnd, isIgnored: (kind: string) => boolean): Held {
  const kinds = Object.fromEntries(Object.entries(end.kinds).filter(([kind]) => !isIgnored(kind)));
  const namespaces = Object.keys(end.namespaces).filter((namespace) => namespace !== '');
  return {
    backup: backup.name,
    startedAt: startedAt(backup),
    objects: Object.values(kinds).reduce((sum, count) => sum + count, 0),
    kinds,
    ...(namespaces.length <= mostNamespaces && { namespaces: namespaces.toSorted() }),
  };
}

/** What was asked for, in short; the order of what is listed is no difference. */
export function specKey(spec: BackupSpec): string {
  const { ttl: _ttl, storageLocation: _location, snapshotVolumes: _volumes, snapshotMoveData: _move, ...asked } = spec;
  const { defaultVolumesToFsBackup: _fs, itemOperationTimeout: _timeout, ...filters } = asked;
  const sorted = Object.entries(filters)
    .map(([key, value]) => [key, Array.isArray(value) ? value.map((item) => JSON.stringify(item)).toSorted() : value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(sorted)).slice(0, 16);
}
