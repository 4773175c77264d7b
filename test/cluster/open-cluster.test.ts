import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openCluster } from '../../functions/cluster/open-cluster.ts';
import { userAgent } from '../../functions/cluster/user-agent.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { startHttpProxy } from './http-proxy.ts';
import { startHttpStub } from './http-stub.ts';
import { authority, type Handler, sendJson, startHttpsServer } from './https-server.ts';

const running: { stop(): void }[] = [];
after(() => {
  for (const each of running) each.stop();
});
const signal = new AbortController().signal;
const inFunction = { interactive: false, signal, name: 'edge-7' };
const onCommandLine = { ...inFunction, interactive: true };
const token = 'hunter2-hunter2';

async function serve(handler: Handler) {
  const server = await startHttpsServer(handler);
  running.push(server);
  return server;
}
const version: Handler = (_, response) => sendJson(response, { gitVersion: 'v1.36.3' });

function kubeconfig(server: string, cluster: object = {}): string {
  const data = Buffer.from(authority.certificate).toString('base64');
  return JSON.stringify({
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'one', user: 'me' } }],
    clusters: [{ name: 'one', cluster: { server, 'certificate-authority-data': data, ...cluster } }],
    users: [{ name: 'me', user: { token } }],
  });
}
function fileOf(content: string): string {
  const file = join(temporaryDirectory('kubeconfig'), 'config');
  writeFileSync(file, content);
  return file;
}

test('the user agent is of this version', () => {
  assert.equal(userAgent, `nightshift/${packageFile.version}`);
});

