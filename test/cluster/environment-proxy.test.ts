import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { environmentProxy } from '../../functions/cluster/environment-proxy.ts';
import { wayTo } from '../../functions/cluster/open-cluster.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { clientOf, errorOf, quick, running, serve } from './client-and-server.ts';
import { startHttpProxy } from './http-proxy.ts';
import { sendJson } from './https-server.ts';

const names = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'] as const;
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
const set = (environment: Readonly<Record<string, string | undefined>>) => {
  for (const name of names) {
    const value = environment[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
};
afterEach(() => set(before));

/** Under a name that only the proxy knows: this machine's own addresses are never asked for through one. */
async function startServer() {
  const { url, requests, access } = await serve((_, response) => sendJson(response, { gitVersion: 'v1.36.3' }));
  const { port } = new URL(url);
  const host = `api.example:${port}`;
  return {
    requests,
    host,
    direct: access,
    access: { ...access, server: `https://${host}`, tls: { ...access.tls, servername: 'localhost' } },
  };
}
async function startProxy(status?: number) {
  const proxy = await startHttpProxy(status);
  running.push(proxy);
  return proxy;
}

describe('the proxy of HTTPS_PROXY', () => {
  test('is gone through, over a kept connection, with its password, and the server is still verified', async () => {
    const [server, proxy] = [await startServer(), await startProxy()];
    set({ HTTPS_PROXY: proxy.endpoint.replace('//', '//me:hunter2@') });
    const client = clientOf(server.access);
    for (let count = 0; count < 3; count += 1) {
      const { status, certificate } = await client.get('/version', { certificate: true });
      assert.deepEqual([status, certificate?.subject], [200, 'kube-apiserver']);
    }
    assert.deepEqual(proxy.tunnels, [server.host]);
    assert.deepEqual(proxy.credentials, [`Basic ${Buffer.from('me:hunter2').toString('base64')}`]);
    const untrusting = clientOf({ ...server.access, tls: { rejectUnauthorized: true, servername: 'localhost' } });
    assert.equal((await errorOf(untrusting.get('/version'))).kind, 'untrusted-certificate');
    assert.equal(server.requests.length, 3);
  });

  test('is not asked for this machine’s own addresses, or what NO_PROXY names', async () => {
    const [server, proxy] = [await startServer(), await startProxy()];
    set({ https_proxy: proxy.endpoint });
    assert.equal((await clientOf(server.direct).get('/version')).status, 200);
    set({ https_proxy: proxy.endpoint, no_proxy: 'example' });
    assert.equal((await errorOf(clientOf(server.access).get('/version'))).kind, 'dns');
    assert.deepEqual(proxy.tunnels, []);
  });

  test('refuses, is not there, or never answers: the error names the proxy, never its password, and nobody waits', async () => {
    const server = await startServer();
    const refusing = await startProxy(407);
    const silent = createServer((socket) => socket.unref().on('error', () => undefined)).listen(0, '127.0.0.1');
    silent.unref();
    await once(silent, 'listening');
    running.push({ stop: () => silent.close() });
    const withPassword = (url: string) => url.replace('//', '//me:hunter2@');
    const errorThrough = async (proxy: string) => {
      set({ HTTPS_PROXY: withPassword(proxy) });
      const client = clientOf(server.access, { ...quick, attempts: 1, timeouts: { connect: 300, idle: 5_000, whole: 10_000 } });
      const { kind, message, remedy } = await errorOf(client.get('/version'));
      assert.doesNotMatch(`${message} ${remedy}`, /hunter2/);
      return `${kind}: ${message}; ${remedy}`;
    };
    assert.match(
      await errorThrough(refusing.endpoint),
      /^unreachable: the proxy on the way to api\.example:\d+ answers 407 and opens no tunnel; .*HTTPS_PROXY/,
    );
    assert.match(await errorThrough('http://127.0.0.1:1'), /^unreachable: nobody answers at 127\.0\.0\.1:1, the proxy on the way to /);
    assert.match(
      await errorThrough('http://proxy.invalid:3128'),
      /^dns: the name proxy\.invalid, the proxy on the way to .* has no address/,
    );
    const begun = performance.now();
    const { port } = silent.address() as AddressInfo;
    assert.match(
      await errorThrough(`http://127.0.0.1:${port}`),
      /^timeout: the proxy on the way to api\.example:\d+ opens no tunnel within 0\.3 s; .*HTTPS_PROXY/,
    );
    assert.ok(performance.now() - begun < 3_000);
    assert.equal(server.requests.length, 0);
  });

  test('that is none is not passed by', async () => {
    const server = await startServer();
    for (const proxy of ['socks5://127.0.0.1:1', 'ftp://127.0.0.1:1', 'http://']) {
      set({ HTTPS_PROXY: proxy });
      assert.throws(() => clientOf(server.access), { name: 'ClusterError', kind: 'configuration', message: /HTTPS_PROXY cannot be used/ });
    }
    assert.equal(server.requests.length, 0);
  });
});

test('the way to a cluster tells of it, without its user, unless the kubeconfig has one of its own', async () => {
  set({ HTTPS_PROXY: 'http://me:hunter2@proxy.example:3128' });
  const wayOf = async (cluster: object) => {
    const file = join(temporaryDirectory('kubeconfig'), 'config');
    const contexts = [{ name: 'a', context: { cluster: 'a' } }];
    writeFileSync(file, JSON.stringify({ 'current-context': 'a', contexts, clusters: [{ name: 'a', cluster }] }));
    const { access } = await wayTo({ kubeconfigFile: file }, { interactive: true, signal: AbortSignal.timeout(5_000), name: 'a' });
    access.agent?.destroy();
    return access.proxy;
  };
  const server = 'https://api.example:6443';
  assert.equal(await wayOf({ server }), 'http://proxy.example:3128');
  assert.equal(await wayOf({ server, 'proxy-url': 'http://me:hunter2@other.example:3128' }), 'http://other.example:3128');
  assert.equal(await wayOf({ server: 'https://127.0.0.1:6443' }), undefined);
});

describe('what the environment says', () => {
  const HTTPS_PROXY = 'http://proxy:3128';
  const proxyFor = (server: string, environment: NodeJS.ProcessEnv) => environmentProxy(new URL(`https://${server}`), environment);

  test('of the proxy', () => {
    assert.equal(proxyFor('api.example', {}), undefined);
    assert.equal(proxyFor('api.example', { HTTPS_PROXY: '', https_proxy: HTTPS_PROXY }), HTTPS_PROXY);
    assert.equal(proxyFor('api.example', { HTTPS_PROXY, https_proxy: 'http://other:1' }), HTTPS_PROXY);
    assert.equal(proxyFor('api.example', { HTTPS_PROXY: 'proxy:3128' }), HTTPS_PROXY);
    for (const own of ['localhost:6443', '127.0.0.1:6443', '127.8.8.8', '[::1]:6443'])
      assert.equal(proxyFor(own, { HTTPS_PROXY }), undefined, own);
    assert.equal(proxyFor('127.0.0.1', { HTTPS_PROXY: 'nonsense://' }), undefined);
  });

  // Server, NO_PROXY, excepted: https://github.com/golang/net/blob/master/http/httpproxy/proxy_test.go
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['api.example:6443', '*', true],
    ['api.example:6443', 'other.example, api.example', true],
    ['api.example:6443', 'example', true],
    ['api.example:6443', '.example', true],
    ['API.Example', 'api.EXAMPLE', true],
    ['example', '.example', false],
    ['notexample', 'example', false],
    ['api.example:6443', 'api.example:6443', true],
    ['api.example:6443', 'api.example:443', false],
    ['api.example', 'api.example:443', true],
    ['api.example', ' ,,', false],
    ['api.example', '0.0.0.0/0', false],
    ['10.20.30.40:6443', '10.20.30.40', true],
    ['10.20.30.40:6443', '10.20.30.40:443', false],
    ['10.20.30.40:6443', '10.20.30.4', false],
    ['10.20.30.40:6443', '10.21.0.0/16,10.20.30.40/x,fe80::/10,10.20.30.40/33,10.0.0.0/', false],
    ['10.20.30.40:6443', '10.20.0.0/16', true],
    ['10.20.30.40', '40', false],
    ['[fd00::1]:6443', 'fd00::/8', true],
    ['[fd00::1]:6443', 'fd00::1', true],
    ['[fd00::1]:6443', '[fd00::1]:6443', true],
    ['[fd00::1]:6443', '[fd00::1]:443', false],
  ];
  for (const [server, NO_PROXY, isExcepted] of cases) {
    test(`NO_PROXY=${NO_PROXY} ${isExcepted ? 'excepts' : 'leaves'} ${server}`, () =>
      assert.equal(proxyFor(server, { HTTPS_PROXY, NO_PROXY }), isExcepted ? undefined : HTTPS_PROXY));
  }
});
