import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/old-events.ts';
import fc from '../../fuzz.ts';
import { ago } from '../../health-check/objects.ts';
import { askAgain, namesProposed, runRule, stored, theProposal } from './run-rule.ts';

type Fields = Readonly<Record<string, unknown>>;
const event = (name: string, fields: Fields = {}, metadata: Fields = {}) =>
  stored({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'shop', creationTimestamp: ago({ days: 30 }), ...metadata },
    type: 'Normal',
    reason: 'Pulled',
    message: 'Container image already present on machine',
    involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
    lastTimestamp: ago({ days: 3 }),
    ...fields,
  });

describe('what goes', () => {
  test('an event that was last seen days ago, with what it rests on', async () => {
    const proposal = await theProposal(rule, { objects: [event('e')] });
    assert.equal(proposal.reason, 'last seen 3 days ago (Normal Pulled)');
    assert.equal(proposal.since, Date.parse(ago({ days: 3 })));
    assert.deepEqual(proposal.facts, { type: 'Normal', lastSeen: ago({ days: 3 }), about: 'Pod shop/web-1', serverKeepsHours: 72 });
    assert.deepEqual(Object.keys(proposal.metadata), ['namespace']);
    assert.equal(await askAgain(rule, event('e')), undefined);
  });

  test('a warning after 7 days', async () => {
    const objects = [6.9, 7.1].map((days) => event(`e-${days}`, { type: 'Warning', lastTimestamp: ago({ days }) }));
    assert.deepEqual(await namesProposed(rule, { objects }), ['e-7.1']);
    assert.deepEqual(await namesProposed(rule, { objects, options: { minimumAgeHours: 240 } }), []);
  });

  test('only where it is turned on, one namespace at a time', () => {
    const options = rule.options.parse({});
    assert.deepEqual([options.enabled, options.minimumAgeHours, options.warningMinimumAgeHours], [false, 24, 168]);
    assert.equal(rule.limitsByNamespace, true);
  });

  test('the options cannot ask for younger ones than an API server keeps, or for young warnings', () => {
    for (const options of [{ minimumAgeHours: 1 }, { warningMinimumAgeHours: 24 }, { warningMinimumAgeHours: 167 }])
      assert.equal(rule.options.safeParse(options).success, false, JSON.stringify(options));
  });
});

describe('what stays', () => {
  test('all of a server that forgets after an hour', async () => {
    const objects = [1, 30, 59, 61, 70].map((minutes) => event(`e-${minutes}`, { lastTimestamp: ago({ minutes }) }));
    assert.deepEqual(await namesProposed(rule, { objects, options: { minimumAgeHours: 2 } }), []);
  });

  test('a warning of less than 7 days, and whatever is neither normal nor known', async () => {
    for (const type of ['Warning', 'Error', '', null]) {
      const young = event('young', { type });
      assert.deepEqual(await namesProposed(rule, { objects: [young, event('other')] }), ['other'], String(type));
      assert.match((await askAgain(rule, young)) ?? 'still holds', /seen again/);
    }
  });

  test('one that was made long ago and seen of late', async () => {
    const recent = [
      event('core', { lastTimestamp: ago({ hours: 1 }), firstTimestamp: ago({ days: 9 }) }),
      event('series', { series: { count: 9, lastObservedTime: ago({ hours: 1 }) }, lastTimestamp: null, eventTime: ago({ days: 9 }) }),
      event('once', { lastTimestamp: null, eventTime: ago({ hours: 1 }) }),
      event('first', { lastTimestamp: null, firstTimestamp: ago({ hours: 1 }) }),
      event('made', { lastTimestamp: null }, { creationTimestamp: ago({ hours: 1 }) }),
    ];
    assert.deepEqual(await namesProposed(rule, { objects: [...recent, event('other')] }), ['other']);
    for (const each of recent) assert.match((await askAgain(rule, each)) ?? 'still holds', /seen again/);
  });

  test('one whose time cannot be read, though another of its times could', async () => {
    assert.deepEqual(await namesProposed(rule, { objects: [event('odd', { lastTimestamp: 'yesterday' })] }), []);
    assert.deepEqual(await namesProposed(rule, { objects: [event('odd', { lastTimestamp: null }, { creationTimestamp: null })] }), []);
  });

  test('one of tomorrow: clocks differ', async () => {
    assert.deepEqual(await namesProposed(rule, { objects: [event('e', { lastTimestamp: ago({ days: -1 }) })] }), []);
  });

  test('what is no event, asked again', async () => {
    for (const odd of [undefined, {}, { ...event('e'), apiVersion: 'events.k8s.io/v1' }])
      assert.match((await askAgain(rule, odd)) ?? 'still holds', /not as expected/);
  });
});

test('the order of objects changes nothing', async () => {
  const objects = Array.from({ length: 12 }, (_, index) =>
    event(`e-${index}`, { type: index % 3 ? 'Normal' : 'Warning', lastTimestamp: ago({ days: index }) }),
  );
  const { proposals } = await runRule(rule, { objects });
  assert(proposals.length > 4 && proposals.length < 12);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(objects, { minLength: 12, maxLength: 12 }), async (shuffled) => {
      assert.deepEqual((await runRule(rule, { objects: shuffled, pageSize: 5 })).proposals, proposals);
    }),
    { numRuns: 100 },
  );
});
