/** How the bucket is kept, and what S3 refuses: rules that will take backups away, keys that open nothing, objects that cannot be had. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { backupKey } from '../../../functions/velero/layout.ts';
import { repositoryFiles } from '../volume-records.ts';
import { beside, type Night, newest, nights, older } from './planted-nights.ts';
import type { Files } from './played-objects.ts';
import { allArchiveChecks, assertReport, type Expected, playing, type Verification, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const sound = { newestVerified: { nightly: newest } } as const;
const key = backupKey(newest, 'contents');
const judge = async (expected: Expected, more: Verification = {}, night: Night = {}, files: Files = {}) =>
  assertReport(await verified({ ...(await nights(night)), ...files }, more), expected);
const rule = (inside: string, status = 'Enabled') =>
  `<LifecycleConfiguration><Rule><ID>tidy</ID><Status>${status}</Status>${inside}</Rule></LifecycleConfiguration>`;
const lifecycle = (inside: string, status?: string): Verification => ({ settings: { lifecycle: rule(inside, status) } });
const all = '<Filter><Prefix></Prefix></Filter>';

describe('a lifecycle rule', () => {
  const repositories = beside(repositoryFiles);
  test('removes repositories', () =>
    judge(
      {
        alarms: {
          'critical bucket-lifecycle Bucket tidy deletes kopia': /tidy deletes kopia\/ 60 days/,
          'critical bucket-lifecycle Bucket tidy deletes restic': /tidy deletes restic\/ 60 days/,
        },
        ...sound,
      },
      lifecycle(`<Filter><Prefix>prod/</Prefix></Filter><Expiration><Days>60</Days></Expiration>`),
      {},
      repositories,
    ));
  test('removes backups before their time', () =>
    judge(
      { alarms: { 'critical bucket-lifecycle Bucket tidy deletes backups': /7 days.*30 days|30 days.*7 days/ }, ...sound },
      lifecycle(`<Filter><Prefix>prod/backups/</Prefix></Filter><Expiration><Days>7</Days></Expiration>`),
    ));
  test('archives what must be read at once', () =>
    judge(
      {
        alarms: {
          'warning bucket-lifecycle Bucket tidy archives backups':
            /tidy archives backups\/ 24 hours after it was written: nightly-20261124010000 is to be kept for 30 days/,
        },
        ...sound,
      },
      lifecycle(
        `<Filter><Prefix>prod/backups/</Prefix></Filter><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>`,
      ),
    ));
  test('no alarm: classes that answer at once, old versions, another prefix, a rule that is off, later than all expire', async () => {
    for (const storageClass of ['GLACIER_IR', 'STANDARD_IA', 'INTELLIGENT_TIERING'])
      await judge(
        sound,
        lifecycle(`${all}<Transition><Days>1</Days><StorageClass>${storageClass}</StorageClass></Transition>`),
        {},
        repositories,
      );
    await judge(
      sound,
      lifecycle(`${all}<NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>`),
      {},
      repositories,
    );
    await judge(sound, lifecycle('<Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>1</Days></Expiration>'), {}, repositories);
    await judge(sound, lifecycle(`${all}<Expiration><Days>1</Days></Expiration>`, 'Disabled'), {}, repositories);
    await judge(sound, lifecycle('<Filter><Prefix>prod/backups/</Prefix></Filter><Expiration><Days>90</Days></Expiration>'));
  });
});

describe('an object lock', () => {
  const lock =
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>';
  test('no alarm: on a bucket with versions it is good news', () => judge(sound, { settings: { 'object-lock': lock } }));
  test('without versions: what is deleted or overwritten is gone', async () => {
    const report = await verified(await nights(), { settings: { versioning: '<VersioningConfiguration></VersioningConfiguration>' } });
    assert.ok(report.findings.some(({ check, severity }) => check === 'bucket-versioning' && severity !== 'critical'));
  });
});

describe('a KMS key', () => {
  const arn = 'arn:aws:kms:eu-central-1:111122223333:key/0a1b';
  const encryption = `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>${arn}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`;
  const disabled = (asked: string) =>
    asked.startsWith('GET ') ? { status: 400, code: 'KMS.DisabledException', message: `${arn} is disabled.` } : undefined;
  test('is disabled: the key is named, and of the backups nothing is said that nobody knows', () =>
    judge(
      {
        alarms: { 'critical bucket-encryption Bucket key': /key\/0a1b.* is disabled: no backup under it can be read/ },
        unknown: { ...allArchiveChecks(/KMS\.DisabledException/), 'backup-phase': /velero-backup\.json: .*KMS\.DisabledException/ },
        rows: { [newest]: 'unknown', [older]: 'unknown' },
      },
      { settings: { encryption }, keyState: 'Disabled', refuse: disabled },
    ));
  test('is to be deleted', () =>
    judge(
      { alarms: { 'critical bucket-encryption Bucket key': /key\/0a1b.* is to be deleted/ }, ...sound },
      { settings: { encryption }, keyState: 'PendingDeletion' },
    ));
  test('no alarm: we may not describe it, or not use it; that is unknown', async () => {
    const refuse = (asked: string) =>
      asked === 'kms' ? { status: 400, code: 'AccessDeniedException', message: 'not authorized to perform: kms:DescribeKey' } : undefined;
    await judge({ unknown: { 'bucket-encryption': /kms:DescribeKey/ }, ...sound }, { settings: { encryption }, refuse });
    const denied = (asked: string) =>
      asked === `GET ${key}`
        ? { status: 403, code: 'AccessDenied', message: `not authorized to perform: kms:Decrypt on resource: ${arn}` }
        : undefined;
    await judge(
      { unknown: allArchiveChecks(/kms:Decrypt/), rows: { [newest]: 'unknown' }, newestVerified: { nightly: null } },
      { settings: { encryption }, refuse: denied },
    );
  });
});
describe('an object that cannot be had', () => {
  const refused = (what: string, status: number, code: string, message: string) => (asked: string) =>
    asked === what ? { status, code, message } : undefined;
  const customerKey = [
    400,
    'InvalidRequest',
    'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
  ] as const;

  test('SSE-C: unknown, and not corrupt', () =>
    judge(
      { unknown: allArchiveChecks(/Server Side Encryption/), rows: { [newest]: 'unknown' }, newestVerified: { nightly: null } },
      { refuse: refused(`GET ${key}`, ...customerKey) },
    ));
  test('access denied on one key: that file alone', () => {
    const results = backupKey(newest, 'results');
    return judge(
      {
        unknown: { 'backup-companions': new RegExp(`s3:GetObject of s3://velero/prod/${results} .*AccessDenied`) },
        rows: { [newest]: 'unknown' },
        newestVerified: { nightly: null },
      },
      { refuse: refused(`GET ${results}`, 403, 'AccessDenied', 'Access Denied') },
    );
  });
  test('its velero-backup.json is denied: unknown, and the one before is looked into', () => {
    const metadata = backupKey(newest, 'metadata');
    return judge(
      {
        unknown: { 'backup-phase': new RegExp(`${newest}: ${metadata}: .*AccessDenied`) },
        rows: { [newest]: 'unknown' },
        newestVerified: { nightly: older },
      },
      { refuse: refused(`GET ${metadata}`, 403, 'AccessDenied', 'Access Denied') },
    );
  });
  test('archived: unknown, with the class', () =>
    judge(
      {
        unknown: {
          ...allArchiveChecks(/InvalidObjectState/),
          'backup-files': /nightly-20261124010000\.tar\.gz lie.? in the storage class GLACIER/,
        },
        rows: { [newest]: 'unknown' },
        newestVerified: { nightly: null },
      },
      {},
      { storageClass: { contents: 'GLACIER' } },
    ));
  test('gone between the listing and the read', () =>
    judge(
      { unknown: allArchiveChecks(/NoSuchKey/), rows: { [newest]: 'unknown' }, newestVerified: { nightly: null } },
      { refuse: refused(`GET ${key}`, 404, 'NoSuchKey', 'The specified key does not exist.') },
    ));
  test('rewritten between the listing and the read: 412', () =>
    judge(
      { unknown: allArchiveChecks(/PreconditionFailed/), rows: { [newest]: 'unknown' }, newestVerified: { nightly: null } },
      { refuse: refused(`GET ${key}`, 412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold') },
    ));
  test('in a bucket of another region: one finding, and nothing is said of the backups', async () => {
    const refuse = () => ({
      status: 400,
      code: 'AuthorizationHeaderMalformed',
      message: "The authorization header is malformed; the region 'eu-central-1' is wrong; expecting 'ap-south-1'",
    });
    const report = await verified(await nights(), { refuse });
    const [finding, ...others] = report.findings;
    assert.deepEqual([finding?.severity, finding?.object.kind, others.length, report.complete], ['critical', 'Bucket', 0, false]);
    assert.match(`${finding?.message} ${finding?.remedy}`, /the bucket is in ap-south-1 write region: ap-south-1 beside the bucket velero/);
  });
  test('a listing that is denied is no empty bucket', async () => {
    const refuse = (asked: string) =>
      asked.startsWith('list ') ? { status: 403, code: 'AccessDenied', message: 'Access Denied' } : undefined;
    const report = await verified(await nights(), { refuse });
    const [finding] = report.findings;
    assert.deepEqual([finding?.severity, report.complete, report.tables], ['critical', false, undefined]);
    assert.match(
      `${finding?.message} ${finding?.remedy}`,
      /could not be listed.*s3:ListBucket.*AccessDenied.*allow this identity s3:ListBucket/,
    );
    assert.deepEqual(
      report.checks.flatMap(({ check, ran }) => (ran ? [check] : [])),
      ['cluster-access'],
    );
  });
});
