/** A cluster of which only some namespaces are looked at. */
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { deployments, metadataOf, nodes, pods, secrets } from '../../functions/cluster/kinds.ts';
import { NotApplicable, type Read } from '../../functions/scan/contracts.ts';
import { type Answers, listOf, readAll, sourceOf, stopAll } from './api-server-stub.ts';
import { sendJson } from './https-server.ts';

afterEach(stopAll);
const signal = new AbortController().signal;
const namespaces = ['shop', 'payments'];
const status = (code: number, message: string, reason = 'Forbidden') => ({ kind: 'Status', apiVersion: 'v1', code, reason, message });
const forbidden = (resource: string, namespace: string): Answers[string] => {
  const message = `${resource} is forbidden: User "system:serviceaccount:shop:night" cannot list resource "${resource}" in API group "" in the namespace "${namespace}"`;
  return (_, response) => sendJson(response, status(403, message), 403);
};
/** Without discovery. */
const listed = (paths: readonly string[]) => paths.map((path) => path.split('?')[0] ?? '').filter((path) => !/^\/apis?$/.test(path));
const listing = (count: number): Answers[string] => {
  const list = listOf(count);
  return (_, response, url) => sendJson(response, list(url));
};

test('one read is a list in each namespace and one end, with the objects of all', async () => {
  const answers = { '/api/v1/namespaces/shop/pods': listing(300), '/api/v1/namespaces/payments/pods': listing(20) };
  const { source, paths } = await sourceOf(answers, { namespaces });
  assert.deepEqual(source.namespaces, namespaces);
  const { names, end } = await readAll(source, [pods]);
  assert.deepEqual([end?.state, end?.objects, names.length], ['complete', 320, 320]);
  assert.deepEqual(listed(paths()), ['/api/v1/namespaces/shop/pods', '/api/v1/namespaces/shop/pods', '/api/v1/namespaces/payments/pods']);
});

test('what is in no namespace, or read in another, is left out with the reason, and not asked for', async () => {
  const { source, paths } = await sourceOf({ '/api/v1/namespaces/shop/pods': listing(1) }, { namespaces: ['shop'] });
  const elsewhere: Read = { ...pods, namespace: 'kube-system' };
  const within: Read = { ...pods, namespace: 'shop' };
  const { ends } = await readAll(source, [nodes, elsewhere, within]);
  assert.deepEqual(ends.get(nodes), {
    read: nodes,
    objects: 0,
    state: 'off',
    reason: 'only the namespace shop is looked at; nodes are in no namespace',
  });
  const end = ends.get(elsewhere);
  assert.equal(end?.state === 'off' && end.reason, 'only the namespace shop is looked at; pods are read in kube-system');
  assert.equal(ends.get(within)?.state, 'complete');
  assert.deepEqual(listed(paths()), ['/api/v1/namespaces/shop/pods']);
});

