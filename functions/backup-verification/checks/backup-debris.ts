import * as z from 'zod';
import { hours, inWords } from '../../health-check/age.ts';
import { some } from '../../health-check/wire.ts';
import { refTo } from '../../scan/contracts.ts';
import type { Backup } from '../../velero/backup.ts';
import { veleroBackups } from '../../velero/kinds.ts';
import { defineLocationCheck } from '../contracts.ts';
import { size } from '../tables.ts';

/** Where the backup could not be encoded, Velero withholds all but these (velero pkg/controller/backup_controller.go, persistBackup). */
const isEncodeFailure = ({ files, strangers }: Backup): boolean =>
  strangers.length === 0 && Object.keys(files).every((kind) => kind === 'logs' || kind === 'podVolumeBackups');

interface Sort {
  readonly subject: string;
  readonly severity: 'warning' | 'info';
  readonly is: (backup: Backup) => boolean;
  readonly what: string;
  readonly remedy: (backup: string, location: string) => string;
}

const sorts: readonly Sort[] = [
  {
    subject: 'not-encoded',
    severity: 'warning',
    is: isEncodeFailure,
    what: 'only a log: Velero could not write the backup down, or was killed before it did',
    remedy: (backup, location) => `read its log: aws s3 cp ${location}/backups/${backup}/${backup}-logs.gz - | zcat | grep level=error`,
  },
  {
    subject: 'tarball',
    severity: 'warning',
    is: ({ files }) => files.contents !== undefined,
    what: 'a tarball without velero-backup.json: Velero does not see them, and nothing ever removes them',
    remedy: (backup, location) =>
      `if it is wanted, bring back an earlier version of backups/${backup}/velero-backup.json; else: aws s3 rm --recursive ${location}/backups/${backup}/`,
  },
  {
    subject: 'debris',
    severity: 'warning',
    is: () => true,
    what: 'files without velero-backup.json and tarball, left by a delete that was interrupted: nothing ever removes them',
    remedy: (backup, location) => `aws s3 rm --recursive ${location}/backups/${backup}/`,
  },
];

export default defineLocationCheck({
  id: 'backup-debris',
  title: 'Folders of backups that are none',
  why: 'A folder without velero-backup.json is no backup to Velero: it costs storage for ever, and whoever believes in it finds nothing to restore.',
  upstream: 'https://github.com/vmware-tanzu/velero/blob/main/pkg/persistence/object_store.go',
  level: 'inventory',
  reads: {},
  options: z.strictObject({
    graceHours: z
      .number()
      .min(0)
      .default(1)
      .describe('Leave folders alone in which something was written in this time: they are being made or deleted'),
  }),
  look({ location, now, options, emit, mark }) {
    const without = location.backups.filter(({ files }) => !files.metadata);
    const [young, debris] = [true, false].map((isYoung) =>
      without.filter(({ lastModified }) => now - lastModified < hours(options.graceHours) === isYoung),
    );
    for (const { name } of young ?? []) mark(name, 'unknown', 'has no velero-backup.json yet: it is being made or deleted');
    const bySort = Map.groupBy(debris ?? [], (backup) => sorts.find(({ is }) => is(backup)));
    for (const [sort, backups] of bySort) {
      const [newest] = backups.toSorted((a, b) => b.lastModified - a.lastModified);
      if (!sort || !newest) continue;
      const bytes = backups.reduce((sum, backup) => sum + backup.bytes, 0);
      const folders = backups.length === 1 ? '1 folder holds' : `${backups.length} folders hold`;
      emit({
        object: location.object,
        subject: sort.subject,
        severity: sort.severity,
        message: `${folders} ${sort.what} (${size(bytes)}, the newest ${inWords(now - newest.lastModified)} old): ${some(backups.map(({ name }) => name))}`,
        remedy: sort.remedy(newest.name, location.name),
        members: backups.slice(0, 100).map(({ name }) => refTo(veleroBackups, { name })),
        details: { folders: backups.length, bytes },
      });
      for (const { name } of backups) mark(name, 'warning', 'has no velero-backup.json: it is no backup');
    }
  },
});
