/** Velero's own kinds as a cluster holds them (velero.io/v1: velero pkg/apis/velero/v1), and where its checks read them. */
import type { Read } from '../scan/contracts.ts';

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface ScheduleObject {
  readonly metadata?: Metadata;
  readonly spec?: {
    readonly schedule?: string;
    readonly paused?: boolean;
    readonly useOwnerReferencesInBackup?: boolean;
    readonly template?: { readonly storageLocation?: string; readonly ttl?: string };
  };
  readonly status?: {
    readonly phase?: string;
    readonly lastBackup?: string;
    readonly lastSkipped?: string;
    readonly validationErrors?: readonly string[];
  };
}
export interface BackupObject {
  readonly metadata?: Metadata;
  readonly spec?: { readonly storageLocation?: string };
  readonly status?: {
    readonly phase?: string;
    readonly startTimestamp?: string;
    readonly completionTimestamp?: string;
    readonly expiration?: string;
  };
}
export interface BackupStorageLocationObject {
  readonly metadata?: Metadata;
  readonly spec?: {
    readonly provider?: string;
    readonly default?: boolean;
    readonly accessMode?: string;
    /** A duration of Go; 0s: Backups are not synchronised. */
    readonly backupSyncPeriod?: string;
    readonly config?: Readonly<Record<string, string>>;
    readonly objectStorage?: { readonly bucket?: string; readonly prefix?: string };
  };
  readonly status?: { readonly phase?: string; readonly message?: string; readonly lastValidationTime?: string };
}
export interface BackupRepositoryObject {
  readonly metadata?: Metadata;
  readonly spec?: {
    readonly volumeNamespace?: string;
    readonly backupStorageLocation?: string;
    readonly repositoryType?: string;
    readonly maintenanceFrequency?: string;
  };
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly lastMaintenanceTime?: string;
    readonly recentMaintenance?: readonly {
      readonly result?: string;
      readonly startTimestamp?: string;
      readonly completeTimestamp?: string;
      readonly message?: string;
    }[];
  };
}

/** The copy of one volume's files: velero pkg/apis/velero/v1/pod_volume_backup_types.go */
export interface PodVolumeBackupObject {
  readonly metadata?: Metadata;
  readonly spec?: { readonly pod?: { readonly namespace?: string; readonly name?: string }; readonly volume?: string };
  readonly status?: { readonly phase?: string; readonly completionTimestamp?: string };
}
/** The same of one volume's snapshot: velero pkg/apis/velero/v2alpha1/data_upload_types.go */
export interface DataUploadObject {
  readonly metadata?: Metadata;
  readonly spec?: { readonly sourceNamespace?: string; readonly sourcePVC?: string };
  readonly status?: { readonly phase?: string; readonly completionTimestamp?: string };
}

const velero = { group: 'velero.io', versions: ['v1'] as [string] } as const;
export const veleroSchedules: Read<ScheduleObject> = { ...velero, resource: 'schedules', kind: 'Schedule', optional: true };
export const veleroBackups: Read<BackupObject> = { ...velero, resource: 'backups', kind: 'Backup', optional: true };
export const backupStorageLocations: Read<BackupStorageLocationObject> = {
  ...velero,
  resource: 'backupstoragelocations',
  kind: 'BackupStorageLocation',
  optional: true,
};
export const backupRepositories: Read<BackupRepositoryObject> = {
  ...velero,
  resource: 'backuprepositories',
  kind: 'BackupRepository',
  optional: true,
};
export const podVolumeBackups: Read<PodVolumeBackupObject> = {
  ...velero,
  resource: 'podvolumebackups',
  kind: 'PodVolumeBackup',
  optional: true,
};
export const dataUploads: Read<DataUploadObject> = {
  group: 'velero.io',
  resource: 'datauploads',
  kind: 'DataUpload',
  versions: ['v2alpha1'],
  optional: true,
};
