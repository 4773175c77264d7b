import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/pods-of-missing-nodes.ts';
import { ago, node } from '../../health-check/objects.ts';
import { donePod, evictedPod, failedPod, lookAlikes, replaced, replacers } from './ended-pods.ts';
import { askAgain, namesProposed, theProposal } from './run-rule.ts';

/** The pods of these tests were on node-1. */
const other = node({ name: 'node-2' });

describe('what goes', () => {
  test('a pod that failed there, with what it rests on', async () => {
    const { reason, facts, since } = await theProposal(rule, { objects: [other, replaced('web-1', replacers[0])] });
    assert.equal(reason, 'failed 3 days ago: container app ended with exit code 137 (OOMKilled); its node node-1 is gone');
    assert.equal(since, Date.parse(ago({ days: 3 })));
    assert.deepEqual([facts.node, facts.nodeExists], ['node-1', false]);
  });

  test('one that was evicted there, and a bare one that succeeded', async () => {
    assert.deepEqual(await namesProposed(rule, { objects: [other, evictedPod('evicted'), donePod('once')] }), ['evicted', 'once']);
  });
});

describe('what stays', () => {
  for (const [what, pod, because] of lookAlikes)
    test(what, async () => {
      assert.deepEqual(await namesProposed(rule, { objects: [other, pod, failedPod('gone')] }), ['gone']);
      assert.match((await askAgain(rule, pod)) ?? 'still holds', because);
    });

  test('a pod of a node that is there, and one that never had one', async () => {
    const never = failedPod('never', {}, {}, { nodeName: null });
    assert.deepEqual(await namesProposed(rule, { objects: [node(), other, failedPod('here'), never] }), []);
    assert.match((await askAgain(rule, never)) ?? 'still holds', /never given to a node/);
  });
});

describe('asked again', () => {
  test('its node is still gone, or back, or nobody knows', async () => {
    const fresh = failedPod('p');
    assert.equal(await askAgain(rule, fresh, { live: [other] }), undefined);
    assert.equal(await askAgain(rule, fresh, { live: [node()] }), 'its node node-1 exists');
    for (const error of [new Error('403'), new Error('timeout')]) await assert.rejects(askAgain(rule, fresh, { error }), error);
  });

  test('what is no pod stays', async () => {
    for (const odd of [undefined, {}, { ...failedPod('p'), kind: 'Node' }])
      assert.match((await askAgain(rule, odd)) ?? 'still holds', /not as expected/);
  });
});
