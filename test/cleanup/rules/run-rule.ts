/** Runs one cleanup rule over objects that lie in memory, through the real scan, and asks it again of single ones. */
import assert from 'node:assert/strict';
import { absent, type Proposal } from '../../../functions/actions/contracts.ts';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import type { ObserverEnd, Read } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { now } from '../../health-check/objects.ts';
import { type MemorySourceOptions, memorySource } from '../../scan/memory-source.ts';

export interface RuleRun extends MemorySourceOptions {
  readonly options?: Readonly<Record<string, unknown>>;
}

interface AnyObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly uid?: string };
}

/** As a server would have it: with a uid and a resourceVersion. */
export const stored = <T extends AnyObject>(object: T, resourceVersion = '7'): T => {
  const { kind, metadata } = object;
  const uid = metadata?.uid ?? `uid-${kind}-${metadata?.namespace ?? ''}-${metadata?.name}`;
  return { ...object, metadata: { resourceVersion, uid, ...metadata } };
};

/** What the rule proposes, by name, and how it ended. `now` is that of health-check/objects.ts unless told. */
export const runRule = async (
  rule: Rule,
  { options, objects = [], ...source }: RuleRun,
): Promise<{ readonly proposals: readonly Proposal[]; readonly end: ObserverEnd }> => {
  const result = await scan(memorySource({ now, ...source, objects: objects.map((object) => stored(object)) }), [rule], {
    signal: AbortSignal.timeout(60_000),
    ...(options ? { options: { [rule.id]: options } } : {}),
  });
  const [end] = result.observers;
  assert.ok(end);
  const key = ({ object }: Proposal) => `${object.namespace ?? ''}/${object.name}`;
  const proposals = result.out.map(({ observer: _, ...proposal }) => proposal).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  return { proposals, end };
};

/** The names of what it proposes; asserts that it ran. */
export const namesProposed = async (rule: Rule, run: RuleRun): Promise<readonly string[]> => {
  const { proposals, end } = await runRule(rule, run);
  assert.equal(end.outcome, 'ran', end.reason);
  return proposals.map(({ object }) => object.name);
};

/** The one thing that it proposes; asserts that it ran. */
export const theProposal = async (rule: Rule, run: RuleRun): Promise<Proposal> => {
  const { proposals, end } = await runRule(rule, run);
  assert.equal(end.outcome, 'ran', end.reason);
  const [proposal] = proposals;
  assert.equal(proposals.length, 1, JSON.stringify(proposals, undefined, 1));
  assert.ok(proposal);
  return proposal;
};

export interface Again {
  readonly options?: Readonly<Record<string, unknown>>;
  /** What else lives in the cluster. */
  readonly live?: readonly AnyObject[];
  /** Every other GET ends so. */
  readonly error?: Error;
  readonly at?: number;
}

/** What the rule says of the object as it is now: undefined where it still holds. Throws what the rule throws. */
export const askAgain = async (rule: Rule, fresh: unknown, { options = {}, live = [], error, at = now }: Again = {}) => {
  assert.ok(rule.recheck, `${rule.id} has a recheck`);
  return rule.recheck(fresh, {
    now: at,
    options: rule.options.parse(options),
    get: async (read: Read, name: string, namespace?: string) => {
      if (error) throw error;
      const found = live.find(({ kind, metadata }) => kind === read.kind && metadata?.name === name && metadata.namespace === namespace);
      return found === undefined ? absent : stored(found);
    },
  });
};
