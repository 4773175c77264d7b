/** The S3 client; loaded only by what uses it. */
import { S3Client } from '@aws-sdk/client-s3';
import { cachedClient, configuredEndpoint } from './client-options.ts';

const byPath = () => ({ forcePathStyle: configuredEndpoint('S3') !== undefined });

/** The client for an access (region, role, external id), cached by it. Another S3 than AWS's is asked by path: its buckets are no host names. */
export const s3Client = cachedClient('S3', (options) => new S3Client({ ...options, ...byPath() }));

/**
 * The same for who asks a bucket thousands of things and must not give up at the first 503 SlowDown: eight attempts, about half a minute in all.
 * Bodies are not checked against S3's checksums: a range has none, and what is read here has its own.
 */
export const patientS3Client = cachedClient(
  'S3',
  (options) => new S3Client({ ...options, ...byPath(), maxAttempts: 8, responseChecksumValidation: 'WHEN_REQUIRED' }),
);
