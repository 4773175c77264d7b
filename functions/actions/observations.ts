/** For how many complete runs each rule has been watched on a cluster before a schedule may apply what it plans. */

import * as z from 'zod';
import { attempts, beforeAttempt, parseJson } from '../report/store/state.ts';
import type { Storage } from '../report/store/storage.ts';

const observationsSchema = z.object({
  /** Another cluster behind the same name begins anew. */
  clusterUid: z.string(),
  /** By rule id. `configuration`: the hash of its options; with others it begins anew. */
  rules: z.record(z.string(), z.object({ configuration: z.string(), runs: z.int().min(0), lastRun: z.string() })),
});
type Observations = z.infer<typeof observationsSchema>;

export interface ObservedRun {
  readonly cluster: string;
  readonly clusterUid: string;
  /** A retry of the same run counts once. */
  readonly runId: string;
  /** By id of the rules that ran whole: the hash of their options. */
  readonly rules: ReadonlyMap<string, string>;
}

const keyOf = (cluster: string): string => `state/${cluster}/cleanup/observed.json`;

/** What is damaged was never observed. */
const understood = (text: string | undefined, clusterUid: string): Observations => {
  const { data } = observationsSchema.safeParse(parseJson(text ?? ''));
  return data?.clusterUid === clusterUid ? data : { clusterUid, rules: {} };
};

/** How many complete runs there were before this one of each rule with the options that it has now: an earlier try of the same run is none. */
export const observedRuns = async (
  storage: Storage,
  { cluster, clusterUid, runId, rules }: ObservedRun,
): Promise<ReadonlyMap<string, number>> => {
  const known = understood((await storage.read(keyOf(cluster)))?.text, clusterUid).rules;
  return new Map(
    [...rules].map(([id, configuration]) => {
      const observed = Object.hasOwn(known, id) ? known[id] : undefined;
      if (observed?.configuration !== configuration) return [id, 0];
      return [id, observed.lastRun === runId ? Math.max(0, observed.runs - 1) : observed.runs];
    }),
  );
};

/** Counts this run. Throws where it cannot be written down. */
export const observe = async (storage: Storage, { cluster, clusterUid, runId, rules }: ObservedRun): Promise<void> => {
  const key = keyOf(cluster);
  for (let attempt = 0; attempt < attempts; attempt++) {
    await beforeAttempt(attempt);
    const stored = await storage.read(key);
    const known = understood(stored?.text, clusterUid);
    const next: Observations = { clusterUid, rules: Object.fromEntries(Object.entries(known.rules)) };
    for (const [id, configuration] of rules) {
      const before = Object.hasOwn(known.rules, id) ? known.rules[id] : undefined;
      const runs = before?.configuration !== configuration ? 0 : before.runs;
      next.rules[id] = { configuration, runs: before?.lastRun === runId && runs > 0 ? runs : runs + 1, lastRun: runId };
    }
    const precondition = stored ? { version: stored.version } : 'absent';
    if (await storage.write(key, `${JSON.stringify(next)}\n`, 'application/json', precondition)) return;
  }
  throw new Error(`${storage.location}/${key} could not be written: ${attempts} others wrote it at the same moment`);
};
