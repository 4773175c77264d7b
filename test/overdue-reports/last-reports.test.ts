import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { lastReports } from '../../functions/overdue-reports/last-reports.ts';

/** By cluster: what S3 answers. */
const answers: Readonly<Record<string, readonly [status: number, body: string]>> = {
  prod: [
    206,
    '{"schemaVersion":1,"runId":"a","operation":"health-check","startedAt":"2026-11-24T06:00:03.000Z","findings":[{"startedAt":"2020',
  ],
  ahead: [206, '{"schemaVersion":1,"startedAt":"2099-01-01T00:00:00.000Z"'],
  damaged: [206, '{"schemaVersion":1,"runI'],
  empty: [416, '<Error><Code>InvalidRange</Code></Error>'],
  missing: [404, '<Error><Code>NoSuchKey</Code></Error>'],
  refused: [403, '<Error><Code>AccessDenied</Code></Error>'],
  'no-bucket': [404, '<Error><Code>NoSuchBucket</Code></Error>'],
};

describe('the last reports', () => {
  const asked: string[] = [];
  let most = 0;
  let open = 0;
  const server = createServer((request, response) => {
    most = Math.max(most, ++open);
    asked.push(`${request.url?.replace(/\?.*/, '')} ${request.headers.range}`);
    const [status, body] = answers[request.url?.split('/')[3] ?? ''] ?? answers.missing ?? [500, ''];
    setTimeout(() => {
      open -= 1;
      response.writeHead(status, { 'last-modified': 'Tue, 24 Nov 2026 06:01:00 GMT' }).end(body);
    }, 20);
  });
  let client: S3Client;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    client = new S3Client({ endpoint, region: 'eu-central-1', credentials, forcePathStyle: true, maxAttempts: 1 });
  });
  after(() => {
    client.destroy();
    server.close();
  });
  const of = (...clusters: readonly string[]) =>
    lastReports(
      client,
      'reports-bucket',
      clusters.map((cluster) => ({ cluster, operation: 'health-check' as const })),
    );

  test('are as old as they say, but no younger than their object; one that cannot be understood as its object; one that is not there is none', async () => {
    const found = await of('prod', 'ahead', 'damaged', 'empty', 'missing');
    assert.deepEqual(Object.fromEntries([...found].map(([pair, time]) => [pair, new Date(time).toISOString()])), {
      'prod/health-check': '2026-11-24T06:00:03.000Z',
      'ahead/health-check': '2026-11-24T06:01:00.000Z',
      'damaged/health-check': '2026-11-24T06:01:00.000Z',
    });
  });

  test('are asked for by their beginning alone, each once', async () => {
    asked.length = 0;
    await of('prod', 'prod');
    assert.deepEqual(asked, ['/reports-bucket/reports/prod/health-check/latest.json bytes=0-4095']);
  });

  test('are no guess where S3 refuses', async () => {
    await assert.rejects(of('prod', 'refused'), { name: 'AccessDenied' });
    await assert.rejects(of('no-bucket'), { name: 'NoSuchBucket' });
  });

  test('of a fleet are asked for a few at once', async () => {
    most = 0;
    await of(...Array.from({ length: 100 }, (_, index) => `cluster-${index}`));
    assert.ok(most > 5 && most <= 20, `${most} at once`);
  });
});
