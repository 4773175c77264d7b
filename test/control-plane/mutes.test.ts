/** The annotations nightshift.dev/ignore on real objects: a Deployment, its pods' template, a Pod, a Namespace, as kubectl annotate writes them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { healthCheck } from '../../functions/health-check/operation.ts';
import type { Report } from '../../functions/report/model.ts';
import { runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import { barePod, condition, deployment, namespace, node, podStatus } from './checks/live-objects.ts';
import { namesOf, read, sourceOf, until } from './checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';

const pulling = { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } };

/** As `kubectl annotate` sends it; null takes one away. */
const annotate = async (plane: ControlPlane, path: string, annotations: Readonly<Record<string, string | null>>) => {
  const named = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`nightshift.dev/${name}`, value]));
  const { status } = await plane.request('PATCH', path, { metadata: { annotations: named } }, 'application/merge-patch+json');
  assert.equal(status, 200, path);
};
const deploymentPath = (name: string) => `/apis/apps/v1/namespaces/shop/deployments/${name}`;

/** Three Deployments and two bare pods, none of whose images can be pulled. */
const plant = async (plane: ControlPlane) => {
  const well = node('node-ok');
  await plane.apply(well);
  await plane.applyStatus({ ...well, status: { conditions: [condition('Ready', 'True', { reason: 'KubeletReady' })] } });
  for (const name of ['shop', 'sandbox']) await plane.apply(namespace(name));
  for (const name of ['checkout', 'cart', 'search']) await plane.apply(deployment('shop', name, 2, { nodeName: 'node-ok' }));
  await until('the controllers make the pods', async () => (await namesOf(plane, '/api/v1/namespaces/shop/pods')).length === 6);
  await plane.apply(barePod('shop', 'alone'));
  await plane.apply(barePod('sandbox', 'toy'));
  for (const place of ['shop', 'sandbox']) {
    for (const name of await namesOf(plane, `/api/v1/namespaces/${place}/pods`)) {
      const status = podStatus('Pending', false, { state: pulling });
      await plane.applyStatus({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: place, name }, status });
    }
  }
  await until('the Deployment’s controller sees them', async () => {
    const { status } = (await read(plane, deploymentPath('checkout'))) as { status: { unavailableReplicas?: number } };
    return status.unavailableReplicas === 2;
  });
};

