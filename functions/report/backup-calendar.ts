/** How what a report says of backup schedules is put into words and signs, the same in every format. */
import type { Report } from './model.ts';

export type BackupSchedule = NonNullable<Report['backupSchedules']>[number];
export type CalendarDay = BackupSchedule['calendar'][number];

/** One cell a day. A sign of its own for each, so that none is told by its colour alone. */
export const calendarSign: Readonly<Record<CalendarDay['verdict'], string>> = {
  ok: '✓',
  warning: '!',
  error: '✗',
  unknown: '?',
  'in-progress': '…',
  none: '·',
};

export const calendarLegend = '✓ ok, ! warning, ✗ error, ? unknown, … in progress, · no backup';

export const scheduleName = ({ schedule }: BackupSchedule): string => (schedule === '' ? 'by hand' : schedule);

/** `verified 8.2 h ago (nightly-2026…, restorability), within 50 h`. */
export const scheduleStanding = ({ newestVerified, hoursSinceVerified = 0, allowedHours }: BackupSchedule): string => {
  if (!newestVerified) return 'no backup was looked into and found restorable';
  const { backup, level } = newestVerified;
  const limit = allowedHours === undefined ? '' : `, ${hoursSinceVerified > allowedHours ? 'older than' : 'within'} ${allowedHours} h`;
  return `restorable as of ${hoursSinceVerified} h ago: ${backup} (${level})${limit}`;
};

/** `2026-11-23: error, 2 backups`. */
export const dayInWords = ({ date, verdict, backups }: CalendarDay): string =>
  verdict === 'none' ? `${date}: no backup` : `${date}: ${verdict}, ${backups === 1 ? '1 backup' : `${backups} backups`}`;

/** Those of one location together, in the order of the report. */
export const byLocation = ({ backupSchedules = [] }: Pick<Report, 'backupSchedules'>): ReadonlyMap<string, readonly BackupSchedule[]> =>
  Map.groupBy(backupSchedules, ({ location }) => location);
