import * as z from 'zod';
import { type Backup, isUsable } from '../../velero/backup.ts';
import { type BackupFileKind, backupFileKinds, backupKey } from '../../velero/layout.ts';
import { type BackupRecord, type Change, changeOf, readRecords, recordOf } from '../content/file-records.ts';
import { type CheckPass, defineArchiveCheck, type LocationFacts, type OpenedBackup } from '../contracts.ts';
import { type BackupVoice, backupVoice } from '../inventory/standing.ts';

const options = z.strictObject({
  keep: z.number().int().min(1).max(200).default(30).describe('Of how many backups to remember what their files were'),
});
type Pass = CheckPass<z.output<typeof options>>;

export default defineArchiveCheck({
  id: 'backup-changed',
  title: 'Backup files that changed after they were verified',
  why: 'Velero never rewrites the files of a finished backup: they rotted, or somebody exchanged them.',
  upstream: 'https://github.com/vmware-tanzu/velero/issues/9187',
  level: 'content',
  reads: {},
  options,
  start(opened, pass) {
    compareOthers(pass);
    return {
      async finish(end) {
        const { backup, companions } = opened;
        if (!isFinal(backup)) return;
        const { resourceList, results, volumeInfo, podVolumeBackups, volumeSnapshots, itemOperations } = companions;
        const files = await Promise.all([resourceList(), results(), volumeInfo(), podVolumeBackups(), volumeSnapshots(), itemOperations()]);
        const hashes = { ...companions.hashes?.(), ...(end.sha256 !== undefined && { contents: end.sha256 }) };
        const now = recordOf(backup, new Date(pass.now).toISOString(), hashes);
        const records = readRecords(pass.memory);
        const before = records.find((record) => record.backup === backup.name);
        if (before) compare(opened, pass, before, now);
        // What is damaged, or was not read whole, is no measure for later.
        const isGood =
          end.whole &&
          end.sha256 !== undefined &&
          end.problems.every(({ harmless }) => harmless) &&
          files.every(({ state }) => state === 'read' || state === 'absent');
        if (before || !isGood) return;
        const present = new Set(pass.location.backups.map(({ name }) => name));
        pass.remember([now, ...records.filter((record) => present.has(record.backup))].slice(0, pass.options.keep));
      },
    };
  },
});

/** Finalizing writes velero-backup.json first and the tarball once more after it: until then neither is what it will be. */
function isFinal(backup: Backup): boolean {
  const { metadata, contents } = backup.files;
  if (!isUsable(backup) || !metadata || !contents) return false;
  return backup.metadata?.operationsAttempted === 0 || contents.lastModified >= metadata.lastModified;
}

const changes = (before: BackupRecord, now: BackupRecord): readonly { readonly kind: BackupFileKind; readonly change: Change }[] =>
  backupFileKinds.flatMap((kind) => {
    const [was, is] = [before.files[kind], now.files[kind]];
    // That a file is gone is for others to say.
    return was && is ? [{ kind, change: changeOf(was, is) }] : [];
  });

function compare({ backup }: OpenedBackup, pass: Pass, before: BackupRecord, now: BackupRecord): void {
  const voice = backupVoice(pass);
  const all = changes(before, now);
  for (const { kind, change } of all) if (change !== 'same') tell(voice, backup, before, now, kind, change);
  if (all.every(({ change }) => change === 'same')) pass.mark(backup.name, 'ok', `its files are those that were verified at ${before.at}`);
}

function tell(voice: BackupVoice, backup: Backup, before: BackupRecord, now: BackupRecord, kind: BackupFileKind, change: Change): void {
  const key = backupKey(backup.name, kind);
  const [was, is] = [before.files[kind], now.files[kind]];
  const sum = (record: typeof was) =>
    record?.sha256 === undefined ? `${record?.size ?? 0} bytes` : `SHA-256 ${record.sha256.slice(0, 16)}...`;
  const modified = is ? new Date(is.lastModified).toISOString() : '';
  const what =
    change === 'silent'
      ? `has other content than when it was verified at ${before.at}, and no newer time or ETag: it rotted, or was tampered with`
      : `was rewritten at ${modified}, after it was verified at ${before.at}: Velero does not rewrite finished backups`;
  voice.say(backup, {
    subject: `${kind} changed`,
    severity: change === 'silent' ? 'critical' : 'warning',
    message: `has a file that changed: ${key} ${what} (was ${sum(was)}, is ${sum(is)})`,
    remedy:
      change === 'silent'
        ? `do not rely on it: bring back an earlier version of ${key} if the bucket keeps versions, and take a new backup`
        : `find out who wrote ${key} (CloudTrail, the bucket’s access log); compare it with its previous version if the bucket keeps versions`,
    details: { ...(was?.sha256 && { sha256Before: was.sha256 }), ...(is?.sha256 && { sha256: is.sha256 }), verifiedAt: before.at },
  });
}

const compared = new WeakSet<LocationFacts>();

/** Those that are not read this time, by the listing alone; once a run. */
function compareOthers(pass: Pass): void {
  if (compared.has(pass.location)) return;
  compared.add(pass.location);
  const backups = new Map(pass.location.backups.map((backup) => [backup.name, backup]));
  for (const before of readRecords(pass.memory)) {
    const backup = backups.get(before.backup);
    if (!backup) continue;
    const changed = changes(before, recordOf(backup, before.at, {})).filter(({ change }) => change !== 'same');
    if (changed.length === 0) continue;
    const keys = changed.map(({ kind }) => backupKey(backup.name, kind)).join(', ');
    pass.mark(backup.name, 'warning', `written since it was verified at ${before.at}: ${keys}`);
  }
}
