/** What can go wrong on the way to a cluster. In a function each becomes a report, on the command line an exit code and this text. */
import type { FailureReason } from '../scan/contracts.ts';

/** The kinds that a caller can tell apart. */
export type ClusterErrorKind =
  /** Its name has no address. */
  | 'dns'
  /** Nobody answers at its address. */
  | 'unreachable'
  /** It began to answer and the connection was cut, each time it was tried. */
  | 'connection-lost'
  | 'timeout'
  /** No authority that is trusted has signed its certificate. */
  | 'untrusted-certificate'
  /** Its certificate is past its last day, or before its first. */
  | 'expired-certificate'
  /** Its certificate was made for other names. */
  | 'hostname-mismatch'
  /** Any other failure of TLS. */
  | 'tls'
  /** 401: it does not know who asks. */
  | 'unauthorized'
  /** 403, from the cluster or from AWS. */
  | 'forbidden'
  /** 429 or 5xx, each time it was tried. */
  | 'server-error'
  /** It answered with more than is taken at once. */
  | 'too-large'
  /** Something answered that is no Kubernetes API. */
  | 'not-kubernetes'
  /** No credentials could be had: AWS gave none, a plugin failed. */
  | 'credentials'
  /** AWS knows no such cluster or secret, or the cluster has no endpoint yet. */
  | 'not-found'
  /** What was given cannot be used: a broken kubeconfig, an exec plugin in a function. */
  | 'configuration'
  /** The kubeconfig has no such context. */
  | 'unknown-context'
  /** The caller's signal was aborted: the time budget is spent, or the user left. */
  | 'aborted';

/** A cluster could not be reached or did not serve. `message` says what was tried, `remedy` what to do; neither ever holds a credential. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
  readonly kind: ClusterErrorKind;
  readonly remedy: string;
  constructor(kind: ClusterErrorKind, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
    this.remedy = remedy;
  }
}

/** Whether an error is one of these, whose text may be shown. */
export function isClusterError(error: unknown): error is ClusterError {
  return error instanceof ClusterError;
}

/** Whether it is a mistake in what the user wrote, and no state of a cluster. */
export function isMistake(kind: ClusterErrorKind | undefined): boolean {
  return kind === 'configuration' || kind === 'unknown-context';
}

/** The same in the words of the scan's contract. */
export function failureReason(kind: ClusterErrorKind): FailureReason {
  switch (kind) {
    case 'aborted':
      return 'budget';
    case 'timeout':
      return 'timeout';
    case 'unauthorized':
    case 'forbidden':
      return 'forbidden';
    default:
      return 'unavailable';
  }
}
