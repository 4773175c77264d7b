/** What the report shows of a location beside its findings: a row a backup, a line a schedule, what it took. Pure. */

import { counted } from '../report/counts.ts';
import type { Report } from '../report/model.ts';
import { pointInTime } from '../report/wording.ts';
import { type Backup, isUsable, phaseMeaning, startedAt } from '../velero/backup.ts';
import { veleroSchedules } from '../velero/kinds.ts';
import type { LocationFacts, ScheduleFacts, Verdict } from './contracts.ts';
import type { Mark } from './said.ts';
import type { LocationResult } from './verify-location.ts';

type Table = NonNullable<Report['tables']>[number];
export type BackupSchedules = NonNullable<Report['backupSchedules']>;

/** The newest of a schedule have a row each, of many schedules fewer: a page of 10,000 would help nobody. */
const mostRows = 31;
/** So many schedules of a location have a table each, those with the gravest backups first; the others have a row each. */
const mostTables = 20;
/** A clock may be ahead by so much (ms). */
const mostSkew = 3_600_000;
const day = 86_400_000;
const calendarDays = 30;

/** `in-progress`: Velero works on it. `listed`: nothing is wrong with its files, and it was not looked into. */
export type RowVerdict = Verdict | 'in-progress' | 'listed';
/** Gravest first. Of a day what is only listed comes last: one of its backups was looked into. */
const order: readonly RowVerdict[] = ['error', 'unknown', 'warning', 'ok', 'listed', 'in-progress'];

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

/** The gravest of what is said of it today, of what was found when it was looked into, and of what Velero says. */
export function verdictOf(backup: Backup, marks: readonly Mark[], verified: LocationResult['verified']): RowVerdict {
  const said = marks.map(({ verdict }) => verdict);
  const isAlarming = said.some((verdict) => verdict !== 'ok');
  if (backup.metadata && phaseMeaning(backup.metadata.phase) === 'in-progress' && !isAlarming) return 'in-progress';
  const before = verified.get(backup.name);
  const isSame = before !== undefined && before.etag === (backup.files.contents?.etag ?? '');
  const verdicts: RowVerdict[] = [...said, ...(isSame ? [before.verdict] : []), ...byListing(backup, isAlarming)];
  // A check that says of it what is well has not looked into all of it.
  const proved = verdicts.filter((verdict) => verdict !== 'ok' || (isSame && before.verdict === 'ok'));
  return order.find((verdict) => proved.includes(verdict)) ?? 'listed';
}

/** What cannot be restored from is not well, whatever checks are on; where they say something themselves they know better. */
function byListing(backup: Backup, isSaid: boolean): readonly Verdict[] {
  const { metadata, trouble } = backup;
  if (isUsable(backup) || isSaid) return [];
  if (!metadata) return [trouble?.unknown ? 'unknown' : trouble ? 'error' : 'warning'];
  return phaseMeaning(metadata.phase) === 'strange' ? ['unknown'] : ['error'];
}

const columns = ['Backup', 'Verdict', 'Begun', 'Looked into', 'Velero says', 'What was found'];

/** One table for each schedule, the newest backup first; where there are many, one more for the newest backup of each of the others. */
export function backupTables(result: LocationResult): Table[] {
  const { location, verified } = result;
  const marks = marksByBackup(result);
  const row = (backup: Backup) => rowOf(backup, marks.get(backup.name) ?? [], result);
  const gravest = ({ backups }: ScheduleFacts) =>
    Math.min(...backups.map((backup) => order.indexOf(verdictOf(backup, marks.get(backup.name) ?? [], verified))));
  const schedules = location.schedules.filter(({ backups }) => backups.length > 0);
  const isFew = schedules.length <= mostTables;
  const ordered = isFew
    ? schedules
    : schedules
        .map((schedule) => ({ schedule, rank: gravest(schedule) }))
        .toSorted((a, b) => a.rank - b.rank)
        .map(({ schedule }) => schedule);
  const own = ordered.slice(0, mostTables).map(({ name, backups }): Table => {
    const rows = backups.slice(0, mostRows).map(row);
    const more = backups.length - rows.length;
    return {
      title: `${name === '' ? 'Backups made by hand' : `Schedule ${name}`}, ${location.name}`,
      columns,
      rows: more > 0 ? [...rows, [`and ${more} older ones`, '', '', '', '', '']] : rows,
    };
  });
  if (isFew) return own;
  const rows = ordered.slice(mostTables).flatMap(({ backups }) => backups.slice(0, 1).map(row));
  return [...own, { title: `The newest backup of ${counted(rows.length, 'other schedule')}, ${location.name}`, columns, rows }];
}

