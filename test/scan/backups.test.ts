/** What the scan makes of a source that is a backup, and of reads that did not come whole. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { nodes, pods, services } from '../../functions/cluster/kinds.ts';
import { type Check, defineCheck, type Source } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { type MemorySourceOptions, memorySource } from './memory-source.ts';

const declared = { title: 't', why: 'w', upstream: 'https://kubernetes.io', options: z.strictObject({}) } as const;
const ends = async (check: Check, options: MemorySourceOptions, more: Partial<Source> = {}) => {
  const { observers } = await scan({ ...memorySource(options), ...more }, [check], { signal: AbortSignal.timeout(10_000) });
  return observers.map(({ outcome, reason }) => [outcome, reason ?? ''].join(' ').trim());
};

describe('a backup', () => {
  test('what it cannot tell is not applicable there, and nowhere else', async () => {
    const check = defineCheck({
      id: 'leaving',
      ...declared,
      reads: { pods },
      notInBackups: 'Velero leaves it out',
      start: () => ({ see: {} }),
    });
    assert.deepEqual(await ends(check, { kind: 'backup' }), ['not-run Velero leaves it out']);
    for (const kind of ['cluster', 'manifests'] as const) assert.deepEqual(await ends(check, { kind }), ['ran']);
  });
  test('of a selection nothing is joined', async () => {
    const selection = 'only what labels select';
    const joined = defineCheck({ id: 'joined', ...declared, reads: { pods, services }, start: () => ({ see: {} }) });
    const single = defineCheck({
      id: 'single',
      ...declared,
      reads: { pods, nodes: { ...nodes, optional: true } },
      start: () => ({ see: {} }),
    });
    const twice = defineCheck({
      id: 'twice',
      ...declared,
      reads: { pods, same: { ...pods, namespace: 'shop' } },
      start: () => ({ see: {} }),
    });
    assert.deepEqual(await ends(joined, { kind: 'backup' }, { selection }), [`not-run ${selection}`]);
    assert.deepEqual(await ends(single, { kind: 'backup' }, { selection }), ['ran']);
    assert.deepEqual(await ends(twice, { kind: 'backup' }, { selection }), ['ran']);
    assert.deepEqual(await ends(joined, { kind: 'backup' }), ['ran']);
  });
});

test('isWhole: of an optional read that did not come, nothing is absent', async () => {
  const whole: Record<string, boolean> = {};
  const check = defineCheck({
    id: 'asking',
    ...declared,
    reads: { services, pods: { ...pods, optional: true }, nodes: { ...nodes, optional: true } },
    start: ({ isWhole }) => ({
      see: {},
      finish() {
        for (const read of ['services', 'pods', 'nodes', 'unknown']) whole[read] = isWhole(read);
      },
    }),
  });
  const endings = {
    services: { state: 'inconsistent' },
    pods: { state: 'off', reason: 'left out' },
    nodes: { state: 'failed', reason: 'forbidden', message: 'no right', remedy: 'grant it' },
  } as const;
  assert.deepEqual(await ends(check, { endings }), ['ran']);
  assert.deepEqual(whole, { services: true, pods: false, nodes: false, unknown: false });
});