/** What lies in Secrets Manager. */
const secrets: Record<string, string> = {};
before(async () => {
  const stub = await startHttpStub((request, body, response) => {
    assert.equal(request.headers['x-amz-target'], 'secretsmanager.GetSecretValue');
    const { SecretId: id } = JSON.parse(body);
    const text = secrets[id];
    const type = id === 'closed' ? 'AccessDeniedException' : 'ResourceNotFoundException';
    const answer = text === undefined ? { __type: type, message: `no ${id} for you` } : { Name: id, SecretString: text };
    response.writeHead(text === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  running.push(stub);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: stub.endpoint,
    AWS_ACCESS_KEY_ID: 'AKIAOWN',
    AWS_SECRET_ACCESS_KEY: 'own-secret',
    AWS_REGION: 'eu-central-1',
  });
});

describe('a kubeconfig in Secrets Manager', () => {
  test('by name, in a function', async () => {
    const server = await serve(version);
    secrets['clusters/edge-7'] = kubeconfig(server.url);
    const source = await openCluster({ kubeconfig: { secret: 'clusters/edge-7' } }, inFunction);
    assert.deepEqual([source.name, source.version], [server.url, 'v1.36.3']);
    assert.equal(server.requests[0]?.headers.authorization, `Bearer ${token}`);
    await source.close();
  });

  test('an unknown context names the known ones; a secret that is no kubeconfig is never quoted', async () => {
    secrets['clusters/edge-7'] = kubeconfig('https://127.0.0.1:1');
    await assert.rejects(openCluster({ kubeconfig: { secret: 'clusters/edge-7', context: 'other' } }, inFunction), {
      kind: 'unknown-context',
      message: 'the kubeconfig in the secret clusters/edge-7 has no context other; it has main',
    });
    secrets.password = token;
    await assert.rejects(openCluster({ kubeconfig: { secret: 'password' } }, inFunction), (error: Error) => {
      assert.match(error.message, /the kubeconfig in the secret password holds a string/);
      assert.ok(!JSON.stringify([error.message, error.stack]).includes(token));
      return true;
    });
  });

  test('not there, and not allowed', async () => {
    const open = (secret: string) => openCluster({ kubeconfig: { secret } }, inFunction);
    await assert.rejects(open('none'), {
      kind: 'not-found',
      message: /secretsmanager:GetSecretValue of none: ResourceNotFoundException: no none for you/,
    });
    await assert.rejects(open('closed'), {
      kind: 'forbidden',
      message: /AccessDeniedException/,
      remedy: /allow secretsmanager:GetSecretValue on this secret, and kms:Decrypt/,
    });
    secrets.blank = ' \n';
    await assert.rejects(open('blank'), { kind: 'configuration', message: 'the secret blank is empty' });
  });
});

test('several contexts of one secret are several clusters', async () => {
  const [one, two] = [await serve(version), await serve(version)];
  const both = JSON.parse(kubeconfig(one.url));
  both.contexts.push({ name: 'second', context: { cluster: 'two', user: 'me' } });
  both.clusters.push({ name: 'two', cluster: { ...both.clusters[0].cluster, server: two.url } });
  secrets.both = JSON.stringify(both);
  const nameOf = async (context: string) => {
    const source = await openCluster({ kubeconfig: { secret: 'both', context } }, inFunction);
    await source.close();
    return source.name;
  };
  assert.deepEqual([await nameOf('main'), await nameOf('second')], [one.url, two.url]);
});

test('tls-server-name: the certificate is that of another name than the address', async () => {
  const server = await startHttpsServer(version, authority.sign({ commonName: 'kube-apiserver', names: ['DNS:api.internal'] }));
  running.push(server);
  await assert.rejects(openCluster({ kubeconfigFile: fileOf(kubeconfig(server.url)) }, onCommandLine), { kind: 'hostname-mismatch' });
  const named = fileOf(kubeconfig(server.url, { 'tls-server-name': 'api.internal' }));
  const source = await openCluster({ kubeconfigFile: named }, onCommandLine);
  assert.equal(source.version, 'v1.36.3');
  await source.close();
});

describe('the first answer', () => {
  const open = async (handler: Handler) => openCluster({ kubeconfigFile: fileOf(kubeconfig((await serve(handler)).url)) }, onCommandLine);

  test('401', async () => {
    await assert.rejects(
      open((_, response) => sendJson(response, { kind: 'Status', message: 'Unauthorized' }, 401)),
      { kind: 'unauthorized' },
    );
  });

  test('something that is no API server', async () => {
    await assert.rejects(
      open((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')),
      { kind: 'not-kubernetes' },
    );
    await assert.rejects(
      open((_, response) => sendJson(response, { version: 2 })),
      { kind: 'not-kubernetes' },
    );
    await assert.rejects(
      open((_, response) => response.writeHead(404).end('not found')),
      { kind: 'not-kubernetes', message: /404: not found/ },
    );
  });

  test('a version that is kept from us is no error', async () => {
    const source = await open((_, response) => sendJson(response, { kind: 'Status' }, 403));
    assert.equal(source.version, undefined);
    await source.close();
  });
});

async function startTunnels(tunnels: string[]): Promise<string> {
  const proxy = await startHttpProxy();
  running.push(proxy);
  proxy.server.on('connect', ({ url = '' }) => tunnels.push(url));
  return proxy.endpoint;
}

/** A SOCKS proxy for IPv4 addresses without a password; https://www.rfc-editor.org/rfc/rfc1928 */
async function startSocksProxy(tunnels: string[]): Promise<string> {
  const proxy = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]));
      socket.once('data', (asked) => {
        const host = [...asked.subarray(4, 8)].join('.');
        const port = asked.readUInt16BE(8);
        tunnels.push(`${host}:${port}`);
        const upstream = connect(port, host, () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          upstream.pipe(socket).pipe(upstream);
        });
        upstream.on('error', () => undefined);
      });
    });
  }).listen(0, '127.0.0.1');
  proxy.unref();
  await once(proxy, 'listening');
  running.push({ stop: () => proxy.close() });
  return `socks5://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

for (const [name, startProxy] of [
  ['an HTTP proxy', startTunnels],
  ['a SOCKS proxy', startSocksProxy],
] as const) {
  test(`through ${name} of a kubeconfig, over a kept connection, and still verified`, async () => {
    const server = await serve(version);
    const tunnels: string[] = [];
    const proxy = await startProxy(tunnels);
    const source = await openCluster({ kubeconfigFile: fileOf(kubeconfig(server.url, { 'proxy-url': proxy })) }, onCommandLine);
    await source.probe('/readyz', signal);
    await source.probe('/livez', signal);
    assert.deepEqual(tunnels, [new URL(server.url).host]);
    assert.equal(server.requests.length, 3);
    assert.equal(server.requests[2]?.headers.authorization, `Bearer ${token}`);
    await source.close();
    const untrusted = kubeconfig(server.url, { 'proxy-url': proxy, 'certificate-authority-data': undefined });
    // A function has no files, and needs none for a proxy.
    secrets.proxied = kubeconfig(server.url, { 'proxy-url': proxy });
    await (await openCluster({ kubeconfig: { secret: 'proxied' } }, inFunction)).close();
    assert.deepEqual(tunnels, [new URL(server.url).host, new URL(server.url).host]);
    await assert.rejects(openCluster({ kubeconfigFile: fileOf(untrusted) }, onCommandLine), { kind: 'untrusted-certificate' });
  });
}

test('a proxy that refuses or is not there is named, without its password', async () => {
  const refusing = await startHttpProxy(407);
  running.push(refusing);
  const errors: Readonly<Record<string, RegExp>> = {
    [refusing.endpoint.replace('//', '//me:hunter2@')]: /^the proxy on the way to 10\.1\.2\.3:6443 answers 407 and opens no tunnel/,
    'http://me:hunter2@127.0.0.1:1': /^nobody answers at 127\.0\.0\.1:1, the proxy on the way to 10\.1\.2\.3:6443/,
    'socks5://127.0.0.1:1': /^the proxy on the way to 10\.1\.2\.3:6443 opens no tunnel: .*ECONNREFUSED/,
  };
  for (const [proxy, message] of Object.entries(errors)) {
    const file = fileOf(kubeconfig('https://10.1.2.3:6443', { 'proxy-url': proxy }));
    await assert.rejects(openCluster({ kubeconfigFile: file }, onCommandLine), (error: Error & { kind?: string; remedy?: string }) => {
      assert.equal(error.kind, 'unreachable');
      assert.match(error.message, message);
      assert.match(error.remedy ?? '', /proxy-url/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  }
});

test('a proxy that is none is not passed by', async () => {
  const server = await serve(version);
  for (const url of ['ftp://127.0.0.1:1', 'nonsense']) {
    const file = fileOf(kubeconfig(server.url, { 'proxy-url': url }));
    await assert.rejects(openCluster({ kubeconfigFile: file }, onCommandLine), {
      name: 'ClusterError',
      kind: 'configuration',
      message: /proxy/,
    });
  }
  assert.equal(server.requests.length, 0);
});

test('a proxy that never answers does not hold up who gives up', async () => {
  const proxy = createServer((socket) => socket.unref().on('error', () => undefined)).listen(0, '127.0.0.1');
  proxy.unref();
  await once(proxy, 'listening');
  running.push({ stop: () => proxy.close() });
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const file = fileOf(kubeconfig('https://127.0.0.1:1', { 'proxy-url': url }));
  const opening = openCluster({ kubeconfigFile: file }, { ...onCommandLine, signal: AbortSignal.timeout(200) });
  await assert.rejects(opening, { kind: 'aborted' });
});
