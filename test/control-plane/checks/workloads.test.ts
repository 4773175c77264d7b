/** Checks of workloads, namespaces, CronJobs and the control plane's own components, with real controllers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Finding, ScanResult } from '../../../functions/scan/contracts.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { condition, daemonSet, deployment, namespace, node, podStatus, statefulSet } from './live-objects.ts';
import { findingsOf, namesOf, read, saidBy, scanPlane, until } from './live-scan.ts';

const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'daemonset-controller',
  'resourcequota-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'job-controller',
];

const readyPods = async (plane: ControlPlane, path: string, isWell: (name: string) => boolean) => {
  for (const name of (await namesOf(plane, path)).filter(isWell)) {
    await plane.applyStatus({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: path.split('/')[4] ?? '', name },
      status: podStatus('Running', true),
    });
  }
};

/** A quota of one pod for three, real refusals and all; beside what is paused, scaled to zero, or well. */
const makeDeployments = async (plane: ControlPlane) => {
  await plane.apply(namespace('tight'));
  await plane.apply({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { namespace: 'tight', name: 'team' },
    spec: { hard: { pods: '1' } },
  });
  await until('the quota counts', async () => {
    const { status } = (await read(plane, '/api/v1/namespaces/tight/resourcequotas/team')) as { status: { hard?: object } };
    return status.hard !== undefined;
  });
  await plane.apply(deployment('tight', 'refused', 3));
  await plane.apply(namespace('apps'));
  await plane.apply(deployment('apps', 'paused', 2, {}, { paused: true }));
  await plane.apply(deployment('apps', 'zero', 0));
  await plane.apply(deployment('apps', 'well', 1));
  await plane.apply(deployment('apps', 'stuck', 1, {}, { progressDeadlineSeconds: 1 }));
  await until('the quota refuses', async () => {
    const text = JSON.stringify(await read(plane, '/apis/apps/v1/namespaces/tight/deployments/refused'));
    return text.includes('ReplicaFailure') && text.includes('exceeded quota');
  });
  await until('the rollout is given up', async () =>
    JSON.stringify(await read(plane, '/apis/apps/v1/namespaces/apps/deployments/stuck')).includes('ProgressDeadlineExceeded'),
  );
};

const makeSets = async (plane: ControlPlane) => {
  const made = node('node-1');
  await plane.apply(made);
  await plane.applyStatus({
    ...made,
    status: { conditions: [condition('Ready', 'True')], allocatable: { pods: '110' }, capacity: { pods: '110' } },
  });
  // The taint not-ready that admission gives to a new node; the node controller, which would take it off, does not run here.
  const { status } = await plane.request('PATCH', '/api/v1/nodes/node-1', { spec: { taints: null } }, 'application/merge-patch+json');
  assert.equal(status, 200);
  await plane.apply(statefulSet('apps', 'db', 2));
  await plane.apply(statefulSet('apps', 'queue', 1));
  await plane.apply(daemonSet('apps', 'agent'));
  await plane.apply(daemonSet('apps', 'logs'));
  await plane.apply(daemonSet('apps', 'nowhere', { nodeSelector: { gpu: 'yes' } }));
  const wanted = ['db-0', 'queue-0', 'agent-', 'logs-', 'well-'];
  await until('the controllers make the pods', async () => {
    const names = await namesOf(plane, '/api/v1/namespaces/apps/pods');
    return wanted.every((prefix) => names.some((name) => name.startsWith(prefix)));
  });
  await readyPods(plane, '/api/v1/namespaces/apps/pods', (name) => /^(queue|logs|well)-/.test(name));
  await until('the controllers see what is ready', async () => {
    const text = JSON.stringify([
      await read(plane, '/apis/apps/v1/namespaces/apps/deployments/well'),
      await read(plane, '/apis/apps/v1/namespaces/apps/statefulsets/queue'),
      await read(plane, '/apis/apps/v1/namespaces/apps/daemonsets/logs'),
    ]);
    return text.split('"availableReplicas":1').length === 3 && text.includes('"numberAvailable":1');
  });
};

/** A namespace that a real finalizer holds; one without goes, one stays. */
const makeNamespaces = async (plane: ControlPlane) => {
  await plane.apply(namespace('held'));
  await plane.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'held', name: 'x', finalizers: ['example.com/cleanup'] },
  });
  await plane.apply(namespace('empty'));
  for (const name of ['held', 'empty']) await plane.request('DELETE', `/api/v1/namespaces/${name}`, {});
  await until('the namespace controller says what holds it', async () =>
    JSON.stringify(await read(plane, '/api/v1/namespaces/held')).includes('example.com/cleanup'),
  );
};

