/** Checks of nodes, pods, Services and events against a real API server, with the controllers that make pods and EndpointSlices. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { healthCheck } from '../../../functions/health-check/operation.ts';
import { runOnCluster } from '../../../functions/runtime/run-on-cluster.ts';
import type { Finding, ScanResult } from '../../../functions/scan/contracts.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { barePod, condition, deployment, ended, namespace, node, podStatus, service } from './live-objects.ts';
import { findingsOf, namesOf, read, saidBy, scanPlane, sourceOf, until } from './live-scan.ts';

const shopPods = '/api/v1/namespaces/shop/pods';

/** The nodes: one well, with conditions that only look like faults; one dead; one short of disk; one being removed. */
const makeNodes = async (plane: ControlPlane) => {
  const ready = condition('Ready', 'True', { reason: 'KubeletReady' });
  const silent = condition('Ready', 'Unknown', { reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' });
  const toBeDeleted = [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule', value: '1' }];
  for (const [object, conditions] of [
    [node('node-ok'), [ready, condition('KernelReady', 'True'), condition('DiskPressure', 'False')]],
    [node('node-dead'), [silent]],
    [node('node-full'), [ready, condition('DiskPressure', 'True', { reason: 'KubeletHasDiskPressure' })]],
    [node('node-leaving', { taints: toBeDeleted }), [silent]],
  ] as const) {
    await plane.apply(object);
    await plane.applyStatus({ ...object, status: { conditions } });
  }
};

/** Deployments whose pods real controllers make; we report their statuses as the kubelet of their node would. */
const makeWorkloads = async (plane: ControlPlane) => {
  await plane.apply(deployment('shop', 'cart', 2, { nodeName: 'node-dead' }));
  await plane.apply(deployment('shop', 'web', 2, { nodeName: 'node-ok' }));
  await plane.apply(deployment('shop', 'crash', 1, { nodeName: 'node-ok' }));
  await plane.apply(deployment('shop', 'zero', 0));
  for (const name of ['cart', 'web', 'zero', 'nothing']) await plane.apply(service('shop', name));
  await until('the controllers make the pods', async () => (await namesOf(plane, shopPods)).length === 5);
  const loop = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } };
  const statuses = {
    cart: podStatus('Running', false),
    web: podStatus('Running', true),
    crash: podStatus('Running', false, { restartCount: 9, state: loop, lastState: ended(137, 'OOMKilled', 1) }),
  };
  for (const name of await namesOf(plane, shopPods)) {
    const status = statuses[name.split('-')[0] as keyof typeof statuses];
    await plane.applyStatus({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name }, status });
  }
  await until('the controllers see the statuses', async () => {
    const { status } = (await read(plane, '/apis/apps/v1/namespaces/shop/deployments/web')) as { status: { availableReplicas?: number } };
    const slices = JSON.stringify(await read(plane, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'));
    return status.availableReplicas === 2 && slices.includes('cart-') && slices.includes('web-');
  });
};

/** Pods that nobody owns, each with one fault or only the looks of one. */
const makeBarePods = async (plane: ControlPlane) => {
  const put = async (pod: ReturnType<typeof barePod>, status?: object) => {
    await plane.apply(pod);
    if (status) await plane.applyStatus({ ...pod, status });
  };
  const pull = { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } };
  await put(barePod('pods', 'image'), podStatus('Pending', false, { state: pull }));
  await put(barePod('pods', 'done'), podStatus('Succeeded', false, { state: ended(0, 'Completed', 5) }));
  const unschedulable = condition('PodScheduled', 'False', {
    reason: 'Unschedulable',
    message: '0/4 nodes are available: 4 Insufficient cpu.',
  });
  await put(barePod('pods', 'unschedulable', { nodeName: undefined }), { conditions: [unschedulable] });
  await put(barePod('pods', 'gated', { nodeName: undefined, schedulingGates: [{ name: 'example.com/quota' }] }));
  await put(barePod('pods', 'restarting'), podStatus('Running', true, { restartCount: 10, lastState: ended(1, 'Error', 30) }));
  await put(barePod('pods', 'restarted-once'), podStatus('Running', true, { restartCount: 1, lastState: ended(1, 'Error', 30) }));
  const evicted = {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'The node was low on resource: memory.',
    startTime: new Date().toISOString(),
  };
  await put(barePod('pods', 'evicted', { nodeName: 'node-full' }), evicted);
  await put(barePod('pods', 'held', {}, { finalizers: ['example.com/unmount'] }), podStatus('Running', true));
  await put(barePod('pods', 'leaving', { terminationGracePeriodSeconds: 7200 }), podStatus('Running', true));
  for (const name of ['held', 'leaving']) {
    const { status } = await plane.request('DELETE', `/api/v1/namespaces/pods/pods/${name}`, {});
    assert.equal(status, 200);
  }
};

/** Two Jobs with a failed try each: one gave up, one succeeded in the end. */
const makeJobs = async (plane: ControlPlane) => {
  const now = new Date().toISOString();
  const failed = [condition('FailureTarget', 'True'), condition('Failed', 'True', { reason: 'BackoffLimitExceeded' })];
  const complete = [condition('SuccessCriteriaMet', 'True'), condition('Complete', 'True')];
  for (const [name, status] of [
    ['gave-up', { failed: 1, startTime: now, conditions: failed }],
    ['succeeded', { failed: 1, succeeded: 1, startTime: now, completionTime: now, conditions: complete }],
  ] as const) {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'registry.example/app:1.0' }] } };
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'pods', name }, spec: { template } };
    const { metadata } = (await plane.apply(job)) as { metadata: { uid: string } };
    await plane.applyStatus({ ...job, status });
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid: metadata.uid, controller: true };
    const pod = barePod('pods', `${name}-try`, { restartPolicy: 'Never' }, { ownerReferences: [owner] });
    await plane.apply(pod);
    await plane.applyStatus({ ...pod, status: podStatus('Failed', false, { state: ended(2, 'Error', 1) }) });
  }
};

