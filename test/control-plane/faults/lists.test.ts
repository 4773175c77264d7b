/** What goes wrong while lists are read, by a whole health check of a real API server behind a faulty proxy. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { apiClient, defaults } from '../../../functions/cluster/api-client.ts';
import { greet, wayTo } from '../../../functions/cluster/open-cluster.ts';
import { clusterSource } from '../../../functions/cluster/source-cluster.ts';
import type { Report } from '../../../functions/report/model.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import {
  type Asked,
  answered,
  type ClusterProxy,
  cutAfter,
  delayed,
  dripped,
  expired,
  type Fault,
  hungUp,
  rewritten,
  serviceUnavailable,
  silent,
  startClusterProxy,
  tooManyRequests,
} from '../parts/faulty-proxy.ts';
import { seedCluster } from '../parts/seed.ts';
import { anyList, assertIncomplete, incompleteOf, listOf, readersOf, runHealthCheck, sameOf } from './run-health-check.ts';

const pods = '/api/v1/pods';
const fingerprintsOf = ({ findings }: Report): readonly string[] =>
  findings.flatMap(({ fingerprint, consequences = [] }) => [fingerprint, ...consequences.map((each) => each.fingerprint)]);
/** Which page of a list is asked for, told by how often it was. */
const page = (asked: Asked): string => asked.query.get('continue') ?? '';

