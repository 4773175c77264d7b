/** When a schedule of nightshift.yaml was due, as EventBridge Scheduler reckons: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
import { Cron } from 'croner';
import type { ScheduleConfiguration } from '../runtime/configuration.ts';

/** When a schedule starts its runs. */
export type Timing = Pick<ScheduleConfiguration, 'cron' | 'rate' | 'timeZone' | 'flexibleMinutes'>;

const minute = 60_000;
const units: Readonly<Record<string, number>> = { minute, hour: 60 * minute, day: 24 * 60 * minute };

/** `rate: 12 hours` in ms. Scheduler’s days have 24 hours, whatever the clocks do. */
const periodOf = (rate: string): number => {
  const [count = '', unit = ''] = rate.split(' ');
  return Number(count) * (units[unit.replace(/s$/, '')] ?? Number.NaN);
};

const lastOf: readonly number[] = [59, 23, 31, 12, 7, 2199];

/**
 * AWS’s six fields as Croner’s seven with Quartz’s days of the week (1 is Sunday in both). What differs: `?` is to Croner the time of now,
 * a step from one number (`0/15`) needs its end there, and L alone is to AWS the last day of the week, Saturday.
 */
export const cronerPattern = (cron: string): string => {
  const fields = cron.trim().toUpperCase().split(/\s+/);
  const written = fields.map((field, index) => {
    if (field === '?') return '*';
    const parts = field.split(',').map((part) => {
      if (index === 4 && part === 'L') return '7';
      const [range = '', step] = part.split('/');
      return step === undefined || range === '*' || range.includes('-') ? part : `${range}-${lastOf[index]}/${step}`;
    });
    return parts.join(',');
  });
  return `0 ${written.join(' ')}`;
};

const croner = (cron: string, timeZone: string): Cron =>
  new Cron(cronerPattern(cron), {
    paused: true,
    mode: '7-part',
    alternativeWeekdays: true,
    timezone: timeZone,
    // Where the clocks go back Scheduler starts a time that comes twice once.
    fixedTimeRule: 'no-wildcard',
  });

const zoneOf = ({ timeZone }: Timing): string => timeZone ?? 'UTC';

/** A time that the clocks leave out is skipped by Scheduler; Croner names the hour after it, which the pattern does not. */
const lastNamed = (cron: Cron, at: number): number | undefined =>
  cron
    .previousRuns(3, new Date(at + 1000))
    .filter((date) => cron.match(date) && Number(date) <= at)
    .map(Number)[0];

/** Where the clocks go back, the first of the two times of that name: Scheduler may start nothing at the second. */
const firstOfName = (time: number, timeZone: string): number => {
  const name = (at: number) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
  return [60 * minute, 30 * minute].map((back) => time - back).find((earlier) => name(earlier) === name(time)) ?? time;
};

/**
 * The last time (ms) at or before `at` that a run was due. Of a rate one period before `at`, as only AWS knows its minute; undefined for a
 * cron that named no time yet.
 */
export const lastDue = (timing: Timing, at: number): number | undefined => {
  if (timing.rate !== undefined) return at - periodOf(timing.rate);
  const last = lastNamed(croner(timing.cron ?? '', zoneOf(timing)), at);
  return last === undefined ? undefined : firstOfName(last, zoneOf(timing));
};

/** The next time (ms) after `at` that a cron is due; undefined where it never is again. */
export const nextDue = (timing: Pick<Timing, 'cron' | 'timeZone'>, at: number): number | undefined => {
  const cron = croner(timing.cron ?? '', zoneOf(timing));
  // As above: where the clocks go forward Croner names a time that is none.
  return cron
    .nextRuns(3, new Date(at))
    .filter((date) => cron.match(date))
    .map(Number)[0];
};

/**
 * How much later than due a report may come, in ms: the flexible window, an hour of retries (what is tried longer is given up), and the
 * time that a run may take.
 */
export const graceOf = ({ flexibleMinutes = 0 }: Timing, timeoutSeconds: number): number =>
  (flexibleMinutes + 60) * minute + timeoutSeconds * 1000;

/** A Friday, so that the search below sees a weekend early. */
const someFriday = Date.UTC(2026, 0, 2);

/** The longest time (ms) between two times that a schedule is due, as far as 100 days show it; undefined where it never is again, or once. */
export const longestInterval = (timing: Timing): number | undefined => {
  if (timing.rate !== undefined) return periodOf(timing.rate);
  const cron = croner(timing.cron ?? '', zoneOf(timing));
  let longest: number | undefined;
  let last = cron.nextRun(new Date(someFriday));
  for (let runs = 0; last && (runs === 0 || (runs < 2000 && Number(last) < someFriday + 100 * 24 * 60 * minute)); runs += 1) {
    const next = cron.nextRun(last);
    if (next) longest = Math.max(longest ?? 0, Number(next) - Number(last));
    last = next;
  }
  return longest;
};
