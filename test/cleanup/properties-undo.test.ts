/**
 * Over random clusters: what was planned and nothing else goes, whatever others changed meanwhile, and undo gives it back.
 * The suite tries some; FUZZ_RUNS=10000 node --test test/cleanup/properties-undo.test.ts tries so many.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Executed, Plan } from '../../functions/actions/contracts.ts';
import { execute } from '../../functions/actions/execute.ts';
import { heldNow } from '../../functions/actions/guards/held.ts';
import { guardSettings } from '../../functions/actions/guards/settings.ts';
import { timedId } from '../../functions/actions/ids.ts';
import { readJournal } from '../../functions/actions/journal.ts';
import { liveThrough, planUndo, undoHooks } from '../../functions/actions/undo/plan-undo.ts';
import { actorOf } from '../../functions/cleanup/contracts.ts';
import type { RulesOfRun } from '../../functions/cleanup/plan-run.ts';
import { rules } from '../../functions/cleanup/rules/index.ts';
import { userRules } from '../../functions/cleanup/user-rules/user-rules.ts';
import { namespacesNow } from '../../functions/cleanup/write-session.ts';
import type { UserRule } from '../../functions/runtime/configuration.ts';
import { type MemoryStorage, memoryStorage } from '../actions/memory-storage.ts';
import fc from '../fuzz.ts';
import { now } from '../health-check/objects.ts';
import { keyOfObject, LiveCluster } from './live-cluster.ts';
import { planOfCluster, runId } from './plan-of-cluster.ts';
import { randomCluster } from './random-cluster.ts';
import type { Fields, Made } from './references/objects.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 600);
const signal = new AbortController().signal;
const limits = { number: 200, percent: 100, atLeast: 5 };

/** Rules of a user, who wants scratch objects gone whatever refers to them. */
const scratch = (resource: string, kind: string): UserRule => ({
  id: `scratch-${resource}`,
  resource: { group: '', version: 'v1', resource, kind },
  selector: 'scratch=yes',
  when: 'age > duration("168h")',
  minimumAgeHours: 168,
  action: 'delete',
  reason: 'made to try something',
});
const own = [scratch('configmaps', 'ConfigMap'), scratch('secrets', 'Secret'), scratch('serviceaccounts', 'ServiceAccount')];
const users = await userRules(
  own,
  rules.map(({ id }) => id),
);
const rulesOfRun: RulesOfRun = { rules: [...rules, ...users.rules], findings: () => [] };

/** As functions/cleanup/apply-run.ts does it. */
const carriedOut = (plan: Plan, cluster: LiveCluster, storage: MemoryStorage, journalId: string): Promise<Executed> => {
  const writer = cluster.writer();
  const settings = guardSettings({ limits });
  const namespaces = namespacesNow({ writer, storage, settings, close: async () => undefined }, signal);
  return execute({
    plan,
    writer,
    actors: new Map(rulesOfRun.rules.flatMap((rule) => actorOf(rule) ?? []).map((actor) => [actor.id, actor])),
    storage,
    journalId,
    runId,
    held: async (action, fresh) =>
      plan.kind === 'undo'
        ? undefined
        : heldNow(action, fresh, { now, settings, namespaces: await namespaces(action.object.namespace), options: plan.options }),
    gate: async () => undefined,
    settings: { writesPerSecond: 1e9, verifyFor: 0, lookAgainAfter: 0 },
    ...(plan.kind === 'undo' && { undo: undoHooks(plan, liveThrough(writer, signal)) }),
    signal,
  });
};

const journalOf = { apply: timedId(now, '00000000000000bb'), undo: timedId(now, '00000000000000dd') };

const planFor = async (cluster: LiveCluster, storage: MemoryStorage): Promise<Plan | undefined> =>
  (await planOfCluster({ objects: cluster.all(), limits, storage, rulesOfRun })).plan;

/**
 * Without what a server sets, and without owners that are not there: the garbage collector would take what has them. Of a Job its run is lost, and
 * it comes back suspended.
 */
const lasting = ({ metadata, status, ...rest }: Made, live: ReadonlySet<unknown>): unknown => {
  const { uid: _, resourceVersion: __, creationTimestamp: ___, ownerReferences: ____, ...kept } = metadata;
  const owners = ownersOf({ metadata, ...rest }).filter(({ uid }) => live.has(uid));
  const object = { ...rest, metadata: { ...kept, owners }, ...(rest.kind !== 'Job' && { status }) };
  if (rest.kind !== 'Job') return object;
  const ofRun = new Set(['batch.kubernetes.io/controller-uid', 'suspend']);
  return JSON.parse(JSON.stringify(object), (key, value) => (ofRun.has(key) || isEmpty(value) ? undefined : value));
};
const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
const ownersOf = ({ metadata: { ownerReferences } }: Made): readonly Fields[] => (Array.isArray(ownerReferences) ? ownerReferences : []);

