/**
 * Which files a finished backup must have, by the version of Velero that wrote it. No file says that version, so it is told from the others: files came
 * to stay (velero pkg/persistence/object_store.go, PutBackup, at its tags), and what an older backup of the schedule has, a newer one has too.
 */
import { type Backup, isUsable } from '../../velero/backup.ts';
import type { BackupFileKind } from '../../velero/layout.ts';
import type { LocationFacts } from '../contracts.ts';

/** From the oldest; a writer of one writes all before it. Of every version: the first two; 1.1, 1.10, 1.11 and 1.13. */
const cameToStay = [
  'podVolumeBackups',
  'volumeSnapshots',
  'resourceList',
  'results',
  'itemOperations',
  'volumeInfo',
] as const satisfies readonly BackupFileKind[];

/** Since 1.17 the server adds these types to what is excluded (velero pkg/controller/backup_controller.go). */
const since117 = (backup: Backup): boolean => {
  // Until 1.16 this one was always written: who excludes the type by hand there has it.
  if (backup.files.csiVolumeSnapshots) return false;
  const { excludedNamespaceScopedResources = [], excludedResources = [] } = backup.metadata?.spec ?? {};
  return [...excludedNamespaceScopedResources, ...excludedResources].includes('volumesnapshots.snapshot.storage.k8s.io');
};

const newestKnownTo = (backup: Backup): number =>
  since117(backup)
    ? cameToStay.length - 1
    : Math.max(
        1,
        cameToStay.findLastIndex((kind) => backup.files[kind] !== undefined),
      );

/** What the writer of each backup wrote beside the tarball and velero-backup.json. Backups by hand have no older ones to compare with. */
export function expectedCompanions({ schedules }: Pick<LocationFacts, 'schedules'>): (backup: Backup) => readonly BackupFileKind[] {
  const newest = new Map<string, number>();
  for (const { name, backups } of schedules) {
    const oldestFirst = backups.toReversed().filter(({ metadata }) => metadata);
    const own = oldestFirst.map((backup) => (isUsable(backup) ? newestKnownTo(backup) : -1));
    let known = 0;
    for (const [index, backup] of oldestFirst.entries()) {
      const its = own[index] ?? -1;
      // A file is lost once; where two in a row lack the same ones, Velero was set back to an older version.
      const isSetBack = its >= 0 && its < known && [own[index - 1], own[index + 1]].includes(its);
      known = name === '' || isSetBack ? Math.max(0, its) : Math.max(known, its);
      newest.set(backup.name, known);
    }
  }
  return (backup) => cameToStay.slice(0, (newest.get(backup.name) ?? newestKnownTo(backup)) + 1);
}
