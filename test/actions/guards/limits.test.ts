import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, type Counted, heldByLimits, limitsExceeded } from '../../../functions/actions/guards/limits.ts';
import { guardSettings, type Limits } from '../../../functions/actions/guards/settings.ts';
import fc from '../../fuzz.ts';

const { limits } = guardSettings();
const jobs = (count: number, namespace?: string): Counted[] =>
  Array.from({ length: count }, () => ({ group: 'batch', resource: 'jobs', namespace }));
const exceeded = (planned: readonly Counted[], totals: Record<string, number>, given: Limits = limits) =>
  limitsExceeded(planned, new Map(Object.entries(totals)), given);

test('200 and 10 %, at least 5, unless told', () => {
  assert.deepEqual(limits, { number: 200, percent: 10, atLeast: 5 });
  assert.deepEqual(exceeded(jobs(5), { 'batch/jobs': 5 }), [], 'at least 5, however few there are');
  assert.equal(exceeded(jobs(6), { 'batch/jobs': 59 })[0]?.limit, 5.9, 'a share is not rounded up');
  assert.deepEqual(exceeded(jobs(6), { 'batch/jobs': 60 }), []);
  assert.deepEqual(exceeded(jobs(200), { 'batch/jobs': 5000 }), []);
  assert.equal(exceeded(jobs(201), { 'batch/jobs': 5000 })[0]?.text, '201 objects of jobs.batch planned, at most 200 in one plan');
  assert.equal(exceeded(jobs(11), { 'batch/jobs': 109 })[0]?.text, '11 objects of jobs.batch planned, at most 10 of 109 (10 %)');
});

test('what is within the share still exceeds the number', () => {
  assert.equal(exceeded(jobs(4), { 'batch/jobs': 4 }, { number: 3, percent: 100, atLeast: 5 })[0]?.limit, 3);
});

test('a total that is not known allows nothing, and the kinds are not added up', () => {
  assert.equal(exceeded(jobs(1), {})[0]?.text, '1 object of jobs.batch planned, and how many there are is not known');
  assert.equal(exceeded(jobs(1), { 'batch/jobs': Number.NaN })[0]?.limit, 0);
  const mixed = [...jobs(20), { group: '', resource: 'pods' }];
  const found = exceeded(mixed, { 'batch/jobs': 20, '/pods': 20_000 });
  assert.deepEqual(
    found.map(({ resource }) => resource),
    ['jobs.batch'],
  );
  assert.equal(heldByLimits(found)?.guard, 'limits');
});

test('with limits by namespace, each has its own', () => {
  const events = (count: number, namespace: string): Counted[] =>
    Array.from({ length: count }, () => ({ group: '', resource: 'events', namespace }));
  const totals = { '/events/a': 1000, '/events/b': 10, '/events': 1010 };
  assert.deepEqual(exceeded([...events(100, 'a'), ...events(5, 'b')], totals), []);
  const [only, ...more] = exceeded([...events(100, 'a'), ...events(6, 'b')], totals);
  assert.equal(only?.namespace, 'b');
  assert.match(only?.text ?? '', /^6 objects of events in namespace b planned, at most 5 of 10$/);
  assert.deepEqual(more, []);
});

const odd = fc.oneof(
  fc.constantFrom(0, -0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 101, 1e308),
  fc.double(),
  fc.integer({ min: -5, max: 300 }),
);

test('property: a limit of any value never allows more than it says, and an odd one allows nothing', () => {
  fc.assert(
    fc.property(odd, odd, odd, fc.oneof(fc.nat(5000), odd), (number, percent, atLeast, total) => {
      const most = allowed({ number, percent, atLeast }, total);
      assert.ok(most >= 0 && Number.isFinite(most));
      if (!(number > 0 && Number.isFinite(number))) assert.equal(most, 0);
      if (!(total >= 0 && Number.isFinite(total))) assert.equal(most, 0);
      assert.ok(most === 0 || most <= number);
      const byShare = percent > 0 && percent <= 100 ? (percent * total) / 100 : 0;
      const floor = atLeast > 0 && Number.isFinite(atLeast) ? atLeast : 0;
      assert.ok(most === 0 || most <= Math.max(byShare, floor));
    }),
    { numRuns: 5000 },
  );
});

test('property: settings of any value are whole numbers of their range or 0', () => {
  fc.assert(
    fc.property(odd, odd, odd, odd, (number, percent, atLeast, writesPerSecond) => {
      const settings = guardSettings({ limits: { number, percent, atLeast }, writesPerSecond });
      for (const value of Object.values(settings.limits)) assert.ok(value >= 0 && Number.isFinite(value));
      assert.ok(settings.limits.percent <= 100);
      assert.ok(settings.writesPerSecond > 0 && settings.writesPerSecond <= 100);
    }),
  );
});
