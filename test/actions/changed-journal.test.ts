/** A journal lies where others may write too: what is done is what the plan says, whatever the journal was made to say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedAction } from '../../functions/actions/contracts.ts';
import type { Execution } from '../../functions/actions/course.ts';
import { execute } from '../../functions/actions/execute.ts';
import { JournalDamaged, manifestDigest } from '../../functions/actions/journal.ts';
import type { Writer } from '../../functions/actions/writer.ts';
import { FakeCluster } from './fake-cluster.ts';
import { type MemoryStorage, memoryStorage } from './memory-storage.ts';
import { actionOn, actorsOf, journalId, planOf, resources } from './plan-of.ts';

const key = `journal/test/2026/11/24/${journalId}/journal.json`;

/** Three objects of a plan and one beside; the time is spent after the first batch. */
const interrupted = async () => {
  const cluster = new FakeCluster();
  const action = (name: string) => actionOn(resources.configMap, { metadata: { namespace: 'a', name, ...cluster.add(name) } });
  const actions = ['one', 'two', 'three'].map(action);
  const beside = action('beside');
  const plan = planOf('cluster', actions);
  const storage = memoryStorage();
  const run = (signal: AbortSignal, gate: Execution['gate'] = async () => undefined): Execution => ({
    plan,
    writer: cluster.writer(),
    actors: actorsOf(plan),
    storage,
    journalId,
    runId: 'r',
    held: () => undefined,
    gate,
    settings: { writesPerSecond: 1e6, batchSize: 1, verifyFor: 0, lookAgainAfter: 0 },
    signal,
  });
  const time = new AbortController();
  let asked = 0;
  const first = await execute(
    run(time.signal, async () => {
      asked += 1;
      if (asked === 4) time.abort();
      return undefined;
    }),
  );
  assert.equal(first.ended, 'interrupted');
  assert.equal(cluster.deleted.length, 1);
  return { cluster, storage, beside, goOn: () => execute(run(new AbortController().signal)) };
};

const changeActions = (storage: MemoryStorage, change: (actions: readonly PlannedAction[]) => readonly PlannedAction[]): void => {
  const start = JSON.parse(storage.texts.get(key) ?? '') as { readonly actions: readonly PlannedAction[] };
  storage.texts.set(key, JSON.stringify({ ...start, actions: change(start.actions) }));
};

test('an object put into the journal in the place of one of the plan stays', async () => {
  const { cluster, storage, beside, goOn } = await interrupted();
  changeActions(storage, (actions) => actions.map((action) => ({ ...beside, id: action.id })));
  assert.equal((await goOn()).ended, 'complete');
  assert.deepEqual([...cluster.objects.keys()], ['beside']);
});

test('a journal with more or fewer actions than the plan is not gone on with', async () => {
  for (const change of [
    (actions: readonly PlannedAction[], beside: PlannedAction) => [...actions, beside],
    (actions: readonly PlannedAction[]) => actions.slice(1),
  ]) {
    const { cluster, storage, beside, goOn } = await interrupted();
    changeActions(storage, (actions) => change(actions, beside));
    await assert.rejects(goOn(), JournalDamaged);
    assert.equal(cluster.deleted.length, 1);
  }
});

test('an undo creates what was in the journal when it was planned, and nothing else', async () => {
  const { cluster, storage } = await interrupted();
  const start = JSON.parse(storage.texts.get(key) ?? '') as {
    readonly actions: readonly PlannedAction[];
    readonly manifests: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const gone = start.actions.find(({ object }) => !cluster.objects.has(object.name)) ?? assert.fail('nothing is gone');
  const { namespace, name, uid } = gone.object;
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, uid }, data: { a: 'b' } };
  const back: PlannedAction = {
    ...gone,
    kind: 'create',
    manifest: { journal: journalId, action: gone.id, digest: manifestDigest(manifest) },
  };
  const plan = planOf('cluster', [back], { kind: 'undo', undoes: journalId, id: '20261124T190000Z-00000000000000cc' });
  const created: unknown[] = [];
  const undo = async (found: object, at: string) => {
    storage.texts.set(key, JSON.stringify({ ...start, manifests: { ...start.manifests, [gone.id]: found } }));
    const writer: Writer = {
      ...cluster.writer(),
      create: async (_place, object, how) => {
        if (!how?.dryRun) created.push(object);
        return { warnings: [], taken: true, body: object };
      },
    };
    const { outcomes } = await execute({
      plan,
      writer,
      actors: new Map(),
      storage,
      journalId: at,
      runId: 'r',
      held: () => undefined,
      gate: async () => undefined,
      settings: { writesPerSecond: 1e6, verifyFor: 0, lookAgainAfter: 0 },
      undo: { prepare: async (_action, kept) => ({ manifest: kept as object, notes: [] }), withoutAllocated: () => undefined },
      signal: new AbortController().signal,
    });
    return outcomes.get(gone.id);
  };
  for (const [index, found] of [
    { ...manifest, data: { a: 'another' } },
    { ...manifest, metadata: { ...manifest.metadata, name: 'another' } },
    { ...manifest, kind: 'Pod' },
  ].entries()) {
    const outcome = await undo(found, `20261124T19000${index}Z-00000000000000dd`);
    assert.deepEqual(
      [outcome?.result, outcome?.message],
      ['refused', 'the journal holds another manifest than it did when this was planned'],
    );
  }
  assert.deepEqual(created, []);
  assert.equal((await undo(manifest, '20261124T190009Z-00000000000000dd'))?.result, 'created');
  assert.deepEqual(created, [manifest]);
});
