/** What places mean; that a bucket is then read is shown in test/deployed/velero. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { openLocation } from '../../../functions/velero/store/open-location.ts';
import { PlaceError } from '../../../functions/velero/store/place-error.ts';
import { type HttpStub, startHttpStub } from '../../cluster/http-stub.ts';

const bucket = resolve(import.meta.dirname, '../bucket');
const environment = { ...process.env };
const stubs: HttpStub[] = [];
afterEach(() => {
  for (const key of Object.keys(process.env)) if (!(key in environment)) delete process.env[key];
  Object.assign(process.env, environment);
  for (const stub of stubs.splice(0)) stub.stop();
});

/** An S3 that answers HEAD so; which paths were asked for is told. */
async function useS3(status: number, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const asked: string[] = [];
  const stub = await startHttpStub((request, _, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, headers).end();
  });
  stubs.push(stub);
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_DEFAULT_REGION']) delete process.env[name];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAOWN', AWS_SECRET_ACCESS_KEY: 'own-secret', AWS_ENDPOINT_URL_S3: stub.endpoint });
  return asked;
}
/** The region that the store asks in, as its refusals name it. */
async function regionOf(place: string, region?: string): Promise<string> {
  const { store } = await openLocation({ place, ...(region !== undefined && { region }) });
  const error: unknown = await store.folder('', AbortSignal.abort()).catch((reason: unknown) => reason);
  return / in ([a-z0-9-]+):/.exec(String(error))?.[1] ?? String(error);
}

describe('a bucket', () => {
  test('that is configured: nothing is asked before it is read', async () => {
    const asked = await useS3(500);
    const { store, object, backupName, bucketFacts } = await openLocation({ bucket: 'velero', prefix: '/prod/', region: 'eu-west-1' });
    assert.equal(store.location, 's3://velero/prod');
    assert.deepEqual(object, { apiVersion: 'nightshift.dev/v1', kind: 'Bucket', name: 's3://velero/prod' });
    assert.equal(backupName, undefined);
    assert.equal(typeof bucketFacts, 'function');
    assert.deepEqual(asked, []);
  });

  const places: Readonly<Record<string, readonly [string, string | undefined]>> = {
    's3://velero': ['s3://velero', undefined],
    's3://velero/': ['s3://velero', undefined],
    's3://velero/prod/eu/': ['s3://velero/prod/eu', undefined],
    's3://velero/prod#nightly-20261124': ['s3://velero/prod', 'nightly-20261124'],
    's3://velero#nightly-1': ['s3://velero', 'nightly-1'],
    's3://velero/#nightly-1': ['s3://velero', 'nightly-1'],
  };
  for (const [place, [location, name]] of Object.entries(places)) {
    test(place, async () => {
      const { store, object, backupName } = await openLocation({ place, region: 'eu-west-1' });
      assert.deepEqual([store.location, object.name, backupName], [location, location, name]);
    });
  }

  test('its region: the given one; else what S3 tells, even as it refuses; else the environment’s', async () => {
    const asked = await useS3(200, { 'x-amz-bucket-region': 'eu-west-3' });
    assert.equal(await regionOf('s3://velero/prod', 'eu-west-1'), 'eu-west-1');
    assert.deepEqual(asked, []);
    assert.equal(await regionOf('s3://velero/prod'), 'eu-west-3');
    assert.deepEqual(asked, ['HEAD /velero/']);
    for (const status of [301, 400, 403]) {
      await useS3(status, { 'x-amz-bucket-region': 'ap-south-1' });
      process.env.AWS_REGION = 'eu-central-1';
      assert.equal(await regionOf('s3://velero'), 'ap-south-1', String(status));
    }
    await useS3(404);
    assert.equal(await regionOf('s3://velero'), 'us-east-1');
    process.env.AWS_REGION = 'eu-central-1';
    assert.equal(await regionOf('s3://velero'), 'eu-central-1');
  });
});

describe('a path', () => {
  test('the bucket’s copy, with and without a backup’s name', async () => {
    const { store, object, backupName, bucketFacts } = await openLocation({ place: bucket });
    assert.deepEqual([store.location, object.kind, object.name, backupName, bucketFacts], [bucket, 'File', bucket, undefined, undefined]);
    const named = await openLocation({ place: `${bucket}#shop-1` });
    assert.deepEqual([named.store.location, named.backupName], [bucket, 'shop-1']);
  });
  test('a backup’s folder and tarball name it', async () => {
    for (const place of [join(bucket, 'backups/shop-1'), join(bucket, 'backups/shop-1/shop-1.tar.gz')]) {
      assert.equal((await openLocation({ place })).backupName, 'shop-1');
      assert.equal((await openLocation({ place: `${place}#shop-1` })).backupName, 'shop-1');
    }
  });
  test('may hold the character itself', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightshift#'));
    try {
      cpSync(join(bucket, 'backups/shop-1'), join(folder, 'backups/shop-1'), { recursive: true });
      assert.deepEqual((await openLocation({ place: folder })).backupName, undefined);
      assert.deepEqual((await openLocation({ place: `${folder}#shop-1` })).backupName, 'shop-1');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a mistake is said', () => {
  const mistakes: Readonly<Record<string, RegExp>> = {
    's3:velero': /a place in S3 is s3:\/\/BUCKET/,
    's3://': /a place in S3 is/,
    's3://Under_score/x': /a place in S3 is/,
    's3://velero/prod#': /a backup’s name/,
    's3://velero/prod#Not A Name': /a backup’s name/,
    'gs://velero/prod': /read from s3:\/\/BUCKET\/PREFIX or from a path/,
    'https://velero.s3.amazonaws.com/': /read from s3:\/\//,
    '/nowhere': /^\/nowhere: no such file or folder/,
    '/nowhere#x': /^\/nowhere: no such file or folder/,
    [`${bucket}#`]: /a backup’s name/,
    [`${join(bucket, 'backups/shop-1')}#full-1`]: /the only backup in .* is shop-1/,
  };
  for (const [place, message] of Object.entries(mistakes)) {
    test(place.replace(bucket, '…'), async () => {
      await assert.rejects(openLocation({ place }), (error: unknown) => {
        assert.ok(error instanceof PlaceError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
