import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { type ApiClientSettings, apiClient } from '../../functions/cluster/api-client.ts';
import { argoApplications, deployments, metadataOf, nodes, pods, secrets, services } from '../../functions/cluster/kinds.ts';
import { clusterSource } from '../../functions/cluster/source-cluster.ts';
import { type End, NotApplicable, NotReadable, type Read, type Source } from '../../functions/scan/contracts.ts';
import { sendJson, startHttpsServer } from './https-server.ts';

const running: { stop(): void }[] = [];
afterEach(() => {
  for (const each of running.splice(0)) each.stop();
});

type Answers = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse, url: URL) => void>>;

const served = (resource: string, scope = 'Namespaced') => ({ resource, scope, verbs: ['list'] });
const core = [served('pods'), served('services'), served('secrets'), served('nodes', 'Cluster')];
const discovered: Answers = {
  '/api': (_, response) =>
    sendJson(response, { kind: 'APIGroupDiscoveryList', items: [{ metadata: {}, versions: [{ version: 'v1', resources: core }] }] }),
  '/apis': (_, response) =>
    sendJson(response, {
      kind: 'APIGroupDiscoveryList',
      items: [
        { metadata: { name: 'apps' }, versions: [{ version: 'v1', freshness: 'Current', resources: [served('deployments')] }] },
        { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', freshness: 'Stale', resources: [] }] },
      ],
    }),
};

/** A source over a server that answers as told, by path; unknown paths are 404. */
async function sourceOf(answers: Answers, facts: { eksCluster?: string } = {}, settings: ApiClientSettings = {}) {
  const all = { ...discovered, ...answers };
  const server = await startHttpsServer((request, response) => {
    const url = new URL(request.url ?? '/', 'https://server');
    const answer = all[url.pathname];
    if (answer) answer(request, response, url);
    else response.writeHead(404).end('404 page not found');
  });
  const client = apiClient(server.access, { firstWait: 5, timeouts: { connect: 1_000, idle: 250, whole: 2_000 }, ...settings });
  running.push({ stop: () => client.close() }, server);
  const paths = () => server.requests.map(({ url }) => url ?? '');
  return { source: clusterSource(client, { name: server.url, now: 0, ...facts }), paths, requests: server.requests };
}

interface Named {
  readonly metadata?: { readonly name?: string };
}
async function readAll(source: Source, reads: readonly Read[], signal = new AbortController().signal) {
  const names: (string | undefined)[] = [];
  const ends = new Map<Read, End>();
  for await (const said of source.read(reads, signal)) {
    if ('state' in said) {
      assert.ok(!ends.has(said.read), 'each read ends once');
      ends.set(said.read, said);
    } else {
      assert.ok(!ends.has(said.read), 'no objects after the end');
      for (const object of said.objects as Named[]) names.push(object.metadata?.name);
    }
  }
  assert.equal(ends.size, reads.length);
  return { names, ends, end: ends.get(reads[0] ?? pods) };
}

/** Lists `count` objects in pages as the server would, the token being how many were given already. */
function listOf(count: number, bytes = 0) {
  const filler = 'x'.repeat(bytes);
  return (url: URL) => {
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = Math.min(count, from + Number(url.searchParams.get('limit')));
    const items = Array.from({ length: to - from }, (_, index) => ({ metadata: { name: `object-${from + index}` }, filler }));
    return { kind: 'List', metadata: to < count ? { continue: String(to) } : {}, items };
  };
}
const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `object-${index}`);
const limitsOf = (paths: readonly string[], resource: string) =>
  paths.filter((path) => path.includes(`/${resource}?`)).map((path) => Number(new URLSearchParams(path.split('?')[1]).get('limit')));

