/** A backup as its folder and velero-backup.json tell of it: what the inventory holds of each. */
import type { BackupFileKind } from './layout.ts';
import type { StoredObject } from './store/object-store.ts';

/** Of velero-backup.json what is used; absent counters are 0 (omitempty), absent lists are empty. */
export interface BackupMetadata {
  /** metadata.name: should be the folder’s. */
  readonly name: string;
  /** Where Velero runs. */
  readonly namespace: string;
  readonly uid?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The label velero.io/schedule-name; absent: made by hand. */
  readonly schedule?: string;
  /** Of the cluster that was backed up: the annotation velero.io/source-cluster-k8s-gitversion. */
  readonly kubernetesVersion?: string;
  readonly spec: BackupSpec;
  /** As written; new ones may come. */
  readonly phase: string;
  readonly formatVersion?: string;
  /** RFC 3339, each as Velero says it. */
  readonly startTimestamp?: string;
  readonly completionTimestamp?: string;
  readonly expiration?: string;
  readonly errors: number;
  readonly warnings: number;
  readonly itemsBackedUp: number;
  readonly totalItems: number;
  readonly operationsAttempted: number;
  readonly operationsCompleted: number;
  readonly operationsFailed: number;
  readonly volumeSnapshotsAttempted: number;
  readonly volumeSnapshotsCompleted: number;
  readonly csiVolumeSnapshotsAttempted: number;
  readonly csiVolumeSnapshotsCompleted: number;
  readonly hooksAttempted: number;
  readonly hooksFailed: number;
  readonly failureReason?: string;
  readonly validationErrors: readonly string[];
}

/** What was asked to be backed up, as defaulted by the server (velero pkg/apis/velero/v1/backup_types.go). */
export interface BackupSpec {
  readonly includedNamespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  readonly includedResources: readonly string[];
  readonly excludedResources: readonly string[];
  readonly includedClusterScopedResources: readonly string[];
  readonly excludedClusterScopedResources: readonly string[];
  readonly includedNamespaceScopedResources: readonly string[];
  readonly excludedNamespaceScopedResources: readonly string[];
  readonly includeClusterResources?: boolean;
  /** A label selector as Kubernetes writes it. */
  readonly labelSelector?: LabelSelector;
  readonly orLabelSelectors: readonly LabelSelector[];
  /** The ConfigMap of its resource policies, which may leave out more than the spec says. */
  readonly resourcePolicy?: string;
  readonly ttl?: string;
  readonly storageLocation?: string;
  readonly snapshotVolumes?: boolean;
  readonly snapshotMoveData?: boolean;
  readonly defaultVolumesToFsBackup?: boolean;
  readonly itemOperationTimeout?: string;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

/** One folder of `backups/`. */
export interface Backup {
  /** The folder’s name. */
  readonly name: string;
  readonly files: Readonly<Partial<Record<BackupFileKind, StoredObject>>>;
  /** What Velero does not write there. */
  readonly strangers: readonly StoredObject[];
  /** Of all its files. */
  readonly bytes: number;
  /** Of its newest file, in ms. */
  readonly lastModified: number;
  /** Absent where there is no velero-backup.json (debris), or it could not be had or understood. */
  readonly metadata?: BackupMetadata;
  /** Why there is a velero-backup.json and no metadata. `unknown`: it could not be had; else it is damaged. */
  readonly trouble?: { readonly unknown: boolean; readonly message: string; readonly remedy: string };
}

/** What a phase means for whoever wants to restore. */
export type PhaseMeaning = 'usable' | 'in-progress' | 'failed' | 'strange';

/** velero pkg/apis/velero/v1/backup_types.go, BackupPhase; what never reaches the bucket is `strange` there. */
export function phaseMeaning(phase: string): PhaseMeaning {
  if (phase === 'Completed' || phase === 'PartiallyFailed') return 'usable';
  if (phase.startsWith('WaitingForPluginOperations') || phase.startsWith('Finalizing')) return 'in-progress';
  return phase === 'Failed' ? 'failed' : 'strange';
}

/** Both files that a restore cannot do without are there, and Velero says that it is finished. */
export const isUsable = ({ metadata, files }: Backup): boolean =>
  metadata !== undefined && phaseMeaning(metadata.phase) === 'usable' && files.contents !== undefined && files.contents.size > 0;

/** Velero works on it no longer, whatever came of it. */
export const isFinished = ({ metadata }: Backup): boolean =>
  metadata !== undefined && ['usable', 'failed'].includes(phaseMeaning(metadata.phase));

/** When it was begun, in ms: by its own account, else by the name that a Schedule gives (in UTC), else by its files, which a copy has anew. */
export const startedAt = ({ metadata, name, lastModified }: Backup): number => {
  const told = Date.parse(metadata?.startTimestamp ?? '');
  if (!Number.isNaN(told)) return told;
  const [, year, month, day, hour, minute, second] = ofSchedule.exec(name) ?? [];
  const named = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(named) ? lastModified : named;
};

/** SCHEDULE-20261124030000: velero pkg/apis/velero/v1/schedule_types.go, TimestampedName. */
const ofSchedule = /-(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;
