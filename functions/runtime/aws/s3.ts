/** The S3 client; loaded only by what uses it. */
import { S3Client } from '@aws-sdk/client-s3';
import { cachedClient, configuredEndpoint } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. Another S3 than AWS's is asked by path: its buckets are no host names. */
export const s3Client = cachedClient(
  'S3',
  (options) => new S3Client({ ...options, forcePathStyle: configuredEndpoint('S3') !== undefined }),
);
