/** A kubeconfig that lies in S3. */
import { GetObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import { s3Client } from '../runtime/aws/s3.ts';
import { type AwsRemedies, awsError } from './aws-errors.ts';
import { ClusterError } from './cluster-error.ts';

const remedies: AwsRemedies = {
  // Not s3:ListBucket, which would tell the names of everything in the bucket, only to have a missing key told from a forbidden one.
  forbidden:
    'is the key right? S3 also answers so where there is no such key. If it is: allow s3:GetObject on it (in the bucket’s policy too where that is another account’s), and kms:Decrypt on its key where it is one of your own (cdk deploy grants both for what nightshift.yaml names)',
  'not-found': 'are bucket and key right?',
};

/** Bytes; a kubeconfig takes a few thousand, one of a fleet some hundred thousand. */
const mostBytes = 5_000_000;

/** The text of an object, given as s3://bucket/key. Throws ClusterError, never with the text. */
export async function kubeconfigFromS3(address: string, region: string | undefined, signal: AbortSignal): Promise<string> {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(address) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new ClusterError('configuration', `${address} is no object in S3`, 'write s3://bucket/key');
  }
  const failed = (error: unknown) => {
    throw wrongRegion(error, address) ?? awsError(error, `s3:GetObject of ${address}${region ? ` in ${region}` : ''}`, signal, remedies);
  };
  const object = await s3Client(region ? { region } : {})
    .send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal })
    .catch(failed);
  const bytes = object.ContentLength ?? 0;
  if (bytes > mostBytes) {
    object.Body?.transformToWebStream()
      .cancel()
      .catch(() => undefined);
    throw new ClusterError('configuration', `${address} is no kubeconfig: it has ${bytes} bytes`, 'name the object that is one');
  }
  const text = (await object.Body?.transformToString().catch(failed)) ?? '';
  if (text.trim() !== '') return text;
  throw new ClusterError('configuration', `the object ${address} is empty`, 'it is the text of a kubeconfig');
}

/** S3 says where the bucket lies; it is asked there only when told so, since the right to its key names the region too. */
function wrongRegion(error: unknown, address: string): ClusterError | undefined {
  if (!(error instanceof S3ServiceException)) return undefined;
  const { name, $metadata: metadata, $response: response } = error;
  const isElsewhere =
    metadata.httpStatusCode === 301 || ['AuthorizationHeaderMalformed', 'IllegalLocationConstraintException'].includes(name);
  if (!isElsewhere) return undefined;
  const said = response?.headers['x-amz-bucket-region'] ?? ('Region' in error ? error.Region : undefined);
  const place = typeof said === 'string' && /^[a-z0-9-]+$/.test(said) ? said : undefined;
  return new ClusterError(
    'configuration',
    `the bucket of ${address} is in another region${place ? `: ${place}` : ''}`,
    `name it: kubeconfig: { s3: ${address}, region: ${place ?? 'the bucket’s'} }`,
    { cause: error },
  );
}
