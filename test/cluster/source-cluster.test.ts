import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { argoApplications, deployments, metadataOf, nodes, pods, secrets, services } from '../../functions/cluster/kinds.ts';
import { NotApplicable, NotReadable, type Read } from '../../functions/scan/contracts.ts';
import { type Answers, listOf, readAll, sourceOf, stopAll } from './api-server-stub.ts';
import { sendJson } from './https-server.ts';

afterEach(stopAll);
const impatient = { firstWait: 5, timeouts: { connect: 5_000, idle: 300, whole: 10_000 } };

describe('what is asked for', () => {
  test('namespace, selectors, and metadata alone', async () => {
    const { source, requests } = await sourceOf({
      '/api/v1/namespaces/kube-system/pods': (_, response) => sendJson(response, { items: [] }),
      '/api/v1/nodes': (_, response) => sendJson(response, { items: [] }),
      '/apis/apps/v1/deployments': (_, response) => sendJson(response, { items: [] }),
    });
    const selected: Read = { ...pods, namespace: 'kube-system', labels: 'a=b,c', fields: 'status.phase!=Running' };
    const { ends } = await readAll(source, [selected, { ...nodes, namespace: 'kube-system' }, metadataOf(deployments)]);
    for (const end of ends.values()) assert.equal(end.state, 'complete');
    const asked = new Map(
      requests.map(({ url, headers }) => [url?.split('?')[0], { query: new URLSearchParams(url?.split('?')[1]), headers }]),
    );
    const { query } = asked.get('/api/v1/namespaces/kube-system/pods') ?? {};
    assert.deepEqual(Object.fromEntries(query ?? []), { limit: '250', labelSelector: 'a=b,c', fieldSelector: 'status.phase!=Running' });
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
    assert.equal(asked.get('/apis/apps/v1/deployments')?.headers.accept, accept);
    assert.equal(asked.get('/api/v1/nodes')?.headers.accept, 'application/json');
  });

  test('at most three lists at once, and pages are not read ahead of who looks at them', async () => {
    let open = 0;
    let most = 0;
    const list = listOf(20_000, 100);
    const answer: Answers[string] = async (_, response, url) => {
      open += 1;
      most = Math.max(most, open);
      await sleep(5);
      open -= 1;
      sendJson(response, list(url));
    };
    const { source, paths } = await sourceOf({
      '/api/v1/pods': answer,
      '/api/v1/services': answer,
      '/api/v1/secrets': answer,
      '/api/v1/nodes': answer,
      '/apis/apps/v1/deployments': answer,
    });
    const stream = source.read([nodes, services, secrets, deployments, pods], new AbortController().signal)[Symbol.asyncIterator]();
    await stream.next();
    await sleep(150);
    const lists = paths().filter((path) => path.includes('limit='));
    assert.ok(
      lists.some((path) => path.includes('/pods?')),
      'the longest list is begun first',
    );
    assert.ok(lists.length <= 7, `one page shown, of each list one more that waits and one under way: ${lists.length}`);
    assert.equal(most, 3);
    await stream.return?.();
    await sleep(50);
    assert.equal(paths().filter((path) => path.includes('limit=')).length, lists.length, 'who leaves ends the requests');
  });

  test('a spent budget ends every read at once, each with what it had', async () => {
    const list = listOf(700);
    const { source } = await sourceOf({
      '/api/v1/pods': (_, response, url) => {
        if (!url.searchParams.has('continue')) sendJson(response, list(url));
      },
    });
    const started = performance.now();
    const { ends } = await readAll(source, [pods, argoApplications, services, secrets, nodes], AbortSignal.timeout(100));
    assert.ok(performance.now() - started < 4_000);
    const end = ends.get(pods);
    assert.deepEqual([end?.objects, end?.state === 'failed' && end.reason], [250, 'budget']);
  });
});

