import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { pods } from '../../functions/cluster/kinds.ts';
import { type Check, defineCheck, type Finding, type Pass } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { soundObjects } from '../../functions/scan/sound-objects.ts';
import { memorySource } from './memory-source.ts';

type Seeing = Pass<Finding, unknown, never>;
const check = (
  see: (pod: { readonly metadata?: { readonly name?: string } | null }, pass: Seeing) => void,
  more: Partial<Check> = {},
): Check =>
  defineCheck({
    id: 'c',
    title: 'c',
    why: 'a test',
    upstream: 'https://example.com',
    reads: { pods },
    options: z.strictObject({}),
    start: (pass) => ({ see: { pods: (pod) => see(pod, pass as Seeing) } }),
    ...more,
  });
const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name } });
const run = async (one: Check, objects: readonly object[]) => {
  const { out, observers, memory } = await scan(memorySource({ objects }), [one], { signal: AbortSignal.timeout(10_000) });
  return { said: out.map(({ object }) => object.name), end: observers[0], out, memory };
};
const finding = (name: string): Finding => ({
  object: { apiVersion: 'v1', kind: 'Pod', name },
  severity: 'info',
  message: 'm',
  remedy: 'r',
});

describe('objects of other types than Kubernetes gives them', () => {
  test('what is sound is the very same list', () => {
    const objects = [pod('a'), { ...pod('b'), metadata: { name: 'b', labels: null, ownerReferences: [null], annotations: { x: null } } }];
    assert.equal(soundObjects(objects), objects);
  });

  test('numbers and truth values that were meant as texts become texts; what cannot be meant so is taken away', () => {
    const [object] = soundObjects([
      {
        kind: 'Pod',
        metadata: {
          name: 123,
          namespace: true,
          labels: { version: 1.5, list: [], fine: 'x' },
          annotations: ['a'],
          ownerReferences: [7, { name: 5, kind: {}, controller: true }],
          finalizers: 'x',
        },
        spec: 'x',
        status: [],
      },
    ]);
    assert.deepEqual(object, {
      kind: 'Pod',
      metadata: {
        name: '123',
        namespace: 'true',
        labels: { version: '1.5', fine: 'x' },
        ownerReferences: [{ name: '5', controller: true }],
      },
    });
  });

  test('what is no object is left out', () => {
    assert.deepEqual(soundObjects([null, 'x', [1], pod('a')]), [pod('a')]);
  });
});

describe('a check that does not get along with an object', () => {
  test('sees all others, finishes, and says at which it failed', async () => {
    let finished = false;
    const stumbling = check((_, __) => undefined, {
      start: (pass) => ({
        see: {
          pods: ({ metadata }: { metadata?: { name?: string } | null }) => {
            if (metadata?.name === 'odd') throw new TypeError('x is not a function');
            pass.emit(finding(metadata?.name ?? ''));
          },
        },
        finish: () => {
          finished = true;
        },
        remember: () => 'something' as never,
      }),
    });
    const { said, end, memory } = await run(stumbling, [pod('a'), pod('odd'), pod('b')]);
    assert.deepEqual(said, ['a', 'b']);
    assert.deepEqual([end?.outcome, end?.objects, finished], ['incomplete', 3, true]);
    assert.match(end?.reason ?? '', /the check failed: x is not a function \(at \/Pod\/\/odd\)/);
    assert.deepEqual(memory, {}, 'half a memory is none');
  });

  test('and names an object by something that is no text: the report is not built of it', async () => {
    const { said, end } = await run(
      check(({ metadata }, { emit, link }) => {
        const object = { apiVersion: 'v1', kind: 'Pod', name: (metadata?.name === 'odd' ? {} : metadata?.name) as string };
        if (metadata?.name === 'linked') link({ effect: object, cause: { ...object, kind: 7 as unknown as string }, because: 'x' });
        emit({ ...finding(''), object });
      }),
      [pod('odd'), pod('linked'), pod('a')],
    );
    assert.deepEqual(said, ['a']);
    assert.match(end?.reason ?? '', /named by something that is no text/);
  });

  test('a finding’s other fields are brought to their types', async () => {
    const { out, end } = await run(
      check((_, { emit }) => emit({ ...finding('a'), subject: 7 as unknown as string, details: { count: Number.NaN, fine: 1 } })),
      [pod('a')],
    );
    assert.equal(end?.outcome, 'ran');
    assert.partialDeepStrictEqual(out[0], { subject: '7', details: { fine: 1 } });
    assert.deepEqual(out[0]?.details, { fine: 1 });
  });
});

test('a probe is asked for once, however many checks want it, and before the lists end', async () => {
  const order: string[] = [];
  const memory = memorySource({ objects: [pod('a')], probes: { '/readyz': { status: 200, body: 'ok' } } });
  const source = {
    ...memory,
    probe: async (path: string, signal: AbortSignal) => {
      order.push(path);
      return memory.probe(path, signal);
    },
  };
  const probing = (id: string) =>
    check(() => void order.push('seen'), {
      id,
      probes: ['/readyz'],
      start: ({ probe }) => ({
        see: { pods: () => void order.push('seen') },
        finish: async () => void order.push((await probe('/readyz')).body),
      }),
    });
  const { observers } = await scan(source, [probing('one'), probing('two')], { signal: AbortSignal.timeout(10_000) });
  assert.deepEqual(
    observers.map(({ outcome }) => outcome),
    ['ran', 'ran'],
  );
  assert.deepEqual(order, ['/readyz', 'seen', 'seen', 'ok', 'ok']);
});
