/** The files beside a backup's tarball, each read once, when it is first asked for. */
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { gunzip as gunzipStream } from '../archive/gunzip.ts';
import type { Backup } from '../backup.ts';
import { type BackupFileKind, backupKey } from '../layout.ts';
import { type ObjectStore, StoreError } from '../store/object-store.ts';
import type { Companion, Companions } from './companion-files.ts';
import { type Items, itemOperations, podVolumeBackups, resourceList, results, volumeInfos, volumeSnapshots } from './companion-shapes.ts';

const unpack = promisify(gunzip);

/** Packed, and unpacked: a list of 200,000 items has 12 MB, and 1 MB packed; the log, which is not held, 500 MB. */
export const companionLimits = { packedBytes: 64 << 20, unpackedBytes: 128 << 20, logBytes: 4 * 2 ** 30 };

/** What the store says is in the answers: they do not reject for it. */
export function readCompanions(store: ObjectStore, backup: Backup, signal: AbortSignal): Companions {
  const hashes: Partial<Record<BackupFileKind, string>> = {};
  const read = <T>(kind: BackupFileKind, shape: (value: unknown) => T) =>
    once(() => readCompanion({ store, backup, signal, hashes }, kind, shape));
  const list = <T>(kind: BackupFileKind, shape: (value: unknown) => Items<T>) => read(kind, (value) => ofThis(backup, shape(value)));
  return {
    resourceList: read('resourceList', resourceList),
    results: read('results', results),
    volumeInfo: list('volumeInfo', volumeInfos),
    podVolumeBackups: list('podVolumeBackups', podVolumeBackups),
    volumeSnapshots: list('volumeSnapshots', volumeSnapshots),
    itemOperations: list('itemOperations', itemOperations),
    hashes: () => ({ ...hashes }),
  };
}

/** The other files, of which nothing is used: are they whole? `logs` are not JSON, and none of these. */
export const probeCompanion = (
  store: ObjectStore,
  backup: Backup,
  kind: BackupFileKind,
  signal: AbortSignal,
): Promise<Companion<unknown>> => readCompanion({ store, backup, signal, hashes: {} }, kind, (value) => value);

/** The log, read to its end in constant memory: is it whole? It has 50 MB where a backup has 20,000 items, and what it says is in the results too. */
export async function probeLog(store: ObjectStore, backup: Backup, signal: AbortSignal): Promise<Companion<undefined>> {
  const file = backup.files.logs;
  if (!file) return { state: 'absent' };
  const place = { backup, kind: 'logs' } as const;
  try {
    const { chunks, faults } = gunzipStream(store.open(file.key, { signal, etag: file.etag }));
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > companionLimits.logBytes) return tooLarge(place, companionLimits.logBytes);
    }
    const [fault] = faults.filter(({ kind }) => kind !== 'trailing-data');
    return fault
      ? damaged(place, `${fault.kind === 'truncated' ? 'is cut' : 'is damaged'} (${fault.place}: ${fault.message})`)
      : { state: 'read', value: undefined };
  } catch (error) {
    return refused(place, error);
  }
}

const once = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= work();
    return answer;
  };
};

/** The file says that it is another backup’s. */
class OtherBackup extends Error {}

/** A backup’s name as a label holds it: velero pkg/label/label.go, GetValidName. */
const labelOf = (name: string): string => (name.length <= 63 ? name : `${name.slice(0, 57)}${hash('sha256', name).slice(0, 6)}`);

function ofThis<T>({ name }: Backup, { items, ofBackups }: Items<T>): readonly T[] {
  const other = ofBackups.find((each) => each !== name && each !== labelOf(name));
  if (other !== undefined) throw new OtherBackup(`it is of the backup ${other.slice(0, 120)}`);
  return items;
}

interface Place {
  readonly store: ObjectStore;
  readonly backup: Backup;
  readonly signal: AbortSignal;
  readonly hashes: Partial<Record<BackupFileKind, string>>;
}

/** One file of a backup, for what is said of it. */
interface FileOf {
  readonly backup: Backup;
  readonly kind: BackupFileKind;
}

function damaged({ backup, kind }: FileOf, what: string): Companion<never> {
  const key = backupKey(backup.name, kind);
  const remedy = `if the bucket keeps versions, bring back the previous version of ${key}; else take a new backup`;
  return { state: 'damaged', kind, message: `${key} ${what}`, remedy };
}

const tooLarge = ({ backup, kind }: FileOf, bytes: number): Companion<never> => ({
  state: 'unknown',
  kind,
  message: `${backupKey(backup.name, kind)} has more than ${bytes} bytes`,
  remedy: 'look at it by hand: Nightshift does not read files of this size',
});

/** What the store says; throws what is no word of it. */
function refused({ kind }: FileOf, error: unknown): Companion<never> {
  if (!(error instanceof StoreError)) throw error;
  if (error.reason === 'missing') return { state: 'absent' };
  return { state: 'unknown', kind, message: error.message, remedy: error.remedy };
}

async function readCompanion<T>(place: Place, kind: BackupFileKind, shape: (value: unknown) => T): Promise<Companion<T>> {
  const { store, backup, signal, hashes } = place;
  const file = backup.files[kind];
  if (!file) return { state: 'absent' };
  const of = { backup, kind };
  let packed: Uint8Array;
  try {
    packed = await store.read(file.key, { signal, etag: file.etag, mostBytes: companionLimits.packedBytes });
  } catch (error) {
    return refused(of, error);
  }
  hashes[kind] = hash('sha256', packed);
  if (packed.length === 0) return damaged(of, 'is empty');
  try {
    const unpacked = await unpack(packed, { maxOutputLength: companionLimits.unpackedBytes });
    return { state: 'read', value: shape(JSON.parse(unpacked.toString())) };
  } catch (error) {
    if (isTooLarge(error)) return tooLarge(of, companionLimits.unpackedBytes);
    return damaged(of, faultOf(error));
  }
}

const hasCode = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string';
const isTooLarge = (error: unknown): boolean => hasCode(error) && error.code === 'ERR_BUFFER_TOO_LARGE';

/** What a parser says of a text quotes it, so its words are not used. */
function faultOf(error: unknown): string {
  if (hasCode(error))
    return error.code === 'Z_BUF_ERROR' ? 'is cut: the gzip data end early' : 'is damaged: its gzip data cannot be unpacked';
  if (error instanceof SyntaxError) return 'is damaged: its content is not JSON';
  if (error instanceof OtherBackup) return `is another backup’s: ${error.message}`;
  return 'is damaged: its content is not what Velero writes there';
}
