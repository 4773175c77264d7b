/** What the report shows of a location beside its findings: a row a backup, a line a schedule, what it took. Pure. */
import type { Report } from '../report/model.ts';
import { counted } from '../report/summary.ts';
import { pointInTime } from '../report/wording.ts';
import { type Backup, phaseMeaning, startedAt } from '../velero/backup.ts';
import type { ScheduleFacts, Verdict } from './contracts.ts';
import type { Mark } from './said.ts';
import type { LocationResult } from './verify-location.ts';

type Table = NonNullable<Report['tables']>[number];
export type BackupSchedules = NonNullable<Report['backupSchedules']>;

/** The newest of a schedule have a row each; a page of 10,000 would help nobody. */
const mostRows = 31;
const day = 86_400_000;
const calendarDays = 30;

/** Gravest first; a backup that is being made is none of the four. */
const order: readonly Verdict[] = ['error', 'unknown', 'warning', 'ok'];

/** By backup: what was said of it. */
export const marksByBackup = ({ said }: LocationResult): ReadonlyMap<string, readonly Mark[]> =>
  Map.groupBy(
    [
      ...said.marks,
      ...said.unknowns.flatMap(({ backup, reason, check }): Mark[] =>
        backup === undefined ? [] : [{ backup, verdict: 'unknown', what: reason, check }],
      ),
    ],
    ({ backup }) => backup,
  );

/** The gravest of what is said of it today, and of what was found when it was looked into; by the listing alone where it never was. */
export function verdictOf(backup: Backup, marks: readonly Mark[], verified: LocationResult['verified']): Verdict | 'in-progress' {
  if (backup.metadata && phaseMeaning(backup.metadata.phase) === 'in-progress' && marks.every(({ verdict }) => verdict === 'ok'))
    return 'in-progress';
  const before = verified[backup.name];
  const isSame = before !== undefined && before.etag === (backup.files.contents?.etag ?? '');
  const verdicts = [...marks.map(({ verdict }) => verdict), ...(isSame ? [before.verdict] : [])];
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'ok';
}

/** One table for each schedule, the newest backup first. */
export function backupTables(result: LocationResult): Table[] {
  const { location, verified } = result;
  const marks = marksByBackup(result);
  return location.schedules
    .filter(({ backups }) => backups.length > 0)
    .map((schedule): Table => {
      const { name, backups } = schedule;
      const rows = backups.slice(0, mostRows).map((backup) => rowOf(backup, marks.get(backup.name) ?? [], verified));
      const more = backups.length - rows.length;
      return {
        title: `${name === '' ? 'Backups made by hand' : `Schedule ${name}`}, ${location.name}`,
        columns: ['Backup', 'Begun', 'Verdict', 'Looked into', 'Velero says', 'What was found'],
        rows: more > 0 ? [...rows, [`and ${more} older ones`, '', '', '', '', '']] : rows,
      };
    });
}

function rowOf(backup: Backup, marks: readonly Mark[], verified: LocationResult['verified']): Table['rows'][number] {
  const { metadata, name, bytes } = backup;
  const looked = verified[name];
  const found = marks.filter(({ verdict }) => verdict !== 'ok').toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const proved = marks.filter(({ verdict }) => verdict === 'ok');
  return [
    name,
    pointInTime(new Date(startedAt(backup)).toISOString()),
    verdictOf(backup, marks, verified),
    looked ? `${pointInTime(looked.at)}, ${looked.level}` : 'not yet',
    `${metadata ? `${metadata.phase}, ${counted(metadata.itemsBackedUp, 'item')}` : 'nothing'}; ${size(bytes)}`,
    someOf((found.length > 0 ? found : proved).map(({ what }) => what)),
  ];
}

const someOf = (texts: readonly string[]): string => {
  const unique = [...new Set(texts)];
  const shown = unique.slice(0, 3).map((text) => (text.length > 200 ? `${text.slice(0, 197)}...` : text));
  return [...shown, ...(unique.length > shown.length ? [`and ${unique.length - shown.length} more`] : [])].join('; ');
};

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;
/** `2.7 MB`, in steps of 1,000. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** What each level took, as the issue of trust and of cost. */
export const costTable = (results: readonly LocationResult[]): Table => ({
  title: 'What it took',
  columns: ['Location', 'For', 'Requests', 'Received'],
  rows: results.flatMap(({ location, costs }) => costs.map(({ what, requests, bytes }) => [location.name, what, requests, size(bytes)])),
});

/** A line for each schedule: its newest backup that is known to be restorable, and the last 30 days. `allowedAge`: in ms, by its cron or rhythm. */
export function scheduleLines(
  result: LocationResult,
  now: number,
  allowedAge: (schedule: ScheduleFacts) => number | undefined,
): BackupSchedules {
  const marks = marksByBackup(result);
  const { location, verified } = result;
  return location.schedules.map((schedule) => {
    const { name, cron, timeZone, backups } = schedule;
    const newest = backups.find((backup) => isRestorable(backup, marks.get(backup.name) ?? [], verified));
    const completedAt = newest?.metadata?.completionTimestamp ?? newest?.metadata?.startTimestamp;
    const looked = newest && verified[newest.name];
    const allowed = allowedAge(schedule);
    return {
      location: location.name,
      schedule: name,
      ...(cron !== undefined && { cron }),
      ...(timeZone !== undefined && { timeZone }),
      ...(newest &&
        looked &&
        completedAt !== undefined && {
          newestVerified: { backup: newest.name, completedAt, level: looked.level, verifiedAt: looked.at },
          // The data is as old as the backup's beginning.
          hoursSinceVerified: hoursOf(now - startedAt(newest)),
        }),
      ...(allowed !== undefined && { allowedHours: hoursOf(allowed) }),
      calendar: calendarOf(backups, now, (backup) => verdictOf(backup, marks.get(backup.name) ?? [], verified)),
    };
  });
}

const hoursOf = (milliseconds: number): number => Math.round(milliseconds / 360_000) / 10;

/** It was looked into, as it is now, and nothing was found that keeps it from restoring, then or today. */
function isRestorable(backup: Backup, marks: readonly Mark[], verified: LocationResult['verified']): boolean {
  const looked = verified[backup.name];
  if (!looked || looked.level === 'inventory' || looked.etag !== backup.files.contents?.etag) return false;
  const verdict = verdictOf(backup, marks, verified);
  return verdict === 'ok' || verdict === 'warning';
}

/** By the UTC day on which a backup began; the gravest of the day counts. */
function calendarOf(
  backups: readonly Backup[],
  now: number,
  verdict: (backup: Backup) => Verdict | 'in-progress',
): BackupSchedules[number]['calendar'] {
  const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
  const from = now - (calendarDays - 1) * day;
  const byDay = Map.groupBy(
    backups.filter((backup) => startedAt(backup) >= from - day),
    (backup) => dayOf(startedAt(backup)),
  );
  return Array.from({ length: calendarDays }, (_, index) => {
    const date = dayOf(from + index * day);
    const ofDay = byDay.get(date) ?? [];
    const verdicts = ofDay.map(verdict);
    const gravest = [...order, 'in-progress' as const].find((each) => verdicts.includes(each));
    return { date, verdict: gravest ?? 'none', backups: ofDay.length };
  });
}
