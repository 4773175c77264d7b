/** The first try goes where the SDK would go, and what it cannot use the SDK takes up from the same answer. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { s3Asker } from '../../../functions/velero/store/s3-asker.ts';
import { s3ObjectStore } from '../../../functions/velero/store/s3-object-store.ts';

const location = { bucket: 'velero', prefix: 'prod', region: 'eu-central-1' };
const { signal } = new AbortController();

const asked: IncomingMessage[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.end('{}');
const server = createServer((request, response) => {
  asked.push(request);
  answer(request, response);
});
let client: S3Client;
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address !== 'string');
  client = new S3Client({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: location.region,
    forcePathStyle: true,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'session' },
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
});
after(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

/** The requests that came since, and the store. */
function begun() {
  asked.length = 0;
  return { asked, store: s3ObjectStore(location, s3Asker(location, client)) };
}

describe('a get', () => {
  test('asks as the SDK does, whatever is in the key', async () => {
    answer = (_, response) => void response.end('{}');
    const key = 'backups/a b+c/!\'()*~é%2F"&?#=@:,;$//x/../velero-backup.json';
    const { store } = begun();
    await store.read(key, { signal, etag: '"e"', mostBytes: 10 });
    await (await client.send(new GetObjectCommand({ Bucket: 'velero', Key: `prod/${key}`, IfMatch: '"e"' }))).Body?.transformToString();
    const [own, sdk] = asked;
    assert.deepEqual([own?.method, own?.url], [sdk?.method, sdk?.url]);
    for (const name of ['host', 'if-match', 'range', 'user-agent', 'x-amz-content-sha256', 'x-amz-security-token'])
      assert.equal(own?.headers[name], sdk?.headers[name], name);
    const scope = /Credential=id\/\d{8}\/eu-central-1\/s3\/aws4_request/;
    assert.match(own?.headers.authorization ?? '', scope);
    assert.match(sdk?.headers.authorization ?? '', scope);
  });

  test('that is refused is asked for once, and the SDK reads the refusal', async () => {
    answer = (_, response) =>
      void response
        .writeHead(404, { 'content-type': 'application/xml' })
        .end('<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>');
    const { store } = begun();
    const thrown: unknown = await store.read('k', { signal, mostBytes: 10 }).catch((error: unknown) => error);
    assert.ok(thrown instanceof StoreError);
    assert.deepEqual([thrown.reason, asked.length, store.traffic().requests], ['missing', 1, 1]);
    assert.match(thrown.message, /NoSuchKey: gone$/);
  });
});

describe('a listing', () => {
  const page = (key: string) =>
    `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>${key}</Key><LastModified>2026-11-24T03:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents></ListBucketResult>`;
  for (const [what, key] of [
    ['that is plain', 'prod/a&amp;b'],
    ['that only the SDK can read', '<![CDATA[prod/a&b]]>'],
  ] as const) {
    test(`${what} is asked for once, and its bytes are counted once`, async () => {
      answer = (_, response) => void response.end(page(key));
      const { store } = begun();
      const pages: unknown[] = [];
      for await (const each of store.list('', signal)) pages.push(each);
      assert.deepEqual(pages, [[{ key: 'a&b', size: 7, etag: '"e"', lastModified: Date.UTC(2026, 10, 24, 3) }]]);
      assert.equal(asked[0]?.url, '/velero/?list-type=2&prefix=prod%2F');
      assert.deepEqual([asked.length, store.traffic()], [1, { requests: 1, bytes: page(key).length }]);
    });
  }
});
