import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/namespace-terminating.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, condition, namespace } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const going = (since: string, conditions: object[] | null, metadata: object = {}, spec: object = {}) =>
  namespace({ metadata: { deletionTimestamp: since, ...metadata }, spec: { ...spec }, status: { phase: 'Terminating', conditions } });
const remaining = [
  condition('NamespaceContentRemaining', 'True', ago({ hours: 1 }), {
    message: 'Some resources are remaining: widgets.example.com has 2 resource instances',
  }),
  condition('NamespaceDeletionDiscoveryFailure', 'False'),
  condition('NamespaceFinalizersRemaining', 'True', ago({ hours: 1 }), {
    message: 'Some content in the namespace has finalizers remaining: example.com/cleanup in 2 resource instances',
  }),
];

describe('namespace-terminating', () => {
  test('says which finalizers and resources hold it', async () => {
    const finding = await theFinding(check, { objects: [going(ago({ hours: 3 }), remaining)] });
    assert.equal(
      finding.message,
      'has been going away for 3 hours: Some content in the namespace has finalizers remaining: example.com/cleanup in 2 resource instances; ' +
        'Some resources are remaining: widgets.example.com has 2 resource instances',
    );
    assert.equal(finding.startedAt, ago({ hours: 3 }));
    assert.match(finding.remedy, /kubectl get -n old/);
  });

  test('a broken API service is told first, with its own remedy', async () => {
    const failure = condition('NamespaceDeletionDiscoveryFailure', 'True', ago({ hours: 1 }), {
      message: 'Discovery failed for some groups: metrics.k8s.io/v1beta1',
    });
    const finding = await theFinding(check, { objects: [going(ago({ hours: 3 }), [...remaining, failure])] });
    assert.match(finding.message, /^has been going away for 3 hours: Discovery failed/);
    assert.match(finding.remedy, /^kubectl get apiservices/);
  });

  test('hangs on the API services that cannot be asked', async () => {
    const failure = condition('NamespaceDeletionDiscoveryFailure', 'True', ago({ hours: 1 }), {
      message:
        'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1',
    });
    const { links } = await runCheck(check, { objects: [going(ago({ hours: 3 }), [failure])] });
    assert.deepEqual(
      links.map(({ effect, cause }) => [effect.name, cause]),
      [['old', { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: 'v1beta1.metrics.k8s.io' }]],
    );
  });

  test('its own finalizers are told, but not that of the namespace controller', async () => {
    const held = going(ago({ hours: 3 }), null, { finalizers: ['example.com/tenant'] }, { finalizers: ['kubernetes'] });
    assert.equal(
      (await theFinding(check, { objects: [held] })).message,
      'has been going away for 3 hours: the namespace itself has the finalizer example.com/tenant',
    );
    const silent = going(ago({ hours: 3 }), null);
    assert.equal(
      (await theFinding(check, { objects: [silent] })).message,
      'has been going away for 3 hours: its controller says nothing of why',
    );
  });

  test('leaves alone what has been going away for a moment, and what stays', async () => {
    await assertSilent(check, { objects: [going(ago({ minutes: 14 }), remaining), namespace({ name: 'shop' })] });
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [going(ago({ hours: 3 }), remaining, { finalizers: ['a/b'] }), namespace({ name: 'shop' })]));
});
