import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configurationHash } from '../../functions/actions/configuration-hash.ts';
import type { Plan } from '../../functions/actions/contracts.ts';
import { planIdOf } from '../../functions/actions/ids.ts';
import { consumePlan, loadPlan, savePlan } from '../../functions/actions/plan-store.ts';
import { EventError } from '../../functions/runtime/events.ts';
import { memoryStorage } from './memory-storage.ts';

const made = Date.parse('2026-11-24T17:30:00Z');
const hour = 3_600_000;
const identity = { cluster: 'prod', clusterUid: 'c-uid', configuration: configurationHash({ options: { a: 1 } }) };
const saying: Omit<Plan, 'id'> = {
  schemaVersion: 1,
  ...identity,
  operation: 'cleanup',
  kind: 'cleanup',
  createdAt: '2026-11-24T17:30:00.000Z',
  expiresAt: '2026-11-25T17:30:00.000Z',
  actions: [
    {
      id: 'finished-jobs/shop/a',
      kind: 'delete',
      object: { apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name: 'a', uid: 'u', resourceVersion: '7' },
      rule: 'finished-jobs',
      reason: 'finished 2 days ago',
      risk: 'low',
      state: 'planned',
      since: '2026-11-22T17:30:00.000Z',
      resource: { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespaced: true },
      propagationPolicy: 'Background',
    },
  ],
  options: { 'finished-jobs': { minimumAgeHours: 24 } },
};
const named = (says: Omit<Plan, 'id'>): Plan => ({ ...says, id: planIdOf(says) });
const plan = named(saying);
const key = `plans/prod/2026/11/24/${plan.id}/plan.json`;
const consumedKey = key.replace('plan.json', 'consumed.json');
const journal = '20261124T180000Z-fedcba9876543210';
const saved = async () => {
  const storage = memoryStorage();
  assert.equal(await savePlan(storage, plan), true);
  return storage;
};
const refusal = (asked: Promise<unknown>, says: RegExp) =>
  assert.rejects(asked, (error: unknown) => {
    assert.ok(error instanceof EventError);
    assert.match(error.message, says);
    return true;
  });

test('a plan comes back as it was stored', async () => {
  const storage = await saved();
  assert.deepEqual([...storage.texts.keys()], [key]);
  assert.deepEqual(await loadPlan(storage, plan.id, identity, made + hour), { plan });
  const undo = named({
    ...saying,
    kind: 'undo',
    undoes: journal,
    actions: plan.actions.map((action) => ({ ...action, kind: 'create', manifest: { journal, action: 'x' }, patch: { a: null } })),
  });
  await savePlan(storage, undo);
  assert.deepEqual((await loadPlan(storage, undo.id, identity, made + hour)).plan, undo);
});

test('a plan that is not there, or not this cluster’s', async () => {
  const storage = await saved();
  await refusal(
    loadPlan(storage, '20261124T173000Z-aaaaaaaaaaaaaaaa', identity, made),
    /^There is no plan 20261124T173000Z-a+ for prod in s3:\/\/reports\./,
  );
  await refusal(loadPlan(storage, plan.id, { ...identity, cluster: 'edge' }, made), /^There is no plan .* for edge /);
  for (const id of ['', '../../x', 'latest', `${plan.id}/..`]) await refusal(loadPlan(storage, id, identity, made), /names no plan/);
});

