/** Reads that are needed where they are served, readers that understand different versions, and what observers of one scan share. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { pods, services } from '../../functions/cluster/kinds.ts';
import { type Check, defineCheck, type Read, type SharedKey } from '../../functions/scan/contracts.ts';
import { planReads } from '../../functions/scan/plan-reads.ts';
import { scan } from '../../functions/scan/scan.ts';
import { type Ending, memorySource } from './memory-source.ts';

const declared = { title: 't', why: 'w', upstream: 'https://kubernetes.io', options: z.strictObject({}) } as const;
const run = (checks: readonly Check[], endings: Readonly<Record<string, Ending>> = {}) =>
  scan(memorySource({ endings }), checks, { signal: AbortSignal.timeout(10_000) });

describe('whereServed', () => {
  const finished = async (read: Read, ending: Ending) => {
    let ran = false;
    const check = defineCheck({
      id: 'concluding',
      ...declared,
      reads: { services, pods: read },
      start: () => ({
        see: {},
        finish() {
          ran = true;
        },
      }),
    });
    const { observers } = await run([check], { pods: ending });
    return [observers[0]?.outcome, ran];
  };
  const whereServed: Read = { ...pods, whereServed: true };
  test('what is not served has no objects, and any other gap is one', async () => {
    assert.deepEqual(await finished(whereServed, { state: 'absent', reason: 'none' }), ['ran', true]);
    assert.deepEqual(await finished(pods, { state: 'absent', reason: 'none' }), ['not-run', false]);
    for (const state of ['off', 'not-granted'] as const)
      assert.deepEqual(await finished(whereServed, { state, reason: 'none' }), ['not-run', false]);
    assert.deepEqual(await finished(whereServed, { state: 'failed', reason: 'forbidden', message: 'm', remedy: 'r' }), [
      'incomplete',
      false,
    ]);
  });
});

test('shared: one thing a scan and key, and another in the next scan', async () => {
  const key: SharedKey<string[]> = { make: () => [] };
  const other: SharedKey<string[]> = { make: () => [] };
  const told: string[][] = [];
  const check = (id: string) =>
    defineCheck({
      id,
      ...declared,
      reads: { pods },
      start({ shared }) {
        shared(key).push(id);
        assert.notEqual(shared(key), shared(other));
        return {
          see: {},
          finish() {
            told.push([...shared(key)]);
          },
        };
      },
    });
  await run([check('one'), check('two')]);
  await run([check('three')]);
  assert.deepEqual(told, [['one', 'two'], ['one', 'two'], ['three']]);
});

test('readers that understand no common version get a list each', () => {
  const reader = (observer: string, ...versions: [string, ...string[]]) => ({ observer, name: 'r', read: { ...pods, versions } });
  const planned = planReads([reader('a', 'v2', 'v1'), reader('b', 'v3'), reader('c', 'v1'), reader('d', 'v3', 'v1')]);
  assert.deepEqual(
    planned.map(({ read, readers }) => [read.versions, readers.map(({ observer }) => observer)]),
    [
      [['v1'], ['a', 'c', 'd']],
      [['v3'], ['b']],
    ],
  );
});