describe('what is not there, or not allowed', () => {
  test('absent is told by discovery, and its list is not even asked for', async () => {
    const { source, paths } = await sourceOf({});
    const { ends } = await readAll(source, [argoApplications, { ...deployments, versions: ['v2'] }, { ...pods, resource: 'gadgets' }]);
    assert.deepEqual([...ends.values()].map((end) => end.state === 'absent' && end.reason).toSorted(), [
      'the cluster has no applications.argoproj.io',
      'the cluster has no deployments.apps in v2 (it serves v1)',
      'the cluster has no gadgets in v1 (it serves v1)',
    ]);
    assert.deepEqual(paths().toSorted(), ['/api', '/apis']);
  });

  test('a stale group is unavailable', async () => {
    const { source } = await sourceOf({});
    const { end } = await readAll(source, [{ group: 'metrics.k8s.io', resource: 'nodes', kind: 'NodeMetrics', versions: ['v1beta1'] }]);
    assert.deepEqual([end?.state, end?.state === 'failed' && end.reason], ['failed', 'unavailable']);
  });

  test('a list whose server answers in plain text is unavailable', async () => {
    const { source } = await sourceOf({
      '/apis/apps/v1/deployments': (_, response) => response.writeHead(503).end('service unavailable\n'),
    });
    const { end } = await readAll(source, [deployments]);
    assert.match(
      end?.state === 'failed' && end.reason === 'unavailable' ? end.message : '',
      /deployments\.apps: .* answered 503: service unavailable/,
    );
  });

  test('forbidden: the missing rule, as YAML to apply', async () => {
    const said = (what: string) =>
      `${what} is forbidden: User "night" cannot list resource "${what}" in API group "apps" at the cluster scope`;
    const forbid: Answers[string] = (_, response) => sendJson(response, { kind: 'Status', code: 403, message: said('deployments') }, 403);
    const { source } = await sourceOf({
      '/apis/apps/v1/deployments': forbid,
      '/apis/apps/v1/namespaces/shop/deployments': forbid,
      '/api/v1/secrets': forbid,
    });
    const inShop: Read = { ...deployments, namespace: 'shop' };
    const sensitive: Read = { ...metadataOf(secrets), sensitive: true };
    const { ends } = await readAll(source, [deployments, inShop, sensitive]);
    const end = ends.get(deployments);
    assert.ok(end?.state === 'failed' && end.reason === 'forbidden');
    assert.equal(end.message, said('deployments'));
    assert.match(end.remedy, /^kubectl apply the missing right:\n/);
    const [role, binding] = parseAllDocuments(end.remedy.slice(end.remedy.indexOf('\n'))).map((document) => document.toJS());
    assert.deepEqual(role.rules, [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['list'] }]);
    assert.deepEqual(
      [role.kind, role.metadata.name, binding.roleRef.name],
      ['ClusterRole', 'nightshift-list-deployments.apps', role.metadata.name],
    );
    assert.deepEqual(binding.subjects, [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'night' }]);
    const local = ends.get(inShop);
    assert.match(
      local?.state === 'failed' ? local.remedy : '',
      /kind: Role\nmetadata:\n {2}name: nightshift-list-deployments\.apps\n {2}namespace: "shop"/,
    );
    assert.equal(ends.get(sensitive)?.state, 'not-granted');
  });

  test('discovery that is forbidden fails the reads, and does not say absent', async () => {
    const { source } = await sourceOf({
      '/apis': (_, response) => sendJson(response, { kind: 'Status', message: 'User "system:anonymous" cannot get path "/apis"' }, 403),
    });
    const { end } = await readAll(source, [argoApplications]);
    assert.ok(end?.state === 'failed' && end.reason === 'forbidden');
    assert.match(`${end.message} ${end.remedy}`, /takes us for nobody \(system:anonymous\).*names no user/);
  });
});

describe('probes', () => {
  const signal = new AbortController().signal;

  test('a 500 is an answer, with its text and the certificate', async () => {
    const { source } = await sourceOf({
      '/readyz': (_, response) => response.writeHead(500).end('[-]etcd failed: \u001b[31mreason withheld'),
    });
    const answer = await source.probe('/readyz?verbose', signal);
    assert.deepEqual([answer.status, answer.body], [500, '[-]etcd failed: [31mreason withheld']);
    assert.equal(answer.certificate?.subject, 'kube-apiserver');
  });

  test('forbidden: the missing rule; cut or silent: not readable', async () => {
    const { source } = await sourceOf(
      {
        '/readyz': (_, response) =>
          sendJson(
            response,
            { kind: 'Status', message: 'forbidden: User "system:serviceaccount:ops:night" cannot get path "/readyz"' },
            403,
          ),
        '/livez': ({ socket }) => socket.destroy(),
        '/version': () => undefined,
      },
      {},
      impatient,
    );
    await assert.rejects(source.probe('/readyz?verbose', signal), (error: unknown) => {
      assert.ok(error instanceof NotReadable && error.reason === 'forbidden');
      assert.match(error.remedy, /nonResourceURLs: \["\/readyz", "\/readyz\/\*"\]\n {2}verbs: \["get"\]/);
      assert.match(error.remedy, /- kind: ServiceAccount\n {2}namespace: "ops"\n {2}name: "night"/);
      return true;
    });
    await assert.rejects(
      source.probe('/livez', signal),
      (error: unknown) => error instanceof NotReadable && error.reason === 'unavailable',
    );
    await assert.rejects(source.probe('/version', signal), (error: unknown) => error instanceof NotReadable && error.reason === 'timeout');
  });

  test('what AWS says of a cluster, where it is reached as one of EKS', async () => {
    const description = JSON.stringify({ status: 'ACTIVE', health: { issues: [] } });
    const { source } = await sourceOf({}, { eksCluster: description });
    assert.deepEqual(await source.probe('eks:DescribeCluster', signal), { status: 200, body: description });
    await assert.rejects((await sourceOf({})).source.probe('eks:DescribeCluster', signal), NotApplicable);
  });
});
