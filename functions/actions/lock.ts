/**
 * One run at a time writes to a cluster: a lock with a lease. A lease cannot stop a holder that was paused and wakes up too late; what such a one
 * then writes is stopped by the preconditions of each write.
 */
import { pointInTime } from '../report/wording.ts';

export interface Lock {
  /** Takes the lock where it is free, its lease is over, or it is this run's own already. Throws where it could not be asked for. */
  acquire(): Promise<Acquired>;
}

export type Acquired = { readonly held: true; readonly lease: Lease } | { readonly held: false; readonly because: string };

export interface Lease {
  /** Grows by one with each holder. */
  readonly version: number;
  /** The heartbeat, to be asked between batches: undefined while the lock is still held, and then for a whole lease from now; else why it is lost. */
  renew(): Promise<string | undefined>;
  /** Gives it back, where it is still held; never throws: a lease ends by itself. */
  release(): Promise<void>;
}

export interface LockOptions {
  readonly cluster: string;
  /** The run: it takes up its own lock again, and whoever held it before under that name has lost it. */
  readonly owner: string;
  /** How long the lock is held without a heartbeat (ms): longer than the function may run, or a run that still writes could lose it. */
  readonly lease: number;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Held where both are: who knows one of them alone is kept out by that. */
export const bothLocks = (first: Lock, second: Lock): Lock => ({
  acquire: async () => {
    const one = await first.acquire();
    if (!one.held) return one;
    const { lease } = one;
    const two = await second.acquire().catch(async (error: unknown) => {
      await lease.release();
      throw error;
    });
    if (!two.held) {
      await lease.release();
      return two;
    }
    return {
      held: true,
      lease: {
        version: lease.version,
        renew: async () => (await lease.renew()) ?? two.lease.renew(),
        release: async () => void (await Promise.all([lease.release(), two.lease.release()])),
      },
    };
  },
});

/** As it is stored. */
export interface LockState {
  /** Absent: nobody holds it. */
  readonly owner?: string;
  /** When the lease ends, in ms. */
  readonly until: number;
  readonly version: number;
}

/** May this run take it? */
export const isFree = ({ owner, until }: LockState, run: string, now: number): boolean =>
  owner === undefined || owner === run || until <= now;

/** Who has it, for people. */
export const heldByOther = ({ owner, until }: LockState): string =>
  `the run ${owner} writes to this cluster; its lock ends at ${pointInTime(new Date(until).toISOString())} unless it goes on`;

/** Why a lease was lost. */
export const lostTo = (state: LockState | undefined, run: string): string => {
  if (state?.owner === undefined) return 'the lock of this cluster was given back by another run';
  return state.owner === run
    ? 'another try of this run has taken the lock of this cluster'
    : `the run ${state.owner} has taken the lock of this cluster`;
};

/** Of an error on the way to the lock. */
export const unknownLock = (error: unknown): string =>
  `whether the lock of this cluster is still held could not be told: ${error instanceof Error ? `${error.name}: ${error.message.split('\n', 1)[0]}` : String(error)}`;
