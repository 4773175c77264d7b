/** The lock where there is no table: a text beside the state, written on the condition that nobody else wrote it. */
import * as z from 'zod';
import { attempts, beforeAttempt, parseJson } from '../report/store/state.ts';
import type { Storage, StoredText } from '../report/store/storage.ts';
import {
  type Acquired,
  heldByOther,
  isFree,
  type Lease,
  type Lock,
  type LockOptions,
  type LockState,
  lostTo,
  unknownLock,
} from './lock.ts';

const lockSchema = z.object({
  owner: z.string().exactOptional(),
  until: z.number().min(0).max(8.64e15),
  version: z.int().min(0),
});

export const lockKey = (cluster: string): string => `state/${cluster}/cleanup-lock.json`;

/** Undefined: what is there is no lock. */
const stateOf = (stored: StoredText | undefined): LockState | undefined =>
  stored === undefined ? { until: 0, version: 0 } : lockSchema.safeParse(parseJson(stored.text)).data;

export const storageLock = (storage: Storage, { cluster, owner, lease, now }: LockOptions): Lock => {
  const key = lockKey(cluster);
  const write = (state: LockState, stored: StoredText | undefined): Promise<boolean> =>
    storage.write(key, `${JSON.stringify(state)}\n`, 'application/json', stored ? { version: stored.version } : 'absent');

  /** Writes `next` while it is still this holder's; what is there instead, where it is not. */
  const whileHeld = async (version: number, next: () => LockState): Promise<'written' | LockState | undefined> => {
    for (let attempt = 0; ; attempt++) {
      await beforeAttempt(attempt);
      const stored = await storage.read(key);
      const state = stateOf(stored);
      if (stored === undefined || state?.owner !== owner || state.version !== version) return state;
      if (await write(next(), stored)) return 'written';
      if (attempt === attempts) throw new Error(`${storage.location}/${key} is written by others all the time`);
    }
  };

  const leaseOf = (version: number): Lease => ({
    version,
    renew: async () => {
      try {
        const state = await whileHeld(version, () => ({ owner, until: now() + lease, version }));
        return state === 'written' ? undefined : lostTo(state, owner);
      } catch (error) {
        return unknownLock(error);
      }
    },
    release: async () => {
      // The version stays: it must grow with the next holder.
      await whileHeld(version, () => ({ until: 0, version })).catch(() => undefined);
    },
  });

  return {
    acquire: async (): Promise<Acquired> => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        await beforeAttempt(attempt);
        const stored = await storage.read(key);
        const state = stateOf(stored);
        if (!state) return { held: false, because: `${storage.location}/${key} is no lock: remove it when no run writes to this cluster` };
        if (!isFree(state, owner, now())) return { held: false, because: heldByOther(state) };
        const version = state.version + 1;
        if (await write({ owner, until: now() + lease, version }, stored)) return { held: true, lease: leaseOf(version) };
      }
      throw new Error(`${storage.location}/${key} could not be written: ${attempts} others wrote it at the same moment`);
    },
  };
};
