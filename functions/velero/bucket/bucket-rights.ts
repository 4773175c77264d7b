/**
 * The IAM actions that reading a location takes. Checks declare them, the stack grants what they declare, and whoever is refused is told them:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */

/** To list and read what Velero keeps. */
export const locationRights = ['s3:ListBucket', 's3:GetObject', 'kms:Decrypt'] as const;

/** To ask how the bucket is kept, by the fact. */
export const bucketRights = {
  versioning: 's3:GetBucketVersioning',
  encryption: 's3:GetEncryptionConfiguration',
  keyState: 'kms:DescribeKey',
  publicAccessBlock: 's3:GetBucketPublicAccessBlock',
  isPublic: 's3:GetBucketPolicyStatus',
  objectLock: 's3:GetBucketObjectLockConfiguration',
  replication: 's3:GetReplicationConfiguration',
  lifecycle: 's3:GetLifecycleConfiguration',
  previousVersion: 's3:ListBucketVersions',
} as const;

/** What is to be allowed for all of it, and on what; which key it is only the bucket tells. */
export const rightsSaid = (bucket: string): string => {
  const ofBucket = Object.values(bucketRights).filter((action) => action.startsWith('s3:'));
  const [list, get, decrypt] = locationRights;
  return `allow ${[list, ...ofBucket].join(', ')} on arn:aws:s3:::${bucket}, ${get} on arn:aws:s3:::${bucket}/*, ${decrypt} and ${bucketRights.keyState} on its KMS key, all of it in the bucket’s policy too where it is another account’s`;
};
