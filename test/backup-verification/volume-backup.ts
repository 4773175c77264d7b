/** Runs the checks of volumes on a backup whose files lie packed in a location, beside the genuine repositories of test/velero/repositories. */
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { LocationFacts, OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { nothingSaid, passOf } from '../../functions/backup-verification/said.ts';
import type { ArchiveEnd } from '../../functions/velero/archive/archive-facts.ts';
import type { Backup, BackupMetadata, BackupSpec } from '../../functions/velero/backup.ts';
import type { BucketFacts } from '../../functions/velero/bucket/bucket-facts.ts';
import { readCompanions } from '../../functions/velero/companions/read-companions.ts';
import { type BackupFileKind, backupFileKinds, backupKey } from '../../functions/velero/layout.ts';
import { type MemoryOptions, memoryObjectStore } from '../velero/memory-object-store.ts';
import { archived, type Manifest } from './archive-of.ts';
import { backupOf, locationOf, now, scheduleOf } from './sample-location.ts';
import { backupName, type Fields, repositoryFiles } from './volume-records.ts';

/** What stands in the backup's folder, and around it. */
export interface VolumeRun {
  readonly objects: readonly Manifest[];
  readonly volumeInfo?: readonly Fields[] | 'absent' | 'damaged';
  readonly podVolumeBackups?: readonly Fields[] | 'absent' | 'damaged';
  readonly volumeSnapshots?: readonly Fields[] | 'absent' | 'damaged';
  readonly itemOperations?: readonly Fields[] | 'absent' | 'damaged';
  readonly metadata?: Partial<BackupMetadata>;
  readonly spec?: Partial<BackupSpec>;
  /** The location beside the backup; the genuine repositories unless told. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  readonly store?: MemoryOptions;
  readonly bucket?: BucketFacts;
  readonly whole?: boolean;
  readonly options?: unknown;
}

type Companion = 'volumeInfo' | 'podVolumeBackups' | 'volumeSnapshots' | 'itemOperations';
const companionKinds: readonly Companion[] = ['volumeInfo', 'podVolumeBackups', 'volumeSnapshots', 'itemOperations'];

function companionFiles(run: VolumeRun): Record<string, Uint8Array> {
  return Object.fromEntries(
    companionKinds.flatMap((kind): [string, Uint8Array][] => {
      const content = run[kind] ?? [];
      if (content === 'absent') return [];
      const packed = gzipSync(content === 'damaged' ? '[{"pvcName":' : `${JSON.stringify(content)}\n`);
      return [[backupKey(backupName, kind), new Uint8Array(packed)]];
    }),
  );
}

const endOf = (whole: boolean): ArchiveEnd => ({
  whole,
  problems: [],
  problemCounts: {},
  objects: 0,
  members: 0,
  kinds: {},
  namespaces: {},
  bytes: 0,
  packedBytes: 0,
  oddTimes: [],
});

/** Runs an archive check on it, as the engine does: files are read from the store. Throws what the check throws. */
export async function lookAtVolumes(check: OperationCheck, run: VolumeRun) {
  assert.ok('start' in check);
  const store = memoryObjectStore({ ...(run.files ?? repositoryFiles), ...companionFiles(run) }, { lastModified: now, ...run.store });
  const { metadata: sample, files, ...rest } = backupOf(backupName, 4.5, { schedule: 'nightly', ...run.metadata });
  assert.ok(sample);
  const metadata: BackupMetadata = { ...sample, spec: { ...sample.spec, ...run.spec } };
  const listed = new Map(store.objects.map((object) => [object.key, object]));
  const own: Partial<Record<BackupFileKind, (typeof store.objects)[number]>> = { ...files };
  for (const kind of backupFileKinds) {
    const object = listed.get(backupKey(backupName, kind));
    if (object) own[kind] = object;
  }
  const backup: Backup = { ...rest, metadata, files: own };
  const schedule = scheduleOf('nightly', [backup]);
  const location: LocationFacts = { ...locationOf([schedule]), store, ...(run.bucket && { bucket: run.bucket }) };
  const said = nothingSaid();
  const { signal } = new AbortController();
  const request = { level: 'restorability', namespaceMapping: {} } as const;
  const voice = { said, location, request, now, signal, memory: {}, subjectPrefix: '' };
  const opened = { backup, metadata, companions: readCompanions(store, backup, signal), schedule };
  const reducer = check.start(opened, passOf(check, check.options.parse(run.options ?? {}), voice));
  for (const object of run.objects.map(archived)) reducer.see?.(object);
  await reducer.finish?.(endOf(run.whole ?? true));
  for (const { message, remedy } of said.findings) {
    assert.match(message, /^[^\n]+[^.\n]$/);
    assert.doesNotMatch(`${message} ${remedy}`, /undefined|\bnull\b|NaN|\[object/);
  }
  return {
    ...said,
    /** `severity subject: message`. */
    lines: said.findings.map(({ severity, subject, message }) => `${severity} ${subject}: ${message}`),
    proved: said.marks.filter(({ verdict }) => verdict === 'ok').map(({ what }) => what),
    requests: store.requests,
  };
}