/** An event of the old style, one of the new style with a series, and a normal one. */
const makeEvents = async (plane: ControlPlane) => {
  const now = new Date().toISOString();
  const involvedObject = { apiVersion: 'v1', kind: 'Pod', namespace: 'pods', name: 'image' };
  const old = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'pods', name: 'image.1' },
    involvedObject,
    reason: 'Failed',
    type: 'Warning',
    message: 'Failed to pull image',
    count: 12,
    firstTimestamp: now,
    lastTimestamp: now,
  };
  await plane.apply(old);
  await plane.apply({ ...old, metadata: { namespace: 'pods', name: 'image.2' }, type: 'Normal', reason: 'Pulling' });
  const microTime = now.replace('Z', '000Z');
  const { status, body } = await plane.request('POST', '/apis/events.k8s.io/v1/namespaces/pods/events', {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace: 'pods', name: 'unschedulable.1' },
    regarding: { ...involvedObject, name: 'unschedulable' },
    reason: 'FailedScheduling',
    type: 'Warning',
    note: '0/4 nodes are available',
    action: 'Scheduling',
    eventTime: microTime,
    series: { count: 3, lastObservedTime: microTime },
    reportingController: 'default-scheduler',
    reportingInstance: 'default-scheduler-1',
  });
  assert.equal(status, 201, JSON.stringify(body));
};

describe('checks of nodes, pods, Services and events', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  /** At the moment at which it all happened, and three quarters of an hour later. */
  let young: ScanResult<Finding>;
  let old: ScanResult<Finding>;
  before(async () => {
    plane = await startControlPlane({ controllers: ['deployment-controller', 'replicaset-controller', 'endpointslice-controller'] });
    await plane.apply(namespace('shop'));
    await plane.apply(namespace('pods'));
    await makeNodes(plane);
    await makeWorkloads(plane);
    await makeBarePods(plane);
    await makeJobs(plane);
    await makeEvents(plane);
    young = await scanPlane(plane);
    old = await scanPlane(plane, 45);
  });
  after(() => plane?.stop());

  const expected: Readonly<Record<string, readonly string[]>> = {
    'node-not-ready': ['critical Node node-dead', 'info Node node-leaving'],
    'node-pressure': ['warning Node node-full DiskPressure'],
    'pod-waiting': ['critical Deployment shop/crash CrashLoopBackOff app', 'warning Pod pods/image ImagePullBackOff app'],
    'pod-restarts': ['warning Pod pods/restarting app'],
    'pod-pending': ['warning Pod pods/unschedulable'],
    'pod-failed': ['warning Job pods/gave-up JobFailed', 'warning Pod pods/evicted Evicted'],
    'pod-not-ready': ['critical Deployment shop/cart'],
    'pod-terminating': ['warning Pod pods/held'],
    // Neither was seen again since.
    'warning-events': ['info Pod pods/image Failed', 'info Pod pods/unschedulable FailedScheduling'],
    'service-without-endpoints': ['critical Service shop/cart', 'critical Service shop/nothing', 'info Service shop/zero'],
    'deployment-unavailable': ['critical Deployment shop/cart', 'critical Deployment shop/crash'],
  };
  for (const [check, said] of Object.entries(expected)) {
    test(`${check} finds what is planted and nothing else`, () => assert.deepEqual(saidBy(old, check), said));
  }

  test('what happened a moment ago is no finding yet, but for what counts repetitions or is an end', () => {
    const early = Object.keys(expected).flatMap((check) => saidBy(young, check));
    assert.deepEqual(early.toSorted(), [
      'critical Deployment shop/crash CrashLoopBackOff app',
      'info Pod pods/unschedulable FailedScheduling',
      'warning Job pods/gave-up JobFailed',
      'warning Pod pods/evicted Evicted',
      'warning Pod pods/image Failed',
      'warning Pod pods/restarting app',
    ]);
  });

  test('says why: exit codes, images, shortages, finalizers', () => {
    const messages = (check: string) =>
      findingsOf(old, check)
        .map(({ message }) => message)
        .join('\n');
    assert.match(messages('pod-waiting'), /exit code 137 \(OOMKilled\)/);
    assert.match(messages('pod-waiting'), /cannot pull registry\.example\/app:1\.0: the registry does not have it/);
    assert.match(messages('pod-pending'), /not enough CPU/);
    assert.match(messages('pod-terminating'), /finalizer example\.com\/unmount/);
    assert.match(messages('warning-events'), /FailedScheduling, 3 times, last 4[45] minutes ago/);
  });

  test('the dead node is one finding that explains its pods, their Deployment and its Service', async () => {
    const report = await runOnCluster({
      operation: healthCheck,
      cluster: 'test',
      options: {},
      own: {},
      runId: 'run',
      eventTime: new Date().toISOString(),
      open: () => sourceOf(plane, 45),
      previous: undefined,
      signal: AbortSignal.timeout(60_000),
    });
    const dead = report.findings.find(({ object }) => object.name === 'node-dead');
    assert.deepEqual(dead?.consequences?.map(({ check, object }) => `${check} ${object.kind} ${object.name}`).toSorted(), [
      'deployment-unavailable Deployment cart',
      'pod-not-ready Deployment cart',
      'service-without-endpoints Service cart',
    ]);
  });
});