test('property: plan, apply, undo gives back the cluster but for what the plan says is lost', async () => {
  const seen = { deleted: 0, givenBack: 0, jobs: 0, patched: 0 };
  await fc.assert(
    fc.asyncProperty(randomCluster, async ({ objects }) => {
      const storage = memoryStorage();
      const cluster = new LiveCluster(objects);
      const plan = await planFor(cluster, storage);
      if (!plan) return;
      const { ended, outcomes } = await carriedOut(plan, cluster, storage, journalOf.apply);
      assert.equal(ended, 'complete');
      assert.deepEqual(
        new Set([...outcomes.values()].map(({ result }) => result)),
        new Set(plan.actions.map(({ kind }) => `${kind}${kind === 'patch' ? 'ed' : 'd'}`)),
      );
      assert.equal(cluster.writes.length, plan.actions.length, 'each once');
      const deleted = new Map(plan.actions.filter(({ kind }) => kind === 'delete').map(({ object, ...action }) => [object.uid, action]));
      const patched = new Set(plan.actions.filter(({ kind }) => kind === 'patch').map(({ object }) => object.uid));
      for (const object of objects) {
        const { uid } = object.metadata;
        const goesWithOwner = ownersOf(object).some((owner) => deleted.has(String(owner.uid)));
        const live = cluster.objects.get(keyOfObject(object));
        if (deleted.has(String(uid)) || goesWithOwner) assert.equal(live, undefined, `${keyOfObject(object)} is gone`);
        else if (!patched.has(String(uid))) assert.equal(live, object, `${keyOfObject(object)} is as it was`);
      }

      const journal = await readJournal(storage, plan.cluster, journalOf.apply);
      assert.ok(journal);
      const undo = await planUndo({
        journal,
        identity: plan,
        live: liveThrough(cluster.writer(), signal),
        options: { restoreJobs: true },
        limits,
        now,
        runId: '00000000000000cc',
      });
      if (undo.plan) assert.equal((await carriedOut(undo.plan, cluster, storage, journalOf.undo)).ended, 'complete');
      const uids = new Set(objects.map(({ metadata }) => metadata.uid));
      for (const object of objects) {
        const action = deleted.get(String(object.metadata.uid));
        const live = cluster.objects.get(keyOfObject(object));
        const isLost = object.kind === 'Pod' && (action !== undefined || ownersOf(object).some((owner) => deleted.has(String(owner.uid))));
        seen.deleted += action ? 1 : 0;
        if (isLost) {
          // A pod that is over does not come back, nor do the pods of a Job; the plan said so.
          assert.equal(live, undefined, keyOfObject(object));
          if (action) assert.ok(action.lost?.length, 'the plan says what is lost');
          continue;
        }
        assert.ok(live, `${keyOfObject(object)} is there again`);
        assert.deepEqual(lasting(live, uids), lasting(object, uids), keyOfObject(object));
        if (action?.resource.kind === 'Job') {
          assert.equal((live.spec as Fields).suspend, true, 'a Job comes back suspended');
          assert.ok(action.lost?.length);
          seen.jobs += 1;
        }
        seen.givenBack += action ? 1 : 0;
        seen.patched += patched.has(String(object.metadata.uid)) ? 1 : 0;
      }
      const before = new Set(objects.map(keyOfObject));
      assert.deepEqual(
        [...cluster.objects.keys()].filter((key) => !before.has(key)),
        [],
        'and nothing else',
      );
    }),
    { numRuns },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count > numRuns / 20, `${what}: ${count}`);
});

const meddling = fc.constantFrom('label', 'spec', 'replaced', 'deleted', 'terminating', 'keep', 'namespace kept', 'namespace leaving');

test('property: what was changed in any way between plan and apply stays as it is', async () => {
  const seen = { meddled: 0, deleted: 0 };
  await fc.assert(
    fc.asyncProperty(randomCluster, fc.array(fc.option(meddling), { minLength: 1, maxLength: 12 }), async ({ objects }, how) => {
      const storage = memoryStorage();
      const cluster = new LiveCluster(objects);
      const plan = await planFor(cluster, storage);
      if (!plan) return;
      const untouchable = new Set<string>();
      const inNamespace = new Set<unknown>();
      for (const [index, { object }] of plan.actions.entries()) {
        const key = `${object.kind} ${object.namespace ?? ''}/${object.name}`;
        const done = how[index % how.length];
        if (done) untouchable.add(key);
        if (done === 'label') cluster.change(key, { metadata: { labels: { changed: 'yes' } } });
        if (done === 'spec') cluster.change(key, { spec: { changed: true } });
        if (done === 'keep') cluster.change(key, { metadata: { annotations: { 'nightshift.dev/keep': 'true' } } });
        if (done === 'terminating') cluster.change(key, { metadata: { deletionTimestamp: new Date(now).toISOString() } });
        if (done === 'replaced') cluster.replace(key);
        if (done === 'deleted') cluster.objects.delete(key);
        if (done?.startsWith('namespace') && object.namespace !== undefined) {
          inNamespace.add(object.namespace);
          const metadata =
            done === 'namespace kept' ? { labels: { 'nightshift.dev/keep': 'true' } } : { deletionTimestamp: new Date(now).toISOString() };
          cluster.change(`Namespace /${object.namespace}`, { metadata });
        } else if (done?.startsWith('namespace')) untouchable.delete(key);
      }
      const before = new Map(cluster.objects);
      const { outcomes, ended } = await carriedOut(plan, cluster, storage, journalOf.apply);
      assert.match(ended, /^(complete|refused)$/);
      for (const action of plan.actions) {
        const { kind, namespace = '', name } = action.object;
        const key = `${kind} ${namespace}/${name}`;
        const result = outcomes.get(action.id)?.result;
        if (untouchable.has(key) || inNamespace.has(namespace)) {
          seen.meddled += 1;
          assert.equal(cluster.objects.get(key), before.get(key), `${key} is as somebody left it`);
          assert.ok(!cluster.writes.some((write) => write.endsWith(` ${key}`)), `${key} was not written to`);
          if (ended === 'complete') assert.match(result ?? 'none', /^(changed|gone-before|held)$/, key);
        } else if (ended === 'complete') {
          assert.match(result ?? 'none', /^(deleted|patched)$/, key);
          seen.deleted += 1;
        }
      }
    }),
    { numRuns },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count > numRuns / 10, `${what}: ${count}`);
});
