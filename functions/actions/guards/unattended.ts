/** What nobody watches is applied only by rules that nightshift.yaml names for the cluster, and that have been observed there for a while. */
import { counted } from '../../report/counts.ts';
import type { CleanupOptions } from '../../runtime/configuration.ts';
import type { Held } from '../contracts.ts';

/** What a run that nobody watches may apply. */
export interface Unattended {
  /** Of the cluster's own options; undefined: nothing. */
  readonly permitted: CleanupOptions['apply'];
  /** How many complete runs each rule has been observed for, with the options that it has now. */
  readonly observed: ReadonlyMap<string, number>;
}

const defaultRuns = 7;

/** Why what this rule proposes is not applied without being asked for; undefined: it is. */
export const notUnattended = (rule: string, { permitted, observed }: Unattended): Held | undefined => {
  const guard = 'not-permitted';
  if (!permitted?.rules.includes(rule)) return { guard, because: 'is applied only when asked for: apply.rules does not name its rule' };
  const [runs, wanted] = [observed.get(rule) ?? 0, permitted.observedRuns ?? defaultRuns];
  if (wanted >= 1 && runs >= wanted) return undefined;
  return { guard: 'not-observed', because: `its rule was observed in ${runs} of ${counted(wanted, 'complete run')}` };
};
