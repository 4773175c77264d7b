/** Reports in a bucket; loaded only by what keeps them there. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Precondition, type Storage, TooLong } from './storage.ts';

/** The HTTP status of what the SDK threw. */
export const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;

/** Is there no such key? A bucket that is not there is no missing key. */
export const isMissingKey = (error: unknown): boolean => statusOf(error) === 404 && (error as Error).name !== 'NoSuchBucket';

const conditions = (precondition: Precondition | undefined) =>
  precondition === undefined ? {} : precondition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: precondition.version };

/**
 * A bucket, or what of it lies under a prefix. A version is the object’s ETag, and preconditions are S3’s own conditional writes.
 * Needs s3:GetObject and s3:PutObject, and s3:ListBucket, without which a key that does not exist is refused instead of missing.
 */
export const s3Storage = (client: S3Client, bucket: string, prefix = ''): Storage => {
  const folder = prefix.replace(/\/+$/, '');
  const keyOf = (key: string): string => (folder ? `${folder}/${key}` : key);
  return {
    location: `s3://${bucket}${folder ? `/${folder}` : ''}`,
    async read(key, { known, mostBytes = Number.POSITIVE_INFINITY } = {}) {
      try {
        const asked = { Bucket: bucket, Key: keyOf(key), ...(known && { IfNoneMatch: known.version }) };
        const { Body, ETag = '', ContentLength = 0 } = await client.send(new GetObjectCommand(asked));
        if (ContentLength > mostBytes) {
          // Not read: the connection is given up with it.
          (Body as { destroy?: () => void } | undefined)?.destroy?.();
          throw new TooLong(ContentLength, mostBytes);
        }
        return { text: (await Body?.transformToString('utf-8')) ?? '', version: ETag };
      } catch (error) {
        if (known && statusOf(error) === 304) return known;
        if (isMissingKey(error)) return undefined;
        throw error;
      }
    },
    async write(key, text, contentType, precondition) {
      try {
        await client.send(
          new PutObjectCommand({ Bucket: bucket, Key: keyOf(key), Body: text, ContentType: contentType, ...conditions(precondition) }),
        );
        return true;
      } catch (error) {
        // 412: the condition does not hold; 409: another conditional write is under way; 404: the object to match is gone.
        const status = statusOf(error);
        if (precondition !== undefined && (status === 412 || status === 409 || isMissingKey(error))) return false;
        throw error;
      }
    },
  };
};
