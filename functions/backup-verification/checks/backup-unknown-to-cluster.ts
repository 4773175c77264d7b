import * as z from 'zod';
import { minutes, timeOf } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { NotApplicable, refTo } from '../../scan/contracts.ts';
import { type Backup, isFinished } from '../../velero/backup.ts';
import { bucketPlace, storageLocationsAt } from '../../velero/inventory/storage-locations.ts';
import { backupStorageLocations, veleroBackups, veleroSchedules } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { askCluster, objectsOf } from '../inventory/ask-cluster.ts';
import { isSynchronised } from '../inventory/synchronised.ts';

interface Options {
  readonly delayMinutes: number;
}

export default defineLocationCheck({
  id: 'backup-unknown-to-cluster',
  title: 'Backups that the cluster does not know',
  why: 'Velero restores only what it knows: a backup that it did not bring into the cluster cannot be chosen, though all of it is there.',
  upstream: 'https://velero.io/docs/main/how-velero-works/#object-storage-sync',
  level: 'inventory',
  reads: { backupStorageLocations, veleroBackups, veleroSchedules },
  options: z.strictObject({
    delayMinutes: z
      .number()
      .min(0)
      .default(15)
      .describe('Velero may take this long to bring a backup into the cluster; it does so every minute'),
  }),
  look(pass) {
    const { location, emit, mark } = pass;
    if (!bucketPlace(location.name)) throw new NotApplicable('a folder on disk is no BackupStorageLocation');
    const at = objectsOf(pass, storageLocationsAt(location.cluster, location.name));
    // That there is none, or that it is not available, is for location-available to say.
    if (!at?.some(isSynchronised)) return;
    const objects = askCluster(pass, veleroBackups);
    if (!objects) return;
    // Of this location's own Velero: another in the cluster may have one of the same name.
    const namespaces = new Set(at.map(({ metadata }) => metadata?.namespace));
    const known = new Set(objects.flatMap(({ metadata }) => (namespaces.has(metadata?.namespace) ? [metadata?.name] : [])));
    const unknown = location.backups.filter((backup) => isDue(pass, backup) && !known.has(backup.name));
    if (unknown.length === 0) return;
    const lost = ownersGone(pass, unknown);
    const count = unknown.length === 1 ? '1 backup' : `${unknown.length} backups`;
    const why = lost ? '; their Schedule is gone, and Backups that it owns (useOwnerReferencesInBackup) go with it' : '';
    emit({
      object: location.object,
      severity: lost ? 'info' : 'warning',
      message: `the cluster does not know ${count} of this location: ${some(unknown.map(({ name }) => name))}${why}`,
      remedy: `kubectl -n ${at[0]?.metadata?.namespace} logs deployment/velero | grep controller=backup-sync`,
      members: unknown.slice(0, 100).map(({ name, metadata }) => refTo(veleroBackups, { name, namespace: metadata?.namespace ?? null })),
      details: { backups: unknown.length },
    });
    if (!lost) for (const { name } of unknown) mark(name, 'warning', 'the cluster does not know it');
  },
});

/** Should it be in the cluster by now? Velero brings in what it finished, and removes what expired. */
function isDue({ now, options }: CheckPass<Options>, backup: Backup): boolean {
  const { metadata, files } = backup;
  if (!metadata || !files.metadata || !isFinished(backup) || metadata.name !== backup.name) return false;
  const written = Math.max(files.metadata.lastModified, timeOf(metadata.completionTimestamp) ?? 0);
  return now - written > minutes(options.delayMinutes) && (timeOf(metadata.expiration) ?? Number.POSITIVE_INFINITY) > now;
}

/** All are of schedules that the cluster no longer has. */
function ownersGone({ location }: CheckPass, backups: readonly Backup[]): boolean {
  const listed = location.cluster.of(veleroSchedules);
  if (listed.state === 'unread') return false;
  const names = new Set(listed.objects.map(({ metadata }) => metadata?.name));
  return backups.every(({ metadata }) => metadata?.schedule !== undefined && !names.has(metadata.schedule));
}
