/** Asks S3 how a bucket is kept; loaded only by what uses it. What each call needs: bucket-rights.ts. */
import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyStatusCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  ListObjectVersionsCommand,
  type LifecycleRule as S3LifecycleRule,
} from '@aws-sdk/client-s3';
import { awsError } from '../../cluster/aws-errors.ts';
import { keyInBucket, trimmedPrefix } from '../store/location-name.ts';
import { StoreError } from '../store/object-store.ts';
import type { S3Asker } from '../store/s3-asker.ts';
import type { Asked, BucketFacts, LifecycleRule, PreviousVersion } from './bucket-facts.ts';
import { bucketRights } from './bucket-rights.ts';

/** All at once. Never throws for what S3 or KMS answer: what could not be asked is unknown. */
export async function readBucketFacts(asker: S3Asker, signal: AbortSignal): Promise<BucketFacts> {
  const { bucket, prefix, region } = asker.location;
  const about = { Bucket: bucket };
  const asking = <T>(action: string, unset: string | undefined, ask: (way: Way) => Promise<T | undefined>) =>
    asked(ask({ action, signal }), unset);
  const encryption = asking(bucketRights.encryption, 'ServerSideEncryptionConfigurationNotFoundError', async (way) => {
    const { ServerSideEncryptionConfiguration: found } = await asker.ask(new GetBucketEncryptionCommand(about), way);
    const { SSEAlgorithm: algorithm, KMSMasterKeyID: keyArn } = found?.Rules?.[0]?.ApplyServerSideEncryptionByDefault ?? {};
    return algorithm && { algorithm, ...(keyArn && { keyArn }) };
  });
  const [versioning, ofEncryption, keyState, publicAccessBlock, isPublic, objectLock, replication, lifecycle] = await Promise.all([
    asking(bucketRights.versioning, undefined, async (way) => (await asker.ask(new GetBucketVersioningCommand(about), way)).Status),
    encryption,
    encryption.then((known) => stateOfKey(asker, known, signal)),
    asking(bucketRights.publicAccessBlock, 'NoSuchPublicAccessBlockConfiguration', async (way) => {
      const { PublicAccessBlockConfiguration: found = {} } = await asker.ask(new GetPublicAccessBlockCommand(about), way);
      return { missing: blocks.filter((name) => found[name] !== true) };
    }),
    asking(
      bucketRights.isPublic,
      'NoSuchBucketPolicy',
      async (way) => (await asker.ask(new GetBucketPolicyStatusCommand(about), way)).PolicyStatus?.IsPublic ?? false,
    ),
    asking(bucketRights.objectLock, 'ObjectLockConfigurationNotFoundError', async (way) => {
      const { ObjectLockConfiguration: found } = await asker.ask(new GetObjectLockConfigurationCommand(about), way);
      const { Mode: mode, Days: days, Years: years } = found?.Rule?.DefaultRetention ?? {};
      // One of the two is set.
      const length = days || (years ? years * 365 : undefined);
      return found?.ObjectLockEnabled === 'Enabled' ? { ...(mode && { mode }), ...(length !== undefined && { days: length }) } : undefined;
    }),
    asking(bucketRights.replication, 'ReplicationConfigurationNotFoundError', async (way) => {
      const { ReplicationConfiguration: found } = await asker.ask(new GetBucketReplicationCommand(about), way);
      // A rule for tags replicates what has them, which kopia's and restic's blobs never do.
      const enabled = (found?.Rules ?? []).filter(
        ({ Status: status, Filter: filter }) => status === 'Enabled' && !filter?.Tag && !filter?.And?.Tags?.[0],
      );
      const prefixes = enabled.map(({ Filter: filter, Prefix: old }) => filter?.Prefix ?? filter?.And?.Prefix ?? old ?? '');
      return enabled.length === 0 ? undefined : { rules: enabled.length, prefixes };
    }),
    asking(bucketRights.lifecycle, 'NoSuchLifecycleConfiguration', async (way) => {
      const { Rules: rules = [] } = await asker.ask(new GetBucketLifecycleConfigurationCommand(about), way);
      return rules.length === 0 ? undefined : rules.map(lifecycleRule);
    }),
  ]);
  return {
    bucket,
    prefix: trimmedPrefix(prefix),
    region,
    versioning,
    encryption: ofEncryption,
    keyState,
    publicAccessBlock,
    isPublic,
    objectLock,
    replication,
    lifecycle,
    previousVersion: (key, previousSignal) => asked(previousVersion(asker, keyInBucket(prefix, key), previousSignal), undefined),
  };
}

interface Way {
  readonly action: string;
  readonly signal: AbortSignal;
}

const blocks = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;

