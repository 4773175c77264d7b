import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/pod-not-ready.ts';
import { assertSurvivesHoles } from '../holes.ts';
import {
  ago,
  controlledBy,
  ofReplicaSet,
  pod,
  podConditions,
  replicaSet,
  runningContainer,
  terminated,
  waitingContainer,
} from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const unready = (since = ago({ minutes: 40 }), status: object = {}, metadata: object = ofReplicaSet(), name = 'web-5d8f-aaaaa') =>
  pod({
    name,
    metadata: { ...metadata },
    status: { conditions: podConditions(false, since), containerStatuses: [runningContainer('app', { ready: false })], ...status },
  });

describe('pod-not-ready', () => {
  test('says since when and which container, and links owner, pod and node', async () => {
    const { findings, links } = await runCheck(check, { objects: [unready(), replicaSet()] });
    assert.deepEqual(
      findings.map(({ object, severity, message, startedAt }) => [object.kind, severity, message, startedAt]),
      [
        [
          'Deployment',
          'critical',
          'running, but not ready for 40 minutes: container app fails the readiness probe or ended',
          ago({ minutes: 40 }),
        ],
      ],
    );
    assert.deepEqual(
      links.map(({ effect, cause }) => `${effect.kind} ${effect.name} <- ${cause.kind} ${cause.name}`),
      ['Deployment web <- Pod web-5d8f-aaaaa', 'Pod web-5d8f-aaaaa <- Node node-1'],
    );
  });

  test('is a warning while another pod of the workload is ready', async () => {
    const works = pod({ name: 'web-5d8f-bbbbb', metadata: ofReplicaSet() });
    assert.equal((await theFinding(check, { objects: [unready(), works, replicaSet()] })).severity, 'warning');
  });

  test('a pod on a node that stopped reporting still says that its containers are ready', async () => {
    const finding = await theFinding(check, { objects: [unready(undefined, { containerStatuses: [runningContainer()] })] });
    assert.match(finding.message, /though its containers last said that they are$/);
  });

  test('a readiness gate that is closed is named', async () => {
    const gate = {
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "target-health.elbv2.k8s.aws/tg" does not exist',
    };
    const finding = await theFinding(check, {
      objects: [unready(undefined, { conditions: podConditions(false, ago({ hours: 1 }), gate) })],
    });
    assert.match(finding.message, /readiness gate "target-health/);
  });

  test('what is not ready for a moment is not reported, but its links are made for those that are', async () => {
    const { findings, links } = await runCheck(check, { objects: [unready(ago({ minutes: 14 })), replicaSet()] });
    assert.deepEqual(findings, []);
    assert.equal(links.length, 2);
  });

  test('leaves tries of Jobs, finished and going pods, and what waits or crashes alone', async () => {
    const running = { running: { startedAt: ago({ minutes: 1 }) } };
    await assertSilent(check, {
      objects: [
        unready(undefined, {}, { ownerReferences: [controlledBy('Job', 'backup-1')] }, 'job'),
        unready(undefined, { phase: 'Succeeded' }, {}, 'done'),
        unready(undefined, {}, { deletionTimestamp: ago({ minutes: 1 }) }, 'going'),
        unready(undefined, { containerStatuses: [waitingContainer('CrashLoopBackOff')] }, {}, 'waits'),
        unready(
          undefined,
          { containerStatuses: [runningContainer('app', { ready: false, state: running, lastState: terminated(1, 2), restartCount: 9 })] },
          {},
          'crashes',
        ),
        pod(),
      ],
    });
  });

  test('a pod that works off its containers one by one, as Tekton’s, is no service that fails', async () => {
    const steps = {
      containerStatuses: [runningContainer('step-1', { ready: false, state: terminated(0, 30) }), runningContainer('step-2')],
    };
    const build = unready(undefined, steps);
    await assertSilent(check, { objects: [{ ...build, spec: { ...build.spec, restartPolicy: 'Never' } }] });
    await theFinding(check, { objects: [build] });
  });

  test('a sidecar that is not ready is named, though it is an init container', async () => {
    const sidecar = runningContainer('proxy', { ready: false, started: true });
    const done = runningContainer('migrate', { ready: false, state: terminated(0, 60) });
    const finding = await theFinding(check, {
      objects: [unready(undefined, { initContainerStatuses: [done, sidecar], containerStatuses: [runningContainer()] })],
    });
    assert.match(finding.message, /: container proxy fails the readiness probe or ended$/);
  });

  test('survives holes', () => assertSurvivesHoles(check, [unready(), replicaSet(), pod()]));
});
