/**
 * The names in a Velero location: velero pkg/persistence/object_store_layout.go, and PutBackup in object_store.go for who wrote which file.
 */

/** The only folders that a location may hold at its top: any other makes Velero call it Unavailable (object_store.go, IsValid). */
export const locationFolders = ['backups', 'restores', 'restic', 'kopia', 'metadata', 'plugins'] as const;

/** The files of a backup, by what is in them; the name after `backups/NAME/`. All are gzip but the metadata. */
export const backupFiles = {
  metadata: () => 'velero-backup.json',
  contents: (backup: string) => `${backup}.tar.gz`,
  logs: (backup: string) => `${backup}-logs.gz`,
  resourceList: (backup: string) => `${backup}-resource-list.json.gz`,
  podVolumeBackups: (backup: string) => `${backup}-podvolumebackups.json.gz`,
  volumeSnapshots: (backup: string) => `${backup}-volumesnapshots.json.gz`,
  csiVolumeSnapshots: (backup: string) => `${backup}-csi-volumesnapshots.json.gz`,
  csiVolumeSnapshotContents: (backup: string) => `${backup}-csi-volumesnapshotcontents.json.gz`,
  csiVolumeSnapshotClasses: (backup: string) => `${backup}-csi-volumesnapshotclasses.json.gz`,
  itemSnapshots: (backup: string) => `${backup}-itemsnapshots.json.gz`,
  results: (backup: string) => `${backup}-results.gz`,
  itemOperations: (backup: string) => `${backup}-itemoperations.json.gz`,
  volumeInfo: (backup: string) => `${backup}-volumeinfo.json.gz`,
} as const satisfies Readonly<Record<string, (backup: string) => string>>;
export type BackupFileKind = keyof typeof backupFiles;
export const backupFileKinds = Object.keys(backupFiles) as readonly BackupFileKind[];

/** The key of a backup's file. */
export const backupKey = (backup: string, kind: BackupFileKind): string => `backups/${backup}/${backupFiles[kind](backup)}`;

/** Which backup's folder a key lies in, and which of its files it is; `kind` is absent for what Velero does not write there. */
export function backupOfKey(key: string): { readonly backup: string; readonly kind?: BackupFileKind } | undefined {
  const [top, backup, ...rest] = key.split('/');
  if (top !== 'backups' || !backup || rest.length === 0) return undefined;
  const name = rest.join('/');
  const kind = backupFileKinds.find((each) => backupFiles[each](backup) === name);
  return { backup, ...(kind && { kind }) };
}
