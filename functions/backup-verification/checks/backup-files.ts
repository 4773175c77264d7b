import * as z from 'zod';
import { hours, inWords } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { type Backup, type BackupMetadata, phaseMeaning } from '../../velero/backup.ts';
import { type BackupFileKind, backupFileKinds, backupKey } from '../../velero/layout.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { expectedCompanions } from '../inventory/expected-files.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

interface Options {
  readonly uploadHours: number;
}

export default defineLocationCheck({
  id: 'backup-files',
  title: 'Backups whose files are missing, empty, archived or misplaced',
  why: 'A backup that says Completed cannot be restored from without its tarball, and restores without its volumes where the list of them is lost.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/persistence/object_store.go',
  level: 'inventory',
  reads: {},
  options: z.strictObject({
    uploadHours: z.number().min(0).default(2).describe('A tarball may follow its velero-backup.json by this much'),
  }),
  look(pass) {
    const [voice, expected] = [backupVoice(pass), expectedCompanions(pass.location)];
    for (const backup of pass.location.backups) {
      const { metadata } = backup;
      if (!metadata) continue;
      judgeName(voice, backup, metadata);
      judgeArchived(pass, voice, backup);
      const meaning = phaseMeaning(metadata.phase);
      if (meaning === 'in-progress') judgeUpload(pass, voice, backup);
      // Velero leaves what it has of a failed one; nobody restores from it.
      if (meaning === 'usable') judgeFinished(pass, voice, backup, metadata, expected(backup));
    }
  },
});

function judgeName(voice: BackupVoice, backup: Backup, { name }: BackupMetadata): void {
  if (name === backup.name) return;
  voice.say(backup, {
    subject: 'name',
    severity: 'critical',
    message: `holds the velero-backup.json of another backup, ${name}: Velero would look for its files in backups/${name}/`,
    remedy: `put backups/${backup.name}/ back under the name that its velero-backup.json says, with all files named ${name}-...`,
    details: { expected: backup.name, found: name },
  });
}

/** Classes that answer no GET before they are restored; GLACIER_IR and the others do. */
const archived: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

function judgeArchived(pass: CheckPass, { isCurrent }: BackupVoice, backup: Backup): void {
  const files = Object.values(backup.files).filter(({ storageClass }) => archived.has(storageClass ?? ''));
  const [first] = files;
  if (!first) return;
  const classes = [...new Set(files.map(({ storageClass }) => storageClass ?? ''))];
  const reason = `${files.length === 1 ? first.key : `${files.length} of its files`} lie in the storage class ${some(classes)}, where they can be read only after hours`;
  const remedy = `aws s3api restore-object for ${first.key}, and see which lifecycle rule moved it`;
  if (isCurrent(backup)) pass.unknown({ backup: backup.name, reason, remedy });
  else pass.mark(backup.name, 'unknown', reason);
}

/** Velero uploads velero-backup.json first and the tarball right after it. */
function judgeUpload({ now, options }: CheckPass<Options>, voice: BackupVoice, backup: Backup): void {
  const { contents, metadata } = backup.files;
  if ((contents && contents.size > 0) || now - backup.lastModified < hours(options.uploadHours)) return;
  voice.say(backup, {
    subject: 'contents',
    severity: 'warning',
    message: `has ${contents ? 'an empty' : 'no'} tarball ${inWords(now - (metadata?.lastModified ?? backup.lastModified))} after its velero-backup.json was written: the upload was cut off, expected ${backupKey(backup.name, 'contents')}`,
    remedy: `see whether Velero’s server was killed, make a new backup, and delete this one: velero backup delete ${backup.name}`,
  });
}

function judgeFinished(
  pass: CheckPass,
  voice: BackupVoice,
  backup: Backup,
  metadata: BackupMetadata,
  expected: readonly BackupFileKind[],
): void {
  const { contents } = backup.files;
  if (!contents || contents.size === 0)
    voice.say(backup, {
      subject: 'contents',
      severity: 'critical',
      message: `is ${metadata.phase}, but its tarball ${contents ? 'is empty' : 'is gone'}: ${backupKey(backup.name, 'contents')}; a delete was interrupted, or somebody deleted it${elsewhere(backup)}`,
      remedy: `look for an earlier version of it: aws s3api list-object-versions --prefix .../${backupKey(backup.name, 'contents')}; else make a new backup`,
      details: { key: backupKey(backup.name, 'contents'), bytes: contents?.size ?? 0 },
    });
  const missing = expected.filter((kind) => !backup.files[kind]);
  const empty = backupFileKinds.filter((kind) => kind !== 'contents' && kind !== 'metadata' && backup.files[kind]?.size === 0);
  if (missing.length > 0) sayCompanions(voice, backup, missing, 'missing', metadata);
  if (empty.length > 0) sayCompanions(voice, backup, empty, 'empty', metadata);
  if (contents && contents.size > 0 && missing.length + empty.length === 0 && voice.isCurrent(backup))
    pass.mark(backup.name, 'ok', 'its tarball and the files beside it are there, and none is empty');
}

/** Another backup's tarball under this folder: a copy that was renamed by half. */
const elsewhere = ({ strangers }: Backup): string => {
  const tarball = strangers.find(({ key }) => key.endsWith('.tar.gz'));
  return tarball ? `; there is ${tarball.key}, which Velero does not look at` : '';
};

/** A restore reads these, and fails where they are damaged (velero pkg/controller/restore_controller.go, runValidatedRestore). */
const readByRestore: ReadonlySet<BackupFileKind> = new Set(['volumeSnapshots', 'csiVolumeSnapshots', 'volumeInfo']);

/** An absent list is read as `none`, an empty file as damage: gzip is never empty. */
const losesData = (kind: BackupFileKind, what: 'missing' | 'empty', metadata: BackupMetadata): boolean =>
  what === 'empty' ? readByRestore.has(kind) : kind === 'volumeSnapshots' && metadata.volumeSnapshotsAttempted > 0;

function sayCompanions(
  voice: BackupVoice,
  backup: Backup,
  kinds: readonly BackupFileKind[],
  what: 'missing' | 'empty',
  metadata: BackupMetadata,
) {
  const keys = kinds.map((kind) => backupKey(backup.name, kind));
  const grave = kinds.some((kind) => losesData(kind, what, metadata));
  const means =
    what === 'empty' && grave
      ? '; Velero cannot read them and refuses the restore'
      : grave
        ? '; a restore takes that for no volumes at all'
        : kinds.includes('podVolumeBackups') || kinds.includes('volumeInfo')
          ? '; a restore into another cluster may not find the volumes’ data'
          : '';
  voice.say(backup, {
    subject: what,
    severity: grave ? 'critical' : 'warning',
    message: `has ${what} files that its version of Velero wrote: ${some(keys, 4)}${means}`,
    remedy: `look for earlier versions of them: aws s3api list-object-versions --prefix .../backups/${backup.name}/; else make a new backup`,
    details: { files: kinds.length },
  });
}
