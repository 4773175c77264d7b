import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from '../../functions/actions/make-plan.ts';
import { persistentVolumes } from '../../functions/cluster/kinds.ts';
import { hour, input, now, proposal, ruleOf, rules } from './proposals.ts';

test('a plan holds what is planned, with all that it takes to carry it out', () => {
  const { actions, plan, limitsExceeded } = makePlan(
    input([proposal('finished-jobs', 'b'), proposal('finished-jobs', 'young', { since: now - hour }), proposal('unused-secrets', 's')]),
  );
  assert.deepEqual(limitsExceeded, []);
  assert.deepEqual(
    actions.map(({ id, state, heldBy }) => [id, state, heldBy?.because]),
    [
      ['finished-jobs/shop/b', 'planned', undefined],
      ['finished-jobs/shop/young', 'held', 'is 60 minutes old, of at least 24 hours'],
      ['unused-secrets/shop/s', 'reported', undefined],
    ],
  );
  const { actions: planned, ...rest } = plan ?? assert.fail();
  assert.deepEqual(rest, {
    schemaVersion: 1,
    cluster: 'prod',
    clusterUid: 'c-uid',
    configuration: 'c0ffee',
    id: plan?.id,
    operation: 'cleanup',
    kind: 'cleanup',
    runId: '0123456789abcdef',
    createdAt: '2026-11-24T17:30:00.000Z',
    expiresAt: '2026-11-25T17:30:00.000Z',
    options: { 'finished-jobs': { enabled: true, minimumAgeHours: 24 } },
  });
  assert.match(plan?.id ?? '', /^20261124T173000Z-[0-9a-f]{16}$/);
  assert.deepEqual(planned, [
    {
      id: 'finished-jobs/shop/b',
      kind: 'delete',
      object: { apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name: 'b', uid: 'uid-Job-shop-b', resourceVersion: '7' },
      rule: 'finished-jobs',
      reason: 'finished 2 days ago',
      risk: 'low',
      state: 'planned',
      since: '2026-11-22T17:30:00.000Z',
      facts: { condition: 'Complete' },
      resource: { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespaced: true },
      propagationPolicy: 'Background',
    },
  ]);
});

test('where nothing is planned there is no plan', () => {
  assert.equal('plan' in makePlan(input([])), false);
  assert.equal('plan' in makePlan(input([proposal('unused-secrets', 's')])), false);
});

test('exceeding a limit applies nothing of any kind, and shows all', () => {
  const many = Array.from({ length: 11 }, (_, index) => proposal('finished-jobs', `j${index}`));
  const { actions, plan, limitsExceeded } = makePlan(
    input([...many, proposal('terminated-pods', 'p'), proposal('terminated-pods', 'young', { since: now })]),
  );
  assert.equal(plan, undefined);
  assert.deepEqual(
    limitsExceeded.map(({ resource, planned, total, limit }) => ({ resource, planned, total, limit })),
    [{ resource: 'jobs.batch', planned: 11, total: 100, limit: 10 }],
  );
  assert.equal(actions.length, 13);
  assert.equal(actions.filter(({ heldBy }) => heldBy?.guard === 'limits').length, 12);
  assert.match(actions[0]?.heldBy?.because ?? '', /^11 objects of jobs\.batch planned, at most 10 of 100/);
  assert.equal(actions.find(({ object }) => object.name === 'young')?.heldBy?.guard, 'minimum-age');
});

test('what other guards keep is not counted by the limits', () => {
  const kept = Array.from({ length: 90 }, (_, index) => proposal('finished-jobs', `k${index}`, {}, { labels: { 'kor/used': 'true' } }));
  const { plan } = makePlan(input([...kept, ...Array.from({ length: 10 }, (_, index) => proposal('finished-jobs', `j${index}`))]));
  assert.equal(plan?.actions.length, 10);
});

test('two rules of one kind share its limit; of a rule with limits by namespace each namespace has one', () => {
  const [six, five] = ['terminated-pods', 'pods-of-missing-nodes'].map((rule, which) =>
    Array.from({ length: 6 - which }, (_, index) => proposal(rule, `${rule}-${index}`)),
  );
  assert.equal(makePlan(input([...(six ?? []), ...(five ?? [])])).plan, undefined, '11 of 100 pods');
  const eventsOf = (namespace: string) => Array.from({ length: 10 }, (_, index) => proposal('old-events', `e${index}`, {}, { namespace }));
  assert.equal(makePlan(input([...eventsOf('shop'), ...eventsOf('pay')])).plan?.actions.length, 20);
});

