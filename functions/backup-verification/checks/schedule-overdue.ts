import * as z from 'zod';
import { hours, inWords, minutes, startedAt as since, timeOf } from '../../health-check/age.ts';
import { inTimeZone } from '../../health-check/cron-schedule.ts';
import { oneLine, some } from '../../health-check/wire.ts';
import { startedAt } from '../../velero/backup.ts';
import { allowedByRhythm, cronOf, inProgress, rhythmOf, takes } from '../../velero/inventory/backup-rhythm.ts';
import type { VeleroCron } from '../../velero/inventory/velero-cron.ts';
import { veleroBackups, veleroSchedules } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck, type LocationFacts, type ScheduleFacts } from '../contracts.ts';
import { missingBackups } from '../inventory/schedule-gaps.ts';
import { namedSchedules, scheduleRef } from '../inventory/standing.ts';

interface Options {
  readonly gapDays: number;
}

export default defineLocationCheck({
  id: 'schedule-overdue',
  title: 'Schedules whose newest usable backup is too old',
  why: 'A schedule that stopped leaves good backups behind, all of them green, and each day more data that is in none of them.',
  upstream: 'https://velero.io/docs/main/backup-reference/#schedule-a-backup',
  level: 'inventory',
  reads: { veleroSchedules, veleroBackups },
  options: z.strictObject({
    gapDays: z.number().min(0).default(30).describe('Backups that are missing between others are looked for so far back'),
  }),
  look(pass) {
    for (const schedule of namedSchedules(pass.location)) {
      // That it is paused, refused, or never ran is for others to say.
      if (schedule.paused || schedule.problem !== undefined) continue;
      judgeAge(pass, schedule);
      noteGaps(pass, schedule);
    }
  },
});

function judgeAge(pass: CheckPass, schedule: ScheduleFacts): void {
  const { newestUsable, cron } = schedule;
  // One that never had a usable backup is failing, or never ran.
  if (!newestUsable) return;
  const start = startedAt(newestUsable);
  if (start - pass.now > hours(1)) {
    sayAhead(pass, schedule, newestUsable.name, start);
    return;
  }
  const newer = schedule.backups.find((backup) => backup.trouble?.unknown && startedAt(backup) > start);
  const readable = cronOf(schedule);
  if (cron !== undefined && !readable) {
    const remedy = `kubectl -n ${schedule.namespace} get schedules.velero.io ${schedule.name} -o yaml`;
    pass.unknown({ reason: `the schedule ${oneLine(cron, 60)} of ${schedule.name} cannot be read`, remedy });
  }
  const late = readable ? byCron(pass, schedule, readable, start) : byRhythm(pass, schedule, start);
  if (!late) return;
  // A newer one that could not be read may be as good as any.
  if (newer && late.severity !== 'info') {
    const reason = `whether ${schedule.name} is overdue depends on ${newer.name}, whose velero-backup.json could not be had`;
    pass.unknown({ backup: newer.name, reason, remedy: newer.trouble?.remedy ?? '' });
    return;
  }
  const failed = schedule.deciding === newestUsable ? '' : `; ${schedule.deciding?.name} is newer, and cannot be restored from`;
  pass.emit({
    object: scheduleRef(schedule),
    subject: 'overdue',
    severity: late.severity,
    message: `its newest usable backup ${newestUsable.name} was begun ${inWords(pass.now - start)} ago, ${late.why}${failed}`,
    remedy: late.remedy,
    ...since(start),
    details: { hours: Math.round((pass.now - start) / 3_600_000), ...late.details },
  });
}

/** Until that time no schedule of it would ever be too old. */
const sayAhead = ({ emit, now }: CheckPass, schedule: ScheduleFacts, name: string, start: number): void =>
  emit({
    object: scheduleRef(schedule),
    subject: 'clock',
    severity: 'warning',
    message: `its newest usable backup ${name} says that it was begun ${inWords(start - now)} from now: nobody can tell how old it is`,
    remedy: 'set the clocks of the nodes that Velero runs on (its start is the time there), then make a new backup and delete this one',
  });

