/** What AWS's refusals mean on the way to a cluster. */
import { ClusterError, type ClusterErrorKind } from './cluster-error.ts';
import { connectionError } from './connection-errors.ts';

const kinds: Readonly<Record<string, ClusterErrorKind>> = {
  ResourceNotFoundException: 'not-found',
  ParameterNotFound: 'not-found',
  ParameterVersionNotFound: 'not-found',
  NoSuchKey: 'not-found',
  NoSuchBucket: 'not-found',
  AccessDeniedException: 'forbidden',
  AccessDenied: 'forbidden',
  DecryptionFailure: 'forbidden',
  InvalidKeyId: 'forbidden',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  InvalidAccessKeyId: 'credentials',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  TimeoutError: 'timeout',
  AbortError: 'aborted',
};

/** What to do, by what went wrong. */
export type AwsRemedies = Readonly<Partial<Record<ClusterErrorKind, string>>>;

const general: AwsRemedies = {
  'not-found': 'are name, region and account right?',
  forbidden: 'allow the action in this identity’s IAM policy; for a role to be assumed also in the role’s trust policy',
  credentials: 'aws sts get-caller-identity: log in, or choose a profile by AWS_PROFILE',
  timeout:
    'may this machine reach AWS? In a VPC without a way out: it needs the endpoint of the service that was asked (EKS, STS, Secrets Manager, Systems Manager, S3)',
  aborted: 'give the run more time',
};

/**
 * The error for a request to AWS that failed; `what` names it, such as `eks:DescribeCluster of prod in eu-central-1`, and `remedies` go before
 * the general ones.
 */
export function awsError(error: unknown, what: string, signal?: AbortSignal, remedies: AwsRemedies = {}): ClusterError {
  if (error instanceof ClusterError) return error;
  const name = error instanceof Error ? error.name : '';
  const kind = signal?.aborted ? 'aborted' : kinds[name];
  if (kind === undefined && error instanceof Error && 'code' in error) {
    const { kind: connectionKind, message, remedy } = connectionError(error, 'AWS', signal);
    // The general one speaks of an API server.
    const toAws = ['dns', 'unreachable', 'timeout'].includes(connectionKind) ? general.timeout : undefined;
    return new ClusterError(connectionKind, `${what}: ${message}`, toAws ?? remedy, { cause: error });
  }
  // A refused signature's message quotes what was signed from its second line on.
  const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 300) ?? '';
  const remedy = (kind && (remedies[kind] ?? general[kind])) ?? 'look at the message and run again';
  return new ClusterError(kind ?? 'server-error', `${what}: ${[name, said].filter(Boolean).join(': ')}`, remedy, { cause: error });
}
