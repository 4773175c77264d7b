/** The time budget spent half way, by a whole health check of a real API server: the report is written, and nothing is called resolved. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { openCluster } from '../../../functions/cluster/open-cluster.ts';
import type { Report } from '../../../functions/report/model.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { type ClusterProxy, delayed, dripped, silent, startClusterProxy } from '../parts/faulty-proxy.ts';
import { seedCluster } from '../parts/seed.ts';
import { anyList, incompleteOf, listOf, readersOf, runHealthCheck } from './run-health-check.ts';

/** A function with so long to live keeps three seconds of it for the report. */
const remainingMs = 7_000;

describe('the time budget spent half way', { concurrency: true, timeout: 120_000 }, () => {
  let plane: ControlPlane;
  /** The report of the night before, complete. */
  let previous: Report;
  before(async () => {
    plane = await startControlPlane();
    await seedCluster(plane, { nodes: 30, pods: 2_000 });
    previous = await runHealthCheck(await plane.kubeconfig());
    assert.equal(previous.complete, true);
  });
  after(() => plane?.stop());

  const proxied = async (t: TestContext): Promise<ClusterProxy> => {
    const proxy = await startClusterProxy(plane);
    t.after(proxy.stop);
    return proxy;
  };
  const of = ({ findings }: Report, checks: readonly string[]) => findings.filter(({ check }) => checks.includes(check));
  /** What the last report said is still there, and says of itself that nobody looked. */
  const assertUnverified = (report: Report, checks: readonly string[]) => {
    const before = of(previous, checks);
    assert.ok(before.length > 0);
    const now = new Map(report.findings.map((finding) => [finding.fingerprint, finding]));
    const consequences = new Map(report.findings.flatMap(({ consequences: all = [] }) => all.map((each) => [each.fingerprint, each])));
    for (const { check, fingerprint, since } of before) {
      const kept = now.get(fingerprint) ?? consequences.get(fingerprint);
      assert.ok(kept, `${check} ${fingerprint} is kept`);
      assert.deepEqual([kept.change, kept.since], ['unverified', since], `${check} ${fingerprint}`);
    }
  };
  const assertWrittenInTime = (report: Report) => {
    assert.ok(report.durationMs < remainingMs - 2_000, `${report.durationMs} ms`);
    assert.equal(report.complete, false);
    assert.deepEqual(report.resolved, []);
  };

  test('one list hangs: its checks could not run, their findings are unverified, all others ran', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: listOf('/api/v1/nodes') }, silent);
    const report = await runHealthCheck(proxy.kubeconfig, { previous, remainingMs });
    assertWrittenInTime(report);
    const unread = readersOf('nodes');
    assert.deepEqual(incompleteOf(report), unread);
    for (const { reason, remedy } of report.incomplete) {
      assert.match(reason, /nodes: the time budget was spent before the list was whole/);
      assert.match(remedy, /deployment\.timeoutSeconds/);
    }
    assertUnverified(report, unread);
    for (const finding of of(report, ['deployment-unavailable'])) assert.equal(finding.change, 'ongoing');
  });

  test('one list is slow and comes half: what was seen of it counts for nothing that is absent', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: listOf('/api/v1/pods'), after: 1 }, dripped(1_000, 200));
    const report = await runHealthCheck(proxy.kubeconfig, { previous, remainingMs });
    assertWrittenInTime(report);
    assert.deepEqual(incompleteOf(report), readersOf('pods'));
    assert.ok((report.checks.find(({ check }) => check === 'pod-waiting')?.objects ?? 0) >= 250, 'the first page was seen');
    assertUnverified(report, ['pod-pending']);
  });

  test('every list is slow: the report says of each check whether it ran', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: anyList }, delayed(1_500));
    const report = await runHealthCheck(proxy.kubeconfig, { previous, remainingMs });
    assertWrittenInTime(report);
    for (const { check } of previous.checks)
      assert.ok(
        report.checks.some((each) => each.check === check),
        `${check} is not passed over`,
      );
    const unread = incompleteOf(report);
    assert.ok(unread.length > 3);
    assertUnverified(report, unread);
    for (const id of ['api-server-health', 'api-server-certificate']) assert.ok(!unread.includes(id), `${id} waits for no list`);
    for (const { check, ran, reason } of report.checks) assert.ok(ran || reason, `${check} says why it did not run`);
  });

  test('a probe hangs: its check could not run, all others did', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/readyz' || path === '/livez' }, silent);
    const report = await runHealthCheck(proxy.kubeconfig, { previous, remainingMs });
    assertWrittenInTime(report);
    assert.ok(incompleteOf(report).includes('api-server-health'));
    for (const { check, ran } of report.checks) if (/^(pod|node|service)-/.test(check)) assert.ok(ran, check);
  });

  test('the way to the cluster is not open by then: one critical finding, and all of the last report unverified', async (t) => {
    const proxy = await proxied(t);
    proxy.plant({ when: ({ path }) => path === '/version' }, silent);
    const report = await runHealthCheck(proxy.kubeconfig, { previous, remainingMs });
    assertWrittenInTime(report);
    assert.equal(report.status, 'critical');
    assert.ok(
      report.findings.some(({ check, severity, change }) => check === 'cluster-access' && severity === 'critical' && change === 'new'),
    );
    for (const { check, change } of report.findings) if (check !== 'cluster-access') assert.equal(change, 'unverified', check);
    assertUnverified(
      report,
      previous.checks.map(({ check }) => check),
    );
  });

  test('the night after, with time enough: as if that night had not been', async (t) => {
    const proxy = await proxied(t);
    const planted = proxy.plant({ when: listOf('/api/v1/pods') }, silent);
    const halved = await runHealthCheck(proxy.kubeconfig, { previous, remainingMs });
    planted.remove();
    const report = await runHealthCheck(proxy.kubeconfig, { previous: halved });
    assert.equal(report.complete, true);
    const since = new Map(previous.findings.map((finding) => [finding.fingerprint, finding.since]));
    for (const finding of report.findings.filter(({ check }) => check !== 'warning-events')) {
      assert.deepEqual([finding.change, finding.since], ['ongoing', since.get(finding.fingerprint)], finding.fingerprint);
    }
    assert.deepEqual(
      report.resolved.filter(({ check }) => check !== 'warning-events'),
      [],
    );
  });

  test('the budget is over before it began: a report all the same', async () => {
    const kubeconfigFile = await plane.kubeconfig();
    const open = () => openCluster({ kubeconfigFile }, { interactive: false, signal: new AbortController().signal, name: 'prod' });
    const report = await runHealthCheck(kubeconfigFile, { previous, remainingMs: 1, open });
    assert.equal(report.complete, false);
    assert.deepEqual(report.resolved, []);
    assert.ok(report.findings.length > 0);
  });
});