interface Late {
  readonly severity: 'critical' | 'warning' | 'info';
  readonly why: string;
  readonly remedy: string;
  readonly details?: Readonly<Record<string, string | number>>;
}

const seeWhy = ({ namespace, name }: ScheduleFacts): string =>
  `kubectl -n ${namespace} describe schedules.velero.io ${name}; kubectl -n ${namespace} logs deployment/velero --tail=200`;

/** A time that was due counts once a backup of it could be finished, and only since there is this schedule. */
function byCron({ now, location }: CheckPass, schedule: ScheduleFacts, cron: VeleroCron, start: number): Late | undefined {
  const time = takes(schedule);
  const from = Math.max(start, timeOf(schedule.createdAt) ?? start);
  // Velero starts none beside one that it still works on; that one counts for the time it was due at.
  const running = inProgress(schedule, now);
  const until = Math.min(now - time, running ? startedAt(running) - minutes(2) : now);
  const missed = until > from ? cron.between(from, until, 1000) : undefined;
  // A backup that takes longer than its interval holds the next ones back.
  if (!missed || now - start <= 3 * time) return undefined;
  const last = inTimeZone(missed.latest, cron.timeZone);
  const times = missed.count === 1 ? `and was due once more, at ${last}` : `and was due ${missed.count} times since, last at ${last}`;
  // Last night's is not there: it may take its time, but not four times as much as any other, unless the cluster is at it.
  const isLate = now - missed.latest > 4 * time && !isBeingMade(location, schedule);
  return {
    severity: missed.count > 1 ? 'critical' : isLate ? 'warning' : 'info',
    why: times,
    remedy: seeWhy(schedule),
    details: { schedule: schedule.cron ?? '', missed: missed.count },
  };
}

/** Until Velero has all objects there is nothing of a backup in the bucket, but the cluster knows of it. */
function isBeingMade({ cluster }: LocationFacts, { name, namespace }: ScheduleFacts): boolean {
  const listed = cluster.of(veleroBackups);
  if (listed.state === 'unread') return false;
  return listed.objects.some(
    ({ metadata, status }) =>
      metadata?.namespace === namespace &&
      metadata.labels?.['velero.io/schedule-name'] === name &&
      ['', 'New', 'Queued', 'ReadyToStart', 'InProgress'].includes(status?.phase ?? ''),
  );
}

function byRhythm({ now, location }: CheckPass, schedule: ScheduleFacts, start: number): Late | undefined {
  const allowed = allowedByRhythm(schedule);
  const rhythm = rhythmOf(schedule);
  if (allowed === undefined || !rhythm || now - start <= allowed) return undefined;
  const every = `and the last ones came every ${inWords(rhythm.usual)}`;
  const isGone = schedule.cron === undefined && location.cluster.of(veleroSchedules).state === 'read';
  if (isGone)
    return {
      severity: 'info',
      why: `${every}; no Schedule of this name writes here any more, it was deleted or belongs to another cluster`,
      remedy: `if it is wanted: velero -n ${schedule.namespace} schedule create ${schedule.name}`,
    };
  return { severity: 'warning', why: every, remedy: seeWhy(schedule), details: { usualHours: Math.round(rhythm.usual / 3_600_000) } };
}

function noteGaps({ now, options, emit }: CheckPass<Options>, schedule: ScheduleFacts): void {
  const missing = missingBackups(schedule, now - options.gapDays * 86_400_000);
  if (missing.length === 0) return;
  const zone = cronOf(schedule)?.timeZone ?? 'UTC';
  emit({
    object: scheduleRef(schedule),
    subject: 'gaps',
    severity: 'info',
    message: `${missing.length === 1 ? 'a backup is' : `${missing.length} backups are`} missing between others in the last ${options.gapDays} days: ${some(missing.map((time) => inTimeZone(time, zone)))}`,
    remedy: `nothing brings them back; see in the log of Velero’s server what kept it: kubectl -n ${schedule.namespace} logs deployment/velero`,
    details: { missing: missing.length },
  });
}
