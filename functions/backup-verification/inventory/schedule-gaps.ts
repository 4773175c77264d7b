/** Which backups of a schedule are missing between others. Pure. */
import { timeOf } from '../../health-check/age.ts';
import { startedAt } from '../../velero/backup.ts';
import { cronOf, rhythmOf } from '../../velero/inventory/backup-rhythm.ts';
import type { ScheduleFacts } from '../contracts.ts';

/** So many due times are looked at: four a hour for a month. */
const mostTimes = 3000;

/**
 * When (ms) a backup was due, after `from` and between the oldest and the newest that there are, and none was begun or still running: newest
 * first. Without a cron: when the next one would have come by the schedule's own rhythm.
 */
export function missingBackups(schedule: ScheduleFacts, from: number): readonly number[] {
  const runs = schedule.backups
    .map((backup) => ({ start: startedAt(backup), end: timeOf(backup.metadata?.completionTimestamp) ?? startedAt(backup) }))
    .toSorted((a, b) => a.start - b.start);
  const [oldest, newest] = [runs[0], runs.at(-1)];
  if (!oldest || !newest) return [];
  const cron = cronOf(schedule);
  if (!cron || cron.every !== undefined)
    return byRhythm(
      schedule,
      runs.map(({ start }) => start),
      from,
      cron?.every,
    );
  const since = Math.max(from, oldest.start, timeOf(schedule.createdAt) ?? 0);
  const due = cron.lastDue(newest.start, mostTimes, since - 1);
  // The backup of a due time is begun before the next one; both lists are in order.
  return due.filter((time, index) => index > 0 && !runs.some(({ start, end }) => start < (due[index - 1] ?? time) && end >= time));
}

/** A gap of nearly two intervals lacks a backup; the usual long gap (a weekend) does not. */
function byRhythm(schedule: ScheduleFacts, starts: readonly number[], from: number, every: number | undefined): readonly number[] {
  const rhythm = rhythmOf(schedule);
  const usual = every ?? rhythm?.usual;
  if (usual === undefined) return [];
  const longest = Math.max(1.9 * usual, every === undefined ? 1.1 * (rhythm?.longest ?? 0) : 0);
  return starts
    .flatMap((start, index) => (start - (starts[index - 1] ?? start) > longest ? [(starts[index - 1] ?? start) + usual] : []))
    .filter((time) => time >= from)
    .toReversed();
}
