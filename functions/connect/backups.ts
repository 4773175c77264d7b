/** Step: can the bucket of a Velero location be read. Nothing is written to it. */
import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type AwsRemedies, awsError } from '../cluster/aws-errors.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { counted } from '../report/counts.ts';
import { credentialProvider } from '../runtime/aws/credentials.ts';
import { s3Client } from '../runtime/aws/s3.ts';
import type { BackupLocation } from '../runtime/configuration.ts';
import { rightsSaid } from '../velero/bucket/bucket-rights.ts';
import { accessOf, keyInBucket } from '../velero/store/location-name.ts';
import { regionTold } from '../velero/store/s3-errors.ts';
import type { Seen } from './step.ts';

/** Looks whether Velero's backups are seen and may be read. Throws ClusterError. */
export async function readableBackups(location: BackupLocation, signal: AbortSignal): Promise<Seen<true>> {
  const { bucket, region, role } = location;
  const asked = accessOf(location);
  if (role !== undefined) {
    await credentialProvider(asked)().catch((error: unknown) => {
      throw awsError(error, `sts:AssumeRole of ${role}`, signal, assumeRemedies);
    });
  }
  const client = s3Client(asked);
  await assertBucket(client, location, signal);
  const folder = keyInBucket(location.prefix, 'backups/');
  const facts = [`in ${region}${role ? ` as ${role}` : ''}`];
  const { CommonPrefixes: folders = [], IsTruncated: more } = await listed(
    client,
    location,
    { Prefix: folder, Delimiter: '/', MaxKeys: looked },
    signal,
  );
  const names = folders.flatMap(({ Prefix }) => Prefix ?? []);
  const described = await firstDescribed(client, location, names, signal);
  if (described === undefined) {
    const message =
      names.length === 0
        ? `the bucket is there, but nothing lies under ${folder}`
        : `no velero-backup.json lies in the first folders under ${folder}`;
    return {
      state: 'warning',
      message,
      facts,
      remedy: `is the prefix right? velero backup-location get, aws s3 ls s3://${bucket}/`,
      value: true,
    };
  }
  await assertReadable(client, location, described, signal);
  const count = more ? `${names.length} backups and more` : counted(names.length, 'backup');
  return {
    state: 'ok',
    message: `${count} under ${folder}, velero-backup.json can be read`,
    facts,
    value: true,
  };
}

/** A folder without its description is of a backup that is being written, or deleted. */
const looked = 5;

const assumeRemedies: AwsRemedies = {
  forbidden:
    'the role’s trust policy must name the identity above (with externalId, where it asks for one), and that identity must be allowed sts:AssumeRole',
};

async function assertBucket(client: S3Client, { bucket, region }: BackupLocation, signal: AbortSignal): Promise<void> {
  const elsewhere = (place: string | undefined): ClusterError | undefined =>
    place === undefined || place === region
      ? undefined
      : new ClusterError('configuration', `the bucket ${bucket} is in ${place}, not in ${region}`, `write region: ${place} beside it`);
  try {
    const { BucketRegion: place } = await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
    const error = elsewhere(place);
    if (error) throw error;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw awsError(error, `s3:HeadBucket of ${bucket} in ${region}`, signal);
    // An answer to HEAD has no body: its status and headers are all there is.
    const status = error.$metadata.httpStatusCode;
    const wrong = elsewhere(regionTold(error));
    if (wrong) throw wrong;
    if (status === 404)
      throw new ClusterError('not-found', `there is no bucket ${bucket}`, 'are its name and the account right?', { cause: error });
    if (status === 403) {
      throw new ClusterError('forbidden', `S3 forbids looking at the bucket ${bucket} (403)`, rightsSaid(bucket), { cause: error });
    }
    if (status === 301 || status === 400) {
      const remedy = `aws s3api get-bucket-location --bucket ${bucket}: write that region beside it`;
      throw new ClusterError('configuration', `the bucket ${bucket} is not in ${region}`, remedy, { cause: error });
    }
    throw awsError(error, `s3:HeadBucket of ${bucket} in ${region}`, signal);
  }
}

async function listed(
  client: S3Client,
  { bucket }: BackupLocation,
  asked: { readonly Prefix: string; readonly Delimiter?: string; readonly MaxKeys: number },
  signal: AbortSignal,
) {
  return client.send(new ListObjectsV2Command({ Bucket: bucket, ...asked }), { abortSignal: signal }).catch((error: unknown) => {
    throw awsError(error, `s3:ListBucket of ${bucket} under ${asked.Prefix}`, signal, { forbidden: rightsSaid(bucket) });
  });
}

async function firstDescribed(
  client: S3Client,
  location: BackupLocation,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const folder of folders) {
    const key = `${folder}velero-backup.json`;
    const { Contents: found = [] } = await listed(client, location, { Prefix: key, MaxKeys: 1 }, signal);
    if (found.some(({ Key }) => Key === key)) return key;
  }
  return undefined;
}

/** One byte: with it S3 has decrypted the object, which only looking at it does not ask for. */
async function assertReadable(client: S3Client, { bucket }: BackupLocation, key: string, signal: AbortSignal): Promise<void> {
  const what = `s3:GetObject of s3://${bucket}/${key}`;
  try {
    const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: 'bytes=0-0' }), {
      abortSignal: signal,
    });
    await body?.transformToByteArray();
  } catch (error) {
    throw awsError(error, what, signal, { forbidden: rightsSaid(bucket) });
  }
}
