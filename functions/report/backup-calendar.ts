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
  listed: '○',
  none: '·',
};

export const calendarLegend = '✓ ok, ! warning, ✗ error, ? unknown, … in progress, ○ listed, not looked into, · no backup';

export const scheduleName = ({ schedule }: BackupSchedule): string => (schedule === '' ? 'by hand' : schedule);

const silence: Readonly<Record<NonNullable<BackupSchedule['silent']>, string>> = {
  paused: 'paused: no backup is expected',
  gone: 'the cluster has no such Schedule any more: no backup is expected',
  new: 'the first is not yet due',
};

/** `restorable as of 8.2 h ago: nightly-20261124030000 (restorability), within 50 h`. */
export const scheduleStanding = (schedule: BackupSchedule): string => {
  const { newestVerified, hoursSinceVerified = 0, allowedHours, silent } = schedule;
  const expected = silent ? `; ${silence[silent]}` : '';
  if (!newestVerified) return `no backup was looked into and found restorable${expected}`;
  const { backup, level } = newestVerified;
  const limit =
    allowedHours === undefined || silent ? '' : `, ${hoursSinceVerified > allowedHours ? 'older than' : 'within'} ${allowedHours} h`;
  return `restorable as of ${hoursSinceVerified} h ago: ${backup} (${level})${limit}${expected}`;
};

/** `2026-11-23: error, 2 backups`. */
export const dayInWords = ({ date, verdict, backups }: CalendarDay): string =>
  verdict === 'none'
    ? `${date}: no backup`
    : `${date}: ${verdict === 'listed' ? 'listed, not looked into' : verdict}, ${backups === 1 ? '1 backup' : `${backups} backups`}`;

/** More of a location than this are in the order of their gravity. */
const few = 20;

const isBehind = ({ newestVerified, hoursSinceVerified = 0, allowedHours = Infinity, silent, schedule }: BackupSchedule): boolean =>
  schedule !== '' && !silent && (!newestVerified || hoursSinceVerified > allowedHours);

/** Those of one location together, in the order of the report; where they are many, those without a backup that is young enough come first. */
export function byLocation({ backupSchedules = [] }: Pick<Report, 'backupSchedules'>): ReadonlyMap<string, readonly BackupSchedule[]> {
  const groups = Map.groupBy(backupSchedules, ({ location }) => location);
  const ordered = (schedules: readonly BackupSchedule[]) =>
    schedules.length <= few ? schedules : schedules.toSorted((a, b) => Number(isBehind(b)) - Number(isBehind(a)));
  return new Map([...groups].map(([location, schedules]) => [location, ordered(schedules)]));
}