test('an object that two rules would delete is planned once, one that two would change differently not at all', () => {
  const { actions, plan } = makePlan(
    input([
      proposal('terminated-pods', 'p'),
      proposal('pods-of-missing-nodes', 'p'),
      proposal('pods-of-missing-nodes', 'p'),
      proposal('reclaim-released-volumes', 'v', { patch: { spec: { persistentVolumeReclaimPolicy: 'Delete' } } }),
    ]),
  );
  assert.deepEqual(
    plan?.actions.map(({ id, kind }) => [id, kind]),
    [
      ['pods-of-missing-nodes/shop/p', 'delete'],
      ['reclaim-released-volumes/v', 'patch'],
    ],
  );
  assert.equal(actions.length, 3);
  assert.deepEqual(actions.find(({ rule }) => rule === 'terminated-pods')?.heldBy, {
    guard: 'one-action',
    because: 'planned by pods-of-missing-nodes',
  });
  const volumes = ruleOf('also-reclaims', persistentVolumes, { does: 'patch' });
  const contrary = makePlan({
    ...input([
      proposal('reclaim-released-volumes', 'v', { patch: { spec: { persistentVolumeReclaimPolicy: 'Delete' } } }),
      {
        ...proposal('reclaim-released-volumes', 'v', { patch: { spec: { persistentVolumeReclaimPolicy: 'Retain' } } }),
        rule: 'also-reclaims',
      },
    ]),
    rules: [...rules, volumes],
  });
  assert.equal(contrary.plan, undefined);
  assert.deepEqual(
    contrary.actions.map(({ heldBy }) => heldBy?.guard),
    ['one-action', 'one-action'],
  );
});

test('an object of the same name twice has two ids', () => {
  const again = proposal('finished-jobs', 'a');
  const { actions } = makePlan(
    input([
      { ...again, object: { ...again.object, uid: 'z' } },
      { ...again, object: { ...again.object, uid: 'y' } },
    ]),
  );
  assert.deepEqual(
    actions.map(({ id }) => id),
    ['finished-jobs/shop/a', 'finished-jobs/shop/a#z'],
  );
});

test('of an object that one rule proposes twice, what keeps it counts', () => {
  const old = proposal('finished-jobs', 'a');
  const young = proposal('finished-jobs', 'a', { reason: 'zzz', since: now });
  const { actions, plan } = makePlan(input([old, young]));
  assert.deepEqual([actions.length, actions[0]?.heldBy?.guard, plan], [1, 'minimum-age', undefined]);
});

test('options that are not valid keep everything of their rule', () => {
  const { actions, plan } = makePlan(input([proposal('finished-jobs', 'a')], { options: { 'finished-jobs': { minimumAgeHours: -5 } } }));
  assert.equal(plan, undefined);
  assert.equal(actions[0]?.heldBy?.because, 'the minimum age is not known');
});

test('what is not of the rule’s kind, or only reported by a rule that deletes', () => {
  const wrong = { ...proposal('terminated-pods', 'p'), rule: 'finished-jobs' };
  const { actions } = makePlan(
    input([wrong, proposal('terminated-pods', 'q', { reportOnly: 'its owner is gone' }), proposal('reclaim-released-volumes', 'v')]),
  );
  assert.deepEqual(
    actions.map(({ state, heldBy }) => [state, heldBy?.because]),
    [
      ['held', 'is no Job, which is what its rule acts on'],
      ['held', 'its rule does not say what to change'],
      ['reported', 'its owner is gone'],
    ],
  );
});

test('when nobody watches, only what is permitted and was observed often enough is planned', () => {
  const unattended = {
    permitted: { rules: ['finished-jobs', 'terminated-pods'] },
    observed: new Map([
      ['finished-jobs', 7],
      ['terminated-pods', 3],
    ]),
  };
  const { actions, plan } = makePlan(
    input([proposal('finished-jobs', 'a'), proposal('terminated-pods', 'p'), proposal('old-events', 'e')], { unattended }),
  );
  assert.deepEqual(
    plan?.actions.map(({ rule }) => rule),
    ['finished-jobs'],
  );
  assert.deepEqual(
    actions.flatMap(({ heldBy }) => heldBy?.because ?? []),
    ['is applied only when asked for: apply.rules does not name its rule', 'its rule was observed in 3 of 7 complete runs'],
  );
  assert.equal(
    makePlan(input([proposal('finished-jobs', 'a')], { unattended: { permitted: undefined, observed: new Map() } })).plan,
    undefined,
  );
});