describe('pages', () => {
  test('begin at 250 and are adapted to about 1 MB; resourceVersion is never sent', async () => {
    const small = listOf(6_000, 10);
    const big = listOf(600, 20_000);
    const { source, paths } = await sourceOf({
      '/api/v1/pods': (_, response, url) => sendJson(response, big(url)),
      '/api/v1/services': (_, response, url) => sendJson(response, small(url)),
    });
    const { names, ends } = await readAll(source, [pods, services]);
    assert.equal(names.length, 6_600);
    assert.deepEqual(ends.get(services), { read: services, objects: 6_000, state: 'complete' });
    assert.deepEqual(limitsOf(paths(), 'services').slice(0, 3), [250, 1_000, 4_000]);
    const [first, ...others] = limitsOf(paths(), 'pods');
    assert.equal(first, 250);
    for (const limit of others) assert.ok(limit >= 45 && limit <= 50, `about 1 MB of 20 KB each: ${limit}`);
    assert.ok(paths().every((path) => !path.includes('resourceVersion')));
  });

  test('a cut page is asked for again, and each object shown once', async () => {
    const list = listOf(700);
    const cut = new Set<string>();
    const { source, paths } = await sourceOf({
      '/api/v1/pods': (request, response, url) => {
        if (cut.has(url.search)) return sendJson(response, list(url));
        cut.add(url.search);
        response.writeHead(200, { 'content-type': 'application/json' }).write(JSON.stringify(list(url)).slice(0, 2_000));
        setTimeout(() => request.socket.destroy(), 10);
      },
    });
    const { names, end } = await readAll(source, [pods]);
    assert.deepEqual(names, namesOf(700));
    assert.equal(end?.state, 'complete');
    assert.equal(paths().length, 2 + 2 * 2);
  });

  test('410 is continued with its own token: inconsistent, each object once', async () => {
    const list = listOf(700);
    const { source } = await sourceOf({
      '/api/v1/pods': (_, response, url) => {
        const token = url.searchParams.get('continue') ?? '';
        if (token === '250')
          return sendJson(response, { kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: 'new-250' } }, 410);
        if (token.startsWith('new-')) url.searchParams.set('continue', token.slice('new-'.length));
        sendJson(response, list(url));
      },
    });
    const { names, end } = await readAll(source, [pods]);
    assert.deepEqual(names, namesOf(700));
    assert.deepEqual(end, { read: pods, objects: 700, state: 'inconsistent' });
  });

  test('410 without a token fails the read as expired, never from the start again', async () => {
    const list = listOf(700);
    const { source, paths } = await sourceOf({
      '/api/v1/pods': (_, response, url) =>
        url.searchParams.has('continue') ? sendJson(response, { kind: 'Status', code: 410 }, 410) : sendJson(response, list(url)),
    });
    const { names, end } = await readAll(source, [pods]);
    assert.equal(names.length, 250);
    assert.deepEqual([end?.state, end?.state === 'failed' && end.reason, end?.objects], ['failed', 'expired', 250]);
    assert.equal(limitsOf(paths(), 'pods').length, 2);
  });

  test('a page that takes too long is asked for smaller', async () => {
    const list = listOf(120);
    const { source, paths } = await sourceOf({
      '/api/v1/pods': (_, response, url) => {
        if (Number(url.searchParams.get('limit')) <= 50) sendJson(response, list(url));
      },
    });
    const { names, end } = await readAll(source, [pods]);
    assert.deepEqual([names.length, end?.state], [120, 'complete']);
    assert.deepEqual(limitsOf(paths(), 'pods').slice(0, 3), [250, 50, 50]);
  });

  test('a list without items, and one that is null', async () => {
    const { source } = await sourceOf({
      '/api/v1/pods': (_, response) => sendJson(response, { kind: 'PodList', items: null }),
      '/api/v1/services': (_, response) => sendJson(response, { kind: 'ServiceList' }),
    });
    const { ends } = await readAll(source, [pods, services]);
    assert.deepEqual(ends.get(pods), { read: pods, objects: 0, state: 'complete' });
    const end = ends.get(services);
    assert.match(end?.state === 'failed' ? end.message : '', /no list/);
  });

  test('control characters are taken out where they enter', async () => {
    const { source } = await sourceOf({
      '/api/v1/pods': (_, response) => sendJson(response, { items: [{ metadata: { name: 'a\u001b[31mb\u202ec\r\u0085' } }] }),
    });
    assert.deepEqual((await readAll(source, [pods])).names, ['a[31mbc']);
  });
});

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
    assert.ok(performance.now() - started < 230);
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
      /kind: Role\nmetadata:\n {2}name: nightshift-list-deployments\.apps\n {2}namespace: shop/,
    );
    assert.equal(ends.get(sensitive)?.state, 'not-granted');
  });

  test('discovery that is forbidden fails the reads, and does not say absent', async () => {
    const { source } = await sourceOf({
      '/apis': (_, response) => sendJson(response, { kind: 'Status', message: 'User "system:anonymous" cannot get path "/apis"' }, 403),
    });
    const { end } = await readAll(source, [argoApplications]);
    assert.ok(end?.state === 'failed' && end.reason === 'forbidden');
    assert.match(`${end.message} ${end.remedy}`, /forbids discovery.*system:anonymous.*system:discovery/);
  });
});

