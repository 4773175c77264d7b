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
    compareOthers(opened, pass);
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
        if (!isGood) return;
        // The same bytes under a new ETag (encrypted anew, copied in place) are known by that one from now on.
        const record = before ? movedOn(before, now) : now;
        if (before && !record) return;
        const present = new Set(pass.location.backups.map(({ name }) => name));
        const others = records.filter((each) => each.backup !== backup.name && present.has(each.backup));
        pass.remember([...(record ? [record] : []), ...others].slice(0, pass.options.keep));
      },
    };
  },
});

/** Undefined where nothing moved, or a content is another one. */
function movedOn(before: BackupRecord, now: BackupRecord): BackupRecord | undefined {
  const all = changes(before, now);
  if (all.some(({ change }) => change !== 'same')) return undefined;
  const isMoved = all.some(({ kind }) => before.files[kind]?.lastModified !== now.files[kind]?.lastModified);
  if (!isMoved) return undefined;
  return { ...now, at: before.at };
}

/** Finalizing writes velero-backup.json first and the tarball once more after it: until then neither is what it will be. */
function isFinal(backup: Backup): boolean {
  const { metadata, contents } = backup.files;
  if (!isUsable(backup) || !metadata || !contents) return false;
  return backup.metadata?.operationsAttempted === 0 || contents.lastModified >= metadata.lastModified;
}

const changes = (before: BackupRecord, now: BackupRecord): readonly { readonly kind: BackupFileKind; readonly change: Change }[] => {
  const isCopy = isCopied(before, now);
  return backupFileKinds.flatMap((kind) => {
    const [was, is] = [before.files[kind], now.files[kind]];
    // That a file is gone is for others to say.
    if (!was || !is) return [];
    const isUnread = was.sha256 === undefined || is.sha256 === undefined;
    return [{ kind, change: isCopy && isUnread && was.size === is.size ? 'same' : changeOf(was, is) }];
  });
};

/** All that was read has its old bytes under a new version: a bucket that was encrypted anew or copied in place, and the rest with it. */
function isCopied(before: BackupRecord, now: BackupRecord): boolean {
  const read = backupFileKinds.flatMap((kind) => {
    const [was, is] = [before.files[kind], now.files[kind]];
    return was?.sha256 !== undefined && is?.sha256 !== undefined ? [{ was, is }] : [];
  });
  return read.length > 0 && read.every(({ was, is }) => was.sha256 === is.sha256 && was.lastModified < is.lastModified);
}

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

/** Those that are not read this time, by the listing alone; once a run. The newest of each schedule are read, and their content tells more. */
function compareOthers({ backup: opened }: OpenedBackup, pass: Pass): void {
  if (compared.has(pass.location)) return;
  compared.add(pass.location);
  const backups = new Map(pass.location.backups.map((backup) => [backup.name, backup]));
  const newest = new Set(pass.location.schedules.map(({ newestUsable }) => newestUsable));
  for (const before of readRecords(pass.memory)) {
    const backup = backups.get(before.backup);
    if (!backup || backup === opened || newest.has(backup)) continue;
    const changed = changes(before, recordOf(backup, before.at, {})).filter(({ change }) => change !== 'same');
    if (changed.length === 0) continue;
    const keys = changed.map(({ kind }) => backupKey(backup.name, kind)).join(', ');
    pass.mark(backup.name, 'warning', `written since it was verified at ${before.at}: ${keys}`);
  }
}