/** `unset`: the refusal by which S3 says that nothing is configured. */
async function asked<T>(answer: Promise<T | undefined>, unset: string | undefined): Promise<Asked<T>> {
  try {
    const value = await answer;
    return value === undefined ? { state: 'unset' } : { state: 'set', value };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.cause instanceof Error && error.cause.name === unset) return { state: 'unset' };
    return { state: 'unknown', reason: error.message, remedy: error.remedy };
  }
}

/** AWS's own key cannot be disabled; an alias or a bare id means a key of whoever asks, which in another account is another one. */
async function stateOfKey(asker: S3Asker, encryption: BucketFacts['encryption'], signal: AbortSignal): Promise<BucketFacts['keyState']> {
  if (encryption.state === 'unknown') return encryption;
  const keyArn = encryption.state === 'set' ? encryption.value.keyArn : undefined;
  if (keyArn === undefined || keyArn.endsWith('alias/aws/s3')) return { state: 'unset' };
  const region = /^arn:[^:]+:kms:([a-z0-9-]+):/.exec(keyArn)?.[1];
  try {
    const { describeKey } = await import('./describe-key.ts');
    asker.traffic.requests += 1;
    const { state, deletionDate } = await describeKey({ ...asker.access, ...(region && { region }) }, keyArn, signal);
    return { state: 'set', value: { state, ...(deletionDate && { deletionDate }) } };
  } catch (error) {
    const isGone = error instanceof Error && error.name === 'NotFoundException' && keyArn.includes(':key/');
    if (isGone) return { state: 'set', value: { state: 'NotFound' } };
    const { message, remedy, kind } = awsError(error, `kms:DescribeKey of ${keyArn}`, signal);
    const allow = `allow ${asker.location.role ?? 'this identity'} ${bucketRights.keyState} on ${keyArn}, in the key’s policy too`;
    return { state: 'unknown', reason: message, remedy: kind === 'forbidden' ? allow : remedy };
  }
}

const lifecycleRule = (rule: S3LifecycleRule): LifecycleRule => {
  const { Filter: filter, Expiration: expiration } = rule;
  const also = filter?.And;
  const narrowing = [filter?.Tag, filter?.ObjectSizeGreaterThan, filter?.ObjectSizeLessThan, also?.Tags?.[0], also?.ObjectSizeGreaterThan];
  const noncurrentExpirationDays = rule.NoncurrentVersionExpiration?.NoncurrentDays;
  return {
    ...(rule.ID && { id: rule.ID }),
    enabled: rule.Status === 'Enabled',
    prefix: filter?.Prefix ?? also?.Prefix ?? rule.Prefix ?? '',
    narrowed: [...narrowing, also?.ObjectSizeLessThan].some((each) => each !== undefined),
    ...((filter?.Tag ?? also?.Tags?.[0]) && { byTags: true as const }),
    ...(expiration?.Days !== undefined && { expirationDays: expiration.Days }),
    ...(expiration?.Date && { expirationDate: expiration.Date.toISOString() }),
    ...(noncurrentExpirationDays !== undefined && { noncurrentExpirationDays }),
    transitions: (rule.Transitions ?? []).map(({ Days: days, Date: date, StorageClass: storageClass = '' }) => ({
      ...(days !== undefined && { days }),
      ...(date && { date: date.toISOString() }),
      storageClass,
    })),
  };
};

/** The newest versions come first, and of all keys that begin so the shortest: one page tells. */
async function previousVersion(asker: S3Asker, key: string, signal: AbortSignal): Promise<PreviousVersion | undefined> {
  const command = new ListObjectVersionsCommand({ Bucket: asker.location.bucket, Prefix: key });
  const { Versions: all = [], DeleteMarkers: deletions = [] } = await asker.ask(command, {
    action: bucketRights.previousVersion,
    key,
    signal,
  });
  const newest = all.find((each) => each.Key === key);
  const markers = deletions.filter((each) => each.Key === key);
  const top = markers.find(({ IsLatest: isLatest }) => isLatest);
  if (!top?.VersionId || !newest?.VersionId) return undefined;
  const at = newest.LastModified?.getTime() ?? 0;
  const older = markers
    .filter((each) => each !== top && (each.LastModified?.getTime() ?? 0) >= at)
    .flatMap(({ VersionId }) => VersionId ?? []);
  return {
    versionId: newest.VersionId,
    markerVersionId: top.VersionId,
    ...(older.length > 0 && { olderMarkerVersionIds: older }),
    ...(top.LastModified && { deletedAt: top.LastModified.toISOString() }),
    lastModified: newest.LastModified?.toISOString() ?? '',
    size: newest.Size ?? 0,
  };
}
