/** What goes wrong where the API server says what it serves, by a whole health check of a real one. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../../../functions/report/model.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { answered, askedWith, type ClusterProxy, cutAfter, serviceUnavailable, silent, startClusterProxy } from '../parts/faulty-proxy.ts';
import { assertIncomplete, readersOf, runHealthCheck } from './run-health-check.ts';

const argo = 'argocd-application-unhealthy';

describe('discovery', { timeout: 120_000 }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await plane.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'checkout', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { selector: { app: 'checkuot' }, ports: [{ port: 80 }] },
    });
    // The group that a check reads is told of by a server that is gone.
    const service = { name: 'gone', namespace: 'default', port: 443 };
    await plane.apply({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1alpha1.argoproj.io' },
      spec: {
        group: 'argoproj.io',
        version: 'v1alpha1',
        service,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
      },
    });
    const isKnown = async () => {
      const { body } = await plane.request('GET', '/apis');
      return JSON.stringify(body).includes('argoproj.io');
    };
    while (!(await isKnown())) await sleep(100);
  });
  after(() => plane?.stop());

  const proxied = async (t: TestContext): Promise<ClusterProxy> => {
    const proxy = await startClusterProxy(plane);
    t.after(proxy.stop);
    return proxy;
  };
  const reasonOf = ({ checks }: Report, id: string) => checks.find(({ check }) => check === id)?.reason ?? '';
  const ran = ({ checks }: Report, id: string) => checks.find(({ check }) => check === id)?.ran;
  const assertGroupDown = (report: Report) => {
    assertIncomplete(report, [argo], /applications\.argoproj\.io/);
    assert.doesNotMatch(reasonOf(report, argo), /the cluster has no/, 'a CRD whose server does not answer is not absent');
    assert.match(report.incomplete[0]?.remedy ?? '', /kubectl get apiservices/);
    for (const id of ['pod-waiting', 'service-without-endpoints', 'deployment-unavailable', 'node-not-ready'])
      assert.equal(ran(report, id), true, id);
    assert.equal(ran(report, 'flux-kustomization-unhealthy'), false);
    assert.match(reasonOf(report, 'flux-kustomization-unhealthy'), /the cluster has no kustomizations/);
  };

  test('an APIService whose server is down: the checks of its group could not run, all others did', async () => {
    assertGroupDown(await runHealthCheck(await plane.kubeconfig()));
  });

  test('the same, told by discovery in its old form', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/api' || path === '/apis' }, askedWith({ accept: 'application/json' }));
    assertGroupDown(await runHealthCheck(proxy.kubeconfig));
    assert.ok(proxy.requests.some(({ path }) => path === '/apis/argoproj.io/v1alpha1'));
  });

  test('a proxy between that refuses the aggregated form', async (t) => {
    const proxy = await proxied(t);
    const aggregated = ({ path, headers }: ClusterProxy['requests'][number]) =>
      /^\/apis?$/.test(path) && headers.accept?.includes('APIGroupDiscoveryList');
    proxy.plant({ when: (asked) => aggregated(asked) === true }, answered(406, 'not acceptable'));
    assertGroupDown(await runHealthCheck(proxy.kubeconfig));
  });

  /** None of a named group passes for one that the cluster does not have. */
  const assertNoneAbsent = (report: Report) => {
    assert.equal(report.complete, false);
    for (const { check, reason } of report.checks) assert.doesNotMatch(reason ?? '', /the cluster has no/, check);
    for (const id of readersOf('deployments.apps', 'applications.argoproj.io', 'kustomizations.kustomize.toolkit.fluxcd.io')) {
      assert.ok(
        report.incomplete.some(({ check }) => check === id),
        id,
      );
    }
  };
  const assertCoreAlone = (report: Report) => {
    assertNoneAbsent(report);
    for (const id of ['node-not-ready', 'node-pressure']) assert.equal(ran(report, id), true, id);
  };

  test('/apis answers 503 for ever: the core group is read all the same, and no named group passes for absent', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/apis' }, serviceUnavailable);
    const report = await runHealthCheck(proxy.kubeconfig);
    assertCoreAlone(report);
    assert.ok(report.durationMs < 15_000, `asked for once, not once a list: ${report.durationMs} ms`);
  });

  test('/apis is cut every time: likewise', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/apis' }, cutAfter(200));
    assertCoreAlone(await runHealthCheck(proxy.kubeconfig));
  });

  test('/apis says something else in JSON: likewise', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/apis' }, answered(200, '{"message":"hello"}', { 'content-type': 'application/json' }));
    assertCoreAlone(await runHealthCheck(proxy.kubeconfig));
  });

  test('/apis never answers: the time budget ends it, and the report is written', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/apis' }, silent);
    const report = await runHealthCheck(proxy.kubeconfig, { remainingMs: 4_000 });
    assertNoneAbsent(report);
    assert.ok(report.durationMs < 3_500);
  });

  test('/apis is cut once: asked again, and nothing is missing', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/apis', times: 1 }, cutAfter(200));
    assertGroupDown(await runHealthCheck(proxy.kubeconfig));
  });
});
