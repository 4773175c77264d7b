import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/pod-waiting.ts';
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

const waiting = (name: string, container: object, since = ago({ minutes: 20 }), metadata: object = ofReplicaSet()) =>
  pod({
    name,
    metadata: { ...metadata },
    status: { phase: 'Pending', conditions: podConditions(false, since), containerStatuses: [container] },
  });
const crashing = (name: string, restartCount = 12, more: object = {}) =>
  pod({
    name,
    metadata: ofReplicaSet(),
    status: {
      conditions: podConditions(false, ago({ minutes: 40 })),
      containerStatuses: [waitingContainer('CrashLoopBackOff', { restartCount, lastState: terminated(137, 3, 1, 'OOMKilled'), ...more })],
    },
  });

describe('pod-waiting', () => {
  test('a crash loop is one finding of the Deployment, with how the container ended, and its pods as members', async () => {
    const { findings, links } = await runCheck(check, {
      objects: [crashing('web-5d8f-aaaaa'), crashing('web-5d8f-bbbbb', 30), replicaSet()],
    });
    assert.equal(findings.length, 1);
    const [finding] = findings;
    assert.deepEqual(finding?.object, { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' });
    assert.equal(finding?.subject, 'CrashLoopBackOff app');
    assert.equal(finding?.severity, 'critical');
    assert.match(finding?.message ?? '', /container app crashes again and again, last with exit code 137 \(OOMKilled\)/);
    assert.equal(finding?.remedy, 'kubectl -n shop logs web-5d8f-bbbbb -c app --previous');
    assert.deepEqual(
      finding?.members?.map(({ name }) => name),
      ['web-5d8f-aaaaa', 'web-5d8f-bbbbb'],
    );
    assert.equal(finding?.startedAt, ago({ minutes: 40 }));
    assert.deepEqual(
      links.map(({ effect, cause }) => [effect.kind, cause.kind]),
      [
        ['Deployment', 'Pod'],
        ['Deployment', 'Pod'],
      ],
    );
  });

  test('is a warning while another pod of the same Deployment works, also one of an older ReplicaSet', async () => {
    const old = pod({ name: 'web-77aa-ccccc', metadata: ofReplicaSet('web-77aa', '77aa') });
    const finding = await theFinding(check, { objects: [crashing('web-5d8f-aaaaa'), old, replicaSet(), replicaSet('web-77aa')] });
    assert.equal(finding.severity, 'warning');
  });

  test('the owner is told by the pod’s own labels where ReplicaSets cannot be listed', async () => {
    const ending = { state: 'failed', reason: 'forbidden', message: 'forbidden', remedy: 'grant it' } as const;
    const finding = await theFinding(check, { objects: [crashing('web-5d8f-aaaaa')], endings: { replicasets: ending } });
    assert.equal(finding.object.kind, 'Deployment');
  });

  test('sees a crash loop in the moment in which the container runs again', async () => {
    const again = { ready: true, restartCount: 5, state: { running: { startedAt: ago({ minutes: 1 }) } } };
    const flapping = (lastState: object) => pod({ status: { containerStatuses: [runningContainer('app', { ...again, lastState })] } });
    const finding = await theFinding(check, { objects: [flapping(terminated(1, 2, 1))] });
    assert.equal(finding.subject, 'CrashLoopBackOff app');
    // It ran for a day before: one restart, no loop.
    await assertSilent(check, { objects: [flapping(terminated(1, 2, 24 * 60))] });
    // It ended well.
    await assertSilent(check, { objects: [flapping(terminated(0, 2, 1))] });
  });

  test('leaves a container alone that crashed only once or twice', async () => {
    await assertSilent(check, { objects: [crashing('web-5d8f-aaaaa', 2)] });
    await theFinding(check, { objects: [crashing('web-5d8f-aaaaa', 2)], options: { crashLoopRestarts: 2 } });
  });

  test('never repeats the termination message, which may be the container’s log', async () => {
    const lastState = { terminated: { exitCode: 1, reason: 'Error', message: 'password=hunter2', finishedAt: ago({ minutes: 3 }) } };
    const finding = await theFinding(check, { objects: [crashing('web-5d8f-aaaaa', 9, { lastState })] });
    assert.ok(!JSON.stringify(finding).includes('hunter2'));
  });

  for (const [message, why] of [
    ['manifest for registry.example/app:1.0 not found: manifest unknown', 'the registry does not have it'],
    [
      'pull access denied for app, repository does not exist or may require authorization',
      'the registry refuses access, or does not have it',
    ],
    ['toomanyrequests: You have reached your pull rate limit', 'the registry limits the rate of pulls'],
    ['dial tcp: lookup registry.example: no such host', 'the registry cannot be reached'],
    ['tls: failed to verify certificate: x509: certificate signed by unknown authority', 'the registry’s certificate is not trusted'],
    ['no matching manifest for linux/arm64 in the manifest list entries', 'there is no image for this node’s architecture'],
  ] as const) {
    test(`says why an image cannot be pulled: ${why}`, async () => {
      const finding = await theFinding(check, { objects: [waiting('web-5d8f-aaaaa', waitingContainer('ErrImagePull', {}, message))] });
      assert.equal(finding.message, `container app cannot pull registry.example/app:1.0: ${why}`);
    });
  }

  test('an image that cannot be pulled is the same finding whichever of its reasons the kubelet tells', async () => {
    const subjects = await Promise.all(
      ['ErrImagePull', 'ImagePullBackOff'].map(
        async (reason) => (await theFinding(check, { objects: [waiting('a', waitingContainer(reason))] })).subject,
      ),
    );
    assert.deepEqual(subjects, ['ImagePullBackOff app', 'ImagePullBackOff app']);
  });

  test('a missing Secret is named', async () => {
    const container = waitingContainer('CreateContainerConfigError', {}, 'secret "db-password" not found');
    const finding = await theFinding(check, { objects: [waiting('web-5d8f-aaaaa', container)] });
    assert.equal(finding.message, 'container app cannot be configured: secret "db-password" not found');
  });

  test('leaves what only just began to wait alone, and what comes by itself', async () => {
    await assertSilent(check, { objects: [waiting('a', waitingContainer('ErrImagePull'), ago({ minutes: 2 }))] });
    await assertSilent(check, { objects: [waiting('a', waitingContainer('ContainerCreating'), ago({ minutes: 14 }))] });
    await assertSilent(check, { objects: [waiting('a', waitingContainer('PodInitializing'), ago({ minutes: 59 }))] });
    await assertSilent(check, { objects: [waiting('a', waitingContainer('SomethingNew'), ago({ minutes: 59 }))] });
    await assertSilent(check, { objects: [pod(), pod({ name: 'done', status: { phase: 'Succeeded', conditions: [] } })] });
  });

  test('a pod that is not created for long is one finding, and its node may explain it', async () => {
    const containers = [waitingContainer('ContainerCreating'), { ...waitingContainer('ContainerCreating'), name: 'sidecar' }];
    const creating = pod({
      status: { phase: 'Pending', conditions: podConditions(false, ago({ minutes: 16 })), containerStatuses: containers },
    });
    const { findings, links } = await runCheck(check, { objects: [creating] });
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      ['ContainerCreating'],
    );
    assert.deepEqual(
      links.map(({ cause }) => cause),
      [{ apiVersion: 'v1', kind: 'Node', name: 'node-1' }],
    );
  });

  test('an init container at fault speaks for the containers that wait for it', async () => {
    const init = { ...waitingContainer('CrashLoopBackOff', { restartCount: 7, lastState: terminated(1, 2) }), name: 'migrate' };
    const blocked = pod({
      status: {
        phase: 'Pending',
        conditions: podConditions(false, ago({ hours: 3 })),
        initContainerStatuses: [init],
        containerStatuses: [waitingContainer('PodInitializing')],
      },
    });
    assert.equal((await theFinding(check, { objects: [blocked] })).subject, 'CrashLoopBackOff migrate');
  });

  test('a static pod is critical, a bare pod and a Job’s are not', async () => {
    const owned = (reference: object | undefined) =>
      pod({ ...crashing('x'), name: 'x', metadata: { ownerReferences: reference ? [reference] : null }, status: crashing('x').status });
    const severityOf = async (reference?: object) => (await theFinding(check, { objects: [owned(reference)] })).severity;
    assert.equal(await severityOf(controlledBy('Node', 'cp-1')), 'critical');
    assert.equal(await severityOf(), 'warning');
    assert.equal(await severityOf(controlledBy('Job', 'backup-1')), 'warning');
  });

  test('leaves pods alone that are going away', async () => {
    const going = crashing('web-5d8f-aaaaa');
    await assertSilent(check, { objects: [{ ...going, metadata: { ...going.metadata, deletionTimestamp: ago({ minutes: 1 }) } }] });
  });

  test('a container that cannot be started is the same finding whether the kubelet tells its error or the back-off', async () => {
    const lastState = { terminated: { exitCode: 128, reason: 'StartError', startedAt: null, finishedAt: ago({ minutes: 4 }) } };
    const subjects = await Promise.all(
      ['RunContainerError', 'CrashLoopBackOff'].map(
        async (reason) =>
          (await theFinding(check, { objects: [waiting('a', waitingContainer(reason, { restartCount: 6, lastState }))] })).subject,
      ),
    );
    assert.deepEqual(subjects, ['CrashLoopBackOff app', 'CrashLoopBackOff app']);
  });

  test('a container that never ran has no log: what the runtime said is told instead', async () => {
    const message = 'failed to create containerd task: exec: "serve": executable file not found in $PATH';
    const lastState = { terminated: { exitCode: 128, reason: 'StartError', message, startedAt: null, finishedAt: ago({ minutes: 4 }) } };
    const finding = await theFinding(check, {
      objects: [waiting('a', waitingContainer('CrashLoopBackOff', { restartCount: 6, lastState }))],
    });
    assert.equal(finding.message, `container app cannot be started: ${message}`);
    assert.equal(finding.remedy, 'kubectl -n shop describe pod a');
    assert.equal(finding.subject, 'CrashLoopBackOff app');
  });

  test('a pod that is to run once is not urgent, whatever owns it', async () => {
    const step = waiting('a', waitingContainer('ErrImagePull'), undefined, { ownerReferences: [controlledBy('TaskRun', 'build-7')] });
    assert.equal((await theFinding(check, { objects: [{ ...step, spec: { ...step.spec, restartPolicy: 'Never' } }] })).severity, 'warning');
    assert.equal((await theFinding(check, { objects: [step] })).severity, 'critical');
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      crashing('web-5d8f-aaaaa'),
      waiting('b', waitingContainer('ErrImagePull', {}, 'not found')),
      replicaSet(),
      pod(),
    ]));
});
