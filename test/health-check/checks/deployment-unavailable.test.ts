import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/deployment-unavailable.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, changed, condition, deployment } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const short = (availableReplicas: number, since: string, spec: object = {}, metadata: object = {}, more: object[] = []) =>
  deployment({
    metadata: { ...metadata },
    spec: { ...spec },
    status: {
      availableReplicas,
      conditions: [
        condition('Available', 'False', since, { reason: 'MinimumReplicasUnavailable' }),
        condition('Progressing', 'True', ago({ days: 9 }), { reason: 'NewReplicaSetAvailable', lastUpdateTime: ago({ days: 9 }) }),
        ...more,
      ],
    },
  });
/** Short of a pod, but still Available by its maxUnavailable. */
const shortButAvailable = (metadata: object) => deployment({ metadata: { ...metadata }, status: { availableReplicas: 2 } });

describe('deployment-unavailable', () => {
  test('is critical where nothing is available, a warning where something is', async () => {
    const none = await theFinding(check, { objects: [short(0, ago({ minutes: 20 }))] });
    assert.deepEqual(
      [none.severity, none.message, none.startedAt],
      ['critical', '0 of 3 pods are available for 20 minutes', ago({ minutes: 20 })],
    );
    assert.equal((await theFinding(check, { objects: [short(1, ago({ minutes: 20 }))] })).severity, 'warning');
    assert.equal(none.remedy, 'kubectl -n shop describe deployment web');
  });

  test('a rollout that is stuck is told, though everything is available', async () => {
    const stuck = deployment({
      status: {
        updatedReplicas: 1,
        conditions: [
          condition('Available', 'True'),
          condition('Progressing', 'False', ago({ hours: 5 }), { reason: 'ProgressDeadlineExceeded' }),
        ],
      },
    });
    const finding = await theFinding(check, { objects: [stuck] });
    assert.deepEqual(
      [finding.severity, finding.message],
      ['warning', 'its rollout is stuck for 5 hours (ProgressDeadlineExceeded); 3 of 3 pods are available'],
    );
  });

  test('pods that a quota or a webhook refuses: its words, and a link to the quota', async () => {
    const message = 'pods "web-5d8f-" is forbidden: exceeded quota: team, requested: pods=1, used: pods=10, limited: pods=10';
    const failure = (text: string) => condition('ReplicaFailure', 'True', ago({ hours: 1 }), { reason: 'FailedCreate', message: text });
    const { findings, links } = await runCheck(check, { objects: [short(2, ago({ minutes: 20 }), {}, {}, [failure(message)])] });
    assert.equal(findings[0]?.message, `its pods are refused: ${message}`);
    assert.deepEqual(
      links.map(({ cause }) => cause),
      [{ apiVersion: 'v1', kind: 'ResourceQuota', namespace: 'shop', name: 'team' }],
    );
    const denied = 'admission webhook "policy.example.com" denied the request: no root';
    assert.match(
      (await theFinding(check, { objects: [short(0, ago({ minutes: 20 }), {}, {}, [failure(denied)])] })).message,
      /policy\.example\.com/,
    );
  });

  test('what is short of pods for a moment is left alone, told by conditions or by the last change of its status', async () => {
    await assertSilent(check, { objects: [short(0, ago({ minutes: 9 })), shortButAvailable(changed('status', ago({ minutes: 1 })))] });
    await theFinding(check, { objects: [shortButAvailable(changed('status', ago({ minutes: 11 })))] });
  });

  test('what is paused, scaled to zero, going away or well is left alone', async () => {
    await assertSilent(check, {
      objects: [
        deployment({ spec: { paused: true }, status: { conditions: [condition('Progressing', 'Unknown')] } }),
        short(0, ago({ hours: 2 }), { replicas: 0 }),
        short(0, ago({ hours: 2 }), {}, { deletionTimestamp: ago({ minutes: 1 }) }),
        deployment(),
      ],
    });
  });

  test('a change that its controller has not looked at is linked to the controller manager', async () => {
    const unseen = (since: string) => deployment({ metadata: { generation: 4, ...changed('spec', since) } });
    const { findings, links } = await runCheck(check, { objects: [unseen(ago({ minutes: 12 }))] });
    assert.deepEqual(
      findings.map(({ message }) => message),
      ['its controller has not looked at its newest change for 12 minutes'],
    );
    assert.deepEqual(
      links.map(({ cause }) => cause.name),
      ['kube-controller-manager'],
    );
    await assertSilent(check, { objects: [unseen(ago({ minutes: 2 }))] });
  });

  test('what is paused is told all the same when it is not available: only its rollouts are paused', async () => {
    const finding = await theFinding(check, { objects: [short(0, ago({ hours: 2 }), { paused: true })] });
    assert.equal(finding.severity, 'critical');
    // Paused from the beginning it has no pod at all.
    const unborn = short(0, ago({ hours: 2 }), { paused: true });
    await assertSilent(check, { objects: [{ ...unborn, status: { ...unborn.status, replicas: 0 } }] });
    // Half way through a rollout it may be short of a pod on purpose.
    await assertSilent(check, { objects: [deployment({ spec: { paused: true }, status: { availableReplicas: 2 } })] });
  });

  test('a rollout without a deadline is stuck when it comes no further', async () => {
    const rollout = (since: string) =>
      deployment({
        spec: { progressDeadlineSeconds: 2147483647 },
        metadata: changed('status', since),
        status: { replicas: 4, updatedReplicas: 1, unavailableReplicas: 1, conditions: [condition('Available', 'True')] },
      });
    const finding = await theFinding(check, { objects: [rollout(ago({ hours: 3 }))] });
    assert.equal(finding.message, 'its rollout is stuck: 1 of 3 pods are updated, unchanged for 3 hours');
    assert.equal(finding.severity, 'warning');
    await assertSilent(check, { objects: [rollout(ago({ minutes: 5 }))] });
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      short(0, ago({ hours: 1 }), {}, changed('spec', ago({ hours: 1 })), [
        condition('ReplicaFailure', 'True', ago({ hours: 1 }), { message: 'exceeded quota: x' }),
      ]),
      deployment({ status: { conditions: [condition('Progressing', 'False')] } }),
    ]));
});
