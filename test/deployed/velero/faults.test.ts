/**
 * What goes wrong between S3 and the operation, on the emulator's S3 behind a proxy that spoils what a test says: the whole report of the
 * operation, by the SDK's own retries. The same faults, and all others, on backups in a played bucket: test/backup-verification/faults.
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  DeleteObjectCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { backupVerification } from '../../../functions/backup-verification/operation.ts';
import type { Report } from '../../../functions/report/model.ts';
import { runOnCluster } from '../../../functions/runtime/run-on-cluster.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { newest, nights, older } from '../../backup-verification/faults/planted-nights.ts';
import { allArchiveChecks, assertReport, type Expected } from '../../backup-verification/faults/verified.ts';
import { hour, now } from '../../backup-verification/sample-location.ts';
import { answered, cutAfter, type Fault, hungUp } from '../../control-plane/parts/faulty-proxy.ts';
import { s3Refusal } from '../parts/faulty-service.ts';
import { bucket, getOf, type LocationBehindProxy, location, startLocation } from '../parts/location-behind-proxy.ts';

const key = backupKey(newest, 'contents');
const sound = { newestVerified: { nightly: newest } } as const;
const unlooked = { rows: { [newest]: 'unknown' }, newestVerified: { nightly: null } } as const;

let place: LocationBehindProxy;
/** Of this night by the real clock, which S3 and the SDK go by. */
const later = (Date.now() - now) / hour;
const files = await nights({ hoursAgo: 4.5 - later }, { hoursAgo: 28.5 - later });
const length = files[key]?.body.length ?? 0;
const half = Math.floor(length / 2);
before(async () => {
  place = await startLocation();
  await place.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const blocked = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
  await place.s3.send(new PutPublicAccessBlockCommand({ Bucket: bucket, PublicAccessBlockConfiguration: blocked }));
  for (const [name, { body }] of Object.entries(files)) await place.put(name, body);
});
afterEach(() => place.clear());
after(() => place?.stop());

const run = (): Promise<Report> =>
  runOnCluster({
    operation: backupVerification,
    cluster: 'prod',
    options: {},
    own: {},
    runId: 'run',
    eventTime: new Date().toISOString(),
    backups: [location],
    previous: undefined,
    signal: new AbortController().signal,
  });
const judge = async (expected: Expected): Promise<void> => assertReport(await run(), expected);
const spoil = (fault: Fault, aim: { readonly times?: number; readonly after?: number } = {}, what = key) =>
  place.plant(getOf(what), fault, aim);

describe('no alarm', () => {
  test('nothing is wrong', () => judge(sound));
  test('503 SlowDown for a while, a body that is cut at half, a connection that is hung up: it is asked for again', async () => {
    spoil(s3Refusal(503, 'SlowDown', 'Please reduce your request rate.'), { times: 3 });
    await judge(sound);
    place.clear();
    const cut = spoil(cutAfter(half), { times: 2 });
    await judge(sound);
    assert.equal(cut.struck.length, 2);
    place.clear();
    spoil(hungUp, { times: 2 });
    await judge(sound);
  });
});

describe('the tarball cannot be had: unknown to every check that looks into it, and to none other', () => {
  const refusals: Readonly<Record<string, readonly [Fault, RegExp]>> = {
    '404 between listing and get': [s3Refusal(404, 'NoSuchKey', 'The specified key does not exist.'), /NoSuchKey/],
    '412: it was rewritten meanwhile': [
      s3Refusal(412, 'PreconditionFailed', 'At least one of the pre-conditions did not hold'),
      /PreconditionFailed/,
    ],
    'access denied on one key': [s3Refusal(403, 'AccessDenied', 'Access Denied'), /AccessDenied/],
    'SSE-C': [
      s3Refusal(
        400,
        'InvalidRequest',
        'The object was stored using a form of Server Side Encryption. The correct parameters must be provided.',
      ),
      /Server Side Encryption/,
    ],
    '503 SlowDown for ever': [s3Refusal(503, 'SlowDown', 'Please reduce your request rate.'), /SlowDown/],
  };
  for (const [what, [fault, reason]] of Object.entries(refusals))
    test(what, async () => {
      spoil(fault);
      const report = await run();
      assertReport(report, { unknown: allArchiveChecks(reason), ...unlooked });
      // The key that it is about is in each of them.
      for (const { reason: told } of report.incomplete) assert.match(told, new RegExp(`s3://velero/prod/${key}`));
    });
});

