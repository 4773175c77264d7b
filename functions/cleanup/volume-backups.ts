/**
 * Whether a backup holds a volume's data, by what the cluster itself tells: Velero's copies of its files and snapshots, and CSI snapshots of its
 * disk. What a cloud's own tools or Velero's cloud plugins keep does not show here.
 */
import { type VolumeSnapshotContent, volumeSnapshotContents } from '../cluster/kinds.ts';
import { timeOf } from '../health-check/age.ts';
import { textOf } from '../health-check/wire.ts';
import type { Wire } from '../scan/contracts.ts';
import { type DataUploadObject, dataUploads, type PodVolumeBackupObject, podVolumeBackups } from '../velero/kinds.ts';
import { diskOf, type Volume } from './released-volume.ts';

/** To be spread into a rule's reads: none of them need be there. */
export const volumeBackupReads = {
  podVolumeBackups,
  dataUploads,
  volumeSnapshotContents: { ...volumeSnapshotContents, optional: true },
} as const;

const readsInWords = {
  podVolumeBackups: 'PodVolumeBackups',
  dataUploads: 'DataUploads',
  volumeSnapshotContents: 'VolumeSnapshotContents',
} as const satisfies Record<keyof typeof volumeBackupReads, string>;
const readNames = ['podVolumeBackups', 'dataUploads', 'volumeSnapshotContents'] as const;

/** velero pkg/apis/velero/v1/labels_annotations.go, pkg/podvolume/configs/configs.go */
const backupLabel = 'velero.io/backup-name';
const claimUidLabel = 'velero.io/pvc-uid';
const claimNameAnnotation = 'velero.io/pvc-name';

interface Copy {
  readonly what: string;
  /** In ms. */
  readonly at: number;
}
type Status = Wire<PodVolumeBackupObject>['status'];
type Named = Wire<{ metadata?: { name?: string; labels?: Record<string, string>; annotations?: Record<string, string> } }>;

/** To be asked in `finish()`. Keeps the newest copy of each claim and disk. */
export const volumeBackups = () => {
  const newest = new Map<string, Copy>();
  const note = (key: string, copy: Copy): void => {
    const known = newest.get(key);
    if (!known || copy.at > known.at || (copy.at === known.at && copy.what < known.what)) newest.set(key, copy);
  };
  /** Another claim of the same name may have had other data: by uid where it is told, by name only where it is not. */
  const noteClaim = ({ metadata }: Named, status: Status, namespace: unknown, name: unknown): void => {
    const at = timeOf(status?.completionTimestamp);
    if (status?.phase !== 'Completed' || at === undefined) return;
    const uid = textOf(metadata?.labels?.[claimUidLabel]);
    const [inNamespace, called] = [textOf(namespace), textOf(name)];
    if (uid === undefined && (inNamespace === undefined || called === undefined)) return;
    const key = uid === undefined ? `claim ${inNamespace}/${called}` : `uid ${uid}`;
    note(key, { what: `backup ${textOf(metadata?.labels?.[backupLabel]) ?? textOf(metadata?.name) ?? ''}`, at });
  };

  const newestOf = (volume: Volume): Copy | undefined => {
    const { namespace, name, uid } = volume.spec?.claimRef ?? {};
    const disk = diskOf(volume);
    const copies = [`uid ${uid}`, `claim ${namespace}/${name}`, `disk ${disk?.driver} ${disk?.id}`].flatMap((key) => newest.get(key) ?? []);
    return copies.toSorted((a, b) => b.at - a.at || (a.what < b.what ? -1 : 1))[0];
  };

  return {
    see: {
      podVolumeBackups(backup: Wire<PodVolumeBackupObject>): void {
        noteClaim(backup, backup.status, backup.spec?.pod?.namespace, backup.metadata?.annotations?.[claimNameAnnotation]);
      },
      dataUploads(upload: Wire<DataUploadObject>): void {
        noteClaim(upload, upload.status, upload.spec?.sourceNamespace, upload.spec?.sourcePVC);
      },
      volumeSnapshotContents({ metadata, spec, status }: Wire<VolumeSnapshotContent>): void {
        const [driver, handle, taken] = [textOf(spec?.driver), textOf(spec?.source?.volumeHandle), status?.creationTime];
        if (status?.readyToUse !== true || driver === undefined || handle === undefined || typeof taken !== 'number') return;
        const backup = textOf(metadata?.labels?.[backupLabel]);
        note(`disk ${driver} ${handle}`, {
          what: backup === undefined ? `snapshot ${metadata?.name ?? ''}` : `backup ${backup}`,
          at: taken / 1e6,
        });
      },
    },

    /** `yes (backup nightly-7 at 2026-11-23T02:00:00Z)`, `none found`, or `not known`, with what was looked through in vain. */
    heldBy(volume: Volume, isWhole: (read: string) => boolean): string {
      const copy = newestOf(volume);
      if (copy) return `yes (${copy.what} at ${new Date(copy.at).toISOString().replace(/\.\d+/, '')})`;
      const whole = readNames.filter(isWhole);
      if (whole.length === readNames.length) return 'none found';
      return whole.length === 0 ? 'not known' : `not known (none among ${whole.map((name) => readsInWords[name]).join(' and ')})`;
    },
  };
};
