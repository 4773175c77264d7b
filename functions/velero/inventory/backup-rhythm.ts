/** How often a schedule makes a backup, how long that takes, and how old the newest may be. Pure. */
import type { ScheduleFacts } from '../../backup-verification/contracts.ts';
import { hours, minutes, timeOf } from '../../health-check/age.ts';
import { durationOf } from '../../health-check/cron-schedule.ts';
import { type Backup, isFinished, phaseMeaning, startedAt } from '../backup.ts';
import { type VeleroCron, veleroCron } from './velero-cron.ts';

/** Velero looks at its schedules once a minute, and uploads at the end: nothing is there sooner (ms). */
const shortest = minutes(30);

/**
 * How long (ms) a backup takes from its start until it lies in the bucket: what the last ten took, without the longest, and half an hour at least. One
 * that was finished days later, as the server was down meanwhile, must not excuse days without a backup.
 */
export function takes({ backups }: Pick<ScheduleFacts, 'backups'>): number {
  const finished = backups.filter(isFinished).slice(0, 10);
  const durations = finished.map((backup) => (timeOf(backup.metadata?.completionTimestamp) ?? 0) - startedAt(backup));
  const [longest = 0, ...others] = durations.toSorted((a, b) => b - a);
  return Math.max(shortest, others[0] ?? longest);
}

/** Velero gives plugins so long to finish their operations where a backup says nothing else (--default-item-operation-timeout). */
const defaultOperationTimeout = hours(4);

/**
 * Until when (ms) Velero may still work on a backup that is waiting or finalizing: its itemOperationTimeout, and an hour for the rest. Operations begin
 * when the objects are through, which is when velero-backup.json is written first.
 */
export function mayWorkUntil(backup: Backup): number {
  let timeout = defaultOperationTimeout;
  try {
    timeout = durationOf(backup.metadata?.spec.itemOperationTimeout ?? '');
  } catch {
    // Not given, or in a form that Velero itself would not take.
  }
  return Math.max(startedAt(backup), backup.files.metadata?.lastModified ?? 0) + timeout + hours(1);
}

/** The newest backup that Velero may still be working on. */
export const inProgress = ({ backups }: Pick<ScheduleFacts, 'backups'>, now: number): Backup | undefined =>
  backups.find((backup) => backup.metadata && phaseMeaning(backup.metadata.phase) === 'in-progress' && mayWorkUntil(backup) >= now);

/** Gaps between the last backups (ms), the longest first; whatever became of them. */
const gapsOf = (backups: readonly Backup[]): readonly number[] => {
  const starts = backups.slice(0, 21).map(startedAt);
  return starts
    .slice(1)
    .map((start, index) => (starts[index] ?? start) - start)
    .toSorted((a, b) => b - a);
};

/**
 * The interval (ms) as the backups themselves show it: `usual` is the median of the last gaps; `longest` leaves out the single longest one, which may be an outage,
 * so that it is the weekend of a schedule that rests there. Undefined with fewer than three gaps.
 */
export function rhythmOf({ backups }: Pick<ScheduleFacts, 'backups'>): { readonly usual: number; readonly longest: number } | undefined {
  const gaps = gapsOf(backups);
  if (gaps.length < 3) return undefined;
  const usual = gaps[Math.floor(gaps.length / 2)] ?? 0;
  return { usual, longest: Math.max(usual, gaps[1] ?? 0) };
}

/** The schedule's own cron, where it has one that can be read. */
export function cronOf({ cron }: Pick<ScheduleFacts, 'cron'>): VeleroCron | undefined {
  if (cron === undefined) return undefined;
  try {
    return veleroCron(cron);
  } catch {
    return undefined;
  }
}

/**
 * How old (ms) the newest backup of a schedule may be: two intervals and the time that a backup takes; undefined where neither cron nor rhythm
 * tells. With a cron these are the intervals that passed, so a weekend in which it is not due makes nobody late.
 */
export function allowedAge(schedule: ScheduleFacts, now: number): number | undefined {
  const time = takes(schedule);
  const cron = cronOf(schedule);
  // A backup that takes longer than its interval holds the next ones back.
  const least = 3 * time;
  if (cron?.every !== undefined) return Math.max(2 * cron.every + time, least);
  if (cron) {
    const [, before] = cron.lastDue(now - time, 2);
    return before === undefined ? undefined : Math.max(now - before, least);
  }
  return allowedByRhythm(schedule);
}

/** The same by the backups alone. */
export function allowedByRhythm(schedule: ScheduleFacts): number | undefined {
  const [time, rhythm] = [takes(schedule), rhythmOf(schedule)];
  return rhythm && Math.max(2 * rhythm.usual + time, 1.1 * rhythm.longest + time, 3 * time);
}
