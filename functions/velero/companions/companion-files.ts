/**
 * The files beside a backup's tarball, as Velero writes them (velero pkg/persistence, internal/volume): absent, `null`, `[]` and `{}` all mean
 * none. Read once a backup and kept as long as it is looked at.
 */
import type { BackupFileKind } from '../layout.ts';

/** A companion as it could be had. `absent` is fine where the writer's version does not write it: layout and version decide, not this. */
export type Companion<T> =
  | { readonly state: 'read'; readonly value: T }
  | { readonly state: 'absent' }
  | { readonly state: 'damaged'; readonly kind: BackupFileKind; readonly message: string; readonly remedy: string }
  | { readonly state: 'unknown'; readonly kind: BackupFileKind; readonly message: string; readonly remedy: string };

/** `apiVersion/Kind` (`v1/Pod`, `apps/v1/Deployment`) to its items, `NAMESPACE/NAME` or `NAME`. */
export type ResourceList = Readonly<Record<string, readonly string[]>>;

export interface Messages {
  readonly velero: readonly string[];
  readonly cluster: readonly string[];
  readonly namespaces: Readonly<Record<string, readonly string[]>>;
}
export interface Results {
  readonly errors: Messages;
  readonly warnings: Messages;
}

/** BackupVolumeInfo (velero internal/volume/volumes_information.go), as far as it is used; keys matched whatever their case. */
export interface VolumeInfo {
  readonly pvcName?: string;
  readonly pvcNamespace?: string;
  readonly pvName?: string;
  readonly backupMethod?: string;
  readonly snapshotDataMoved: boolean;
  readonly skipped: boolean;
  readonly skippedReason?: string;
  readonly result?: string;
  readonly csi?: { readonly snapshotHandle?: string; readonly driver?: string; readonly readyToUse?: boolean };
  readonly dataMovement?: {
    readonly uploaderType?: string;
    readonly snapshotHandle?: string;
    readonly phase?: string;
    readonly operationId?: string;
    readonly size?: number;
  };
  readonly native?: { readonly snapshotHandle?: string; readonly phase?: string; readonly volumeAz?: string };
  readonly podVolume?: {
    readonly snapshotHandle?: string;
    readonly phase?: string;
    readonly uploaderType?: string;
    readonly volumeName?: string;
    readonly podName?: string;
    readonly podNamespace?: string;
    readonly size?: number;
  };
}

/** A PodVolumeBackup (velero.io/v1), as far as it is used. */
export interface PodVolumeBackup {
  readonly name: string;
  readonly podNamespace?: string;
  readonly podName?: string;
  readonly volume?: string;
  readonly uploaderType?: string;
  readonly pvcUid?: string;
  readonly phase?: string;
  readonly message?: string;
  readonly snapshotId?: string;
  readonly bytesDone?: number;
  readonly totalBytes?: number;
  readonly repoIdentifier?: string;
  readonly completionTimestamp?: string;
}

/** A native snapshot (velero internal/volume/snapshot.go). */
export interface VolumeSnapshot {
  readonly persistentVolumeName?: string;
  readonly providerSnapshotId?: string;
  readonly phase?: string;
}

/** An asynchronous operation of a plugin (velero pkg/itemoperation/backup_operation.go). */
export interface ItemOperation {
  readonly operationId?: string;
  readonly backupItemAction?: string;
  readonly item: ItemIdentity;
  readonly postOperationItems: readonly ItemIdentity[];
  readonly phase?: string;
  readonly error?: string;
}
export interface ItemIdentity {
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
}

/** All companions of one backup; each is read when it is first asked for. */
export interface Companions {
  resourceList(): Promise<Companion<ResourceList>>;
  results(): Promise<Companion<Results>>;
  volumeInfo(): Promise<Companion<readonly VolumeInfo[]>>;
  podVolumeBackups(): Promise<Companion<readonly PodVolumeBackup[]>>;
  volumeSnapshots(): Promise<Companion<readonly VolumeSnapshot[]>>;
  itemOperations(): Promise<Companion<readonly ItemOperation[]>>;
  /** SHA-256, hex, of each file as it lies there (packed), of those that were read whole so far. */
  hashes?(): Readonly<Partial<Record<BackupFileKind, string>>>;
}
