import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { type ApiAccess, apiClient } from '../../functions/cluster/api-client.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { type Handler, type HttpsServer, sendJson, startHttpsServer } from './https-server.ts';

const running: { stop(): void }[] = [];
after(() => {
  for (const each of running) each.stop();
});

async function serve(handler: Handler): Promise<HttpsServer> {
  const server = await startHttpsServer(handler);
  running.push(server);
  return server;
}

function clientOf(access: ApiAccess) {
  const client = apiClient(access, { firstWait: 5, timeouts: { connect: 5_000, idle: 5_000, whole: 10_000 } });
  running.push({ stop: () => client.close() });
  return client;
}

async function errorOf(work: Promise<unknown>): Promise<ClusterError> {
  const error = await work.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClusterError, String(error));
  return error;
}

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
