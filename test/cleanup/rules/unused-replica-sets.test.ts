import assert from 'node:assert/strict';
import { test } from 'node:test';
import rule from '../../../functions/cleanup/rules/unused-replica-sets.ts';
import { ago, changed, controlledBy, replicaSet } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';

const alone = (name: string, spec: object = { replicas: 0 }, metadata: object = {}, status: object = { replicas: 0 }) => {
  const { metadata: made, ...rest } = replicaSet(name);
  return { ...rest, metadata: { ...made, ownerReferences: [], ...metadata }, spec, status };
};

test('scaled to zero and owned by nobody', async () => {
  const proposal = await theProposal(rule, { objects: [alone('left', { replicas: 0 }, changed('spec', ago({ days: 9 })))] });
  assert.equal(proposal.object.name, 'left');
  assert.equal(proposal.reason, 'scaled to zero, and no Deployment owns it, unchanged for 9 days');
  assert.equal(proposal.since, Date.parse(ago({ days: 9 })));
});

test('look-alikes stay', async () => {
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h', namespace: 'shop' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'autoscaled' } },
  };
  const objects = [
    // kor #341: the rollback history of a Deployment.
    { ...replicaSet('history'), spec: { replicas: 0 }, status: { replicas: 0 } },
    alone('of-a-rollout', { replicas: 0 }, { ownerReferences: [{ ...controlledBy('Rollout', 'web'), controller: false }] }),
    alone('unset', {}),
    alone('at-work', { replicas: 2 }),
    alone('going-down', { replicas: 0 }, {}, { replicas: 1 }),
    alone('autoscaled'),
    autoscaler,
  ];
  assert.deepEqual(await namesProposed(rule, { objects }), []);
});

test('without the list of autoscalers nothing is concluded', async () => {
  const endings = { horizontalpodautoscalers: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } } as const;
  const { proposals, end } = await runRule(rule, { objects: [alone('left')], endings });
  assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
});
