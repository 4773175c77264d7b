/** One pod that ended for each guard and each key that keeps, on a real API server: the plan names what holds it, and applying leaves it there. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { keepKeys } from '../../../functions/actions/guards/keep-keys.ts';
import { alwaysProtected } from '../../../functions/actions/guards/settings.ts';
import { cleanup } from '../../../functions/cleanup/operation.ts';
import type { Report } from '../../../functions/report/model.ts';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { type OperationOptions, operationOptions } from '../../../functions/runtime/configuration.ts';
import { runOnCluster } from '../../../functions/runtime/run-on-cluster.ts';
import { sourceOf } from '../checks/live-scan.ts';
import { expectGood } from '../parts/api-client.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';

type Fields = Readonly<Record<string, unknown>>;

const longAgo = '2026-01-01T10:00:00Z';
const valueFor = (keeps: ((value: string) => boolean) | undefined): string => {
  const value = ['yes', 'keep', 'forever', 'false', 'true'].find((each) => keeps?.(each) ?? true);
  assert(value !== undefined);
  return value;
};
/** Each key of the table on a pod of its own, named by its place in the table. */
const keyed = keepKeys.map(({ key, on, keeps }, place) => {
  const whole = key.endsWith('/') ? `${key}name` : key;
  return { name: `key-${place}`, key: whole, metadata: { [on === 'label' ? 'labels' : 'annotations']: { [whole]: valueFor(keeps) } } };
});

/** As the configuration gives them. */
const checksOf = (checks: Fields) => operationOptions.parse({ checks }).checks;

describe('what guards keep', { timeout: 300_000 }, () => {
  let plane: ControlPlane;
  const directory = temporaryDirectory('cleanup-guards');
  let planned: Report;
  before(async () => {
    plane = await startControlPlane({});
    for (const [name, metadata] of [
      ['work', {}],
      ['kept', { annotations: { 'nightshift.dev/keep': 'true' } }],
      ['named', {}],
    ] as const)
      await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadata } });
    for (const name of ['plain-1', 'plain-2']) await failedPod('work', name);
    for (const { name, metadata } of keyed) await failedPod('work', name, metadata);
    await failedPod('kept', 'in-kept-namespace');
    await failedPod('named', 'in-protected-namespace');
    for (const name of alwaysProtected) await failedPod(name, 'in-protected-namespace');
    await failedPod('work', 'with-finalizer', { finalizers: ['example.com/wait'] });
    await failedPod('work', 'of-argo', {}, 'argocd-controller');
    planned = await run({});
  });
  after(async () => {
    await plane?.stop();
    removeTemporaryDirectory(directory);
  });

  const failedPod = async (namespace: string, name: string, metadata: Fields = {}, manager = 'kubectl-create') => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, ...metadata },
      spec: { nodeName: 'gone', containers: [{ name: 'app', image: 'app' }], automountServiceAccountToken: false },
    };
    expectGood(name, await plane.request('POST', `/api/v1/namespaces/${namespace}/pods?fieldManager=${manager}`, pod));
    const terminated = { exitCode: 1, startedAt: longAgo, finishedAt: longAgo, containerID: 'c://1' };
    const containerStatuses = [{ name: 'app', image: 'app', imageID: '', ready: false, restartCount: 0, state: { terminated } }];
    await plane.applyStatus({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      status: { phase: 'Failed', containerStatuses },
    });
  };
  const run = async (own: Fields, guards: OperationOptions['guards'] = {}, minimumAgeHours = 0): Promise<Report> => {
    const kubeconfigFile = await plane.kubeconfig();
    const options: OperationOptions = {
      checks: checksOf({ 'terminated-pods': { minimumAgeHours } }),
      guards: { limits: { percent: 100 }, protectedNamespaces: ['named'], writesPerSecond: 100, ...guards },
    };
    return runOnCluster({
      operation: cleanup,
      cluster: 'test',
      options,
      own: { ...own },
      runId: randomUUID().replaceAll('-', '').slice(0, 16),
      eventTime: new Date().toISOString(),
      origin: 'direct',
      open: () => sourceOf(plane),
      writing: { access: { given: { kubeconfigFile } }, interactive: true, freezable: false },
      state: directoryStorage(directory),
      previous: undefined,
      signal: AbortSignal.timeout(120_000),
    });
  };
  const actionOn = (report: Report, name: string, namespace = 'work') =>
    report.actions.find(({ object }) => object.kind === 'Pod' && object.name === name && object.namespace === namespace);
  const heldBy = (name: string, namespace = 'work'): string => {
    const action = actionOn(planned, name, namespace);
    assert.equal(action?.state, 'held', `${name}: ${JSON.stringify(action)}`);
    return action.heldBy?.guard ?? '';
  };

  test('each key of the table keeps, and is named', () => {
    assert(keyed.length > 30);
    for (const { name, key } of keyed) {
      assert.equal(heldBy(name), 'keep-keys');
      assert(actionOn(planned, name)?.heldBy?.because.includes(key), key);
    }
  });

  test('each guard keeps its own', () => {
    assert.equal(heldBy('in-kept-namespace', 'kept'), 'keep-keys');
    for (const namespace of ['named', ...alwaysProtected])
      assert.equal(heldBy('in-protected-namespace', namespace), 'protected-namespaces');
    assert.equal(heldBy('of-argo'), 'declared-elsewhere');
    // What has a finalizer is not even proposed: somebody waits for it.
    assert.equal(actionOn(planned, 'with-finalizer'), undefined);
  });

  test('beyond a limit nothing is planned', async () => {
    const report = await run({}, { limits: { number: 1 } });
    assert.equal(report.plan, undefined);
    for (const name of ['plain-1', 'plain-2']) assert.equal(actionOn(report, name)?.heldBy?.guard, 'limits');
  });

  test('what is too young is kept, and nothing is planned', async () => {
    const report = await run({}, {}, 1);
    assert.equal(report.plan, undefined);
    for (const name of ['plain-1', 'plain-2']) assert.equal(actionOn(report, name)?.heldBy?.guard, 'minimum-age');
  });

  test('what is left is planned, and nothing else goes when it is applied', async () => {
    const before = await pods();
    const names = planned.actions.filter(({ state }) => state === 'planned').map(({ object }) => `${object.namespace}/${object.name}`);
    assert.deepEqual(names, ['work/plain-1', 'work/plain-2']);
    const report = await run({ apply: planned.plan?.id });
    assert.equal(report.journal?.ended, 'complete', JSON.stringify(report.journal));
    assert.deepEqual(
      await pods(),
      before.filter((name) => !names.includes(name)),
    );
  });

  test('what a guard keeps by the time of applying stays, though it was planned', async () => {
    await failedPod('work', 'marked-later');
    await failedPod('work', 'goes');
    const fresh = await run({});
    const marked = await plane.request(
      'PATCH',
      '/api/v1/namespaces/work',
      { metadata: { annotations: { 'nightshift.dev/keep': 'true' } } },
      'application/merge-patch+json',
    );
    expectGood('mark', marked);
    const report = await run({ apply: fresh.plan?.id });
    assert.deepEqual(
      report.actions.map(({ object, outcome }) => `${object.name} ${outcome?.result}`),
      ['goes held', 'marked-later held'],
    );
  });

  const pods = async (): Promise<readonly string[]> => {
    const { items } = expectGood('pods', await plane.request('GET', '/api/v1/pods')) as {
      readonly items: readonly { readonly metadata: { readonly namespace: string; readonly name: string } }[];
    };
    return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).toSorted();
  };
});
