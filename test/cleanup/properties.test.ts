/**
 * Plans over random clusters are what properties-oracle.ts says that they have to be, whatever the order of objects and pages.
 * The suite tries some; FUZZ_RUNS=10000 node --test test/cleanup/properties.test.ts tries so many.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from '../../functions/actions/contracts.ts';
import type { Looked } from '../../functions/runtime/operation.ts';
import { sameRandom } from '../control-plane/parts/seed-random.ts';
import fc from '../fuzz.ts';
import { planOfCluster } from './plan-of-cluster.ts';
import { expectedPlan, expectedUnused, failing, inWords } from './properties-oracle.ts';
import { randomCluster } from './random-cluster.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 1_000);

const tight = fc.record({ number: fc.integer({ min: 1, max: 3 }), percent: fc.integer({ min: 1, max: 60 }), atLeast: fc.nat(3) });
const limits = fc.oneof({ weight: 2, arbitrary: fc.constant({ number: 200, percent: 100, atLeast: 5 }) }, { weight: 1, arbitrary: tight });
const scene = fc.record({
  cluster: randomCluster,
  limits,
  failed: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...failing) }),
  seed: fc.nat(),
  pageSize: fc.constantFrom(1, 3, 250),
});

const inState = ({ actions = [] }: Looked, state: Action['state']): readonly string[] =>
  actions
    .filter((action) => action.state === state)
    .map(({ object }) => inWords(object.kind, object))
    .toSorted();

const isAboutUnused = ({ rule }: Action): boolean =>
  ['unused-config-maps', 'unused-secrets', 'unused-persistent-volume-claims', 'unused-service-accounts'].includes(rule);

const shuffled = <T>(items: readonly T[], seed: number): readonly T[] => {
  const random = sameRandom(seed);
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
};

test('property: of any cluster exactly that is planned and reported which nothing protects, refers to or makes too much, in whatever order it comes', async () => {
  const seen = { planned: 0, unused: 0, tooMuch: 0 };
  await fc.assert(
    fc.asyncProperty(scene, async ({ cluster, limits: most, failed, seed, pageSize }) => {
      const broken = { state: 'failed', reason: 'error', message: 'broken', remedy: 'mend it' } as const;
      const endings = failed === undefined ? {} : { [failed]: broken };
      const { looked, plan } = await planOfCluster({ objects: cluster.objects, limits: most, endings });
      const expected = expectedPlan(cluster, failed, most);
      assert.deepEqual(inState(looked, 'planned'), expected, 'planned');
      if (failed !== 'namespaces')
        assert.deepEqual((plan?.actions ?? []).map(({ object }) => inWords(object.kind, object)).toSorted(), expected, 'in the plan');
      const unused = { ...looked, actions: looked.actions?.filter(isAboutUnused) ?? [] };
      assert.deepEqual(inState(unused, 'reported'), expectedUnused(cluster, failed), 'reported as unused');
      const other = await planOfCluster({
        objects: shuffled(cluster.objects, seed),
        limits: most,
        endings,
        pageSize,
        arrange: (batches) => shuffled(batches, seed + 1),
      });
      assert.deepEqual(other.looked.actions, looked.actions, 'in another order');
      assert.deepEqual(other.plan, plan, 'the plan in another order');
      seen.planned += expected.length > 0 ? 1 : 0;
      seen.unused += expectedUnused(cluster, failed).length > 0 ? 1 : 0;
      seen.tooMuch += looked.actions?.some(({ heldBy }) => heldBy?.guard === 'limits') ? 1 : 0;
    }),
    { numRuns },
  );
  for (const [what, count] of Object.entries(seen)) assert.ok(count > numRuns / 50, `${what}: ${count} of ${numRuns}`);
});
