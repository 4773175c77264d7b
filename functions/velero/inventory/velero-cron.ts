/**
 * When a Velero Schedule is due. Velero reads it as CronJobs are read (velero pkg/controller/schedule_controller.go, robfig/cron ParseStandard):
 * five fields, @daily and the like, @every, and CRON_TZ= or TZ= before them. Without a zone it is the server's, UTC in its container.
 */
import { type CronSchedule, cronSchedule, durationOf } from '../../health-check/cron-schedule.ts';

const withZone = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/;

/** The zone that stands before it. */
export const timeZoneOf = (schedule: string): string | undefined => withZone.exec(schedule.trim())?.[1];

const last = [59, 23, 31, 12, 6] as const;

/** `0/15` is to robfig/cron 0-59/15, and to Croner nothing. */
const stepsFromOne = (fields: string): string =>
  fields.startsWith('@')
    ? fields
    : fields
        .split(/\s+/)
        .map((field, index) => field.replace(/(^|,)(\d+)\/(\d+)/g, `$1$2-${last[index] ?? ''}/$3`))
        .join(' ');

export interface VeleroCron extends CronSchedule {
  /** Of `@every`, in ms: counted from the last backup, so it names no times of its own. */
  readonly every?: number;
  /** The last times (ms) at or before `at`, and after `since`, that it was due, newest first; none for `@every`. */
  lastDue(at: number, count: number, since?: number): readonly number[];
}

/** Throws an Error that says what is wrong with it. */
export function veleroCron(schedule: string): VeleroCron {
  const text = schedule.trim();
  const [, zone, fields] = withZone.exec(text) ?? [undefined, 'UTC', text];
  const cron = cronSchedule(stepsFromOne(fields ?? ''), zone);
  const [, delay] = /^@every\s+(\S+)$/.exec(fields ?? '') ?? [];
  if (delay !== undefined) return { ...cron, every: durationOf(delay), lastDue: () => [] };
  return {
    ...cron,
    lastDue(at, count, since = 0) {
      const times: number[] = [];
      for (let until = at; times.length < count; ) {
        const latest = cron.between(since, until, 1)?.latest;
        if (latest === undefined) break;
        times.push(latest);
        until = latest - 1;
      }
      return times;
    },
  };
}
