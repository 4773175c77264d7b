/** Name, port, certificate and credentials, each by itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import type { ApiAccess } from '../../functions/cluster/api-client.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { wayTo } from '../../functions/cluster/open-cluster.ts';
import { leftText } from '../../functions/connect/days-left.ts';
import { resolvedEndpoint, withScope } from '../../functions/connect/name-resolution.ts';
import { ownCredentials } from '../../functions/connect/own-credentials.ts';
import { openPort } from '../../functions/connect/tcp.ts';
import { serverCertificate } from '../../functions/connect/tls.ts';
import { startHttpStub } from '../cluster/http-stub.ts';
import { authority } from '../cluster/https-server.ts';
import { makeAuthority } from '../control-plane/parts/certificates.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { freePort } from '../control-plane/parts/free-port.ts';
import { signal, startClusterStub, token } from './cluster-stub.ts';

const running: { stop(): void }[] = [];
after(() => {
  for (const each of running) each.stop();
});
const failure = async (work: Promise<unknown>): Promise<ClusterError> => {
  const error = await work.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert(error instanceof ClusterError, String(error));
  return error;
};
const access = (server: string): ApiAccess => ({
  server,
  tls: { ca: authority.certificate, rejectUnauthorized: true },
  credentials: async () => ({ headers: {} }),
});

describe('name resolution', () => {
  test('addresses that are not routed are said to be private', () => {
    for (const address of ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.9', '169.254.1.1', 'fd00::1', 'fe80::1'])
      assert.equal(withScope(address), `${address} (private)`);
    for (const address of ['8.8.8.8', '172.32.0.1', '2001:4860::1']) assert.equal(withScope(address), address);
    for (const address of ['127.0.0.2', '::1']) assert.equal(withScope(address), `${address} (this machine)`);
  });

  test('an address, bracketed or not, needs no resolver; a name has its addresses; the port is HTTPS’s unless told', async () => {
    const endpoint = async (server: string) => {
      const seen = await resolvedEndpoint({ access: access(server) }, signal);
      assert(seen.state === 'ok');
      return seen.value;
    };
    assert.deepEqual(await endpoint('https://[::1]:6443/k8s/clusters/c-1'), { host: '::1', port: 6443, addresses: ['::1'] });
    const { host, port, addresses } = await endpoint('https://localhost');
    assert.deepEqual([host, port], ['localhost', 443]);
    assert(addresses.includes('127.0.0.1') || addresses.includes('::1'));
    assert.equal((await failure(endpoint('https://nowhere.invalid'))).kind, 'dns');
  });
});

describe('TCP', () => {
  test('one address of two that answers is a warning that names the other', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    running.push({ stop: () => server.close() });
    const { port } = server.address() as AddressInfo;
    const seen = await openPort({ host: 'api', port, addresses: ['127.0.0.1', '127.0.0.2'] }, signal);
    assert.equal(seen.state, 'warning');
    assert.equal(seen.message, `1 of 2 addresses answer on port ${port}`);
    assert.match(seen.facts?.[0] ?? '', /127\.0\.0\.2:/);
    assert.equal((await openPort({ host: 'api', port, addresses: ['127.0.0.1'] }, signal)).state, 'ok');
  });

  test('a proxy that is not there is called one', async () => {
    const port = await freePort();
    const { message, remedy } = await failure(
      openPort({ host: '127.0.0.1', port, addresses: ['127.0.0.1'], behind: 'api.example:6443' }, signal),
    );
    assert.equal(message, `nobody answers at 127.0.0.1:${port}, the proxy on the way to api.example:6443, (ECONNREFUSED)`);
    assert.match(remedy, /is the proxy right/);
    const nameless = { ...access('https://api.example:6443'), proxy: 'http://proxy.invalid:3128' };
    assert.match(
      (await failure(resolvedEndpoint({ access: nameless }, signal))).message,
      /^the name proxy\.invalid, the proxy on the way to api\.example:6443, has no address/,
    );
  });

  test('none: why', async () => {
    assert.equal((await failure(openPort({ host: 'api', port: await freePort(), addresses: ['127.0.0.1'] }, signal))).kind, 'unreachable');
  });
});

describe('TLS', () => {
  const names = ['DNS:localhost', 'IP:127.0.0.1'];
  const certificate = async (days: number) => {
    const { server } = await startClusterStub({ certificate: authority.sign({ commonName: 'kube-apiserver', names, days }) });
    return serverCertificate({ access: server.access }, signal);
  };

  test('one that runs out soon is a warning, one that has run out a failure that still tells what it is', async () => {
    const soon = await certificate(20);
    assert.equal(soon.state, 'warning');
    assert(soon.facts?.some((fact) => fact.includes('(19 days left)')));
    const over = await certificate(0);
    assert.equal(over.state, 'failed');
    assert.match(over.message, /has expired/);
    assert(over.facts?.some((fact) => fact.includes('ended')));
  });

  test('a port that speaks no TLS, and one that says nothing', async () => {
    const plain = await startHttpStub((_, __, response) => response.end());
    running.push(plain);
    const port = new URL(plain.endpoint).port;
    assert.equal((await failure(serverCertificate({ access: access(`https://127.0.0.1:${port}`) }, signal))).kind, 'not-kubernetes');
    const silent = createServer((socket) => running.push({ stop: () => socket.destroy() })).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    running.push({ stop: () => silent.close() });
    const { kind } = await failure(
      serverCertificate({ access: access(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`) }, signal),
    );
    assert.equal(kind, 'timeout');
  });

  test('through a proxy of the kubeconfig it is the proxy that is resolved and connected, and the certificate is still told', async () => {
    const { server, kubeconfig } = await startClusterStub();
    const proxy = await startHttpStub((_, __, response) => response.writeHead(500).end());
    running.push(proxy);
    proxy.server.on('connect', ({ url = '' }, socket) => {
      const { hostname, port } = new URL(`http://${url}`);
      const upstream = connectTo(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [upstream, socket]) each.on('error', () => undefined);
    });
    const withUser = proxy.endpoint.replace('//', '//someone:secret@');
    const way = await wayTo({ kubeconfigFile: kubeconfig({ 'proxy-url': withUser }) }, { interactive: true, signal, name: 'edge' });
    assert.equal(way.access.proxy, proxy.endpoint, 'without the user');
    const endpoint = await resolvedEndpoint(way, signal);
    assert(endpoint.state === 'ok');
    assert.equal(endpoint.value.port, Number(new URL(proxy.endpoint).port));
    const seen = await serverCertificate(way, signal);
    assert.deepEqual([seen.state, seen.message], ['ok', 'signed by nightshift-cluster, verified, through the proxy']);
    assert(!JSON.stringify([endpoint, seen]).includes('secret'));
    const other = makeAuthority(temporaryDirectory('other'), 'other').certificate;
    const untrusting = { access: { ...way.access, tls: { ca: other, rejectUnauthorized: true } } };
    assert.equal((await failure(serverCertificate(untrusting, signal))).kind, 'untrusted-certificate');
    server.stop();
  });
});

describe('own credentials', () => {
  const jwt = (claims: object) => `ey.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;
  const bearer = (value: string) => ownCredentials({ headers: { authorization: `Bearer ${value}` } });

  test('kind and end, never a part of them', () => {
    const end = Math.floor(Date.now() / 1000) + 90 * 60;
    assert.match(bearer(jwt({ exp: end, sub: 'someone' })).text, /^a token, valid until .* \((89|90) minutes left\)$/);
    for (const opaque of [token, 'a.b.c', jwt({}), jwt({ exp: 'soon' }), `k8s-aws-v1.${token}`])
      assert.deepEqual([bearer(opaque).text, bearer(opaque).ends], ['a token', undefined]);
    assert.equal(ownCredentials({ headers: { authorization: 'Basic bWU6aHVudGVyMg==' } }).text, 'a user name and a password');
    assert.equal(ownCredentials({ headers: {} }).kind, 'none');
    const { certificate } = authority.sign({ commonName: 'night', organization: 'nightshift:readers', days: 100 });
    assert.match(
      ownCredentials({ headers: {}, tls: { cert: certificate } }).text,
      /^a client certificate of O=nightshift:readers, CN=night, valid until .* \(99 days left\)$/,
    );
    assert.equal(ownCredentials({ headers: {}, tls: { cert: 'no PEM' } }).text, 'a client certificate that cannot be read');
  });

  test('how long, in words', () => {
    const now = Date.UTC(2026, 0, 1);
    const after = (ms: number) => leftText(new Date(now + ms), now);
    assert.deepEqual(
      [after(340.5 * 86_400_000), after(5 * 3_600_000), after(90_000), after(-3 * 86_400_000)],
      ['340 days left', '5 hours left', '90 seconds left', 'ended 3 days ago'],
    );
  });
});
