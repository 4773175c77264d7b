/** A location in the emulator's S3 is listed and read, whatever happens to the connection. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../../functions/velero/store/object-store.ts';
import { openLocation } from '../../../functions/velero/store/open-location.ts';
import { type Asked, answered, cutAfter, hungUp } from '../../control-plane/parts/faulty-proxy.ts';
import { s3Refusal } from '../parts/faulty-service.ts';
import { bucket, getOf, type LocationBehindProxy, location, read, refusal, signal, startLocation } from '../parts/location-behind-proxy.ts';

let place: LocationBehindProxy;
before(async () => {
  place = await startLocation();
});
afterEach(() => place.clear());
after(() => place?.stop());

const listing = ({ query }: Asked): boolean => query.get('list-type') === '2';
async function listed(store: ObjectStore, folder = ''): Promise<(readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  for await (const page of store.list(folder, signal)) pages.push(page.map(({ key }) => key));
  return pages;
}

describe('a location is listed', () => {
  const keys = Array.from({ length: 1_030 }, (_, index) => `backups/b-${String(index).padStart(4, '0')}/velero-backup.json`);
  before(async () => {
    for (let from = 0; from < keys.length; from += 50) await Promise.all(keys.slice(from, from + 50).map((key) => place.put(key, '{}')));
    await Promise.all([
      place.put('backups/', ''),
      place.put('kopia/shop/', ''),
      place.put('kopia/shop/p1', 'x'),
      place.put('top', 'x', { StorageClass: 'STANDARD_IA' }),
    ]);
    // Another location whose prefix begins alike.
    await place.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'prod-2/backups/other/velero-backup.json', Body: '{}' }));
  });

  test('in pages of 1,000, without the markers of folders, and the requests are counted', async () => {
    const { store } = await openLocation(location);
    const pages = await listed(store, 'backups/');
    assert.deepEqual(pages.flat(), keys);
    assert.ok(pages.every((page) => page.length <= 1_000));
    const { requests, bytes } = store.traffic();
    assert.equal(requests, 2);
    assert.ok(bytes > 200_000 && bytes < 2_000_000, String(bytes));
  });

  test('by folders', async () => {
    const { store } = await openLocation(location);
    const { folders, objects } = await store.folder('', signal);
    assert.deepEqual(folders, ['backups', 'kopia']);
    assert.deepEqual(
      objects.map(({ key, size, storageClass }) => [key, size, storageClass]),
      [['top', 1, 'STANDARD_IA']],
    );
    assert.ok(Math.abs((objects[0]?.lastModified ?? 0) - Date.now()) < 300_000);
    assert.equal((await store.folder('backups/', signal)).folders.length, 1_030);
    assert.deepEqual(
      (await store.folder('kopia/shop/', signal)).objects.map(({ key }) => key),
      ['kopia/shop/p1'],
    );
    assert.deepEqual(await store.folder('restic/', signal), { folders: [], objects: [] });
  });

  test('as the whole bucket', async () => {
    const { store } = await openLocation({ place: `s3://${bucket}` });
    // As S3 has them: with their slash `prod-2/` goes before `prod/`.
    assert.deepEqual((await store.folder('', signal)).folders, ['prod-2', 'prod']);
  });

  test('though a page is cut in the middle, or the connection before it', async () => {
    place.plant(listing, cutAfter(10_000), { times: 2 });
    place.plant(listing, hungUp, { times: 1 });
    const store = place.quick();
    assert.deepEqual((await listed(store, 'backups/')).flat(), keys);
    assert.equal(store.traffic().requests, 5);
  });

  test('denied, throttled and gone buckets are told apart', async () => {
    const denied = place.plant(listing, s3Refusal(403, 'AccessDenied', 'Access Denied'));
    await refusal(
      place.quick().folder('', signal),
      'denied',
      /^s3:ListBucket of s3:\/\/velero in eu-central-1: AccessDenied/,
      /allow this identity s3:ListBucket on arn:aws:s3:::velero,/,
    );
    denied.remove();
    const slow = place.plant(listing, s3Refusal(503, 'SlowDown', 'Please reduce your request rate.'));
    const store = place.quick();
    await refusal(listed(store), 'throttled', /SlowDown/, /quieter/);
    assert.equal(store.traffic().requests, 4);
    slow.remove();
    const { store: none } = await openLocation({ place: 's3://no-such-bucket/prod' });
    await refusal(none.folder('', signal), 'location', /NoSuchBucket/, /head-bucket --bucket no-such-bucket/);
  });

  test('a bucket of another region is said with the region that S3 names', async () => {
    const body =
      '<Error><Code>PermanentRedirect</Code><Message>The bucket must be addressed using the specified endpoint.</Message></Error>';
    const redirect = place.plant(listing, answered(301, body, { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-west-3' }));
    await refusal(
      place.quick().folder('', signal),
      'location',
      /the bucket is in eu-west-3$/,
      /^write region: eu-west-3 beside the bucket velero$/,
    );
    redirect.remove();
    const malformed = "The authorization header is malformed; the region 'eu-central-1' is wrong; expecting 'ap-south-1'";
    place.plant(listing, s3Refusal(400, 'AuthorizationHeaderMalformed', malformed));
    await refusal(place.quick().folder('', signal), 'location', /the bucket is in ap-south-1$/, /^write region: ap-south-1/);
  });
});

describe('an object', () => {
  const key = 'backups/nightly-1/nightly-1.tar.gz';
  const content = randomBytes(3_000_000);
  before(() => place.put(key, content));

  test('is read whole, by its version, and not beyond a limit', async () => {
    const { store } = await openLocation(location);
    const [object] = (await store.folder('backups/nightly-1/', signal)).objects;
    const before = store.traffic();
    assert.ok(content.equals(await read(store, key, object?.etag)));
    assert.equal(store.traffic().requests - before.requests, 1);
    assert.equal(store.traffic().bytes - before.bytes, content.length);
    await refusal(store.read(key, { signal, mostBytes: 1_000 }), 'too-large', /larger than the 1000 bytes/, /look/);
    assert.ok(store.traffic().bytes - before.bytes < 2 * content.length, 'it was left early');
  });

  test('is read on where the connection was cut', async () => {
    place.plant(getOf(key), cutAfter(700_000), { times: 3 });
    const store = place.quick();
    assert.ok(content.equals(await read(store, key)));
    const asked = place.proxy.requests.filter(getOf(key)).slice(-4);
    assert.ok(asked.slice(1).every(({ headers }) => /^bytes=\d+-$/.test(headers.range ?? '') && headers['if-match'] !== undefined));
    assert.equal(store.traffic().requests, 4);
    assert.equal(store.traffic().bytes, content.length);
  });

  test('is read on where nothing comes any more', async () => {
    place.plant(
      getOf(key),
      async ({ response, ask }) => {
        const { status, headers, body } = await ask();
        response.writeHead(status, headers);
        response.write(body.subarray(0, 500_000));
      },
      { times: 1 },
    );
    assert.ok(content.equals(await read(place.quick(700), key)));
  });

  test('whose connection is always cut is given up', async () => {
    place.plant(getOf(key), cutAfter(100_000));
    const store = place.quick();
    await refusal(read(store, key), 'unreachable', /was cut 6 times, the last time after \d+ of 3000000 bytes$/, /proxy/);
    assert.equal(store.traffic().requests, 6);
    place.plant(getOf('backups/x'), hungUp);
    await refusal(read(place.quick(), 'backups/x'), 'unreachable', /s3:GetObject of s3:\/\/velero\/prod\/backups\/x/, /AWS/);
  });

  test('of a store that does not go on is not taken for it', async () => {
    place.plant(getOf(key), cutAfter(100_000), { times: 1 });
    place.plant(getOf(key), async ({ response, ask }) => {
      const { status, headers, body } = await ask({ range: 'bytes=0-' });
      const { 'content-range': _, ...rest } = headers;
      response.writeHead(status === 206 ? 200 : status, rest).end(body);
    });
    await refusal(read(place.quick(), key), 'unreachable', /does not go on/, /ranges/);
  });

  test('that is written anew while it is read has changed', async () => {
    const store = place.quick();
    await place.put('backups/n/moving', content);
    const [object] = (await store.folder('backups/n/', signal)).objects;
    place.plant(
      getOf('backups/n/moving'),
      async ({ response, ask }) => {
        const { status, headers, body } = await ask();
        await place.put('backups/n/moving', randomBytes(3_000_000));
        response.writeHead(status, headers);
        response.write(body.subarray(0, 1_000_000), () => response.socket?.destroy());
      },
      { times: 1 },
    );
    await refusal(read(store, 'backups/n/moving'), 'changed', /PreconditionFailed/, /run again/);
    await refusal(read(store, 'backups/n/moving', object?.etag), 'changed', /PreconditionFailed/, /run again/);
  });

  test('that goes between listing and reading is missing', async () => {
    const store = place.quick();
    await place.put('backups/gone/velero-backup.json', '{}');
    const [object] = (await store.folder('backups/gone/', signal)).objects;
    await place.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'prod/backups/gone/velero-backup.json' }));
    await refusal(
      read(store, 'backups/gone/velero-backup.json', object?.etag),
      'missing',
      /NoSuchKey/,
      /list-object-versions --bucket velero --prefix prod\/backups\/gone/,
    );
  });

  test('comes though S3 wants it slower, by the client that functions use', async () => {
    place.plant(getOf(key), s3Refusal(503, 'SlowDown', 'Please reduce your request rate.'), { times: 4 });
    const { store } = await openLocation(location);
    assert.ok(content.equals(await read(store, key)));
    assert.equal(store.traffic().requests, 5);
  });

  test('is left when the time is spent: before, in the middle and between tries', async () => {
    const store = place.quick();
    await refusal(store.read(key, { signal: AbortSignal.abort(), mostBytes: 1e9 }), 'budget', /./, /more time/);
    const given = new AbortController();
    const inTheMiddle = async () => {
      for await (const _ of store.open(key, { signal: given.signal })) given.abort();
    };
    await refusal(inTheMiddle(), 'budget', /the time was spent after \d+ of 3000000 bytes/, /more time/);
    place.plant(getOf(key), s3Refusal(503, 'SlowDown', 'Please reduce your request rate.'));
    const { store: patient } = await openLocation(location);
    const began = performance.now();
    await refusal(patient.read(key, { signal: AbortSignal.timeout(700), mostBytes: 1e9 }), 'budget', /./, /more time/);
    assert.ok(performance.now() - began < 5_000);
  });

  test('whoever leaves early gives the connection back', async () => {
    const store = place.quick();
    for await (const _ of store.open(key, { signal })) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(store.traffic().bytes < content.length);
  });
});
