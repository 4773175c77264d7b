import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/expired-namespaces.ts';
import { ago, namespace, now, pod } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';

const carrying = (annotations: object, metadata: object = {}) =>
  namespace({ name: 'sandbox', metadata: { annotations, creationTimestamp: ago({ days: 8 }), ...metadata } });
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'sandbox' } };

describe('expired', () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ 'nightshift.dev/expires': '2026-03-16T09:00:00Z' }, '2026-03-16T09:00:00Z'],
    [{ 'nightshift.dev/expires': '2026-03-16T09:00:00.5+02:00' }, '2026-03-16T07:00:00.500Z'],
    // The last day on which it is needed.
    [{ 'nightshift.dev/expires': '2026-03-16' }, '2026-03-17T00:00:00Z'],
    [{ 'janitor/expires': '2026-03-16' }, '2026-03-16T00:00:00Z'],
    [{ 'janitor/expires': '2026-03-16T08:30' }, '2026-03-16T08:30:00Z'],
    [{ 'janitor/expires': '2026-03-16T08:30:10Z' }, '2026-03-16T08:30:10Z'],
    [{ 'janitor/ttl': '7d' }, ago({ days: 1 })],
    [{ 'janitor/ttl': '1w' }, ago({ days: 1 })],
    [{ 'janitor/ttl': '90m' }, ago({ days: 7, hours: 22, minutes: 30 })],
    // Of several the latest.
    [{ 'janitor/ttl': '1d', 'nightshift.dev/expires': '2026-03-17T00:00:00Z' }, '2026-03-17T00:00:00Z'],
  ];
  for (const [annotations, expired] of cases) {
    test(JSON.stringify(annotations), async () => {
      const { since, reportOnly, facts } = await theProposal(rule, { objects: [carrying(annotations)] });
      assert.equal(since, Date.parse(expired));
      assert.equal(reportOnly, undefined);
      assert.equal(facts.expired, new Date(Date.parse(expired)).toISOString());
    });
  }

  test('with what is in it', async () => {
    const objects = [carrying({ 'janitor/ttl': '1w' }), claim, pod({ namespace: 'sandbox' }), pod()];
    const proposal = await theProposal(rule, { objects });
    assert.equal(proposal.reason, 'expired 24 hours ago (janitor/ttl: 1w)');
    assert.deepEqual(proposal.facts, {
      annotations: 'janitor/ttl: 1w',
      expired: ago({ days: 1 }),
      pods: 1,
      persistentVolumeClaims: 1,
    });
    assert.equal(proposal.risk, 'high');
  });

  test('what could not be counted is not said', async () => {
    const endings = { pods: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } } as const;
    const { proposals, end } = await runRule(rule, { objects: [carrying({ 'janitor/ttl': '1w' }), claim], endings });
    assert.equal(end.outcome, 'ran');
    assert.deepEqual(Object.keys(proposals[0]?.facts ?? {}), ['annotations', 'expired', 'persistentVolumeClaims']);
  });
});

describe('look-alikes stay', () => {
  const looks: readonly (readonly [object, object?])[] = [
    [{}],
    [{ 'nightshift.dev/expires': new Date(now + 1000).toISOString() }],
    // Today is its last day.
    [{ 'nightshift.dev/expires': '2026-03-18' }],
    [{ 'janitor/ttl': '9d' }],
    [{ 'janitor/ttl': 'forever' }],
    [{ 'janitor/ttl': 'Forever', 'nightshift.dev/expires': '2020-01-01' }],
    [{ 'janitor/ttl': '1d', 'nightshift.dev/expires': '2027-01-01' }],
    [{ 'janitor/ttl': '1d' }, { deletionTimestamp: ago({ hours: 1 }) }],
  ];
  for (const [annotations, metadata] of looks) {
    test(JSON.stringify(annotations), async () =>
      assert.deepEqual(await namesProposed(rule, { objects: [carrying(annotations, metadata)] }), []),
    );
  }
});

describe('what is not understood is said and never expires', () => {
  const odd = [
    { 'nightshift.dev/expires': 'next week' },
    { 'nightshift.dev/expires': '2026-02-30' },
    { 'nightshift.dev/expires': '2026-03-16T09:00' },
    { 'nightshift.dev/expires': '' },
    { 'nightshift.dev/expires': '1' },
    { 'janitor/ttl': '7' },
    { 'janitor/ttl': '7 days' },
    { 'janitor/ttl': '1d12h' },
    { 'janitor/ttl': '-1d' },
    { 'janitor/expires': '16.03.2026' },
    { 'nightshift.dev/expires': '2020-01-01', 'janitor/ttl': 'soon' },
  ];
  for (const annotations of odd) {
    test(JSON.stringify(annotations), async () => {
      const { since, reason, reportOnly, facts } = await theProposal(rule, { objects: [carrying(annotations)] });
      assert.match(reason, /^it carries .*, which is not understood$/);
      assert.equal(reportOnly, 'what is not understood never expires');
      assert.equal(since, Date.parse(ago({ days: 8 })));
      assert.equal(facts.expired, undefined);
    });
  }

  test('a long text is cut to one line', async () => {
    const { reason } = await theProposal(rule, { objects: [carrying({ 'nightshift.dev/expires': `x\n${'y'.repeat(1000)}` })] });
    assert.ok(reason.length < 150 && !reason.includes('\n'));
  });

  test('a time to live of what has no age', async () => {
    const objects = [carrying({ 'janitor/ttl': '1d' }, { creationTimestamp: undefined })];
    const { reportOnly, since } = await theProposal(rule, { objects });
    assert.deepEqual([reportOnly, since], ['what is not understood never expires', undefined]);
  });
});
