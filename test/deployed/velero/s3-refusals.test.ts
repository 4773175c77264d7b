/** What S3 refuses an object for: the emulator's own refusals where it plays them, else planted as S3 says them. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import type { StoreErrorReason } from '../../../functions/velero/store/object-store.ts';
import { openLocation } from '../../../functions/velero/store/open-location.ts';
import { s3Asker } from '../../../functions/velero/store/s3-asker.ts';
import { s3ObjectStore } from '../../../functions/velero/store/s3-object-store.ts';
import { answered, type Fault } from '../../control-plane/parts/faulty-proxy.ts';
import { s3Refusal } from '../parts/faulty-service.ts';
import { getOf, type LocationBehindProxy, location, read, refusal, signal, startLocation } from '../parts/location-behind-proxy.ts';

const { HOME: home } = process.env;
let place: LocationBehindProxy;
before(async () => {
  place = await startLocation();
});
afterEach(() => place.clear());
after(() => place?.stop());

describe('a refusal means', () => {
  const key = 'backups/nightly-2/velero-backup.json';
  const says = (status: number, code: string, message: string) => s3Refusal(status, code, message);
  const refusals: Readonly<Record<string, readonly [Fault, StoreErrorReason, RegExp, RegExp]>> = {
    'access denied': [
      says(403, 'AccessDenied', 'Access Denied'),
      'denied',
      /AccessDenied/,
      /allow this identity s3:GetObject on arn:aws:s3:::velero\/\*/,
    ],
    'access denied by an explicit deny': [
      says(
        403,
        'AccessDenied',
        'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::velero/x" with an explicit deny',
      ),
      'denied',
      /explicit deny/,
      /s3:GetObject/,
    ],
    'a key that may not be used': [
      says(
        403,
        'AccessDenied',
        'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:1:key/a because no identity-based policy allows the kms:Decrypt action',
      ),
      'key',
      /kms:Decrypt/,
      /kms describe-key.*kms:Decrypt/,
    ],
    'a key that is gone': [
      says(
        403,
        'AccessDenied',
        'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
      ),
      'key',
      /ciphertext/,
      /describe-key/,
    ],
    'a key that is disabled': [
      says(400, 'KMS.DisabledException', 'arn:aws:kms:eu-central-1:1:key/a is disabled.'),
      'key',
      /KMS\.DisabledException/,
      /describe-key/,
    ],
    'a key that is to be deleted': [
      says(400, 'KMS.KMSInvalidStateException', 'arn:aws:kms:eu-central-1:1:key/a is pending deletion.'),
      'key',
      /pending deletion/,
      /describe-key/,
    ],
    'a key of the customer': [
      says(
        400,
        'InvalidRequest',
        'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
      ),
      'customer-key',
      /Server Side Encryption/,
      /SSE-C/,
    ],
    'an expired token': [says(400, 'ExpiredToken', 'The provided token has expired.'), 'denied', /ExpiredToken/, /get-caller-identity/],
    'an unknown access key': [
      says(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.'),
      'denied',
      /InvalidAccessKeyId/,
      /get-caller-identity/,
    ],
    'a signature that does not fit': [
      says(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.\nhunter2'),
      'denied',
      /SignatureDoesNotMatch/,
      /get-caller-identity/,
    ],
    'S3 is broken': [
      says(500, 'InternalError', 'We encountered an internal error. Please try again.'),
      'unreachable',
      /InternalError/,
      /./,
    ],
    'a proxy answers': [answered(502, '<html>bad gateway</html>', { 'content-type': 'text/html' }), 'unreachable', /s3:GetObject/, /./],
  };
  before(() => place.put(key, '{}'));
  for (const [what, [fault, reason, message, remedy]] of Object.entries(refusals)) {
    test(`${what}: ${reason}, for that object alone`, async () => {
      place.plant(getOf(key), fault);
      await place.put('backups/nightly-3/velero-backup.json', '{}');
      const store = place.quick();
      await refusal(read(store, key), reason, message, remedy);
      assert.equal(Buffer.from(await read(store, 'backups/nightly-3/velero-backup.json')).toString(), '{}');
    });
  }

  test('archived: the listing tells the class, and S3 what it wants', async () => {
    await place.put('backups/cold/cold.tar.gz', 'x', { StorageClass: 'GLACIER' });
    const store = place.quick();
    const [object] = (await store.folder('backups/cold/', signal)).objects;
    assert.equal(object?.storageClass, 'GLACIER');
    await refusal(
      read(store, 'backups/cold/cold.tar.gz'),
      'archived',
      /InvalidObjectState/,
      /restore-object --bucket velero --key prod\/backups\/cold\/cold\.tar\.gz/,
    );
  });

  test('no credentials, or a role that may not be assumed: denied, in words for that', async () => {
    const role = 'arn:aws:iam::111122223333:role/velero';
    place.plant(
      ({ body }) => body.includes('Action=AssumeRole'),
      answered(
        403,
        '<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>',
        {
          'content-type': 'text/xml',
        },
      ),
    );
    const { store } = await openLocation({ ...location, role });
    await refusal(read(store, key), 'denied', /^sts:AssumeRole of arn:aws:iam::111122223333:role\/velero: AccessDenied/, /trust policy/);
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = process.env;
    delete process.env.AWS_ACCESS_KEY_ID;
    delete process.env.AWS_SECRET_ACCESS_KEY;
    process.env.HOME = '/nowhere';
    try {
      const { store: nobody } = await openLocation({ ...location, region: 'eu-west-2' });
      await refusal(read(nobody, key), 'denied', /CredentialsProviderError/, /get-caller-identity/);
    } finally {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, HOME: home });
    }
  });

  test('nobody answers: unreachable', async () => {
    const client = new S3Client({ endpoint: 'http://127.0.0.1:1', forcePathStyle: true, maxAttempts: 1 });
    await refusal(s3ObjectStore(location, s3Asker(location, client)).folder('', signal), 'unreachable', /s3:ListBucket/, /AWS/);
  });
});
