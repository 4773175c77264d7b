/** Until when a Namespace is needed, by its own annotations. Of several the latest counts, and one that is not understood keeps it. */
import * as z from 'zod';
import { timeOf } from '../health-check/age.ts';

/** One annotation that tells of it. */
export interface Expiry {
  readonly key: string;
  readonly value: string;
}

/** `at`: it expires at `since`, in ms. `not-understood`: at least one of `expiries`, which are then those alone. `never`: also where none is carried. */
export type ExpiryOf =
  | { readonly state: 'at'; readonly expiries: readonly Expiry[]; readonly since: number }
  | { readonly state: 'not-understood'; readonly expiries: readonly Expiry[] }
  | { readonly state: 'never' };

/** `notUnderstood`: it says something, and nobody knows what. */
const notUnderstood = Symbol('not understood');
const never = Symbol('never');
type At = number | typeof never | typeof notUnderstood;

const day = 86_400_000;
const date = z.iso.date();
const dateTime = z.iso.datetime({ offset: true });
const millisecondsOf: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: day, w: 7 * day };

const timeIn = (text: string): number | undefined => (dateTime.safeParse(text).success ? timeOf(text) : undefined);
/** The beginning of the day, UTC. */
const dayIn = (text: string): number | undefined => (date.safeParse(text).success ? timeOf(`${text}T00:00:00Z`) : undefined);

/** RFC 3339, or the last day (UTC) on which it is needed. */
const ownExpires = (text: string): At => {
  const lastDay = dayIn(text);
  return timeIn(text) ?? (lastDay === undefined ? notUnderstood : lastDay + day);
};

/** As kube-janitor reads them: parse_expiry and parse_ttl of kube_janitor/helper.py; a date is the beginning of that day. */
const janitorExpires = (text: string): At => timeIn(text) ?? timeIn(`${text}:00Z`) ?? dayIn(text) ?? notUnderstood;
const janitorTtl = (text: string, created: number | undefined): At => {
  if (text.toLowerCase() === 'forever') return never;
  const [, count, unit = ''] = /^(\d{1,7})([smhdw])$/.exec(text) ?? [];
  const each = millisecondsOf[unit];
  return count === undefined || each === undefined || created === undefined ? notUnderstood : created + Number(count) * each;
};

const readers: Readonly<Record<string, (text: string, created: number | undefined) => At>> = {
  'nightshift.dev/expires': ownExpires,
  'janitor/expires': janitorExpires,
  'janitor/ttl': janitorTtl,
};

/** @param created when the Namespace was made, in ms: a time to live is counted from it */
export const expiryOf = (annotations: Readonly<Record<string, string | null | undefined>>, created: number | undefined): ExpiryOf => {
  const carried = Object.entries(readers).flatMap(([key, read]) => {
    if (!Object.hasOwn(annotations, key)) return [];
    const value = annotations[key] ?? '';
    return [{ key, value, at: read(value.trim(), created) }];
  });
  const plain = carried.map(({ key, value }) => ({ key, value }));
  if (carried.length === 0 || carried.some(({ at }) => at === never)) return { state: 'never' };
  const odd = carried.filter(({ at }) => at === notUnderstood).map(({ key, value }) => ({ key, value }));
  if (odd.length > 0) return { state: 'not-understood', expiries: odd };
  const times = carried.flatMap(({ at }) => (typeof at === 'number' ? [at] : []));
  return { state: 'at', expiries: plain, since: Math.max(...times) };
};
