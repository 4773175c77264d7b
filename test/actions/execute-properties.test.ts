/** Whatever goes wrong between executor and cluster, and however often it is killed: what was not planned stays, and the journal is true. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Executed } from '../../functions/actions/contracts.ts';
import { execute } from '../../functions/actions/execute.ts';
import { readJournal } from '../../functions/actions/journal.ts';
import fc from '../fuzz.ts';
import { FakeCluster, type Meddling, type Mishap } from './fake-cluster.ts';
import { memoryStorage } from './memory-storage.ts';
import { actionOn, actorsOf, journalId, planOf, resources } from './plan-of.ts';

const mishap = fc.constantFrom<Mishap[]>(
  ...([
    'none',
    'none',
    'none',
    'lost-before',
    'lost-after',
    'broken-before',
    'broken-after',
    'conflict',
    'killed-before',
    'killed-after',
  ] as const),
);
/** The server is down for a while. */
const burst = fc
  .tuple(fc.array(mishap, { maxLength: 5 }), fc.constantFrom<Mishap[]>('broken-before', 'lost-before'), fc.integer({ min: 4, max: 30 }))
  .map(([first, down, count]) => [...first, ...Array.from({ length: count }, () => down)]);
const meddling = fc.constantFrom<Meddling[]>('none', 'none', 'none', 'none', 'change', 'replace', 'delete');
const scene = fc.record({
  count: fc.integer({ min: 1, max: 14 }),
  finalizers: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
  mishaps: fc.oneof({ weight: 4, arbitrary: fc.array(mishap, { maxLength: 20 }) }, { weight: 1, arbitrary: burst }),
  meddling: fc.array(meddling, { maxLength: 20 }),
  batchSize: fc.integer({ min: 1, max: 5 }),
  atOnce: fc.integer({ min: 1, max: 4 }),
  /** Before which write of the journal the process is killed. */
  killedAtWrite: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
  /** After how many progress reports the time is spent. */
  spentAfter: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
});

test('nothing but what was planned goes, once, and every outcome is true', async () => {
  const ends = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(scene, async ({ count, finalizers, mishaps, meddling: meddled, batchSize, atOnce, killedAtWrite, spentAfter }) => {
      const cluster = new FakeCluster();
      const actions = Array.from({ length: count }, (_, index) => {
        const name = `map-${index}`;
        const object = cluster.add(name, finalizers[index] ? { finalizers: ['example.com/wait'] } : {});
        return actionOn(resources.configMap, { metadata: { namespace: 'a', name, ...object } });
      });
      cluster.add('stays');
      cluster.mishaps = [...mishaps];
      cluster.meddling = [...meddled];
      const plan = planOf('cluster', actions);
      const storage = memoryStorage();
      let writes = 0;
      let progress = 0;
      storage.beforeWrite = () => {
        writes += 1;
        if (writes === killedAtWrite) cluster.killed = true;
        if (cluster.killed) throw new Error('killed');
      };
      let executed: Executed | undefined;
      for (let invocation = 1; invocation < 60 && executed?.ended !== 'complete'; invocation += 1) {
        cluster.killed = false;
        const time = new AbortController();
        executed = await execute({
          plan,
          writer: cluster.writer(),
          actors: actorsOf(plan),
          storage,
          journalId,
          runId: 'r',
          held: () => undefined,
          gate: async () => undefined,
          settings: { writesPerSecond: 1e6, batchSize, atOnce, verifyFor: 0, lookAgainAfter: 0 },
          signal: time.signal,
          onProgress: () => {
            progress += 1;
            if (progress === spentAfter) time.abort();
          },
        });
        const journal = await readJournal(storage, 'test', journalId);
        if (cluster.deleted.length > 0) assert.ok(journal, 'the journal comes before the first write');
        for (const uid of cluster.deleted)
          assert.ok(
            journal?.items.find(({ action, manifest }) => action.object.uid === uid && manifest !== undefined),
            'with its manifest',
          );
        if (journal?.ended) break;
      }
      const { ended = 'none' } = executed ?? {};
      ends.set(ended, (ends.get(ended) ?? 0) + 1);
      assert.ok(['complete', 'stopped'].includes(ended), `${ended}: ${executed?.why}`);
      assert.ok(cluster.objects.has('stays'));
      assert.equal(new Set(cluster.deleted).size, cluster.deleted.length, 'nothing twice');
      for (const { name, uid, resourceVersion } of cluster.asked) {
        const planned = actions.find(({ object }) => object.name === name)?.object;
        assert.deepEqual([uid, resourceVersion], [planned?.uid, planned?.resourceVersion], 'with the preconditions of the plan');
      }
      const journal = await readJournal(storage, 'test', journalId);
      for (const { action, outcome } of journal?.items ?? []) {
        const { uid, name } = action.object;
        const isThere = cluster.objects.get(name)?.uid === uid;
        const told = executed?.outcomes.get(action.id);
        assert.equal(told?.result, outcome?.result, 'what is said is what is written down');
        if (ended === 'complete') assert.ok(outcome, `${name} has no outcome`);
        if (cluster.deleted.includes(uid)) assert.match(outcome?.result ?? 'none', /^(deleted|pending-finalizers)$/, name);
        if (outcome?.result === 'deleted' || outcome?.result === 'gone-before')
          assert.ok(!isThere, `${name} is ${outcome.result} and there`);
        if (outcome?.result === 'changed' || outcome?.result === 'refused')
          assert.ok(!cluster.deleted.includes(uid), `${name}: ${outcome.result}`);
      }
    }),
    { numRuns: 600 },
  );
  // The faults are neither all harmless nor all fatal.
  assert.ok((ends.get('complete') ?? 0) > 300 && (ends.get('stopped') ?? 0) > 20, JSON.stringify([...ends]));
});