describe('discovery in its old form', () => {
  const old: Answers = {
    '/api': (_, response) => sendJson(response, { kind: 'APIVersions', versions: ['v1'] }),
    '/apis': (_, response) =>
      sendJson(response, {
        kind: 'APIGroupList',
        groups: [
          { name: 'apps', versions: [{ version: 'v1' }] },
          { name: 'argoproj.io', versions: [{ version: 'v1alpha1' }] },
          { name: 'batch', versions: [{ version: 'v1' }] },
        ],
      }),
    '/api/v1': (_, response) =>
      sendJson(response, {
        resources: [
          { name: 'pods', namespaced: true },
          { name: 'pods/log', namespaced: true },
        ],
      }),
    '/apis/apps/v1': (_, response) => sendJson(response, { resources: [{ name: 'deployments', namespaced: true }] }),
    '/apis/argoproj.io/v1alpha1': (_, response) => response.writeHead(503).end('service unavailable'),
    '/api/v1/pods': (_, response) => sendJson(response, { items: [] }),
    '/apis/apps/v1/deployments': (_, response) => sendJson(response, { items: [] }),
  };

  for (const [name, answers] of [
    ['an old server', old],
    [
      'a proxy that refuses the Accept header',
      Object.fromEntries(
        Object.entries(old).map(([path, answer]): [string, Answers[string]] => [
          path,
          (request, response, url) =>
            request.headers.accept?.includes('apidiscovery') ? response.writeHead(406).end() : answer(request, response, url),
        ]),
      ),
    ],
  ] as const) {
    test(name, async () => {
      const { source, paths } = await sourceOf(answers);
      const { ends } = await readAll(source, [pods, deployments, argoApplications, services]);
      assert.equal(ends.get(pods)?.state, 'complete');
      assert.equal(ends.get(deployments)?.state, 'complete');
      const unavailable = ends.get(argoApplications);
      assert.ok(unavailable?.state === 'failed' && unavailable.reason === 'unavailable');
      assert.match(unavailable.message, /503: service unavailable/);
      assert.equal(ends.get(services)?.state, 'absent');
      assert.equal(paths().filter((path) => path === '/api/v1').length, 1, 'each version is asked once');
      assert.ok(!paths().includes('/apis/batch/v1'), 'groups that nobody reads are not asked');
    });
  }
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
    const { source } = await sourceOf({
      '/readyz': (_, response) =>
        sendJson(response, { kind: 'Status', message: 'forbidden: User "system:serviceaccount:ops:night" cannot get path "/readyz"' }, 403),
      '/livez': ({ socket }) => socket.destroy(),
      '/version': () => undefined,
    });
    await assert.rejects(source.probe('/readyz?verbose', signal), (error: unknown) => {
      assert.ok(error instanceof NotReadable && error.reason === 'forbidden');
      assert.match(error.remedy, /nonResourceURLs: \["\/readyz", "\/readyz\/\*"\]\n {2}verbs: \["get"\]/);
      assert.match(error.remedy, /- kind: ServiceAccount\n {2}namespace: ops\n {2}name: night/);
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
