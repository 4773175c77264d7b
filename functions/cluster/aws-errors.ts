/** What AWS's refusals mean on the way to a cluster. */
import { ClusterError, type ClusterErrorKind } from './cluster-error.ts';
import { connectionError } from './connection-errors.ts';

const kinds: Readonly<Record<string, ClusterErrorKind>> = {
  ResourceNotFoundException: 'not-found',
  AccessDeniedException: 'forbidden',
  AccessDenied: 'forbidden',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  ExpiredToken: 'credentials',
  ExpiredTokenException: 'credentials',
  InvalidClientTokenId: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidSignatureException: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  TimeoutError: 'timeout',
  AbortError: 'aborted',
};

const remedies: Partial<Record<ClusterErrorKind, string>> = {
  'not-found': 'are name, region and account right?',
  forbidden: 'allow the action in this identity’s IAM policy; for a role to be assumed also in the role’s trust policy',
  credentials: 'aws sts get-caller-identity: log in, or choose a profile by AWS_PROFILE',
  timeout: 'in a VPC without a way out: it needs the endpoints of EKS, STS and Secrets Manager',
  aborted: 'give the run more time',
};

/** The error for a request to AWS that failed; `what` names it, such as `eks:DescribeCluster of prod in eu-central-1`. */
export function awsError(error: unknown, what: string, signal?: AbortSignal): ClusterError {
  if (error instanceof ClusterError) return error;
  const name = error instanceof Error ? error.name : '';
  const kind = signal?.aborted ? 'aborted' : kinds[name];
  if (kind === undefined && error instanceof Error && 'code' in error) {
    const { kind: connectionKind, message, remedy } = connectionError(error, 'AWS', signal);
    return new ClusterError(connectionKind, `${what}: ${message}`, remedy, { cause: error });
  }
  // A refused signature's message quotes what was signed from its second line on.
  const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 300) ?? '';
  const remedy = (kind && remedies[kind]) ?? 'look at the message and run again';
  return new ClusterError(kind ?? 'server-error', `${what}: ${[name, said].filter(Boolean).join(': ')}`, remedy, { cause: error });
}
