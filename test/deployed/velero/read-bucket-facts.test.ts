/** How a bucket is kept, as the emulator's S3 and KMS answer, and as they refuse. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { CreateKeyCommand, DisableKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BucketFacts } from '../../../functions/velero/bucket/bucket-facts.ts';
import { bucketRights } from '../../../functions/velero/bucket/bucket-rights.ts';
import { openLocation } from '../../../functions/velero/store/open-location.ts';
import { answered, type FaultyProxy, startFaultyProxy } from '../../control-plane/parts/faulty-proxy.ts';
import { type Emulator, startEmulator } from '../parts/emulator.ts';
import { s3Refusal } from '../parts/faulty-service.ts';

const region = 'eu-central-1';
const { signal } = new AbortController();
const environment = { ...process.env };
const unset = { state: 'unset' };

let emulator: Emulator;
let proxy: FaultyProxy;
let s3: S3Client;
const planted: { remove(): void }[] = [];
before(async () => {
  emulator = await startEmulator();
  proxy = await startFaultyProxy(emulator.endpoint);
  for (const [name, value] of Object.entries({ ...emulator.environment, AWS_ENDPOINT_URL: proxy.url })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  s3 = new S3Client({ endpoint: emulator.endpoint, forcePathStyle: true });
});
afterEach(() => {
  for (const one of planted.splice(0)) one.remove();
});
after(async () => {
  proxy?.stop();
  await emulator?.stop();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});

const create = (Bucket: string, ObjectLockEnabledForBucket = false) =>
  s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket, CreateBucketConfiguration: { LocationConstraint: region } }));
async function factsOf(bucket: string, prefix?: string): Promise<BucketFacts> {
  const { bucketFacts } = await openLocation({ bucket, region, ...(prefix && { prefix }) });
  return (await bucketFacts?.(signal)) ?? assert.fail('a bucket has facts');
}
const plain = ({ previousVersion: _, ...facts }: BucketFacts) => facts;

test('of a new bucket: nothing is set, which is an answer, and seven requests tell it', async () => {
  await create('plain');
  const { bucketFacts, store } = await openLocation({ bucket: 'plain', prefix: '/prod/', region });
  const facts = await bucketFacts?.(signal);
  assert.ok(facts);
  assert.deepEqual(plain(facts), {
    bucket: 'plain',
    prefix: 'prod',
    region,
    versioning: unset,
    encryption: unset,
    keyState: unset,
    publicAccessBlock: unset,
    isPublic: unset,
    objectLock: unset,
    replication: unset,
    lifecycle: unset,
  });
  assert.equal(store.traffic().requests, 7);
});

describe('of a bucket that is set up', () => {
  const Bucket = 'full';
  let keyArn = '';
  before(async () => {
    await create(Bucket, true);
    const kms = new KMSClient({ endpoint: emulator.endpoint });
    const { KeyMetadata: key } = await kms.send(new CreateKeyCommand({}));
    keyArn = key?.Arn ?? assert.fail('a key has an ARN');
    await s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn } }],
        },
      }),
    );
    await s3.send(
      new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { BlockPublicAcls: true, IgnorePublicAcls: true } }),
    );
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` };
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }));
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Years: 1 } } },
      }),
    );
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              ID: 'old',
              Status: 'Enabled',
              Filter: { Prefix: 'prod/kopia/' },
              Expiration: { Days: 90 },
              NoncurrentVersionExpiration: { NoncurrentDays: 7 },
            },
            {
              ID: 'tagged',
              Status: 'Disabled',
              Filter: { And: { Prefix: 'logs/', Tags: [{ Key: 'a', Value: 'b' }] } },
              Expiration: { Date: new Date('2027-01-01') },
            },
            { ID: 'cold', Status: 'Enabled', Filter: {}, Transitions: [{ Days: 30, StorageClass: 'GLACIER' }] },
          ],
        },
      }),
    );
  });

  // The emulator forgets the rules' filters.
  const rule = (filter: string, status: string) =>
    `<Rule><Priority>1</Priority><Status>${status}</Status><Filter>${filter}</Filter><Destination><Bucket>arn:aws:s3:::replica</Bucket></Destination></Rule>`;
  const replication = `<ReplicationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Role>r</Role>${rule('<Prefix>prod/backups/</Prefix>', 'Enabled')}${rule('<And><Prefix>prod/kopia/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And>', 'Enabled')}${rule('', 'Disabled')}</ReplicationConfiguration>`;

  test('all of it', async () => {
    planted.push(
      proxy.plant({ when: ({ query }) => query.has('replication') }, answered(200, replication, { 'content-type': 'application/xml' })),
    );
    const facts = plain(await factsOf(Bucket, 'prod'));
    assert.deepEqual(facts.versioning, { state: 'set', value: 'Enabled' });
    assert.deepEqual(facts.encryption, { state: 'set', value: { algorithm: 'aws:kms', keyArn } });
    assert.deepEqual(facts.keyState, { state: 'set', value: { state: 'Enabled' } });
    assert.deepEqual(facts.publicAccessBlock, { state: 'set', value: { missing: ['BlockPublicPolicy', 'RestrictPublicBuckets'] } });
    assert.deepEqual(facts.isPublic, { state: 'set', value: true });
    assert.deepEqual(facts.objectLock, { state: 'set', value: { mode: 'COMPLIANCE', days: 365 } });
    // Neither the rule that is off nor the one for tags, which no blob of kopia has.
    assert.deepEqual(facts.replication, { state: 'set', value: { rules: 1, prefixes: ['prod/backups/'] } });
    assert.deepEqual(facts.lifecycle, {
      state: 'set',
      value: [
        {
          id: 'old',
          enabled: true,
          prefix: 'prod/kopia/',
          narrowed: false,
          expirationDays: 90,
          noncurrentExpirationDays: 7,
          transitions: [],
        },
        {
          id: 'tagged',
          enabled: false,
          prefix: 'logs/',
          narrowed: true,
          byTags: true,
          expirationDate: '2027-01-01T00:00:00.000Z',
          transitions: [],
        },
        { id: 'cold', enabled: true, prefix: '', narrowed: false, transitions: [{ days: 30, storageClass: 'GLACIER' }] },
      ],
    });
  });

  test('a key that is disabled, to be deleted, or not to be asked for', async () => {
    const kms = new KMSClient({ endpoint: emulator.endpoint });
    await kms.send(new DisableKeyCommand({ KeyId: keyArn.split('/')[1] }));
    assert.deepEqual((await factsOf(Bucket)).keyState, { state: 'set', value: { state: 'Disabled' } });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: keyArn.split('/')[1], PendingWindowInDays: 7 }));
    const { keyState } = await factsOf(Bucket);
    assert.ok(keyState.state === 'set' && keyState.value.state === 'PendingDeletion');
    assert.match(keyState.value.deletionDate ?? '', /^\d{4}-\d\d-\d\dT/);
    const describeKey = (type: string, message: string) =>
      proxy.plant({ when: ({ headers }) => headers['x-amz-target'] === 'TrentService.DescribeKey' }, ({ response }) => {
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: type, message }));
      });
    const denied = describeKey('AccessDeniedException', 'User is not authorized to perform: kms:DescribeKey');
    const unknown = (await factsOf(Bucket)).keyState;
    assert.ok(unknown.state === 'unknown');
    assert.match(unknown.reason, /^kms:DescribeKey of arn:aws:kms:.*AccessDenied/);
    assert.match(unknown.remedy, /allow this identity kms:DescribeKey on arn:aws:kms:/);
    denied.remove();
    const gone = describeKey('NotFoundException', 'Key does not exist');
    assert.deepEqual((await factsOf(Bucket)).keyState, { state: 'set', value: { state: 'NotFound' } });
    gone.remove();
  });
});

test('what is denied is unknown, each with the action that is missing; the rest is told', async () => {
  await create('closed');
  const queries = ['versioning', 'encryption', 'publicAccessBlock', 'policyStatus', 'object-lock', 'replication', 'lifecycle', 'versions'];
  planted.push(
    proxy.plant({ when: ({ query }) => queries.some((name) => query.has(name)) }, s3Refusal(403, 'AccessDenied', 'Access Denied')),
  );
  const facts = await factsOf('closed');
  const { previousVersion, bucket, prefix, region: _, ...asked } = facts;
  const all = { ...asked, previousVersion: await previousVersion('backups/a/velero-backup.json', signal) };
  for (const [fact, action] of Object.entries(bucketRights)) {
    const answer = Object.entries(all).find(([name]) => name === fact)?.[1];
    assert.ok(answer?.state === 'unknown', fact);
    // Which key it is nobody may know then.
    const right = fact === 'keyState' ? bucketRights.encryption : action;
    assert.match(answer.reason, new RegExp(`^${right} of s3://closed.*AccessDenied`), fact);
    assert.match(answer.remedy, new RegExp(`allow this identity ${right} on arn:aws:s3:::closed,`), fact);
  }
  planted.splice(0).forEach((one) => {
    one.remove();
  });
  planted.push(proxy.plant({ when: ({ query }) => query.has('lifecycle') }, s3Refusal(403, 'AccessDenied', 'Access Denied')));
  const some = await factsOf('closed');
  assert.deepEqual([some.lifecycle.state, some.versioning.state], ['unknown', 'unset']);
});

describe('a version behind a delete marker', () => {
  const Bucket = 'versions';
  const key = 'backups/a/a.tar.gz';
  const Key = `prod/${key}`;
  before(async () => {
    await create(Bucket);
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  });
  const versionOf = async () => (await factsOf(Bucket, 'prod')).previousVersion(key, signal);

  test('none where it never was, or is there', async () => {
    assert.deepEqual(await versionOf(), unset);
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: `${Key}.bak`, Body: 'other' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: `${Key}.bak` }));
    assert.deepEqual(await versionOf(), unset);
  });
  test('the newest one, and the marker whose removal brings it back', async () => {
    const { VersionId: newest } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }));
    const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const found = await versionOf();
    assert.ok(found.state === 'set');
    assert.deepEqual([found.value.versionId, found.value.markerVersionId, found.value.size], [newest, marker, 6]);
    assert.equal(found.value.olderMarkerVersionIds, undefined);
    assert.match(found.value.deletedAt ?? '', /^\d{4}-\d\d-\d\dT/);
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: found.value.markerVersionId }));
    const { store } = await openLocation({ bucket: Bucket, prefix: 'prod', region });
    assert.equal(Buffer.from(await store.read(key, { signal, mostBytes: 100 })).toString(), 'second');
    assert.deepEqual(await versionOf(), unset);
  });
  test('two markers, where it was deleted twice', async () => {
    const { VersionId: first } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const { VersionId: second } = await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    const found = await versionOf();
    assert.ok(found.state === 'set');
    assert.deepEqual([found.value.markerVersionId, found.value.olderMarkerVersionIds], [second, [first]]);
  });
  test('nothing where only markers are left', async () => {
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'prod/backups/never' }));
    assert.deepEqual(await (await factsOf(Bucket, 'prod')).previousVersion('backups/never', signal), unset);
  });
});
