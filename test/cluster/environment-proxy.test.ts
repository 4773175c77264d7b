import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { environmentProxy } from '../../functions/cluster/environment-proxy.ts';
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

const startServer = () => serve((_, response) => sendJson(response, { gitVersion: 'v1.36.3' }));
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
    assert.deepEqual(proxy.tunnels, [new URL(server.url).host]);
    assert.deepEqual(proxy.credentials, [`Basic ${Buffer.from('me:hunter2').toString('base64')}`]);
    const untrusting = clientOf({ ...server.access, tls: { rejectUnauthorized: true } });
    assert.equal((await errorOf(untrusting.get('/version'))).kind, 'untrusted-certificate');
    assert.equal(server.requests.length, 3);
  });

  test('is left out by NO_PROXY: an address, a range', async () => {
    const [server, proxy] = [await startServer(), await startProxy()];
    for (const except of ['127.0.0.1', '.example.com,127.0.0.0/8', '*']) {
      set({ https_proxy: proxy.endpoint, no_proxy: except });
      assert.equal((await clientOf(server.access).get('/version')).status, 200);
    }
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
      /^unreachable: the proxy on the way to 127\.0\.0\.1:\d+ answers 407 and opens no tunnel; .*HTTPS_PROXY/,
    );
    assert.match(await errorThrough('http://127.0.0.1:1'), /^unreachable: nobody answers at 127\.0\.0\.1:1, the proxy on the way to /);
    assert.match(
      await errorThrough('http://proxy.invalid:3128'),
      /^dns: the name proxy\.invalid, the proxy on the way to .* has no address/,
    );
    const begun = performance.now();
    const { port } = silent.address() as AddressInfo;
    assert.match(await errorThrough(`http://127.0.0.1:${port}`), /^timeout: .*no connection within 0\.3 s/);
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

test('what the environment says', () => {
  const server = new URL('https://10.20.30.40:6443');
  assert.equal(environmentProxy(server, {}), undefined);
  assert.equal(environmentProxy(server, { HTTPS_PROXY: '' }), undefined);
  assert.deepEqual(environmentProxy(server, { HTTPS_PROXY: 'proxy:3128' }), { HTTPS_PROXY: 'http://proxy:3128' });
  const proxy = { HTTPS_PROXY: 'http://proxy:3128', https_proxy: 'http://other:1' };
  assert.deepEqual(environmentProxy(server, { ...proxy, NO_PROXY: 'a.example, 10.21.0.0/16,10.20.30.40/x,fe80::/10' }), {
    HTTPS_PROXY: 'http://proxy:3128',
    NO_PROXY: 'a.example, 10.21.0.0/16,10.20.30.40/x,fe80::/10',
  });
  assert.equal(environmentProxy(server, { ...proxy, NO_PROXY: 'a.example, 10.20.0.0/16' }), undefined);
  assert.equal(environmentProxy(new URL('https://[fd00::1]:6443'), { ...proxy, NO_PROXY: 'fd00::/8' }), undefined);
  assert.ok(environmentProxy(new URL('https://name.example'), { ...proxy, NO_PROXY: '0.0.0.0/0' }));
});