function rowOf(backup: Backup, marks: readonly Mark[], { verified, chosen }: LocationResult): Table['rows'][number] {
  const { metadata, name, bytes } = backup;
  const looked = verified.get(name);
  const found = marks.filter(({ verdict }) => verdict !== 'ok').toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  // What the listing alone shows is no proof, and would fill the row of every night.
  const proved = chosen.includes(name) ? marks.filter(({ verdict }) => verdict === 'ok') : [];
  return [
    name,
    verdictOf(backup, marks, verified),
    pointInTime(new Date(startedAt(backup)).toISOString()),
    looked ? `${looked.level}, ${pointInTime(looked.at)}` : 'not yet',
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
    const newest = backups.find(
      // One that says to be from tomorrow is no proof of today.
      (backup) => startedAt(backup) <= now + mostSkew && isRestorable(backup, marks.get(backup.name) ?? [], verified),
    );
    const allowed = allowedAge(schedule);
    const silent = silenceOf(schedule, { cluster: location.cluster, isVerified: newest !== undefined, allowed, now });
    const completedAt = newest?.metadata?.completionTimestamp ?? newest?.metadata?.startTimestamp;
    const looked = newest && verified.get(newest.name);
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
          hoursSinceVerified: hoursOf(Math.max(0, now - startedAt(newest))),
        }),
      ...(allowed !== undefined && { allowedHours: hoursOf(allowed) }),
      ...(silent && { silent }),
      calendar: calendarOf(backups, now, (backup) => verdictOf(backup, marks.get(backup.name) ?? [], verified)),
    };
  });
}

interface Standing {
  readonly cluster: LocationFacts['cluster'];
  readonly isVerified: boolean;
  readonly allowed: number | undefined;
  readonly now: number;
}

/**
 * Why no backup is expected of a schedule. That its Schedule is gone is known only where the cluster was read; backups of other clusters in the
 * same location are then theirs to watch.
 */
function silenceOf(schedule: ScheduleFacts, { cluster, isVerified, allowed, now }: Standing): BackupSchedules[number]['silent'] {
  const { name, paused, cron, createdAt, backups } = schedule;
  if (name === '') return undefined;
  if (paused) return 'paused';
  if (cron === undefined) return cluster.of(veleroSchedules).state === 'read' ? 'gone' : undefined;
  const oldest = backups.at(-1);
  const since = Math.min(Date.parse(createdAt ?? '') || now, oldest ? startedAt(oldest) : now);
  return !isVerified && allowed !== undefined && now - since <= allowed ? 'new' : undefined;
}

/** What the last report knew of a location that cannot be listed tonight: older by the time since, and no better. */
export function carriedLines(previous: Report | undefined, location: string, now: number): BackupSchedules {
  if (!previous) return [];
  const passed = hoursOf(Math.max(0, now - Date.parse(previous.startedAt)));
  const same = previous.backupSchedules?.filter((schedule) => schedule.location === location) ?? [];
  return same.map(({ hoursSinceVerified, calendar, silent, ...schedule }) => {
    const known = new Map(calendar.map((each) => [each.date, each]));
    return {
      ...schedule,
      ...(hoursSinceVerified !== undefined && { hoursSinceVerified: Math.round((hoursSinceVerified + passed) * 10) / 10 }),
      // Whether the first is due by now is not known either.
      ...(silent && silent !== 'new' && { silent }),
      calendar: calendarDates(now).map((date) => known.get(date) ?? { date, verdict: 'unknown', backups: 0 }),
    };
  });
}

const hoursOf = (milliseconds: number): number => Math.round(milliseconds / 360_000) / 10;

/** It was looked into, as it is now, and nothing was found that keeps it from restoring, then or today. */
function isRestorable(backup: Backup, marks: readonly Mark[], verified: LocationResult['verified']): boolean {
  const looked = verified.get(backup.name);
  if (!looked || looked.level === 'inventory' || looked.etag !== backup.files.contents?.etag) return false;
  const verdict = verdictOf(backup, marks, verified);
  return verdict === 'ok' || verdict === 'warning';
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const calendarDates = (now: number): string[] =>
  Array.from({ length: calendarDays }, (_, index) => dayOf(now - (calendarDays - 1 - index) * day));

/** By the UTC day on which a backup began; the gravest of the day counts. */
function calendarOf(backups: readonly Backup[], now: number, verdict: (backup: Backup) => RowVerdict): BackupSchedules[number]['calendar'] {
  const from = now - calendarDays * day;
  const byDay = Map.groupBy(
    backups.filter((backup) => startedAt(backup) >= from),
    (backup) => dayOf(startedAt(backup)),
  );
  return calendarDates(now).map((date) => {
    const ofDay = byDay.get(date) ?? [];
    const verdicts = new Set(ofDay.map(verdict));
    return { date, verdict: order.find((each) => verdicts.has(each)) ?? 'none', backups: ofDay.length };
  });
}
