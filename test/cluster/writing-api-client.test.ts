import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { writingApiClient } from '../../functions/cluster/writing-api-client.ts';
import { errorOf, quick, running, serve } from './client-and-server.ts';
import { sendJson } from './https-server.ts';

const options = { preconditions: { uid: 'u-1', resourceVersion: '7' }, propagationPolicy: 'Background' } as const;
interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly length: string | undefined;
  readonly body: string;
}

/** A server that keeps what it was asked; `answer` is given how often it was asked before. */
async function served(answer: (response: ServerResponse, before: number, request: IncomingMessage) => void, settings = {}) {
  const asked: Asked[] = [];
  const server = await serve(async (request, response) => {
    const { method, url, headers } = request;
    const before = asked.length;
    const body = await text(request);
    asked.push({ method, url, type: headers['content-type'], length: headers['content-length'], body });
    answer(response, before, request);
  });
  const client = writingApiClient(server.access, { ...quick, ...settings });
  running.push({ stop: () => client.close() });
  return { client, asked };
}

describe('what a write looks like', () => {
  test('a DELETE has all of its options in a framed body, and no query', async () => {
    const { client, asked } = await served((response) => sendJson(response, { kind: 'Status' }));
    await client.delete('/api/v1/namespaces/a/pods/ü', options);
    await client.delete('/api/v1/namespaces/a/pods/b', options, { dryRun: true });
    const [real, dry] = asked.map(({ body }) => JSON.parse(body));
    const common = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
    assert.deepEqual(real, common);
    assert.deepEqual(dry, { ...common, dryRun: ['All'] });
    for (const { method, url, type, length, body } of asked) {
      assert.deepEqual([method, type, length], ['DELETE', 'application/json', String(Buffer.byteLength(body))]);
      assert.ok(!url?.includes('?'));
    }
  });

  test('PATCH and POST say who writes, and what is a dry run, in the query', async () => {
    const { client, asked } = await served((response) => sendJson(response, {}));
    await client.patch('/p', { a: 1 });
    await client.create('/c', { b: 2 }, { dryRun: true });
    assert.deepEqual(
      asked.map(({ method, url, type, body }) => [method, url, type, body]),
      [
        ['PATCH', '/p?fieldManager=nightshift', 'application/merge-patch+json', '{"a":1}'],
        ['POST', '/c?fieldManager=nightshift&dryRun=All', 'application/json', '{"b":2}'],
      ],
    );
  });
});

describe('sending a write again', () => {
  test('401: with renewed credentials, body and all', async () => {
    const { client, asked } = await served((response, before) => sendJson(response, { kind: 'Status' }, before === 0 ? 401 : 200));
    assert.equal((await client.delete('/d', options)).status, 200);
    assert.equal(asked.length, 2);
    assert.equal(asked[0]?.body, asked[1]?.body);
  });

  test('429: not before Retry-After is over, and whoever paces is told', async () => {
    const times: number[] = [];
    const told: number[] = [];
    const { client } = await served(
      (response, before) => {
        times.push(performance.now());
        if (before === 0) response.writeHead(429, { 'retry-after': '1' }).end();
        else sendJson(response, { kind: 'Status' });
      },
      { onRetryAfter: (wait: number) => told.push(wait) },
    );
    assert.equal((await client.delete('/d', options)).status, 200);
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 995, String(times));
    assert.ok(told.length === 1 && (told[0] ?? 0) >= 1000);
  });

  test('5xx: never by itself, since it may have been done; a dry run is', async () => {
    const { client, asked } = await served((response) => response.writeHead(503, { 'retry-after': '0' }).end('x'), { refusals: 2 });
    assert.equal((await client.delete('/d', options)).status, 503);
    assert.equal(asked.length, 1);
    await client.delete('/d', options, { dryRun: true });
    assert.equal(asked.length, 4);
  });

  test('a connection that dies, or an answer that is cut: never by itself', async () => {
    const { client, asked } = await served((response, before) =>
      before === 0 ? response.socket?.destroy() : response.writeHead(200, { 'content-type': 'application/json' }).end('{"kind":'),
    );
    assert.equal((await errorOf(client.delete('/d', options))).kind, 'connection-lost');
    assert.equal((await errorOf(client.create('/d', {}))).kind, 'connection-lost');
    assert.equal(asked.length, 2);
  });

  test('the signal ends the wait, and not what is under way', async () => {
    const time = new AbortController();
    const { client, asked } = await served((response, before) => {
      if (before > 0) return void response.writeHead(429, { 'retry-after': '20' }).end();
      time.abort();
      return void setTimeout(() => sendJson(response, { kind: 'Status' }), 50);
    });
    assert.equal((await client.delete('/d', options, { signal: time.signal })).status, 200);
    const later = new AbortController();
    setTimeout(() => later.abort(), 100);
    const error = await errorOf(client.delete('/d', options, { signal: later.signal }));
    assert.deepEqual([error.kind, asked.length], ['aborted', 2]);
  });
});
