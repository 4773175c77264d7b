/** Runs one check over objects that lie in memory, through the real scan. */
import assert from 'node:assert/strict';
import type { Check, Finding, Link, ObserverEnd, ProbeAnswer } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { type MemorySourceOptions, memorySource } from '../scan/memory-source.ts';
import { now } from './objects.ts';

export interface CheckRun extends Omit<MemorySourceOptions, 'probes'> {
  readonly options?: Readonly<Record<string, unknown>>;
  readonly memory?: unknown;
  readonly probes?: Readonly<Record<string, Partial<ProbeAnswer> | Error>>;
}

export interface CheckResult {
  readonly findings: readonly Finding[];
  readonly links: readonly Link[];
  readonly end: ObserverEnd;
  readonly memory: unknown;
}

/** All that one check says. `now` is that of objects.ts unless told. */
export const runCheck = async (check: Check, { options, memory, probes = {}, ...source }: CheckRun): Promise<CheckResult> => {
  const answers = Object.entries(probes).map(([path, answer]): [string, ProbeAnswer | Error] => [
    path,
    answer instanceof Error ? answer : { status: 200, body: '', ...answer },
  ]);
  const result = await scan(memorySource({ now, ...source, probes: Object.fromEntries(answers) }), [check], {
    signal: AbortSignal.timeout(60_000),
    ...(options ? { options: { [check.id]: options } } : {}),
    ...(memory === undefined ? {} : { memory: { [check.id]: memory } }),
  });
  const [end] = result.observers;
  assert.ok(end);
  return { findings: result.out.map(({ observer: _, ...finding }) => finding), links: result.links, end, memory: result.memory[check.id] };
};

/** Asserts that the check ran and said nothing. */
export const assertSilent = async (check: Check, run: CheckRun): Promise<void> => {
  const { findings, end } = await runCheck(check, run);
  assert.deepEqual(findings, []);
  assert.equal(end.outcome, 'ran', end.reason);
};

/** Asserts that the check ran and said one thing; gives it. */
export const theFinding = async (check: Check, run: CheckRun): Promise<Finding> => {
  const { findings, end } = await runCheck(check, run);
  assert.equal(end.outcome, 'ran', end.reason);
  assert.equal(findings.length, 1, JSON.stringify(findings, undefined, 1));
  const [finding] = findings;
  assert.ok(finding);
  return finding;
};
