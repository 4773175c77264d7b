/** What S3's refusals mean for whoever reads backups: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
import { awsError } from '../../cluster/aws-errors.ts';
import { clean } from '../../cluster/clean.ts';
import { statusOf } from '../../report/store/s3.ts';
import type { BackupLocation } from '../../runtime/configuration.ts';
import { StoreError, type StoreErrorReason } from './object-store.ts';

/** What was asked for. */
export interface AskedOfBucket {
  /** The IAM action: `s3:GetObject`. */
  readonly action: string;
  readonly location: Pick<BackupLocation, 'bucket' | 'region' | 'role'>;
  /** In the bucket; absent where it was the bucket itself. */
  readonly key?: string | undefined;
}

/** The error for a request that failed, after all tries. The message is S3's first line: what comes after quotes what was signed. */
export function storeError(error: unknown, asked: AskedOfBucket, signal?: AbortSignal): StoreError {
  if (error instanceof StoreError) return error;
  const { action, location, key } = asked;
  const what = clean(`${action} of s3://${[location.bucket, key].filter((part) => part !== undefined).join('/')} in ${location.region}`);
  const general = awsError(error, what, signal);
  const isRefusal = ['credentials', 'forbidden'].includes(general.kind);
  const reason: StoreErrorReason =
    general.kind === 'aborted' ? 'budget' : (ofAnswer(error, key !== undefined) ?? (isRefusal ? 'denied' : 'unreachable'));
  const remedy = general.kind === 'credentials' ? general.remedy : (remedyFor(reason, asked, error) ?? general.remedy);
  const told = reason === 'location' ? regionTold(error) : undefined;
  const elsewhere = told === undefined || told === location.region ? '' : `: the bucket is in ${told}`;
  return new StoreError(reason, `${clean(general.message)}${elsewhere}`, remedy, { cause: error });
}

/** The region that S3 names when a bucket is asked for in another one: in a header, or in the words of its refusal. */
export function regionTold(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $response: response, Region: region } = error as Error & {
    readonly $response?: { readonly headers?: Readonly<Record<string, unknown>> };
    readonly Region?: unknown;
  };
  const told = response?.headers?.['x-amz-bucket-region'] ?? region ?? /expecting '([a-z0-9-]+)'/.exec(error.message)?.[1];
  return typeof told === 'string' && /^[a-z0-9-]+$/.test(told) ? told : undefined;
}

const byName: Readonly<Record<string, StoreErrorReason>> = {
  NoSuchKey: 'missing',
  NoSuchBucket: 'location',
  InvalidBucketName: 'location',
  PermanentRedirect: 'location',
  AuthorizationHeaderMalformed: 'location',
  IllegalLocationConstraintException: 'location',
  InvalidObjectState: 'archived',
  PreconditionFailed: 'changed',
  InvalidRange: 'changed',
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
};

const byStatus: Readonly<Record<number, StoreErrorReason>> = {
  301: 'location',
  307: 'location',
  403: 'denied',
  412: 'changed',
  416: 'changed',
  429: 'throttled',
  503: 'throttled',
};

// What S3 says of a key that KMS refuses: an AccessDenied whose message alone tells of it.
const ofKey = /\bkms\b|ciphertext|customer master key/i;
const ofCustomerKey = /server[ -]side encryption|SSE-C/i;

function ofAnswer(error: unknown, isObject: boolean): StoreErrorReason | undefined {
  const status = statusOf(error);
  if (!(error instanceof Error) || status === undefined) return undefined;
  const { name, message } = error;
  if (name.startsWith('KMS.') || (status === 403 && name !== 'InvalidObjectState' && ofKey.test(message))) return 'key';
  if (status === 400 && ofCustomerKey.test(message)) return 'customer-key';
  return byName[name] ?? byStatus[status] ?? (status === 404 ? (isObject ? 'missing' : 'location') : undefined);
}

function remedyFor(reason: StoreErrorReason, { action, location, key = '' }: AskedOfBucket, error: unknown): string | undefined {
  const { bucket, region, role } = location;
  const who = role ?? 'this identity';
  switch (reason) {
    case 'denied': {
      const on = `arn:aws:s3:::${bucket}${action === 's3:GetObject' ? '/*' : ''}`;
      return `allow ${who} ${action} on ${on}, in the bucket’s policy too where it is another account’s`;
    }
    case 'key':
      return `aws kms describe-key --key-id KEY (aws s3api head-object --bucket ${bucket} --key ${key} names it): is it enabled, and may ${who} kms:Decrypt with it, by the key’s policy too?`;
    case 'customer-key':
      return 'it is encrypted with a key that only Velero has (SSE-C, customerKeyEncryptionFile of its location): it can be looked into where that key is';
    case 'archived':
      return `aws s3api restore-object --bucket ${bucket} --key ${key} --restore-request Days=7; then take the lifecycle rule away that archives it`;
    case 'location': {
      const told = regionTold(error);
      if (told !== undefined && told !== region) return `write region: ${told} beside the bucket ${bucket}`;
      return `are the bucket’s name, its region and the account right? aws s3api head-bucket --bucket ${bucket}`;
    }
    case 'throttled':
      return 'run again at a quieter hour: S3 serves 5,500 reads a second and prefix to all who read there';
    case 'changed':
      return 'it was written anew while it was read: run again';
    case 'missing':
      return `aws s3api list-object-versions --bucket ${bucket} --prefix ${key} tells whether it was deleted`;
    default:
      return undefined;
  }
}
