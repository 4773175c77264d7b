import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ApiAccess, ApiClientSettings } from '../../functions/cluster/api-client.ts';
import type { ClusterErrorKind } from '../../functions/cluster/cluster-error.ts';
import { clientOf, errorOf, quick, running, serve } from './client-and-server.ts';
import { authority, type Handler, sendJson, startHttpsServer } from './https-server.ts';

const impatient: ApiClientSettings = { ...quick, timeouts: { connect: 5_000, idle: 300, whole: 1_000 } };

async function assertKind(work: Promise<unknown>, kind: ClusterErrorKind, message: RegExp): Promise<void> {
  const error = await errorOf(work);
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, message);
}

describe('what an answer is', () => {
  test('packed JSON is unpacked, and the bytes are counted as they came', async () => {
    const body = { items: Array.from({ length: 2_000 }, (_, index) => ({ name: `object ${index}` })) };
    const packed = gzipSync(JSON.stringify(body));
    const server = await serve((request, response) => {
      assert.equal(request.headers['accept-encoding'], 'gzip');
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(packed);
    });
    const client = clientOf(server.access);
    assert.deepEqual((await client.getJson('/version')).body, body);
    assert.deepEqual(client.traffic(), { requests: 1, bytes: packed.length });
  });

  test('it says who asks, keeps the path of the server’s address, and the connection', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const client = clientOf({ ...server.access, server: `${server.url}/k8s/clusters/c-1/` });
    await client.getJson('/version');
    await client.getJson('/api?limit=1', { accept: 'application/json;as=X' });
    const [first, second] = server.requests;
    assert.equal(first?.url, '/k8s/clusters/c-1/version');
    assert.equal(first?.headers.authorization, 'Bearer test-token');
    assert.match(String(first?.headers['user-agent']), /^nightshift\/\d+\.\d+\.\d+$/);
    assert.equal(second?.url, '/k8s/clusters/c-1/api?limit=1');
    assert.equal(second?.headers.accept, 'application/json;as=X');
    assert.equal(first?.socket, second?.socket);
  });

  test('at most three connections, however many ask', async () => {
    let open = 0;
    let most = 0;
    const server = await serve((_, response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        sendJson(response, {});
      }, 20);
    });
    const client = clientOf(server.access);
    await Promise.all(Array.from({ length: 12 }, () => client.get('/version')));
    assert.equal(most, 3);
    assert.equal(new Set(server.requests.map(({ socket }) => socket)).size, 3);
  });

  test('the certificate that was shown comes with the answer, where it is asked for', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const { certificate } = await clientOf(server.access).get('/readyz', { certificate: true });
    assert.equal(certificate?.subject, 'kube-apiserver');
    assert.equal(certificate?.issuer, 'nightshift-cluster');
    assert.ok(Date.parse(certificate.validFrom) <= Date.now() && Date.parse(certificate.validTo) > Date.now());
  });

  test('every status is an answer, but a page that is no JSON is none', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/login') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      else sendJson(response, { kind: 'Status' }, 404);
    });
    assert.equal((await clientOf(server.access).getJson('/none')).status, 404);
    await assertKind(clientOf(server.access).getJson('/login'), 'not-kubernetes', /text\/html/);
  });
});

describe('asking again', () => {
  test('429: not before Retry-After is over', async () => {
    const times: number[] = [];
    const server = await serve((_, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else sendJson(response, { ok: true });
    });
    const client = clientOf(server.access);
    assert.deepEqual((await client.getJson('/api')).body, { ok: true });
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 995, String(times));
    assert.equal(client.traffic().requests, 2);
  });

  test('5xx: four times at most, and the last answer is given', async () => {
    let count = 0;
    const server = await serve((_, response) => {
      count += 1;
      response.writeHead(503).end('service unavailable');
    });
    assert.equal((await clientOf(server.access).get('/api')).status, 503);
    assert.equal(count, 4);
  });

  test('5xx of a probe is an answer', async () => {
    const server = await serve((_, response) => response.writeHead(500).end('[-]etcd failed'));
    const { status, text } = await clientOf(server.access).get('/readyz', { anyStatus: true });
    assert.deepEqual([status, text, server.requests.length], [500, '[-]etcd failed', 1]);
  });

  test('401: once more with renewed credentials', async () => {
    const server = await serve((request, response) =>
      request.headers.authorization === 'Bearer new' ? sendJson(response, {}) : sendJson(response, {}, 401),
    );
    const renewals: boolean[] = [];
    const credentials = async (renew: boolean) => {
      renewals.push(renew);
      return { headers: { authorization: renew ? 'Bearer new' : 'Bearer old' } };
    };
    assert.equal((await clientOf({ ...server.access, credentials }).get('/api')).status, 200);
    assert.deepEqual(renewals, [false, true]);
    await assertKind(clientOf(server.access).get('/api'), 'unauthorized', /does not accept the credentials/);
  });

  const cuts: Readonly<Record<string, Handler>> = {
    'the socket is destroyed before the answer': ({ socket }) => socket.destroy(),
    'the socket is destroyed in the answer': ({ socket }, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"items":[1,');
      setTimeout(() => socket.destroy(), 10);
    },
    'less comes than the length says': ({ socket }, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 }).write('{}');
      setTimeout(() => socket.end(), 10);
    },
    'a body without framing ends early': (_, response) => {
      response.removeHeader('transfer-encoding');
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{"items":[1,');
    },
    'a packed body without framing ends early': (_, response) => {
      const packed = gzipSync(JSON.stringify({ items: Array.from({ length: 500 }, (_, index) => index) }));
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip', connection: 'close' });
      response.end(packed.subarray(0, packed.length / 2));
    },
  };
  for (const [name, handler] of Object.entries(cuts)) {
    test(`a cut answer: ${name}`, async () => {
      let count = 0;
      const server = await serve((request, response) => {
        count += 1;
        if (count < 3) handler(request, response);
        else sendJson(response, { items: [1, 2] });
      });
      assert.deepEqual((await clientOf(server.access).getJson('/api')).body, { items: [1, 2] });
      assert.equal(count, 3);
      const always = await serve(handler);
      await assertKind(clientOf(always.access).getJson('/api'), 'connection-lost', /was cut/);
      assert.equal(always.requests.length, 4);
    });
  }
});

