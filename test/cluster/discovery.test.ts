import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { argoApplications, deployments, pods, services } from '../../functions/cluster/kinds.ts';
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