test('a damaged plan is not applied in part', async () => {
  const damages: ((plan: Plan) => unknown)[] = [
    () => 7,
    ({ actions: _, ...rest }) => rest,
    (whole) => ({ ...whole, id: '20261124T173000Z-aaaaaaaaaaaaaaaa' }),
    (whole) => ({ ...whole, schemaVersion: 2 }),
    (whole) => ({ ...whole, expiresAt: 'never' }),
    (whole) => ({ ...whole, clusterUid: '' }),
    (whole) => ({ ...whole, actions: [...whole.actions, ...whole.actions] }),
    (whole) => ({ ...whole, actions: whole.actions.map((action) => ({ ...action, state: 'held' })) }),
    (whole) => ({ ...whole, actions: whole.actions.map(({ resource: _, ...action }) => action) }),
    (whole) => ({ ...whole, actions: whole.actions.map((action) => ({ ...action, object: { ...action.object, uid: undefined } })) }),
    (whole) => ({ ...whole, actions: whole.actions.map((action) => ({ ...action, propagationPolicy: 'Whatever' })) }),
  ];
  for (const damage of damages) {
    const storage = await saved();
    storage.texts.set(key, JSON.stringify(damage(plan)));
    await refusal(loadPlan(storage, plan.id, identity, made), /plan\.json is damaged and cannot be applied: make a new plan/);
  }
  const storage = await saved();
  storage.texts.set(key, (storage.texts.get(key) ?? '').slice(0, -20));
  await refusal(loadPlan(storage, plan.id, identity, made), /is damaged/);
});

test('what was shown is what is applied: a plan that somebody changed where it is kept is refused', async () => {
  const others: ((plan: Plan) => unknown)[] = [
    (whole) => ({ ...whole, actions: whole.actions.map((action) => ({ ...action, object: { ...action.object, name: 'payments' } })) }),
    (whole) => ({ ...whole, actions: whole.actions.map((action) => ({ ...action, since: '2020-01-01T00:00:00Z' })) }),
    (whole) => ({ ...whole, actions: [...whole.actions, ...whole.actions.map((action) => ({ ...action, id: 'another' }))] }),
    (whole) => ({ ...whole, actions: [] }),
    (whole) => ({ ...whole, options: { 'finished-jobs': { minimumAgeHours: 0 } } }),
    (whole) => ({ ...whole, expiresAt: '2036-11-25T17:30:00.000Z' }),
    (whole) => ({ ...whole, createdAt: '2026-11-24T17:30:00.001Z' }),
    (whole) => ({ ...whole, unknown: true }),
  ];
  for (const other of others) {
    const storage = await saved();
    storage.texts.set(key, JSON.stringify(other(plan)));
    await refusal(loadPlan(storage, plan.id, identity, made), /is not what was planned as .*: somebody changed it/);
  }
  const storage = await saved();
  storage.texts.set(
    key,
    JSON.stringify(
      JSON.parse(storage.texts.get(key) ?? ''),
      Object.keys(plan)
        .toReversed()
        .concat(...keysIn(plan)),
      2,
    ),
  );
  assert.deepEqual((await loadPlan(storage, plan.id, identity, made)).plan, plan, 'the order of keys and spaces say nothing');
});

const keysIn = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inner]) => [key, ...keysIn(inner)]) : [];

test('it expires after 24 hours', async () => {
  const storage = await saved();
  assert.ok(await loadPlan(storage, plan.id, identity, made + 24 * hour - 1));
  await refusal(
    loadPlan(storage, plan.id, identity, made + 24 * hour),
    /of 2026-11-24 17:30 UTC expired at 2026-11-25 17:30 UTC; it is 2026-11-25 17:30 UTC now: make a new plan/,
  );
});

test('another cluster behind the name, or another configuration: what was planned, what is, and what to do', async () => {
  const storage = await saved();
  await refusal(
    loadPlan(storage, plan.id, { ...identity, clusterUid: 'other' }, made),
    /uid c-uid; behind the name prod is now one with other: look which cluster this is, then make a new plan/,
  );
  await refusal(loadPlan(storage, plan.id, { ...identity, clusterUid: '' }, made), /none that could be read/);
  const configuration = configurationHash({ options: { a: 2 } });
  await refusal(
    loadPlan(storage, plan.id, { ...identity, configuration }, made),
    new RegExp(
      `another version of Nightshift \\(${identity.configuration.slice(0, 12)}, now ${configuration.slice(0, 12)}\\): make a new plan`,
    ),
  );
});

