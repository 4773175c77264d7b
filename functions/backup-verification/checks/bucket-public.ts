import * as z from 'zod';
import { bucketRights } from '../../velero/bucket/bucket-rights.ts';
import { defineLocationCheck } from '../contracts.ts';
import { bucketOf, known } from '../inventory/bucket.ts';

export default defineLocationCheck({
  id: 'bucket-public',
  title: 'Buckets that everybody may read',
  why: 'Backups hold every Secret of the cluster in plain base64: who reads the bucket has all of its passwords.',
  upstream: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html',
  level: 'inventory',
  reads: {},
  aws: [bucketRights.publicAccessBlock, bucketRights.isPublic],
  options: z.strictObject({
    accountBlocks: z
      .boolean()
      .default(false)
      .describe('Public access is blocked for the whole account: the bucket’s own settings do not matter'),
  }),
  look(pass) {
    const facts = bucketOf(pass);
    const { object } = pass.location;
    const policy = known(pass, facts.isPublic);
    const block = known(pass, facts.publicAccessBlock);
    const missing = block?.state === 'set' ? block.value.missing : undefined;
    const remedy = `aws s3api put-public-access-block --bucket ${facts.bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`;
    if (policy?.state === 'set' && policy.value) {
      // It then reaches no further than the account: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html
      const restricted = pass.options.accountBlocks || (missing !== undefined && !missing.includes('RestrictPublicBuckets'));
      pass.emit({
        object,
        subject: 'policy',
        severity: restricted ? 'warning' : 'critical',
        message: restricted
          ? 'its policy allows everybody in; only the public access block keeps them out'
          : 'its policy allows everybody in: all Secrets in its backups are to be had',
        remedy: restricted ? `name who may, in place of everybody: aws s3api get-bucket-policy --bucket ${facts.bucket}` : remedy,
      });
    }
    if (pass.options.accountBlocks || !block || missing?.length === 0) return;
    pass.emit({
      object,
      subject: 'block',
      severity: 'info',
      message: `public access is not blocked${missing ? ` in full (${missing.join(', ')})` : ''}: one wrong policy or ACL shows all Secrets in its backups to everybody, unless the account blocks it`,
      remedy: `${remedy}; where the account blocks it, say accountBlocks: true`,
    });
  },
});
