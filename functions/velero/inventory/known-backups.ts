/** What an inventory remembers from run to run: the metadata of each backup with the ETag of the velero-backup.json that it was read from. */
import { isRecord } from '../archive/archived-object.ts';
import type { Backup, BackupMetadata, BackupSpec } from '../backup.ts';

/** One velero-backup.json that was read. */
export interface Known {
  readonly etag: string;
  readonly metadata: BackupMetadata;
}

/** As it lies in the state: backups of one schedule share their specification and labels, so each is written once. */
interface Written {
  readonly version: 1;
  readonly specs: readonly BackupSpec[];
  readonly labels: readonly BackupMetadata['labels'][];
  readonly backups: Readonly<Record<string, WrittenBackup>>;
}
interface WrittenBackup extends Partial<Omit<BackupMetadata, 'spec' | 'labels'>> {
  readonly etag: string;
  readonly spec: number;
  readonly labels: number;
}

/** What most backups say nothing of is not written. */
const nothing = {
  name: '',
  namespace: '',
  phase: '',
  errors: 0,
  warnings: 0,
  itemsBackedUp: 0,
  totalItems: 0,
  operationsAttempted: 0,
  operationsCompleted: 0,
  operationsFailed: 0,
  volumeSnapshotsAttempted: 0,
  volumeSnapshotsCompleted: 0,
  csiVolumeSnapshotsAttempted: 0,
  csiVolumeSnapshotsCompleted: 0,
  hooksAttempted: 0,
  hooksFailed: 0,
  validationErrors: [],
} satisfies Partial<BackupMetadata>;

/** All but what has nothing in it. */
const something = (metadata: BackupMetadata): Partial<BackupMetadata> =>
  Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== 0 && !(Array.isArray(value) && value.length === 0)));

/** Equal parts become one object, in memory and in the state. */
export interface SharedParts {
  share(metadata: BackupMetadata): BackupMetadata;
}

export const sharedParts = (): SharedParts => {
  const parts = new Map<string, unknown>();
  const same = <T>(part: T): T => {
    const text = JSON.stringify(part);
    const known = parts.get(text);
    if (known !== undefined) return known as T;
    parts.set(text, part);
    return part;
  };
  return {
    share(metadata) {
      const [spec, labels] = [same(metadata.spec), same(metadata.labels)];
      return spec === metadata.spec && labels === metadata.labels ? metadata : { ...metadata, spec, labels };
    },
  };
};

/** To JSON: what need not be read again; trouble is looked at anew every time. Metadata that did not come through `sharedParts` is written, but not shared. */
export function writeKnown(backups: readonly Backup[]): unknown {
  const [specs, labels] = [new Map<BackupSpec, number>(), new Map<BackupMetadata['labels'], number>()];
  const written: Record<string, ToBeWritten> = {};
  for (const backup of backups) {
    const { name, metadata } = backup;
    if (metadata) written[name] = new ToBeWritten(backup, indexIn(specs, metadata.spec), indexIn(labels, metadata.labels));
  }
  return { version: 1, specs: [...specs.keys()], labels: [...labels.keys()], backups: written };
}

/** Becomes what is written when its turn comes: all at once they would take as much as the text. */
class ToBeWritten {
  readonly backup: Backup;
  readonly spec: number;
  readonly labels: number;
  constructor(backup: Backup, spec: number, labels: number) {
    this.backup = backup;
    this.spec = spec;
    this.labels = labels;
  }
  toJSON(): WrittenBackup | undefined {
    const { metadata, files } = this.backup;
    return metadata && files.metadata && { ...something(metadata), etag: files.metadata.etag, spec: this.spec, labels: this.labels };
  }
}

const indexIn = <T>(all: Map<T, number>, part: T): number => {
  const index = all.get(part) ?? all.size;
  all.set(part, index);
  return index;
};

/** From JSON; nothing where it is of another version or no state of ours: everything is then read again. */
export function readKnown(written: unknown): Map<string, Known> {
  if (!isWritten(written)) return new Map();
  const { specs, labels, backups } = written;
  return new Map(
    Object.entries(backups).flatMap(([name, { etag, spec, labels: ownLabels, ...rest }]): [string, Known][] => {
      const [itsSpec, itsLabels] = [specs[spec], labels[ownLabels]];
      if (!itsSpec || !itsLabels) return [];
      return [[name, { etag, metadata: { ...nothing, ...rest, spec: itsSpec, labels: itsLabels } }]];
    }),
  );
}

const isWritten = (value: unknown): value is Written =>
  isRecord(value) &&
  value.version === 1 &&
  Array.isArray(value.specs) &&
  Array.isArray(value.labels) &&
  isRecord(value.backups) &&
  Object.values(value.backups).every((each) => isRecord(each) && typeof each.etag === 'string' && typeof each.phase === 'string');
