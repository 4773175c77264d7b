import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/pod-terminating.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, ofReplicaSet, pod, replicaSet } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const going = (due: string, more: object = {}, spec: object = {}) =>
  pod({ metadata: { ...ofReplicaSet(), deletionTimestamp: due, deletionGracePeriodSeconds: 30, ...more }, spec: { ...spec } });

describe('pod-terminating', () => {
  test('names the finalizers that hold it, and does not blame the node', async () => {
    const { findings, links } = await runCheck(check, {
      objects: [going(ago({ hours: 3 }), { finalizers: ['example.com/unmount', 'example.com/dns'] }), replicaSet()],
    });
    assert.deepEqual(
      findings.map(({ object, severity, message }) => [object.kind, severity, message]),
      [['Deployment', 'warning', 'should have been gone 3 hours ago: held by its finalizers example.com/unmount and example.com/dns']],
    );
    assert.ok(!links.some(({ cause }) => cause.kind === 'Node'));
  });

  test('without a finalizer it waits for its node, which may be dead', async () => {
    const { findings, links } = await runCheck(check, { objects: [going(ago({ minutes: 20 }))] });
    assert.match(findings[0]?.message ?? '', /the kubelet of node-1 has not confirmed its end/);
    assert.equal(findings[0]?.remedy, 'kubectl describe node node-1');
    assert.ok(links.some(({ cause }) => cause.kind === 'Node' && cause.name === 'node-1'));
  });

  test('its own grace period, however long, is not counted: the deletionTimestamp is its end', async () => {
    const inAnHour = new Date(Date.parse(ago({})) + 3_600_000).toISOString();
    await assertSilent(check, { objects: [going(inAnHour, { deletionGracePeriodSeconds: 7200 })] });
    await assertSilent(check, { objects: [going(ago({ minutes: 9 })), pod()] });
    await theFinding(check, { objects: [going(ago({ minutes: 9 }))], options: { graceMinutes: 5 } });
  });

  test('the remedy for a pod without node or finalizer is about the pod', async () => {
    const finding = await theFinding(check, { objects: [going(ago({ minutes: 20 }), {}, { nodeName: '' })] });
    assert.equal(finding.remedy, 'kubectl -n shop describe pod web-5d8f-abcde');
  });

  test('survives holes', () => assertSurvivesHoles(check, [going(ago({ hours: 3 }), { finalizers: ['a/b'] }), replicaSet(), pod()]));
});