describe('lists through a faulty proxy', { concurrency: 3, timeout: 300_000 }, () => {
  let plane: ControlPlane;
  /** What a run without faults says. */
  let clean: Report;
  let podCount: number;
  before(async () => {
    plane = await startControlPlane();
    podCount = (await seedCluster(plane, { nodes: 40, pods: 3_000 })).objects.pods ?? 0;
    clean = await runHealthCheck(await plane.kubeconfig());
  });
  after(() => plane?.stop());

  const proxied = async (t: TestContext): Promise<ClusterProxy> => {
    const proxy = await startClusterProxy(plane);
    t.after(proxy.stop);
    return proxy;
  };
  /** Nothing is missing, and nothing was seen twice. */
  const assertSameAsClean = (report: Report) => assert.deepEqual(sameOf(report), sameOf(clean));
  /** A finding of every other check stands as it does without the fault. */
  const assertRestAsClean = (report: Report) => {
    const spoiled = new Set(incompleteOf(report));
    const known = new Set(fingerprintsOf(clean));
    for (const { check, fingerprint } of report.findings) {
      const own = !spoiled.has(check) && check !== 'warning-events';
      if (own) assert.ok(known.has(fingerprint), `${check} ${fingerprint} is there without the fault too`);
    }
    // Without its objects: what is only of use to a check may be among what could not be read.
    // Nor what is said of annotations: those of the kind that could not be read were not seen either.
    const ran = ({ checks }: Report) =>
      checks.filter(({ check }) => !spoiled.has(check) && check !== 'ignore-annotations').map(({ check, ran }) => ({ check, ran }));
    assert.deepEqual(ran(report), ran(clean));
  };

  test('without a fault the proxy changes nothing, and the pods come in several pages', async (t) => {
    const proxy = await proxied(t);
    assertSameAsClean(await runHealthCheck(proxy.kubeconfig));
    assert.equal(clean.checks.find(({ check }) => check === 'pod-waiting')?.objects, podCount);
    assert.ok(new Set(proxy.requests.filter(listOf(pods)).map(page)).size >= 5);
  });

  describe('429', () => {
    test('every list refused twice and the pods seven times, then served: whole, and never asked before Retry-After is over', async (t) => {
      const proxy = await proxied(t);
      const refusals = new Map<string, number>();
      const isRefused = (asked: Asked) => {
        const already = refusals.get(asked.path) ?? 0;
        const refused = anyList(asked) && page(asked) === '' && already < (asked.path === pods ? 7 : 2);
        if (refused) refusals.set(asked.path, already + 1);
        return refused;
      };
      const { struck } = proxy.plant({ when: isRefused }, tooManyRequests(1));
      assertSameAsClean(await runHealthCheck(proxy.kubeconfig));
      assert.ok(refusals.size > 10, 'many lists');
      assert.equal(refusals.get(pods), 7);
      for (const { path, at } of struck) {
        const next = proxy.requests.find((asked) => asked.path === path && asked.at > at && page(asked) === '');
        const waited = (next?.at ?? Number.NaN) - at;
        assert.ok(waited >= 990 && waited < 4_000, `${path} was asked again after ${waited} ms`);
      }
    });

    test('one list refused for ever: incomplete with the reason, in bounded time, the others as ever', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: listOf('/apis/batch/v1/cronjobs') }, tooManyRequests(1));
      const report = await runHealthCheck(proxy.kubeconfig);
      assertIncomplete(report, readersOf('cronjobs.batch'), /cronjobs\.batch: 127\.0\.0\.1:\d+ answered 429.*Too many requests/);
      assertRestAsClean(report);
      assert.ok(report.durationMs < 20_000, `${report.durationMs} ms`);
    });
  });

  test('503: asked again, and served', async (t) => {
    const proxy = await proxied(t);
    const seen = new Set<string>();
    const once = (asked: Asked) => anyList(asked) && page(asked) === '' && !seen.has(asked.path) && Boolean(seen.add(asked.path));
    proxy.plant({ when: once }, serviceUnavailable);
    assertSameAsClean(await runHealthCheck(proxy.kubeconfig));
    assert.ok(seen.size > 10);
  });

  describe('a connection that is cut', () => {
    const cuts: Readonly<Record<string, Fault>> = {
      'before the headers': hungUp,
      'before the first byte': cutAfter(0),
      'in the middle of the page': cutAfter(5_000),
      'shortly before the end': async (exchange) => {
        const { length } = (await exchange.ask()).body;
        return cutAfter(length - 20)(exchange);
      },
    };
    for (const [where, cut] of Object.entries(cuts)) {
      test(`${where}, in the first, a middle and the last page: asked again, each object once`, async (t) => {
        const proxy = await proxied(t);
        const struck = [0, 3].map((after) => {
          const seen = new Set<string>();
          // A page that is asked for again is no further page.
          const nth = (asked: Asked) => listOf(pods)(asked) && !seen.has(page(asked)) && seen.add(page(asked)).size === after + 1;
          return proxy.plant({ when: nth }, cut);
        });
        // The last page is the one whose answer goes on nowhere.
        let last = 0;
        proxy.plant({ when: listOf(pods) }, async (exchange) => {
          const body = JSON.parse((await exchange.ask({ 'accept-encoding': 'identity' })).body.toString('utf8'));
          if (body.metadata.continue === undefined && last++ === 0) return cut(exchange);
          return rewritten((same) => same)(exchange);
        });
        const report = await runHealthCheck(proxy.kubeconfig);
        assertSameAsClean(report);
        assert.deepEqual([...struck.map((each) => each.struck.length), last >= 2], [1, 1, true]);
      });
    }

    test('every time, in a middle page: that read failed, its checks could not run, the rest is as ever', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: (asked) => listOf(pods)(asked) && page(asked) !== '' }, cutAfter(5_000));
      const report = await runHealthCheck(proxy.kubeconfig, { previous: clean });
      assertIncomplete(report, readersOf('pods'), /pods: the connection to 127\.0\.0\.1:\d+ was cut/);
      assertRestAsClean(report);
      assert.deepEqual(report.resolved, []);
      const seen = new Set(fingerprintsOf(report));
      for (const { check, fingerprint } of clean.findings.filter((finding) => readersOf('pods').includes(finding.check))) {
        assert.ok(seen.has(fingerprint), `${check} ${fingerprint} is not lost`);
      }
    });
  });

  describe('something else in the place of a page', () => {
    const html = '<html><body>Bad gateway: please log in</body></html>';
    const garbage: readonly [string, Fault, RegExp][] = [
      ['HTML', answered(200, html, { 'content-type': 'text/html' }), /answered with text\/html instead of JSON/],
      ['JSON that ends early', answered(200, '{"kind":"PodList","items":[', { 'content-type': 'application/json' }), /not whole/],
      [
        'bytes that are not the gzip they claim to be',
        answered(200, 'x'.repeat(500), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
        /cut/,
      ],
      [
        'a Status',
        answered(200, '{"kind":"Status","status":"Failure"}', { 'content-type': 'application/json' }),
        /something that is no list/,
      ],
      ['HTML with 502', answered(502, html, { 'content-type': 'text/html' }), /answered 502: .*Bad gateway/],
    ];
    for (const [what, fault, reason] of garbage) {
      test(`${what}: the read failed and says so, the rest is as ever`, async (t) => {
        const proxy = await proxied(t);
        proxy.plant({ when: listOf('/apis/apps/v1/statefulsets') }, fault);
        const report = await runHealthCheck(proxy.kubeconfig);
        assertIncomplete(report, readersOf('statefulsets.apps'), reason);
        assertRestAsClean(report);
      });
    }
  });

  describe('410 in the middle of a list', () => {
    test('with a token: goes on with it, each object once, complete', async (t) => {
      const proxy = await proxied(t);
      const { struck } = proxy.plant({ when: (asked) => listOf(pods)(asked) && page(asked) !== '', after: 1, times: 1 }, expired(true));
      assertSameAsClean(await runHealthCheck(proxy.kubeconfig));
      assert.equal(struck.length, 1);
    });

    test('without a token: the read failed, is not begun again, and the rest is as ever', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: (asked) => listOf(pods)(asked) && page(asked) !== '', after: 1, times: 1 }, expired(false));
      const report = await runHealthCheck(proxy.kubeconfig);
      assertIncomplete(report, readersOf('pods'), /pods: the list expired while it was read/);
      assertRestAsClean(report);
      assert.equal(proxy.requests.filter((asked) => listOf(pods)(asked) && page(asked) === '').length, 1);
    });
  });

  describe('slow', () => {
    test('a list that comes in drips is waited for', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: listOf('/api/v1/nodes'), times: 1 }, dripped(2_000, 20));
      assertSameAsClean(await runHealthCheck(proxy.kubeconfig));
    });

    test('a list that takes long does not hold up the others', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: listOf('/apis/apps/v1/daemonsets'), times: 1 }, delayed(3_000));
      const report = await runHealthCheck(proxy.kubeconfig);
      assertSameAsClean(report);
      const begun = proxy.requests[0]?.at ?? 0;
      const late = proxy.requests.filter((asked) => anyList(asked) && asked.at - begun > 2_500);
      assert.deepEqual(late, [], 'all others were asked meanwhile');
    });

    /** The product's own timeouts at a twentieth of their size: three seconds are its minute. */
    const twentieth = (kubeconfigFile: string) => async (signal: AbortSignal) => {
      const { access } = await wayTo({ kubeconfigFile }, { interactive: false, signal, name: 'prod' });
      const { connect, idle, whole } = defaults.timeouts;
      const client = apiClient(access, { timeouts: { connect, idle: idle / 20, whole: whole / 20 } });
      return clusterSource(client, { name: access.server, ...(await greet(client, signal)) });
    };

    test('a list that answers after a minute is waited for: the server’s own limit is no longer', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: listOf('/api/v1/services'), times: 1 }, delayed(3_000));
      const report = await runHealthCheck(proxy.kubeconfig, { open: twentieth(proxy.kubeconfig) });
      assertSameAsClean(report);
      assert.equal(proxy.requests.filter(listOf('/api/v1/services')).filter((asked) => page(asked) === '').length, 1, 'asked once');
    });

    test('a list that never answers is asked for smaller once, and then could not be read', async (t) => {
      const proxy = await proxied(t);
      proxy.plant({ when: listOf('/api/v1/services') }, silent);
      const report = await runHealthCheck(proxy.kubeconfig, { open: twentieth(proxy.kubeconfig) });
      assertIncomplete(report, readersOf('services'), /services: 127\.0\.0\.1:\d+: nothing came for/);
      assertRestAsClean(report);
      assert.deepEqual(
        proxy.requests.filter(listOf('/api/v1/services')).map(({ query }) => query.get('limit')),
        ['250', '50'],
      );
    });

    test('504: the server’s own minute is over, and it is asked for less', async (t) => {
      const proxy = await proxied(t);
      const gatewayTimeout = answered(504, '{"kind":"Status","status":"Failure","reason":"Timeout","code":504}', {
        'content-type': 'application/json',
      });
      proxy.plant({ when: (asked) => listOf(pods)(asked) && Number(asked.query.get('limit')) > 100 }, gatewayTimeout);
      assertSameAsClean(await runHealthCheck(proxy.kubeconfig));
      const limits = proxy.requests.filter(listOf(pods)).map(({ query }) => query.get('limit'));
      assert.deepEqual(limits.slice(0, 3), ['250', '50', '50']);
    });
  });
});
