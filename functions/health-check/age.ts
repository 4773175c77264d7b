/** Ages: told from the source's clock, shown to people in one unit. */

/** Milliseconds of an RFC 3339 time; undefined where there is none, so that no age is ever told from a guess. */
export const timeOf = (text: unknown): number | undefined => {
  if (typeof text !== 'string') return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;

/** Is what began at `since` at least `age` ms old? What has no time is not. */
export const isOlder = (since: number | undefined, age: number, now: number): boolean => since !== undefined && now - since >= age;

/** For a finding's `startedAt`: to be spread into it. */
export const startedAt = (since: number | undefined): { readonly startedAt?: string } =>
  since === undefined ? {} : { startedAt: new Date(since).toISOString() };

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** A duration in its two largest digits' worth: `45 seconds`, `12 minutes`, `26 hours`, `3 days`. */
export const inWords = (milliseconds: number): string => {
  const length = Math.max(0, milliseconds);
  const [unit, size] = units.find(([, each]) => length >= 2 * each) ?? units[3];
  const count = Math.floor(length / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
};

/** ` for 12 minutes`; nothing where the time is not known. */
export const forHowLong = (since: number | undefined, now: number): string => (since === undefined ? '' : ` for ${inWords(now - since)}`);