describe('mutes on real objects', { timeout: 300_000 }, () => {
  let plane: ControlPlane;
  let unmuted: Report;
  let muted: Report;
  const run = async (previous?: Report, user?: string, only?: readonly string[]) =>
    runOnCluster({
      operation: healthCheck,
      cluster: 'test',
      options: {},
      own: only ? { only } : {},
      runId: previous ? 'second' : 'first',
      eventTime: new Date().toISOString(),
      open: () => sourceOf(plane, 60, user),
      previous,
      signal: AbortSignal.timeout(60_000),
    });
  const waiting = ({ findings }: Report) =>
    findings
      .flatMap((finding) => [finding, ...(finding.consequences ?? [])])
      .filter(({ check }) => check === 'pod-waiting')
      .map(({ object }) => `${object.kind} ${object.namespace}/${object.name}`)
      .toSorted();

  before(async () => {
    plane = await startControlPlane({
      controllers: ['deployment-controller', 'replicaset-controller'],
      users: { 'pods-only': ['pods-readers'] },
    });
    await plant(plane);
    unmuted = await run();
    await annotate(plane, deploymentPath('checkout'), {
      ignore: 'pod-waiting',
      'ignore-until': '2999-12-31',
      'ignore-reason': 'OPS-12: the registry moves',
    });
    for (const name of await namesOf(plane, '/api/v1/namespaces/shop/pods')) {
      if (name.startsWith('cart-')) await annotate(plane, `/api/v1/namespaces/shop/pods/${name}`, { ignore: 'pod-*, deployment-*' });
    }
    await annotate(plane, '/api/v1/namespaces/sandbox', { ignore: '*', 'ignore-reason': 'nobody’s' });
    await annotate(plane, '/api/v1/namespaces/shop/pods/alone', { ignore: '*', 'ignore-until': '2020-01-31' });
    await annotate(plane, deploymentPath('search'), { ignore: 'pod-waitng' });
    await until('the controller copies the annotation to the ReplicaSet', async () =>
      JSON.stringify(await read(plane, '/apis/apps/v1/namespaces/shop/replicasets')).includes('OPS-12'),
    );
    muted = await run(unmuted);
  });
  after(() => plane?.stop());

  test('without annotations all of it is found', () => {
    assert.deepEqual(waiting(unmuted), [
      'Deployment shop/cart',
      'Deployment shop/checkout',
      'Deployment shop/search',
      'Pod sandbox/toy',
      'Pod shop/alone',
    ]);
    assert.deepEqual(unmuted.ignored, []);
  });

  test('each takes away what it speaks of, and nothing is called resolved', () => {
    assert.deepEqual(waiting(muted), ['Deployment shop/search', 'Pod shop/alone']);
    assert.deepEqual(muted.resolved, []);
    const unavailable = muted.findings.filter(({ check }) => check === 'deployment-unavailable').map(({ object }) => object.name);
    assert.ok(unavailable.includes('checkout'), 'what the annotation does not name is still found');
    assert.equal(muted.complete, true);
  });

  test('each is listed with its object, reason and date; copies on ReplicaSets are not', () => {
    const listed = muted.ignored.map(({ rule, reason, count, note, from, mistake }) => ({
      rule: rule.replace(/cart-[a-z0-9-]+/, 'cart-*'),
      reason,
      effect: note ?? count > 0,
      from,
      ...(mistake && { mistake }),
    }));
    const from = 'annotation';
    assert.deepEqual(listed, [
      { rule: 'every check in namespace sandbox', reason: 'nobody’s', effect: true, from },
      { rule: 'pod-waiting on Deployment shop/checkout, until 2999-12-31', reason: 'OPS-12: the registry moves', effect: true, from },
      {
        rule: 'pod-waitng on Deployment shop/search',
        reason: 'no reason given',
        effect: 'not understood',
        from,
        mistake: 'no check is named "pod-waitng"',
      },
      { rule: 'every check on Pod shop/alone, until 2020-01-31', reason: 'no reason given', effect: 'expired', from },
      ...Array.from({ length: 2 }, () => ({
        rule: 'pod-*, deployment-* on Pod shop/cart-*',
        reason: 'no reason given',
        effect: true,
        from,
      })),
    ]);
  });

  test('taken off again, the findings are back as new, although the ReplicaSet keeps its copy', async () => {
    await annotate(plane, deploymentPath('checkout'), { ignore: null, 'ignore-until': null, 'ignore-reason': null });
    const after = await run(muted);
    const back = after.findings.find(({ check, object }) => check === 'pod-waiting' && object.name === 'checkout');
    const other = after.findings.find(({ check, object }) => check === 'pod-waiting' && object.name === 'search');
    assert.deepEqual([back?.change, other?.change], ['new', 'ongoing']);
    assert.ok(JSON.stringify(await read(plane, '/apis/apps/v1/namespaces/shop/replicasets')).includes('OPS-12'));
  });

  test('who may not list Namespaces gets a complete report that says that their annotations were not seen', async () => {
    const name = 'pods-only';
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ apiGroups: ['', 'apps', 'batch'], resources: ['pods', 'replicasets', 'jobs'], verbs: ['list'] }],
    } as never);
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'pods-readers' }],
    } as never);
    const report = await run(undefined, name, ['pod-waiting']);
    assert.equal(report.complete, true);
    assert.match(
      report.checks.find(({ check }) => check === 'ignore-annotations')?.reason ?? '',
      /kind Namespace were not seen: namespaces is forbidden/,
    );
    assert.ok(waiting(report).includes('Pod sandbox/toy'));
  });
});
