import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { clientOf, errorOf, running, serve } from './client-and-server.ts';
import { sendJson } from './https-server.ts';

describe('whoever gives up is let go at once', () => {
  test('also while it waits for one of the few connections', async () => {
    const server = await serve(() => undefined);
    const client = clientOf(server.access);
    const others = new AbortController();
    const busy = Array.from({ length: 3 }, () => client.get('/busy', { signal: others.signal }).catch(() => undefined));
    const started = performance.now();
    const error = await errorOf(client.get('/queued', { signal: AbortSignal.timeout(100) }));
    assert.equal(error.kind, 'aborted');
    assert.ok(performance.now() - started < 2_000, 'not only when a connection is free');
    others.abort();
    await Promise.all(busy);
  });

  test('also while credentials are awaited', async () => {
    const never = new Promise<never>(() => undefined);
    const client = clientOf({ server: 'https://127.0.0.1:1', tls: {}, credentials: () => never });
    assert.equal((await errorOf(client.get('/version', { signal: AbortSignal.timeout(100) }))).kind, 'aborted');
  });

  test('and its signal keeps no listener of hundreds of answers', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const client = clientOf(server.access);
    const { signal } = new AbortController();
    for (let count = 0; count < 50; count += 1) await client.getJson('/version', { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});

test('who got the connection of another is not said to have none while its answer takes its time', async () => {
  const server = await serve((request, response) => {
    setTimeout(() => sendJson(response, {}), request.url === '/slow' ? 600 : 50);
  });
  const client = clientOf(server.access, { timeouts: { connect: 300 }, attempts: 1 });
  const quick = ['/a', '/b', '/c'].map((path) => client.get(path));
  const slow = client.get('/slow');
  const [{ status }] = await Promise.all([slow, ...quick]);
  assert.equal(status, 200);
});

test('a server that takes the connection and never says a word is given up as soon as one that takes none', async () => {
  const silent = createServer((socket) => socket.unref().on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  running.push({ stop: () => silent.close() });
  const server = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const access = { server, tls: {}, credentials: async () => ({ headers: {} }) };
  const { kind, message } = await errorOf(clientOf(access, { timeouts: { connect: 300, idle: 3_000, whole: 9_000 } }).get('/version'));
  assert.deepEqual([kind, message.includes('no connection within 0.3 s')], ['timeout', true], message);
});

test('an answer that is no HTTP is not kept in the error: it may hold a Secret', async () => {
  const server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    response.write('{"data":');
    response.socket?.write('hunter2-hunter2 is no length\r\n');
  });
  const error = await errorOf(clientOf(server.access).getJson('/version'));
  assert.ok(error.cause instanceof Error && error.cause.message.includes('Parse Error'));
  assert.ok(!('rawPacket' in error.cause));
});

test('credentials that no header can carry are said to be so, without them', async () => {
  const server = await serve((_, response) => sendJson(response, {}));
  const client = clientOf({ ...server.access, credentials: async () => ({ headers: { authorization: 'Bearer test-token\nmore' } }) });
  const error = await errorOf(client.get('/version'));
  assert.equal(error.kind, 'configuration', error.message);
  assert.ok(!inspect(error, { depth: 9 }).includes('test-token'));
});