describe('what cannot be reached', () => {
  const unreachable = (server: string): ApiAccess => ({
    server,
    tls: { rejectUnauthorized: true },
    credentials: async () => ({ headers: {} }),
  });

  test('a name without address', async () => {
    await assertKind(clientOf(unreachable('https://name.invalid:6443')).get('/version'), 'dns', /the name name\.invalid has no address/);
  });

  test('a port where nobody listens, after some tries', async () => {
    const server = await startHttpsServer(() => undefined);
    server.stop();
    await assertKind(
      clientOf(unreachable(server.url)).get('/version'),
      'unreachable',
      /nobody answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)/,
    );
  });

  test('a server that says nothing', async () => {
    const server = await serve(() => undefined);
    await assertKind(clientOf(server.access, impatient).get('/version'), 'timeout', /nothing came for 0\.3 s/);
    assert.equal(server.requests.length, 1);
  });

  test('a server that dribbles', async () => {
    const server = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 100);
      response.once('close', () => clearInterval(timer));
    });
    await assertKind(clientOf(server.access, impatient).get('/version'), 'timeout', /no whole answer within 1 s/);
  });

  test('a certificate of an unknown authority', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const access = { ...server.access, tls: { rejectUnauthorized: true } };
    await assertKind(clientOf(access).get('/version'), 'untrusted-certificate', /signed by no trusted authority/);
    assert.equal(server.requests.length, 0);
    assert.equal((await clientOf({ ...access, tls: { rejectUnauthorized: false } }).get('/version')).status, 200);
  });

  test('a certificate that has expired', async () => {
    const server = await serve(() => undefined, authority.sign({ commonName: 'old', names: ['IP:127.0.0.1'], days: 0 }));
    await assertKind(clientOf(server.access).get('/version'), 'expired-certificate', /has expired/);
  });

  test('a certificate for other names', async () => {
    const server = await serve(() => undefined, authority.sign({ commonName: 'other', names: ['DNS:other.example'] }));
    await assertKind(clientOf(server.access).get('/version'), 'hostname-mismatch', /made for other names: .*127\.0\.0\.1/);
    const named = await serve(
      (_, response) => sendJson(response, {}),
      authority.sign({ commonName: 'other', names: ['DNS:other.example'] }),
    );
    const access = { ...named.access, tls: { ...named.access.tls, servername: 'other.example' } };
    assert.equal((await clientOf(access).get('/version')).status, 200);
  });

  test('a port that speaks plain HTTP', async () => {
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    running.push({ stop: () => server.close() });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await assertKind(clientOf(unreachable(`https://127.0.0.1:${port}`)).get('/version'), 'not-kubernetes', /does not speak HTTPS/);
  });

  test('a client certificate that is none', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const credentials = async () => ({ headers: {}, tls: { cert: 'no PEM', key: 'no PEM' } });
    await assertKind(clientOf({ ...server.access, credentials }).get('/version'), 'configuration', /cannot be read/);
  });
});

test('an abort ends a request under way, and a wait', async () => {
  const server = await serve((request, response) => {
    if (request.url === '/busy') response.writeHead(429, { 'retry-after': '60' }).end();
  });
  for (const path of ['/silent', '/busy']) {
    const started = performance.now();
    await assertKind(clientOf(server.access).get(path, { signal: AbortSignal.timeout(50) }), 'aborted', /given up/);
    assert.ok(performance.now() - started < 10_000);
  }
});

test('credentials that were refused are renewed once, not again with every further attempt', async () => {
  const statuses = [401, 503, 200];
  const server = await serve((_, response) => sendJson(response, {}, statuses.shift()));
  const renewals: boolean[] = [];
  const client = clientOf({
    ...server.access,
    credentials: async (renew) => {
      renewals.push(renew);
      return { headers: {} };
    },
  });
  assert.equal((await client.get('/version')).status, 200);
  assert.deepEqual(renewals, [false, true, false]);
});
