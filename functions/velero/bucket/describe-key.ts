/** What KMS says of a key; loaded only where a bucket has one. */
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import type { AwsAccess } from '../../runtime/aws/credentials.ts';
import { kmsClient } from '../../runtime/aws/kms.ts';

/** Throws what the SDK throws. */
export async function describeKey(access: AwsAccess, keyId: string, signal: AbortSignal) {
  const { KeyMetadata: key } = await kmsClient(access).send(new DescribeKeyCommand({ KeyId: keyId }), { abortSignal: signal });
  return { state: key?.KeyState ?? 'Unknown', deletionDate: key?.DeletionDate?.toISOString() };
}