test('a body that is cut at half, and goes no further however often it is asked for', async () => {
  spoil(cutAfter(half), { times: 1 });
  spoil(cutAfter(0));
  const what = new RegExp(`${key}: the connection was cut 6 times, the last time after ${half} of ${length} bytes`);
  await judge({ unknown: allArchiveChecks(what), ...unlooked });
});

test('a bucket of another region is one finding, and nothing is said of its backups', async () => {
  const body = '<Error><Code>PermanentRedirect</Code><Message>The bucket must be addressed using the specified endpoint.</Message></Error>';
  place.plant(() => true, answered(301, body, { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-west-3' }));
  const report = await run();
  assert.deepEqual(
    report.findings.map(({ severity, object }) => `${severity} ${object.kind}`),
    ['critical Bucket'],
  );
  assert.match(`${report.findings[0]?.message} ${report.findings[0]?.remedy}`, /the bucket is in eu-west-3 .*write region: eu-west-3/);
  assert.deepEqual([report.complete, report.tables, report.backupSchedules?.length ?? 0], [false, undefined, 0]);
});

describe('what the emulator itself plays', () => {
  test('Glacier: by its storage class, and as S3 refuses it', async () => {
    await place.put(key, files[key]?.body ?? '', { StorageClass: 'GLACIER' });
    await judge({
      unknown: { ...allArchiveChecks(/InvalidObjectState/), 'backup-files': new RegExp(`${key} lie.* in the storage class GLACIER`) },
      ...unlooked,
    });
    await place.put(key, files[key]?.body ?? '');
    await judge(sound);
  });

  test('a delete marker: it can be brought back, and how', async () => {
    const { VersionId: marker } = await place.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: `prod/${key}` }));
    assert.ok(marker);
    const report = await run();
    assertReport(report, {
      alarms: {
        'critical backup-files Schedule nightly contents': new RegExp(`is Completed, but its tarball is gone: ${key}`),
        'warning backup-deleted Schedule nightly contents deleted': new RegExp(
          `has ${key} behind a delete marker: it was deleted at .* \\(${length} bytes\\) is still there`,
        ),
      },
      rows: { [newest]: 'error' },
      newestVerified: { nightly: older },
    });
    assert.match(report.findings.find(({ check }) => check === 'backup-deleted')?.remedy ?? '', new RegExp(`delete-object.*${marker}`));
    await place.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: `prod/${key}`, VersionId: marker }));
    await judge(sound);
  });

  test('a KMS key that is disabled: the key is named, and the backups are unknown', async () => {
    const kms = new KMSClient({ endpoint: process.env.AWS_ENDPOINT_URL ?? '', region: 'eu-central-1' });
    const { KeyMetadata: metadata } = await kms.send(new CreateKeyCommand({}));
    const arn = metadata?.Arn ?? assert.fail('the key has no ARN');
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arn } } as const;
    await place.s3.send(new PutBucketEncryptionCommand({ Bucket: bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } }));
    await judge(sound);
    await kms.send(new DisableKeyCommand({ KeyId: arn.split('/')[1] }));
    // The emulator goes on giving what is under it; S3 does not.
    place.plant(
      ({ method, path }) => method === 'GET' && path.includes('/backups/'),
      s3Refusal(400, 'KMS.DisabledException', `${arn} is disabled.`),
    );
    await judge({
      alarms: { 'critical bucket-encryption Bucket key': new RegExp(`${arn}, is disabled: no backup under it can be read`) },
      unknown: { ...allArchiveChecks(/KMS\.DisabledException/), 'backup-phase': /velero-backup\.json: .*KMS\.DisabledException/ },
      rows: { [newest]: 'unknown', [older]: 'unknown' },
    });
  });
});
