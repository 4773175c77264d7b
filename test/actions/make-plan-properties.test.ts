import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuardedMetadata } from '../../functions/actions/contracts.ts';
import { keepKeys, keptByKey } from '../../functions/actions/guards/keep-keys.ts';
import { allowed } from '../../functions/actions/guards/limits.ts';
import { alwaysProtected, guardSettings } from '../../functions/actions/guards/settings.ts';
import type { Unattended } from '../../functions/actions/guards/unattended.ts';
import { makePlan } from '../../functions/actions/make-plan.ts';
import fc from '../fuzz.ts';
import { hour, input, now, proposal, rules } from './proposals.ts';

const odd = fc.oneof(fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e308), fc.double({ min: -10, max: 300 }), fc.nat(30));
const keys = keepKeys.map(({ key }) => (key.endsWith('/') ? `${key}name` : key));
const texts = fc.dictionary(
  fc.constantFrom(...keys, 'app', 'kor/used', '__proto__'),
  fc.constantFrom('true', 'false', '', 'keep', 'forever', 'Helm'),
  {
    maxKeys: 2,
  },
);
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const anyProposal = fc
  .record({
    rule: fc.constantFrom(...rules.map(({ id }) => id)),
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'),
    namespace: fc.constantFrom('shop', 'pay', 'shop', 'pay', 'kept', 'kube-system', 'unseen', 'leaving'),
    since: fc.oneof(
      fc.constant(now - 48 * hour),
      fc.constantFrom(undefined, Number.NaN, 0, now, now - 24 * hour, now - 24 * hour + 1, 1e20),
    ),
    labels: sometimes(texts),
    annotations: sometimes(texts),
    finalizers: sometimes(fc.subarray(['kubernetes.io/pvc-protection', 'a.b/c'])),
    deletionTimestamp: sometimes(fc.constant('2026-11-24T11:00:00Z')),
    reportOnly: sometimes(fc.constant('not sure')),
    patched: fc.boolean(),
  })
  .map(({ rule, name, since, reportOnly, patched, ...metadata }) => {
    const given = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined));
    const over = { since, ...(reportOnly !== undefined && { reportOnly }), ...(patched && { patch: { spec: {} } }) };
    return proposal(rule, name, over, given);
  });
const mostly = (value: number) => fc.oneof({ weight: 5, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: odd });
const nobodyWatches: Unattended = { permitted: { rules: ['finished-jobs'] }, observed: new Map([['finished-jobs', 7]]) };
const anyInput = fc
  .record({
    proposals: fc.oneof(fc.array(anyProposal, { maxLength: 40 }), fc.array(anyProposal, { maxLength: 8 })),
    number: mostly(20),
    percent: mostly(20),
    atLeast: mostly(8),
    totals: fc.dictionary(
      fc.constantFrom('batch/jobs', '/pods', '/persistentvolumes', '/events/shop', '/events/pay'),
      fc.oneof(fc.nat(300), odd),
    ),
    unattended: sometimes(fc.constant(nobodyWatches)),
  })
  .map(({ proposals, number, percent, atLeast, totals, unattended }) =>
    input(proposals, {
      // The total of pods is known most of the time, or nothing would ever be planned.
      totals: new Map([...Object.entries({ 'batch/jobs': 100, '/pods': 100, '/persistentvolumes': 50 }), ...Object.entries(totals)]),
      settings: { ...guardSettings(), limits: { number, percent, atLeast } },
      namespaces: new Map<string, GuardedMetadata>([
        ['shop', {}],
        ['pay', {}],
        ['kept', { annotations: { 'nightshift.dev/keep': 'true' } }],
        ['leaving', { deletionTimestamp: 'x' }],
        ['kube-system', {}],
      ]),
      ...(unattended && { unattended }),
    }),
  );

test('property: no planned action carries a keep key, is protected, terminating, too young, proposed to be reported, or over a limit', () => {
  let plans = 0;
  fc.assert(
    fc.property(anyInput, (given) => {
      const { plan, actions } = makePlan(given);
      assert.equal(new Set(actions.map(({ id }) => id)).size, actions.length, 'ids are unique');
      assert.deepEqual(
        actions.filter(({ state }) => state === 'planned').map(({ id }) => id),
        plan?.actions.map(({ id }) => id) ?? [],
      );
      assert.ok(actions.every(({ state, heldBy }) => (state === 'held') === (heldBy !== undefined) || state === 'reported'));
      if (!plan) return;
      plans += 1;
      assert.equal(new Set(plan.actions.map(({ object }) => object.uid)).size, plan.actions.length, 'one action an object');
      const counts = new Map<string, number>();
      for (const action of plan.actions) {
        const of = given.proposals.filter(({ rule, object }) => rule === action.rule && object.uid === action.object.uid);
        const one = of.find(
          ({ reportOnly, metadata, since }) => reportOnly === undefined && !keptByKey(metadata, action.object.kind) && (since ?? 0) > 0,
        );
        assert.ok(one, 'comes from a proposal that nothing keeps');
        assert.ok(!alwaysProtected.includes(action.object.namespace ?? ''));
        assert.ok(!['kept', 'unseen', 'leaving'].includes(action.object.namespace ?? ''));
        assert.ok(now - Date.parse(action.since ?? '') >= 24 * hour, action.since);
        assert.notEqual(action.rule, 'unused-secrets');
        assert.notEqual(action.rule, 'delete-volumes', 'a PersistentVolume');
        if (given.unattended) assert.equal(action.rule, 'finished-jobs');
        const key =
          action.rule === 'old-events' ? `/events/${action.object.namespace}` : `${action.resource.group}/${action.resource.resource}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      for (const [key, count] of counts) assert.ok(count <= allowed(given.settings.limits, given.totals.get(key)), `${key}: ${count}`);
    }),
    { numRuns: 10_000 },
  );
  assert.ok(plans > 1000, `only ${plans} of these had a plan`);
});

test('property: the order of proposals and rules changes nothing', () => {
  const shuffled = anyInput.chain((given) =>
    fc.record({
      given: fc.constant(given),
      proposals: fc.shuffledSubarray([...given.proposals], { minLength: given.proposals.length }),
      other: fc.shuffledSubarray(rules, { minLength: rules.length }),
    }),
  );
  fc.assert(
    fc.property(shuffled, ({ given, proposals, other }) =>
      assert.deepEqual(makePlan({ ...given, proposals, rules: other }), makePlan(given)),
    ),
    { numRuns: 2000 },
  );
});