describe('a namespace that refuses', () => {
  test('fails the read by its name, whatever the others hold; one remedy grants it all', async () => {
    const answers = {
      '/api/v1/namespaces/shop/pods': forbidden('pods', 'shop'),
      '/api/v1/namespaces/payments/pods': listing(3),
      '/api/v1/namespaces/ledger/pods': forbidden('pods', 'ledger'),
    };
    const { source } = await sourceOf(answers, { namespaces: [...namespaces, 'ledger'] });
    const { names, end } = await readAll(source, [pods]);
    assert.equal(names.length, 3);
    assert.ok(end?.state === 'failed' && end.reason === 'forbidden', JSON.stringify(end));
    assert.equal(end.read, pods);
    assert.equal(end.objects, 3);
    assert.match(end.message, /in the namespace "shop"; .* in the namespace "ledger"/);
    assert.deepEqual(end.remedy.match(/kubectl apply/g)?.length, 1);
    assert.deepEqual(
      [...end.remedy.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind),
      ['Role', 'RoleBinding', 'Role', 'RoleBinding'],
    );
    assert.deepEqual(new Set([...end.remedy.matchAll(/^ {2}namespace: "(\w+)"$/gm)].map(([, name]) => name)), new Set(['shop', 'ledger']));
  });

  test('Secrets are an optional right there too', async () => {
    const answers = {
      '/api/v1/namespaces/shop/secrets': listing(3),
      '/api/v1/namespaces/payments/secrets': forbidden('secrets', 'payments'),
    };
    const { source } = await sourceOf(answers, { namespaces });
    const { end } = await readAll(source, [{ ...metadataOf(secrets), sensitive: true }]);
    assert.equal(
      end?.state === 'not-granted' && end.reason,
      'the right to list secrets in namespace payments is not granted (it is optional, since it discloses payloads)',
    );
  });

  test('what fails otherwise is named too', async () => {
    const answers: Answers = {
      '/api/v1/namespaces/shop/pods': listing(3),
      '/api/v1/namespaces/payments/pods': (_, response) => sendJson(response, status(500, 'etcd is gone', 'InternalError'), 500),
    };
    const { source } = await sourceOf(answers, { namespaces }, { attempts: 1, refusals: 1 });
    const { end } = await readAll(source, [pods]);
    assert.ok(end?.state === 'failed' && end.reason === 'unavailable', JSON.stringify(end));
    assert.match(end.message, /^pods in namespace payments: .*etcd is gone/);
  });

  test('when the budget is spent', async () => {
    const budget = new AbortController();
    const answers: Answers = {
      '/api/v1/namespaces/shop/pods': listing(3),
      '/api/v1/namespaces/payments/pods': () => budget.abort(),
    };
    const { source } = await sourceOf(answers, { namespaces });
    const { end } = await readAll(source, [pods], budget.signal);
    assert.ok(end?.state === 'failed' && end.reason === 'budget');
    assert.match(end.message, /^pods in namespace payments: /);
  });
});

test('an empty list of a namespace that is not there is a failure; each is asked for once', async () => {
  const empty = listing(0);
  const answers: Answers = {
    '/api/v1/namespaces/shop/pods': empty,
    '/api/v1/namespaces/shop/services': empty,
    '/api/v1/namespaces/shpo/pods': empty,
    '/api/v1/namespaces/shpo/services': empty,
    '/api/v1/namespaces/shop': (_, response) => sendJson(response, status(403, 'no'), 403),
    '/api/v1/namespaces/shpo': (_, response) => sendJson(response, status(404, 'namespaces "shpo" not found', 'NotFound'), 404),
  };
  const { source, paths } = await sourceOf(answers, { namespaces: ['shop', 'shpo'] });
  const services: Read = { group: '', resource: 'services', kind: 'Service', versions: ['v1'] };
  const { ends } = await readAll(source, [pods, services]);
  for (const end of ends.values()) {
    assert.ok(end.state === 'failed' && end.reason === 'unavailable', JSON.stringify(end));
    assert.equal(end.message, 'there is no namespace shpo');
  }
  assert.equal(paths().filter((path) => path === '/api/v1/namespaces/shpo').length, 1);
});

test('a path that is kept from such credentials is not applicable; without namespaces it is missing', async () => {
  const answers: Answers = { '/readyz': (_, response) => sendJson(response, status(403, 'cannot get path "/readyz"'), 403) };
  const narrow = await sourceOf(answers, { namespaces });
  await assert.rejects(narrow.source.probe('/readyz', signal), (error) => {
    assert.ok(error instanceof NotApplicable);
    assert.equal(error.message, 'only the namespaces shop and payments are looked at; these credentials may not GET /readyz');
    return true;
  });
  await assert.rejects((await sourceOf(answers)).source.probe('/readyz', signal), { name: 'NotReadable' });
});

test('without namespaces nothing is different', async () => {
  const { source, paths } = await sourceOf({ '/api/v1/pods': listing(0), '/apis/apps/v1/deployments': listing(2) });
  const { ends } = await readAll(source, [pods, deployments]);
  assert.deepEqual(
    [...ends.values()].map(({ state }) => state),
    ['complete', 'complete'],
  );
  assert.deepEqual(listed(paths()).toSorted(), ['/api/v1/pods', '/apis/apps/v1/deployments']);
});
