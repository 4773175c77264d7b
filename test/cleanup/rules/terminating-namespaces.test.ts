import assert from 'node:assert/strict';
import { test } from 'node:test';
import rule from '../../../functions/cleanup/rules/terminating-namespaces.ts';
import { ago, condition, namespace } from '../../health-check/objects.ts';
import { namesProposed, theProposal } from './run-rule.ts';

const going = (conditions: readonly object[], metadata: Record<string, unknown> = {}, spec: Record<string, unknown> = {}) =>
  namespace({
    name: 'old',
    metadata: { deletionTimestamp: ago({ days: 3 }), ...metadata },
    spec,
    status: { phase: 'Terminating', conditions },
  });
const remaining = 'Some resources are remaining: configmaps. has 1 resource instances, widgets.example.com has 2 resource instances';
const finalizers =
  'Some content in the namespace has finalizers remaining: example.com/cleanup in 1 resource instances, foregroundDeletion in 2 resource instances';

test('the finalizers and the kinds that hold it are named', async () => {
  const proposal = await theProposal(rule, {
    objects: [
      going([
        condition('NamespaceDeletionDiscoveryFailure', 'False', ago({}), { message: 'All resources successfully discovered' }),
        condition('NamespaceContentRemaining', 'True', ago({}), { message: remaining }),
        condition('NamespaceFinalizersRemaining', 'True', ago({}), { message: finalizers }),
      ]),
    ],
  });
  assert.equal(
    proposal.reason,
    'has been going away for 3 days: what is in it waits for example.com/cleanup and foregroundDeletion; configmaps and widgets.example.com left in it',
  );
  assert.equal(proposal.since, Date.parse(ago({ days: 3 })));
  assert.deepEqual(proposal.facts, { finalizers, remaining });
  assert.equal(proposal.patch, undefined, 'a finalizer is never removed');
});

test('an API that is broken, and finalizers of its own', async () => {
  const failure =
    'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale';
  const { reason } = await theProposal(rule, {
    objects: [going([condition('NamespaceDeletionDiscoveryFailure', 'True', ago({}), { message: failure })])],
  });
  assert.equal(reason, `has been going away for 3 days: ${failure}`);
  const own = await theProposal(rule, {
    objects: [going([], { finalizers: ['example.com/a'] }, { finalizers: ['kubernetes', 'controller.cattle.io/namespace-auth'] })],
  });
  assert.equal(
    own.reason,
    'has been going away for 3 days: it carries the finalizers controller.cattle.io/namespace-auth and example.com/a',
  );
  assert.equal(own.facts.ownFinalizers, 'controller.cattle.io/namespace-auth, example.com/a');
});

test('nobody says why', async () => {
  const { reason } = await theProposal(rule, { objects: [going([])] });
  assert.equal(reason, 'has been going away for 3 days: its controller does not say why');
  const { reason: odd } = await theProposal(rule, { objects: [going([condition('NamespaceFinalizersRemaining', 'True', ago({}))])] });
  assert.equal(odd, 'has been going away for 3 days: what is in it waits for finalizers');
});

test('one that is not going away stays', async () => {
  assert.deepEqual(await namesProposed(rule, { objects: [namespace(), namespace({ metadata: { finalizers: ['example.com/a'] } })] }), []);
});
