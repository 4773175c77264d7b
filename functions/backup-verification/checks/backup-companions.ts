import * as z from 'zod';
import type { Severity } from '../../scan/contracts.ts';
import type { Companion } from '../../velero/companions/companion-files.ts';
import { probeCompanion, probeLog } from '../../velero/companions/read-companions.ts';
import { type BackupFileKind, backupKey } from '../../velero/layout.ts';
import { type CheckPass, defineArchiveCheck, type OpenedBackup } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

/** What a restore, or Velero in another cluster, does where a file cannot be read (velero pkg/controller/restore_controller.go, backup_sync_controller.go). */
const consequences: Readonly<Partial<Record<BackupFileKind, { readonly severity: Severity; readonly what: string }>>> = {
  volumeInfo: { severity: 'critical', what: 'every restore fails on it' },
  volumeSnapshots: { severity: 'critical', what: 'every restore fails on it' },
  csiVolumeSnapshots: { severity: 'critical', what: 'every restore fails on it' },
  podVolumeBackups: { severity: 'critical', what: 'a new cluster does not learn of the volumes that were backed up from pods' },
  resourceList: { severity: 'warning', what: 'what the archive lacks cannot be told' },
  results: { severity: 'warning', what: 'what went wrong cannot be told' },
  itemOperations: { severity: 'warning', what: 'what became of data movements cannot be told' },
  logs: { severity: 'warning', what: 'what Velero did cannot be read any more' },
};
/** Older Veleros wrote them, and nothing but this check reads them here. */
const others: readonly BackupFileKind[] = ['csiVolumeSnapshots', 'csiVolumeSnapshotContents', 'csiVolumeSnapshotClasses', 'itemSnapshots'];

export default defineArchiveCheck({
  id: 'backup-companions',
  title: 'Damaged files beside the archive',
  why: 'Restores read the volumes’ records from them; one that cannot be read stops every restore of the backup.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/v1.18.1/pkg/persistence/object_store.go',
  level: 'content',
  reads: {},
  options: z.strictObject({}),
  start: (opened, pass) => ({
    async finish() {
      const { companions, backup } = opened;
      const read: readonly (readonly [BackupFileKind, () => Promise<Companion<unknown>>])[] = [
        ['resourceList', companions.resourceList],
        ['results', companions.results],
        ['volumeInfo', companions.volumeInfo],
        ['podVolumeBackups', companions.podVolumeBackups],
        ['volumeSnapshots', companions.volumeSnapshots],
        ['itemOperations', companions.itemOperations],
        ['logs', () => probeLog(pass.location.store, backup, pass.signal)],
        ...others.map((kind) => [kind, () => probeCompanion(pass.location.store, backup, kind, pass.signal)] as const),
      ];
      const voice = backupVoice(pass);
      let sound = 0;
      for (const [kind, companion] of read) if (judge(opened, pass, voice, kind, await companion())) sound += 1;
      pass.mark(backup.name, 'ok', `${sound} files beside its archive were read whole`);
    },
  }),
});

/** Was it there and whole? Which files have to be there is for backup-files to say, from the listing. */
function judge(
  { backup }: OpenedBackup,
  pass: CheckPass,
  voice: BackupVoice,
  kind: BackupFileKind,
  companion: Companion<unknown>,
): boolean {
  const key = backupKey(backup.name, kind);
  const { severity, what } = consequences[kind] ?? { severity: 'warning', what: 'Velero reads it no more' };
  const say = (message: string, remedy: string) =>
    voice.say(backup, { subject: kind, severity, message: `has a file that cannot be used: ${message}; ${what}`, remedy });
  // An empty file is told of from the listing.
  if (companion.state === 'damaged' && backup.files[kind]?.size === 0) return false;
  if (companion.state === 'damaged') say(companion.message, companion.remedy);
  else if (companion.state === 'unknown') pass.unknown({ backup: backup.name, reason: companion.message, remedy: companion.remedy });
  else if (companion.state === 'absent' && backup.files[kind])
    say(`${key} was listed, and is gone`, 'run it again: if it is still gone, somebody deletes in this bucket');
  return companion.state === 'read';
}
