/** How often containers were restarted of late, told from what earlier runs saw: the API only tells a count since the pod's beginning. */

/** `[when, count]`: when in seconds since 1970, to be short. */
type Sample = readonly [number, number];

/** What is kept from run to run. */
export interface RestartMemory {
  /** When the last run was, in seconds since 1970. */
  readonly at: number;
  /** Set where there were more containers than are kept: one that is not here may have been restarted before. */
  readonly full?: true;
  /** By pod uid and container. */
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
}

/** At most 170 bytes each: 25 KB of the 64 KB that all checks together may remember. */
const kept = 150;

/** Restarts, and since when they are counted (ms). */
interface Restarts {
  readonly restarts: number;
  readonly since: number;
}

const isSample = (sample: unknown): sample is Sample => Array.isArray(sample) && sample.length === 2 && sample.every(Number.isFinite);

/** The samples of a container, as far as they can be believed: a memory is read back from a report. */
const samplesOf = (memory: RestartMemory | undefined, key: string): readonly Sample[] => {
  const own = memory?.samples && Object.hasOwn(memory.samples, key) ? memory.samples[key] : undefined;
  return Array.isArray(own) ? own.filter(isSample) : [];
};

/**
 * Counts restarts within about `window` (ms) before `now`: since a sample that is up to half a window older, so that a run a day can tell of
 * a day. Keeps samples a quarter of a window apart, seven at most, of 150 containers
 * at most.
 */
export const restartHistory = (memory: RestartMemory | undefined, window: number, now: number) => {
  const age = (seconds: number): number => now - seconds * 1000;
  const isFresh = (seconds: number): boolean => age(seconds) <= 1.5 * window;
  const next = new Map<string, readonly Sample[]>();

  const since = (total: number, [at, count]: Sample): Restarts => {
    const share = isFresh(at) ? 1 : window / age(at);
    return { restarts: Math.floor((total - count) * share), since: isFresh(at) ? at * 1000 : now - window };
  };

  const count = (samples: readonly Sample[], total: number, created: number | undefined): Restarts => {
    const believed = samples.filter(([, earlier]) => earlier <= total);
    const begin = believed.findLast(([at]) => age(at) >= window && isFresh(at)) ?? believed.find(([at]) => isFresh(at)) ?? believed.at(-1);
    if (begin) return since(total, begin);
    if (created !== undefined && created >= now - window) return { restarts: total, since: created };
    // The last run kept every container with a restart: this one had none then.
    if (memory && !memory.full && Number.isFinite(memory.at) && isFresh(memory.at)) return since(total, [memory.at, 0]);
    // Never seen before: a window's share of all that the pod ever had.
    const life = created === undefined ? Number.POSITIVE_INFINITY : now - created;
    return { restarts: Math.floor(total * Math.min(1, window / life)), since: now - window };
  };

  return {
    /** Notes a container's count since its pod's beginning (ms), and tells how many of its restarts are of late. */
    note(key: string, total: number, created: number | undefined): Restarts {
      const samples = samplesOf(memory, key);
      const fresh = samples.filter(([at]) => isFresh(at));
      const newest = fresh.at(-1);
      next.set(key, newest && age(newest[0]) < window / 4 ? fresh : [...fresh, [Math.floor(now / 1000), total]]);
      return count(samples, total, created);
    },

    /** For the next run: the containers with the most restarts. */
    remember(): RestartMemory {
      const most = [...next].toSorted(([a, x], [b, y]) => (y.at(-1)?.[1] ?? 0) - (x.at(-1)?.[1] ?? 0) || (a < b ? -1 : 1));
      const samples = Object.fromEntries(most.slice(0, kept));
      return { at: Math.floor(now / 1000), ...(most.length > kept ? { full: true } : {}), samples };
    },
  };
};
