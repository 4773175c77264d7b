/** Runs one check of the content on a backup of a location in memory, as the engine does: listed, opened, read. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { isArchiveCheck, lookIntoArchive } from '../../functions/backup-verification/archives.ts';
import type { OperationCheck } from '../../functions/backup-verification/contracts.ts';
import type { Said } from '../../functions/backup-verification/said.ts';
import type { Backup } from '../../functions/velero/backup.ts';
import { readInventory } from '../../functions/velero/inventory/read-inventory.ts';
import { type BackupFileKind, backupKey } from '../../functions/velero/layout.ts';
import type { ObjectStore } from '../../functions/velero/store/object-store.ts';
import { archiveOf, type Entry, version } from '../velero/archives.ts';
import { type MemoryOptions, memoryObjectStore } from '../velero/memory-object-store.ts';
import { factsOf, type LookedAt } from './look-at.ts';
import { now } from './sample-location.ts';

export type Files = Readonly<Record<string, Uint8Array | string>>;

export interface LookInto extends MemoryOptions {
  readonly backup?: string;
  readonly options?: unknown;
  readonly clock?: number;
  readonly memory?: unknown;
  /** In front of the store. */
  readonly store?: (store: ObjectStore) => ObjectStore;
  /** What the listing says is changed by. */
  readonly listed?: (backup: Backup) => Backup;
}

export async function lookInto(
  check: OperationCheck,
  files: Files,
  settings: LookInto = {},
): Promise<LookedAt & { readonly objects: number }> {
  const { backup: name, options = {}, clock = now, memory, listed = (backup) => backup, ...more } = settings;
  const memories: Record<string, unknown> = memory === undefined ? {} : { [check.id]: memory };
  const plain = memoryObjectStore(files, more);
  const store = settings.store?.(plain) ?? plain;
  const { signal } = new AbortController();
  const inventory = await readInventory(store, { known: undefined, signal });
  const location = factsOf(inventory.backups.map(listed), { store });
  const backup = location.backups.find((each) => each.name === name) ?? location.backups[0];
  assert.ok(backup);
  const enabled = { check, options: check.options.parse(options) };
  assert.ok(isArchiveCheck(enabled));
  const voice = {
    location,
    request: { level: 'content' as const, namespaceMapping: {} },
    now: clock,
    memory: memories,
    subjectPrefix: '',
    signal,
  };
  const done = await lookIntoArchive(backup, [enabled], voice);
  assert.ok(done);
  const { said } = done;
  const line = ({ severity, subject, message }: Said['findings'][number]) => `${severity}${subject ? ` ${subject}` : ''}: ${message}`;
  return {
    ...said,
    objects: done.objects,
    lines: said.findings.map(line),
    alarms: said.findings.filter(({ severity }) => severity !== 'info').map(line),
    rows: said.marks.map(({ backup: of, verdict, what }) => `${of} ${verdict}: ${what}`),
    memory: memories[check.id],
  };
}

export const gzipped = (value: unknown): Uint8Array => gzipSync(JSON.stringify(value));

export interface Written {
  readonly entries: readonly Entry[];
  /** By day: the backup of 05:00 on that day of November 2026. */
  readonly day?: number;
  readonly name?: string;
  /** Absent: made by hand. */
  readonly schedule?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  /** Packed as they are; the ones that Velero 1.18 writes beside the archive, where not given, say that there is nothing. `undefined`: not there. */
  readonly companions?: Readonly<Partial<Record<BackupFileKind, unknown>>>;
}

/** The files of a backup as Velero 1.18 writes them. */
export async function written({ entries, day = 24, schedule, name, spec = {}, status = {}, companions = {} }: Written): Promise<Files> {
  const date = `2026-11-${String(day).padStart(2, '0')}`;
  const backup = name ?? `${schedule ?? 'manual'}-${date.replaceAll('-', '')}050000`;
  const metadata = {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: backup, namespace: 'velero', labels: schedule ? { 'velero.io/schedule-name': schedule } : {} },
    spec: { includedNamespaces: ['*'], ttl: '720h0m0s', storageLocation: 'default', ...spec },
    status: {
      version: 1,
      formatVersion: '1.1.0',
      phase: 'Completed',
      startTimestamp: `${date}T05:00:00Z`,
      completionTimestamp: `${date}T05:10:00Z`,
      ...status,
    },
  };
  const mtime = new Date(`${date}T05:05:00Z`);
  const all: Partial<Record<BackupFileKind, unknown>> = {
    results: { errors: {}, warnings: {} },
    itemOperations: [],
    volumeInfo: [],
    podVolumeBackups: null,
    volumeSnapshots: null,
    ...companions,
  };
  const files = Object.entries(all).flatMap(([kind, value]): [string, Uint8Array][] =>
    value === undefined ? [] : [[backupKey(backup, kind as BackupFileKind), value instanceof Uint8Array ? value : gzipped(value)]],
  );
  return {
    [backupKey(backup, 'metadata')]: JSON.stringify(metadata),
    [backupKey(backup, 'contents')]: await archiveOf([version, ...entries].map((entry) => ({ mtime, ...entry }))),
    ...Object.fromEntries(files),
  };
}
