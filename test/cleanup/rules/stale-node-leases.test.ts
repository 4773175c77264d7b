import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/stale-node-leases.ts';
import { ago, controlledBy, lease, node } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';

const ofNode = (name: string, metadata: object = {}, spec: object = {}) => {
  const made = lease(name, ago({ days: 4 }), { holderIdentity: name, ...spec });
  return { ...made, metadata: { ...made.metadata, namespace: 'kube-node-lease', ...metadata } };
};

test('its node is gone', async () => {
  const proposal = await theProposal(rule, { objects: [ofNode('gone'), ofNode('node-1'), node()] });
  assert.equal(proposal.object.name, 'gone');
  assert.equal(proposal.reason, 'there is no such node, and nobody has renewed it for 4 days');
  assert.equal(proposal.since, Date.parse(ago({ days: 4 })));
});

test('one that a kubelet still renews is as young as that', async () => {
  const { since } = await theProposal(rule, { objects: [ofNode('gone', {}, { renewTime: ago({ seconds: 8 }) })] });
  assert.equal(since, Date.parse(ago({ seconds: 8 })));
});

describe('look-alikes stay', () => {
  const looks: Readonly<Record<string, object>> = {
    'its node is there': ofNode('node-1'),
    'a lock that somebody keeps there': ofNode('operator-lock', {}, { holderIdentity: 'operator-7d_1' }),
    'one without a holder': ofNode('idle', {}, { holderIdentity: undefined }),
    'somebody else owns it': ofNode('owned', { ownerReferences: [controlledBy('Deployment', 'web')] }),
    'in another namespace': ofNode('gone', { namespace: 'kube-system' }),
  };
  for (const [what, look] of Object.entries(looks)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects: [look, node()] }), []));
  }
});

test('nodes that could not be listed are not gone', async () => {
  const endings = { nodes: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } } as const;
  const { proposals, end } = await runRule(rule, { objects: [ofNode('gone')], endings });
  assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
});
