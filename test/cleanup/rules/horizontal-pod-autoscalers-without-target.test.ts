import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/horizontal-pod-autoscalers-without-target.ts';
import { ago, condition, controlledBy, deployment, replicaSet, statefulSet } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';

const autoscaler = (name: string, scaleTargetRef: object, metadata: object = {}, status: object = {}) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name, namespace: 'shop', creationTimestamp: ago({ days: 30 }), ...metadata },
  spec: { scaleTargetRef, maxReplicas: 3 },
  status,
});
const target = (kind: string, name: string, apiVersion = 'apps/v1') => ({ apiVersion, kind, name });

test('its target is gone', async () => {
  const failing = { conditions: [condition('AbleToScale', 'False', ago({ days: 3 }), { reason: 'FailedGetScale' })] };
  const proposal = await theProposal(rule, { objects: [autoscaler('left', target('Deployment', 'gone'), {}, failing)] });
  assert.equal(proposal.reason, 'its target Deployment gone does not exist, and it could not scale for 3 days');
  assert.equal(proposal.since, Date.parse(ago({ days: 3 })));
});

test('a workload of that name in another namespace, of another kind or group is another one', async () => {
  const objects = [
    autoscaler('left', target('StatefulSet', 'web')),
    deployment({ name: 'web' }),
    statefulSet({ name: 'web', namespace: 'other' }),
    { ...statefulSet({ name: 'web' }), apiVersion: 'apps.kruise.io/v1' },
  ];
  assert.deepEqual(await namesProposed(rule, { objects }), ['left']);
});

describe('look-alikes stay', () => {
  const replicationController = { apiVersion: 'v1', kind: 'ReplicationController', metadata: { name: 'web', namespace: 'shop' } };
  const looks: Readonly<Record<string, readonly object[]>> = {
    'a Deployment that is there, whatever the version': [
      autoscaler('h', target('Deployment', 'web', 'apps/v1beta2')),
      deployment({ name: 'web', spec: { replicas: 0 } }),
    ],
    'a StatefulSet': [autoscaler('h', target('StatefulSet', 'db')), statefulSet()],
    'a ReplicaSet': [autoscaler('h', target('ReplicaSet', 'web-5d8f')), replicaSet()],
    'a ReplicationController': [autoscaler('h', target('ReplicationController', 'web', 'v1')), replicationController],
    'a kind that nobody here knows': [autoscaler('h', target('Rollout', 'web', 'argoproj.io/v1alpha1'))],
    'a kind of the same name in another group': [autoscaler('h', target('StatefulSet', 'web', 'apps.kruise.io/v1beta1'))],
    'one that KEDA owns': [autoscaler('h', target('Deployment', 'gone'), { ownerReferences: [controlledBy('ScaledObject', 'web')] })],
    'one that KEDA has labelled': [autoscaler('h', target('Deployment', 'gone'), { labels: { 'scaledobject.keda.sh/name': 'web' } })],
    'one without a target': [autoscaler('h', {})],
  };
  for (const [what, objects] of Object.entries(looks)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects }), []));
  }
});

test('one list that failed voids every verdict', async () => {
  for (const resource of ['deployments', 'statefulsets', 'replicasets', 'replicationcontrollers']) {
    const endings = { [resource]: { state: 'failed', reason: 'unavailable', message: 'no', remedy: 'wait' } } as const;
    const { proposals, end } = await runRule(rule, { objects: [autoscaler('left', target('Deployment', 'gone'))], endings });
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete'], resource);
  }
});
