/** How a location in S3 is written: for people, as keys of its bucket, and as whom and where it is asked. */
import type { AwsAccess } from '../../runtime/aws/credentials.ts';
import type { BackupLocation } from '../../runtime/configuration.ts';

/** Without slashes at its ends; empty for the whole bucket. */
export const trimmedPrefix = (prefix = ''): string => prefix.replace(/^\/+|\/+$/g, '');

/** `s3://bucket/prefix`. */
export const locationName = ({ bucket, prefix }: { readonly bucket: string; readonly prefix?: string | undefined }): string =>
  `s3://${[bucket, trimmedPrefix(prefix)].filter(Boolean).join('/')}`;

/** Where something below a location lies in its bucket: a key, or a folder that ends in a slash (the empty text: the location itself). */
export const keyInBucket = (prefix: string | undefined, below: string): string => {
  const folder = trimmedPrefix(prefix);
  return folder ? `${folder}/${below}` : below;
};

export const accessOf = ({ region, role, externalId }: BackupLocation): AwsAccess => ({
  region,
  ...(role === undefined ? {} : { role }),
  ...(externalId === undefined ? {} : { externalId }),
});
