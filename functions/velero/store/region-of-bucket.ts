/** Where a bucket is that was named without its region; loaded only by what was given one. */
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../runtime/aws/s3.ts';
import { regionTold } from './s3-errors.ts';

/**
 * S3 tells it to whoever asks, in a refusal too, so it goes before AWS_REGION, which is where other things are. Where it does not (another store than
 * AWS's, no connection) it is AWS_REGION's, or us-east-1; what is wrong then the first listing says. Needs no right.
 */
export async function regionOfBucket(bucket: string): Promise<string> {
  const region = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || 'us-east-1';
  try {
    const { BucketRegion: told } = await s3Client({ region }).send(new HeadBucketCommand({ Bucket: bucket }));
    return told ?? region;
  } catch (error) {
    return regionTold(error) ?? region;
  }
}
