/** When a CronJob should have started, as its controller reckons: pkg/controller/cronjob/utils.go with github.com/robfig/cron. */
import { Cron } from 'croner';

/** Times that a schedule named, in ms. */
export interface NamedTimes {
  readonly first: number;
  readonly latest: number;
  /** How many; `limit` at most. */
  readonly count: number;
}

export interface CronSchedule {
  readonly timeZone: string;
  /** The times after `after` and not after `until`; undefined where there is none. */
  between(after: number, until: number, limit: number): NamedTimes | undefined;
}

const unit = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Go's time.ParseDuration for `@every 1h30m`, in ms. Throws a TypeError. */
export const durationOf = (text: string): number => {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) throw new TypeError(`${text} is no duration such as 1h30m`);
  let total = 0;
  for (const [, count, name] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) total += Number(count) * unit[name as keyof typeof unit];
  // The controller's library reckons in whole seconds, one at least.
  return Math.max(1000, Math.floor(total / 1000) * 1000);
};

const every = (delay: number, timeZone: string): CronSchedule => ({
  timeZone,
  between(after, until, limit) {
    const count = Math.floor((until - after) / delay);
    if (count < 1) return undefined;
    return { first: after + delay, latest: after + count * delay, count: Math.min(count, limit) };
  },
});

/** Croner names a time in the gap of a clock change by the hour after it; the controller skips it. Only the times that the pattern names are real. */
const real = (cron: Cron, dates: readonly Date[]): readonly number[] => dates.filter((date) => cron.match(date)).map(Number);

/** Throws a RangeError; Croner itself would notice only at the first reckoning. */
const assertTimeZone = (timeZone: string): void => {
  new Intl.DateTimeFormat('en', { timeZone });
};

/** The zones of the world by their distance from UTC, the nearest first: `+01:00`. */
const offsets: readonly string[] = Array.from({ length: 105 }, (_, index) => (index - 48) * 15)
  .toSorted((a, b) => Math.abs(a) - Math.abs(b) || b - a)
  .map((offset) => {
    const [hour, minute] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((part) => `${part}`.padStart(2, '0'));
    return offset === 0 ? 'UTC' : `${offset < 0 ? '-' : '+'}${hour}:${minute}`;
  });

/**
 * The zone in which the pattern names `started`: the controller's own, where none is given. That is UTC wherever it runs in a container, but
 * k3s runs it on the host. UTC where nothing tells.
 */
const zoneOfStart = (pattern: string, started: number | undefined): string => {
  if (started === undefined) return 'UTC';
  const date = new Date(started);
  return offsets.find((timezone) => new Cron(pattern, { paused: true, mode: '5-part', timezone }).match(date)) ?? 'UTC';
};

/**
 * Throws an Error that says what is wrong with the schedule or the time zone. Without a zone it is read in the controller's own, as `started`
 * tells: a time (ms) at which this very schedule was due.
 */
export const cronSchedule = (schedule: string, specTimeZone?: string | null, started?: number): CronSchedule => {
  // Not supported officially, but taken by API servers for old objects.
  const [, prefix, rest] = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(schedule.trim()) ?? [undefined, undefined, schedule.trim()];
  const givenZone = specTimeZone || prefix;
  assertTimeZone(givenZone ?? 'UTC');
  const delay = /^@every\s+(\S+)$/.exec(rest ?? '');
  if (delay?.[1]) return every(durationOf(delay[1]), givenZone ?? 'UTC');
  const timeZone = givenZone ?? zoneOfStart(rest ?? '', started);
  const cron = new Cron(rest ?? '', { paused: true, mode: '5-part', timezone: timeZone });
  return {
    timeZone,
    between(after, until, limit) {
      // A clock change makes one or two unreal times in a row at most.
      const latest = real(cron, cron.previousRuns(3, new Date(until + 1000))).find((time) => time <= until);
      if (latest === undefined || latest <= after) return undefined;
      const times = real(cron, cron.nextRuns(limit, new Date(after))).filter((time) => time > after && time <= until);
      return { first: times[0] ?? latest, latest, count: Math.max(1, times.length) };
    },
  };
};

/** `2026-11-24 03:00 Europe/Berlin`: a time as those who wrote the schedule think of it. */
export const inTimeZone = (time: number, timeZone: string): string => {
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(time);
  return `${text} ${timeZone}`;
};