test('a plan is taken once: by its own journal it can be gone on with, by no other', async () => {
  const storage = await saved();
  assert.equal(await consumePlan(storage, plan, { journal, runId: 'one', at: made + hour }), 'taken');
  assert.equal(await consumePlan(storage, plan, { journal, runId: 'two', at: made + 2 * hour }), 'resumed');
  const other = { journal: '20261124T190000Z-aaaaaaaaaaaaaaaa', runId: 'three', at: made + 2 * hour };
  await refusal(
    consumePlan(storage, plan, other),
    new RegExp(`taken by the run one at 2026-11-24 18:30 UTC .*journal is ${journal} .*undo ${journal}`),
  );
  const consumed = { plan: plan.id, journal, runId: 'one', at: '2026-11-24T18:30:00.000Z' };
  assert.deepEqual((await loadPlan(storage, plan.id, identity, made + 3 * hour)).consumed, consumed);
});

test('of many who take a plan at once, one has it', async () => {
  const storage = await saved();
  const takers = Array.from({ length: 20 }, (_, index) =>
    consumePlan(storage, plan, { journal: `20261124T190000Z-${String(index).padStart(16, '0')}`, runId: `run-${index}`, at: made }),
  );
  const results = await Promise.allSettled(takers);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('one that was begun can be gone on with after it expired, for a day, and one that was only taken cannot', async () => {
  const storage = await saved();
  await consumePlan(storage, plan, { journal, runId: 'one', at: made + 23 * hour });
  await refusal(loadPlan(storage, plan.id, identity, made + 25 * hour), /expired at/);
  storage.texts.set(`journal/prod/2026/11/24/${journal}/journal.json`, '{}');
  assert.ok((await loadPlan(storage, plan.id, identity, made + 40 * hour)).consumed);
  await refusal(
    loadPlan(storage, plan.id, identity, made + 47 * hour),
    new RegExp(`was begun at 2026-11-25 16:30 UTC and can no longer be gone on with; its journal ${journal}`),
  );
});

test('by whom a plan was taken is not known: then it was taken', async () => {
  const storage = await saved();
  storage.texts.set(consumedKey, '{}');
  await refusal(loadPlan(storage, plan.id, identity, made), /consumed\.json is damaged; whether plan .* was applied is not known/);
  await refusal(consumePlan(storage, plan, { journal, runId: 'one', at: made }), /is damaged/);
});

test('an error of the storage is no missing plan and no free one', async () => {
  const storage = await saved();
  const down = { ...storage, read: () => Promise.reject(new Error('SlowDown')), write: () => Promise.reject(new Error('SlowDown')) };
  await assert.rejects(loadPlan(down, plan.id, identity, made), /SlowDown/);
  await assert.rejects(consumePlan(down, plan, { journal, runId: 'one', at: made }), /SlowDown/);
  await assert.rejects(savePlan(down, plan), /SlowDown/);
});

test('a plan is stored twice as once; what else lies in its place is written over, unless it is being applied', async () => {
  const storage = await saved();
  assert.equal(await savePlan(storage, plan), true);
  const other = JSON.stringify({ ...plan, actions: [] });
  storage.texts.set(key, other);
  assert.equal(await savePlan(storage, plan), true);
  assert.deepEqual((await loadPlan(storage, plan.id, identity, made)).plan, plan);
  storage.texts.set(key, other);
  await consumePlan(storage, plan, { journal, runId: 'one', at: made });
  assert.equal(await savePlan(storage, plan), false);
  assert.equal(storage.texts.get(key), other);
});

test('the hash of a configuration does not depend on the order of keys, and on everything else', () => {
  const hash = configurationHash({ options: { a: 1, b: [1, 2] }, version: '1' });
  assert.equal(hash, configurationHash({ version: '1', options: { b: [1, 2], a: 1 } }));
  for (const other of [
    { options: { a: 1, b: [2, 1] }, version: '1' },
    { options: { a: 1, b: [1, 2] }, version: '2' },
    { options: { a: '1', b: [1, 2] }, version: '1' },
  ])
    assert.notEqual(hash, configurationHash(other));
  assert.match(hash, /^[0-9a-f]{64}$/);
});
