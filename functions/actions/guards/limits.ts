/** A rule that is mistaken is mistaken of many objects: a plan that is too large is not cut, nothing of it is applied. */
import { counted } from '../../report/counts.ts';
import type { Held } from '../contracts.ts';
import { amount, type Limits } from './settings.ts';

/** One object that would be written to. */
export interface Counted {
  readonly group: string;
  /** The plural. */
  readonly resource: string;
  /** Where each namespace has the limits of its own; absent: counted for the whole cluster. */
  readonly namespace?: string | undefined;
}

export interface LimitExceeded {
  /** `jobs.batch`, and the namespace where it has limits of its own. */
  readonly resource: string;
  readonly namespace?: string;
  readonly planned: number;
  /** Of the kind, before any rule; undefined: not known. */
  readonly total: number | undefined;
  /** So many would be allowed. */
  readonly limit: number;
  /** For people. */
  readonly text: string;
}

/** How totals are keyed: `batch/jobs`, `/pods`; `/events/shop` for those of one namespace. */
export const totalKey = ({ group, resource, namespace }: Counted): string =>
  namespace === undefined ? `${group}/${resource}` : `${group}/${resource}/${namespace}`;

/** How many of `total` may be planned: the smaller of the number and the share, which is not rounded. Whatever is odd allows none. */
export const allowed = (limits: Limits, total: number | undefined): number => {
  if (total === undefined || !Number.isFinite(total) || total < 0) return 0;
  const share = Math.max(amount(limits.atLeast), (amount(limits.percent, 100) * total) / 100);
  return Math.min(amount(limits.number), share);
};

/** The limits that what is planned exceeds, by kind; what other guards keep is not to be counted. */
export const limitsExceeded = (
  planned: readonly Counted[],
  totals: ReadonlyMap<string, number>,
  limits: Limits,
): readonly LimitExceeded[] =>
  [...Map.groupBy(planned, totalKey)]
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .flatMap(([key, [first, ...others]]) => {
      if (!first) return [];
      const [count, total] = [others.length + 1, totals.get(key)];
      const limit = allowed(limits, total);
      if (count <= limit) return [];
      const resource = first.group === '' ? first.resource : `${first.resource}.${first.group}`;
      const where = first.namespace === undefined ? resource : `${resource} in namespace ${first.namespace}`;
      return [
        {
          resource,
          ...(first.namespace !== undefined && { namespace: first.namespace }),
          planned: count,
          total,
          limit,
          text: `${counted(count, 'object')} of ${where} planned, ${because(limits, total, limit)}`,
        },
      ];
    });

/** By the number alone: for what has no share, or whose share was asked for before. */
export const numberExceeded = (planned: readonly Counted[], { number }: Pick<Limits, 'number'>): readonly LimitExceeded[] => {
  const totals = new Map([...Map.groupBy(planned, totalKey)].map(([key, same]) => [key, same.length]));
  return limitsExceeded(planned, totals, { number, percent: 100, atLeast: 0 });
};

const because = (limits: Limits, total: number | undefined, limit: number): string => {
  if (total === undefined) return 'and how many there are is not known';
  const most = `at most ${Math.floor(limit)}`;
  if (limit === amount(limits.number)) return `${most} in one plan`;
  return limit === amount(limits.atLeast) ? `${most} of ${total}` : `${most} of ${total} (${limits.percent} %)`;
};

/** What holds every action of a plan that exceeds a limit. */
export const heldByLimits = (exceeded: readonly LimitExceeded[]): Held | undefined =>
  exceeded.length === 0 ? undefined : { guard: 'limits', because: exceeded.map(({ text }) => text).join('; ') };