/** No cronjob-controller runs: what should start does not. */
const makeCronJobs = async (plane: ControlPlane) => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'registry.example/app:1.0' }] } };
  for (const [name, spec] of [
    ['hourly', { schedule: '0 * * * *', timeZone: 'Europe/Berlin' }],
    ['suspended', { schedule: '0 * * * *', suspend: true }],
    ['leap-day', { schedule: '0 0 29 2 *' }],
  ] as const) {
    await plane.apply({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { namespace: 'apps', name },
      spec: { jobTemplate: { spec: { template } }, ...spec },
    });
  }
};

/** A Job that the real controller ends at its deadline, pods and all; one that may still run. */
const makeJobs = async (plane: ControlPlane) => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'registry.example/app:1.0' }] } };
  const job = (name: string, activeDeadlineSeconds: number) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'apps', name },
    spec: { template: { spec: { ...template.spec, schedulerName: 'nobody' } }, activeDeadlineSeconds },
  });
  await plane.apply(job('hung', 1));
  await plane.apply(job('at-work', 3600));
  await until('the controller gives the Job up', async () => {
    const { status } = (await read(plane, '/apis/batch/v1/namespaces/apps/jobs/hung')) as { status: { conditions?: { type: string }[] } };
    return status.conditions?.some(({ type }) => type === 'Failed') === true;
  });
  await until(
    'its pods are gone',
    async () => !(await namesOf(plane, '/api/v1/namespaces/apps/pods')).some((name) => name.startsWith('hung')),
  );
};

describe('checks of workloads, namespaces, CronJobs and components', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let young: ScanResult<Finding>;
  let old: ScanResult<Finding>;
  before(async () => {
    plane = await startControlPlane({ controllers, leaderElect: true });
    await makeDeployments(plane);
    await makeSets(plane);
    await makeNamespaces(plane);
    await makeCronJobs(plane);
    await makeJobs(plane);
    young = await scanPlane(plane);
    old = await scanPlane(plane, 150);
  });
  after(() => plane?.stop());

  const expected: Readonly<Record<string, readonly string[]>> = {
    'deployment-unavailable': ['critical Deployment apps/stuck', 'critical Deployment tight/refused'],
    'statefulset-unavailable': ['critical StatefulSet apps/db'],
    'daemonset-unavailable': ['critical DaemonSet apps/agent'],
    'namespace-terminating': ['warning Namespace held'],
    'pod-failed': ['warning Job apps/hung JobFailed'],
    'cronjob-missed-schedule': ['warning CronJob apps/hourly missed'],
  };
  for (const [check, said] of Object.entries(expected)) {
    test(`${check} finds what is planted and nothing else`, () => assert.deepEqual(saidBy(old, check), said));
  }

  test('nothing of it is a finding at once, but for what its own deadline gave up', () => {
    const early = Object.keys(expected).flatMap((check) => saidBy(young, check));
    assert.deepEqual(early, ['critical Deployment apps/stuck', 'warning Job apps/hung JobFailed']);
  });

  test('a quota’s refusal is told in its own words, with a link to the quota', () => {
    const refused = findingsOf(old, 'deployment-unavailable').find(({ object }) => object.name === 'refused');
    assert.match(refused?.message ?? '', /^its pods are refused: pods "refused-.* is forbidden: exceeded quota: team/);
    assert.ok(old.links.some(({ effect, cause }) => effect.name === 'refused' && cause.kind === 'ResourceQuota' && cause.name === 'team'));
  });

  test('a namespace’s finalizer and remaining resources are named as the namespace controller tells them', () => {
    const [held] = findingsOf(old, 'namespace-terminating');
    assert.match(held?.message ?? '', /example\.com\/cleanup in 1 resource instances; .*configmaps\. has 1 resource instances/);
  });

  test('component-status is silent on a controller manager that renews its Lease, and critical when it does not', () => {
    // There is no scheduler in this control plane, which is only noted.
    assert.deepEqual(saidBy(young, 'component-status'), ['info Lease kube-system/kube-scheduler']);
    assert.deepEqual(saidBy(old, 'component-status'), [
      'critical Lease kube-system/kube-controller-manager',
      'info Lease kube-system/kube-scheduler',
    ]);
  });
});
