import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/node-not-ready.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, condition, node } from '../objects.ts';
import { assertSilent, theFinding } from '../run-check.ts';

const ready = (status: string, since: string, more: object = {}) => ({ conditions: [condition('Ready', status, since, { ...more })] });
const dead = (shape: Parameters<typeof node>[0] = {}) =>
  node({
    status: ready('Unknown', ago({ minutes: 12 }), { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }),
    ...shape,
  });

describe('node-not-ready', () => {
  test('a kubelet that stopped reporting is critical, not merely unknown', async () => {
    const finding = await theFinding(check, { objects: [dead(), node({ name: 'node-2' })] });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.message, 'its kubelet has not reported for 12 minutes (NodeStatusUnknown)');
    assert.equal(finding.startedAt, ago({ minutes: 12 }));
    assert.deepEqual(finding.object, { apiVersion: 'v1', kind: 'Node', name: 'node-1' });
  });

  test('a kubelet that says that it is not ready is told with its reason', async () => {
    const message = 'container runtime network not ready: cni plugin not initialized';
    const finding = await theFinding(check, { objects: [node({ status: ready('False', ago({ hours: 3 }), { message }) })] });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.message, `not ready for 3 hours: ${message}`);
    assert.equal(finding.remedy, 'kubectl describe node node-1');
  });

  test('a node that has no Ready condition at all has never reported', async () => {
    const finding = await theFinding(check, {
      objects: [node({ status: { conditions: null }, metadata: { creationTimestamp: ago({ hours: 2 }) } })],
    });
    assert.equal(finding.message, 'its kubelet has not said whether it is ready for 2 hours');
  });

  test('leaves a node alone that is ready, boots, or failed a moment ago', async () => {
    await assertSilent(check, { objects: [node(), node({ name: 'new', status: ready('False', ago({ minutes: 4 })) })] });
    await assertSilent(check, { objects: [dead()], options: { graceMinutes: 13 } });
  });

  test('a node that is being removed is only noted', async () => {
    for (const spec of [
      { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule', value: '1' }] },
      { taints: [{ key: 'aws-node-termination-handler/spot-itn', effect: 'NoSchedule' }] },
      { taints: [{ key: 'karpenter.sh/disrupted', effect: 'NoSchedule' }] },
    ]) {
      assert.equal((await theFinding(check, { objects: [dead({ spec })] })).severity, 'info', JSON.stringify(spec));
    }
    assert.equal((await theFinding(check, { objects: [dead({ metadata: { deletionTimestamp: ago({ minutes: 9 }) } })] })).severity, 'info');
    const taints = [{ key: 'DeletionCandidateOfClusterAutoscaler', effect: 'PreferNoSchedule' }];
    assert.equal((await theFinding(check, { objects: [dead({ spec: { taints } })] })).severity, 'critical');
  });

  test('a cordoned node is a warning, so that what is down on it is folded under it and not told on its own', async () => {
    const finding = await theFinding(check, { objects: [dead({ spec: { unschedulable: true } })] });
    assert.equal(finding.severity, 'warning');
    assert.match(finding.message, /, and it is cordoned$/);
    await assertSilent(check, { objects: [node({ spec: { unschedulable: true } })] });
  });

  test('a removal that does not come to an end is a warning', async () => {
    const stuck = node({ status: ready('Unknown', ago({ hours: 5 })), metadata: { deletionTimestamp: ago({ hours: 5 }) } });
    const finding = await theFinding(check, { objects: [stuck] });
    assert.equal(finding.severity, 'warning');
    assert.match(finding.message, /its removal does not come to an end$/);
  });

  test('survives holes', () => assertSurvivesHoles(check, [dead({ spec: { taints: [{ key: 'a' }], providerID: 'aws:///x' } }), node()]));
});
