import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import unbound from '../../../functions/cleanup/rules/pod-disruption-budgets-without-target.ts';
import { ago, controlledBy } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';
import { podMakers, podWith } from './workload-objects.ts';

/** As withCustomResources gives it the cluster's. */
const rule = unbound.over([
  { group: 'argoproj.io', resource: 'rollouts', kind: 'Rollout', versions: ['v1alpha1'] },
  { group: 'kafka.strimzi.io', resource: 'kafkas', kind: 'Kafka', versions: ['v1'] },
]);
const custom = (apiVersion: string, kind: string, name: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  spec,
});

const budget = (selector: object | null | undefined, metadata: object = {}, name = 'budget') => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name, namespace: 'shop', creationTimestamp: ago({ days: 30 }), ...metadata },
  spec: { minAvailable: 1, ...(selector === undefined ? {} : { selector }) },
  status: { expectedPods: 0 },
});
const app = { matchLabels: { app: 'web' } };
const expression = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] });

test('matches no pod and nothing that makes pods', async () => {
  const managedFields = [
    { manager: 'helm', time: ago({ days: 20 }) },
    { manager: 'kube-controller-manager', subresource: 'status', time: ago({ days: 8 }) },
  ];
  const objects = [budget(app, { managedFields }), podWith({ app: 'other' }), podWith({ app: 'web' }, 'other')];
  const proposal = await theProposal(rule, { objects });
  assert.equal(proposal.reason, 'its selector matches no pod, and nothing that makes pods');
  assert.equal(proposal.since, Date.parse(ago({ days: 8 })), 'since its controller last counted');
  assert.deepEqual(proposal.facts, { expectedPods: 0, hasSelector: true });
});

test('expressions are honoured: kor takes a selector without matchLabels for an empty one', async () => {
  const objects = [
    budget(expression('app', 'In', 'gone', 'old'), {}, 'in'),
    budget(expression('tier', 'Exists'), {}, 'exists'),
    budget({ ...app, ...expression('tier', 'Exists') }, {}, 'both'),
    budget(expression('app', 'NotIn', 'web'), {}, 'not-in'),
    budget(expression('app', 'DoesNotExist'), {}, 'does-not-exist'),
    podWith({ app: 'web' }),
  ];
  assert.deepEqual(await namesProposed(rule, { objects }), ['both', 'does-not-exist', 'exists', 'in', 'not-in']);
  assert.deepEqual(await namesProposed(rule, { objects: [...objects, podWith({ tier: 'a' })] }), ['both', 'in']);
});

test('no selector selects nothing', async () => {
  for (const selector of [undefined, null]) {
    const { reason } = await theProposal(rule, { objects: [budget(selector), podWith({ app: 'web' })] });
    assert.equal(reason, 'it has no selector, and so protects no pod');
  }
});

describe('look-alikes stay', () => {
  const looks: Readonly<Record<string, readonly object[]>> = {
    'an empty selector selects everything': [budget({}), podWith({ app: 'web' })],
    'an empty selector is for whatever comes': [budget({})],
    'an operator that nobody knows may select anything': [budget(expression('app', 'Gt', '1'))],
    'its owner takes it away': [budget(app, { ownerReferences: [controlledBy('Cluster', 'db')] })],
    'a pod that is pending': [budget(app), podWith({ app: 'web' }, 'shop', 'Pending')],
    'a Rollout that is scaled to zero': [
      budget(app),
      custom('argoproj.io/v1alpha1', 'Rollout', 'r', { replicas: 0, template: { metadata: { labels: { app: 'web', tier: 'a' } } } }),
    ],
    'an operator’s resource that is paused': [
      budget({ matchLabels: { 'strimzi.io/cluster': 'bus', 'strimzi.io/kind': 'Kafka' } }),
      custom('kafka.strimzi.io/v1', 'Kafka', 'bus', { kafka: { replicas: 3 } }),
    ],
    'a label that moves from pod to pod': [
      budget({ matchLabels: { app: 'db', 'cnpg.io/instanceRole': 'primary' } }),
      podWith({ app: 'db' }),
    ],
    ...Object.fromEntries(Object.entries(podMakers({ app: 'web' })).map(([what, maker]) => [what, [budget(app), maker]])),
  };
  for (const [what, objects] of Object.entries(looks)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects }), []));
  }
});

test('a label that is only moved around does not keep everything', async () => {
  assert.deepEqual(await namesProposed(rule, { objects: [budget({ matchLabels: { role: 'primary' } }), podWith({ app: 'db' })] }), [
    'budget',
  ]);
});

test('one list that failed voids every verdict', async () => {
  for (const resource of [
    'pods',
    'deployments',
    'statefulsets',
    'daemonsets',
    'replicasets',
    'replicationcontrollers',
    'jobs',
    'cronjobs',
    'podtemplates',
    'rollouts',
  ]) {
    const endings = { [resource]: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } } as const;
    const { proposals, end } = await runRule(rule, { objects: [budget(app)], endings });
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete'], resource);
  }
});

test('nobody told what custom resources there are: nothing is concluded', async () => {
  const { proposals, end } = await runRule(unbound, { objects: [budget(app)] });
  assert.deepEqual([proposals, end.outcome], [[], 'not-run']);
});
