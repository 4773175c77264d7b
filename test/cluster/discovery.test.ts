import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { argoApplications, deployments, pods, services } from '../../functions/cluster/kinds.ts';
import { NotReadable } from '../../functions/scan/contracts.ts';
import { type Answers, readAll, sourceOf, stopAll } from './api-server-stub.ts';
import { sendJson } from './https-server.ts';

afterEach(stopAll);

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

describe('what a server serves beside Kubernetes’ own', () => {
  const resource = (name: string, kind: string, verbs: readonly string[] = ['list']) => ({
    resource: name,
    responseKind: { group: '', version: '', kind },
    scope: 'Namespaced',
    verbs,
  });
  const group = (name: string, ...versions: object[]) => ({ metadata: { name }, versions });
  const served = (...items: object[]): Answers => ({
    '/apis': (_, response) => sendJson(response, { kind: 'APIGroupDiscoveryList', items }),
  });
  const ask = async (answers: Answers) => {
    const { source } = await sourceOf(answers);
    return source.customResources?.(AbortSignal.timeout(5_000));
  };

  test('each resource once, that can be listed, in all its versions, the preferred one first', async () => {
    const told = await ask(
      served(
        group('apps', { version: 'v1', resources: [resource('deployments', 'Deployment')] }),
        group('gateway.networking.k8s.io', { version: 'v1', resources: [resource('gateways', 'Gateway')] }),
        group(
          'example.com',
          { version: 'v2', resources: [resource('things', 'Thing'), resource('reviews', 'Review', ['create'])] },
          { version: 'v1', resources: [resource('things', 'Thing'), resource('olds', 'Old')] },
        ),
      ),
    );
    assert.deepEqual(told, {
      reads: [
        { group: 'gateway.networking.k8s.io', resource: 'gateways', kind: 'Gateway', versions: ['v1'] },
        { group: 'example.com', resource: 'things', kind: 'Thing', versions: ['v2', 'v1'] },
        { group: 'example.com', resource: 'olds', kind: 'Old', versions: ['v1'] },
      ],
      unknown: [],
    });
  });
  test('a stale group is not known, and no empty one', async () => {
    const told = await ask(served(group('example.com', { version: 'v1', freshness: 'Stale', resources: [] })));
    assert.deepEqual(told?.reads, []);
    assert.deepEqual(
      told.unknown.map((each) => [each.group, each.message]),
      [['example.com', 'example.com/v1: discovery calls it stale']],
    );
    assert.match(told.unknown[0]?.remedy ?? '', /apiservices \| grep example.com/);
  });
  test('in the old form', async () => {
    const told = await ask({
      '/apis': (_, response) =>
        sendJson(response, {
          kind: 'APIGroupList',
          groups: [
            { name: 'apps', versions: [{ version: 'v1' }] },
            { name: 'example.com', versions: [{ version: 'v1' }] },
            { name: 'broken.example.com', versions: [{ version: 'v1' }] },
          ],
        }),
      '/apis/example.com/v1': (_, response) =>
        sendJson(response, {
          resources: [
            { name: 'things', kind: 'Thing', namespaced: true, verbs: ['list', 'get'] },
            { name: 'things/status', kind: 'Thing', namespaced: true, verbs: ['list'] },
          ],
        }),
      '/apis/broken.example.com/v1': (_, response) => response.writeHead(503).end('service unavailable'),
    });
    assert.deepEqual(told?.reads, [{ group: 'example.com', resource: 'things', kind: 'Thing', versions: ['v1'] }]);
    assert.match(told.unknown[0]?.message ?? '', /^broken\.example\.com\/v1: .*503/);
  });
  test('a server that refuses discovery is an error', async () => {
    const refused = (_: unknown, response: ServerResponse) => response.writeHead(403).end('{"kind":"Status","code":403}');
    await assert.rejects(ask({ '/apis': refused }), NotReadable);
  });
});
