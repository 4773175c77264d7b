import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/pod-pending.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, condition, ofReplicaSet, pod, replicaSet, waitingContainer } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const pending = (message: string, since = ago({ minutes: 25 }), reason = 'Unschedulable', name = 'web-5d8f-aaaaa') =>
  pod({
    name,
    metadata: ofReplicaSet(),
    spec: { nodeName: null },
    status: { phase: 'Pending', conditions: [condition('PodScheduled', 'False', since, { reason, message })], containerStatuses: null },
  });

describe('pod-pending', () => {
  test('an unschedulable pod is told with what there is too little of', async () => {
    const message = '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: 0/3 nodes are available.';
    const finding = await theFinding(check, {
      objects: [pending(message), pending(message, undefined, undefined, 'web-5d8f-bbbbb'), replicaSet()],
    });
    assert.equal(finding.object.kind, 'Deployment');
    assert.equal(finding.members?.length, 2);
    assert.equal(finding.severity, 'critical');
    assert.match(finding.message, /^pending for 25 minutes: no node can take it: not enough CPU and nodes are cordoned \(0\/3 nodes/);
    assert.equal(finding.startedAt, ago({ minutes: 25 }));
  });

  for (const [message, cause] of [
    ['0/9 nodes are available: 9 Insufficient memory.', 'not enough memory'],
    ['0/9 nodes are available: 9 Insufficient nvidia.com/gpu.', 'not enough GPUs'],
    ['0/9 nodes are available: 9 Too many pods.', 'the nodes hold as many pods as they may'],
    ["0/9 nodes are available: 9 node(s) didn't match Pod's node affinity/selector.", 'no node matches its selector or affinity'],
    ['0/9 nodes are available: 9 node(s) had untolerated taint(s).', 'it does not tolerate the nodes’ taints'],
    ['0/9 nodes are available: pod has unbound immediate PersistentVolumeClaims.', 'its volume claim is not bound'],
    ['0/9 nodes are available: persistentvolumeclaim "data" not found.', 'its volume claim is not bound'],
    ['0/9 nodes are available: 9 node(s) had volume node affinity conflict.', 'its volume lies where no fitting node is'],
    ["0/9 nodes are available: 9 node(s) didn't have free ports for the requested pod ports.", 'its host port is taken'],
    ["0/9 nodes are available: 9 node(s) didn't match pod topology spread constraints.", 'its topology spread cannot be met'],
  ] as const) {
    test(`classifies: ${cause}`, async () => {
      const finding = await theFinding(check, { objects: [pending(message)] });
      assert.ok(finding.message.startsWith(`pending for 25 minutes: no node can take it: ${cause} (`), finding.message);
    });
  }

  test('leaves alone what has been pending for a moment, is gated, going away, or tells more by its containers', async () => {
    const waiting = pod({ status: { phase: 'Pending', conditions: [], containerStatuses: [waitingContainer('ErrImagePull')] } });
    const going = pending('x');
    await assertSilent(check, {
      objects: [
        pending('0/3 nodes are available', ago({ minutes: 9 })),
        pending('waiting for gates', ago({ days: 3 }), 'SchedulingGated', 'gated'),
        { ...going, metadata: { ...going.metadata, deletionTimestamp: ago({ minutes: 1 }) } },
        waiting,
        pod({ name: 'healthy' }),
      ],
    });
  });

  test('a pod that its kubelet does not start is linked to the node', async () => {
    const onNode = pod({
      status: { phase: 'Pending', conditions: [condition('PodScheduled', 'True', ago({ minutes: 30 }))], containerStatuses: null },
    });
    const { findings, links } = await runCheck(check, { objects: [onNode] });
    assert.match(findings[0]?.message ?? '', /the kubelet of its node has not started it/);
    assert.deepEqual(
      links.map(({ cause }) => cause.kind),
      ['Node'],
    );
  });

  test('a pod that no scheduler has looked at is linked to the scheduler’s Lease', async () => {
    const unseen = (schedulerName?: string) =>
      pod({
        spec: { nodeName: null, ...(schedulerName ? { schedulerName } : {}) },
        status: { phase: 'Pending', conditions: null, containerStatuses: null },
      });
    const { findings, links } = await runCheck(check, { objects: [unseen()] });
    assert.match(findings[0]?.message ?? '', /no scheduler \(default-scheduler\) has looked at it/);
    assert.deepEqual(
      links.map(({ cause }) => cause.name),
      ['kube-scheduler'],
    );
    assert.deepEqual((await runCheck(check, { objects: [unseen('volcano')] })).links, []);
  });

  test('survives holes', () => assertSurvivesHoles(check, [pending('0/3 nodes are available: 3 Insufficient cpu'), replicaSet(), pod()]));
});
