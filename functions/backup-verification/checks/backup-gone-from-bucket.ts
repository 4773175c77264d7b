import * as z from 'zod';
import { minutes, timeOf } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { NotApplicable, refTo, type Wire } from '../../scan/contracts.ts';
import { bucketPlace, isNamedBy, storageLocationsAt } from '../../velero/inventory/storage-locations.ts';
import { type BackupObject, backupStorageLocations, veleroBackups } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { askCluster, objectsOf } from '../inventory/ask-cluster.ts';

interface Options {
  readonly delayMinutes: number;
}

export default defineLocationCheck({
  id: 'backup-gone-from-bucket',
  title: 'Backups of the cluster that are not in the bucket',
  why: 'The cluster lists a backup that nothing can be restored from; Velero keeps showing it as long as its folder is there, or its synchronisation stands still.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/controller/backup_sync_controller.go',
  level: 'inventory',
  reads: { backupStorageLocations, veleroBackups },
  options: z.strictObject({
    delayMinutes: z
      .number()
      .min(0)
      .default(15)
      .describe('Velero may take this long to remove what is no longer in the bucket; it does so every minute'),
  }),
  look(pass) {
    const { location, emit } = pass;
    if (!bucketPlace(location.name)) throw new NotApplicable('a folder on disk is no BackupStorageLocation');
    const at = objectsOf(pass, storageLocationsAt(location.cluster, location.name));
    if (!at || at.length === 0) return;
    const objects = askCluster(pass, veleroBackups);
    if (!objects) return;
    const there = new Set(location.backups.filter(({ files }) => files.metadata).map(({ name }) => name));
    const gone = objects.filter(
      (object) =>
        isNamedBy(object, object.spec?.storageLocation ?? '', at) && isDue(pass, object) && !there.has(object.metadata?.name ?? ''),
    );
    if (gone.length === 0) return;
    const folders = new Set(location.backups.map(({ name }) => name));
    const halves = gone.filter(({ metadata }) => folders.has(metadata?.name ?? ''));
    const half =
      halves.length === 0
        ? ''
        : `; of ${halves.length === 1 ? 'one' : halves.length} the folder is still there, without velero-backup.json`;
    emit({
      object: location.object,
      severity: 'warning',
      message: `the cluster lists ${gone.length === 1 ? '1 backup' : `${gone.length} backups`} as finished that are not in this location: ${some(gone.map(({ metadata }) => metadata?.name ?? ''))}${half}`,
      remedy: `look for a delete marker in the bucket; what is lost: velero -n ${gone[0]?.metadata?.namespace} backup delete ${gone[0]?.metadata?.name}`,
      members: gone.slice(0, 100).map(({ metadata }) => refTo(veleroBackups, metadata)),
      details: { backups: gone.length, withFolder: halves.length },
    });
  },
});

/** What Velero says that it finished lies in the bucket, until it expires; what failed may never have got there. */
function isDue({ now, options }: CheckPass<Options>, { status }: Wire<BackupObject>): boolean {
  if (status?.phase !== 'Completed' && status?.phase !== 'PartiallyFailed') return false;
  const completed = timeOf(status.completionTimestamp) ?? timeOf(status.startTimestamp);
  return (
    completed !== undefined &&
    now - completed > minutes(options.delayMinutes) &&
    (timeOf(status.expiration) ?? Number.POSITIVE_INFINITY) > now
  );
}
