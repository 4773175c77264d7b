/** Step: whom the cluster takes us for. */
import { anonymousError, answerError, isForNobody, serverMessage } from '../cluster/answer-errors.ts';
import type { ApiAccess, ApiClient } from '../cluster/api-client.ts';
import { clean } from '../cluster/clean.ts';
import { ClusterError, isClusterError } from '../cluster/cluster-error.ts';
import { reviewPath } from '../cluster/self-review.ts';
import { daysLeft } from './days-left.ts';
import { type OwnCredentials, ownCredentials } from './own-credentials.ts';
import type { Seen } from './step.ts';

/** As the cluster names us; without a user where it is too old to say. */
export interface Identity {
  readonly user?: string;
  readonly groups: readonly string[];
}

/** What a refusal is explained by. */
export interface IdentityQuestion {
  readonly access: ApiAccess;
  readonly client: ApiClient;
  /** On EKS: the command that lets the caller in. */
  readonly entry: string | undefined;
  /** Nobody renews these credentials: they were stored, and no plugin makes new ones. */
  readonly stored: boolean;
}

const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } as const;

/** Asks with a SelfSubjectReview. Throws ClusterError. */
export async function identity({ access, client, entry, stored }: IdentityQuestion, signal: AbortSignal): Promise<Seen<Identity>> {
  const own = ownCredentials(await access.credentials(false));
  const answer = await client.postReview(review, { signal }).catch((error: unknown) => {
    throw isClusterError(error) && error.kind === 'unauthorized' ? unauthorized(error, own, entry) : error;
  });
  if (answer.status === 404) {
    return {
      state: 'warning',
      message: 'the server is older than Kubernetes 1.28 and does not say whom it takes us for',
      facts: [`by ${own.text}`],
      remedy: 'missing rights are shown for the group nightshift:readers: is the identity in it?',
      value: { groups: [] },
    };
  }
  if (answer.status === 403) throw forbidden(serverMessage(answer), client.host, own);
  if (answer.status !== 201) throw answerError(answer, client.host, reviewPath(review));
  const { username, groups } = userOf(answer.body);
  const facts = [`by ${own.text}`];
  const message = `${username}${groups.length > 0 ? `, in ${groups.join(', ')}` : ''}`;
  const value = { user: username, groups };
  const remedy = endsSoon(own, stored);
  return remedy === undefined ? { state: 'ok', message, facts, value } : { state: 'warning', message, facts, remedy, value };
}

function userOf(body: unknown): { readonly username: string; readonly groups: readonly string[] } {
  const { status } = body as { readonly status?: { readonly userInfo?: { readonly username?: unknown; readonly groups?: unknown } } };
  const { username, groups } = status?.userInfo ?? {};
  return {
    username: clean(String(username ?? '')),
    groups: Array.isArray(groups) ? groups.map((each) => clean(String(each))).filter(Boolean) : [],
  };
}

/** Days that stored credentials should still have: time enough to notice and to renew them. */
const storedDays = 14;

function endsSoon({ ends, kind }: OwnCredentials, stored: boolean): string | undefined {
  if (ends === undefined || !(stored || kind === 'certificate') || daysLeft(ends) >= storedDays) return undefined;
  return kind === 'token'
    ? 'it ends soon and nobody renews it: use a ServiceAccount’s token Secret (the chart’s serviceAccount.token), which does not end'
    : 'it ends soon: have a new client certificate signed and put it into the kubeconfig';
}

function unauthorized({ message }: ClusterError, own: OwnCredentials, entry: string | undefined): ClusterError {
  if (own.ends !== undefined && own.ends.getTime() < Date.now()) {
    const remedy =
      own.kind === 'token'
        ? 'fetch a new token, and put it into the kubeconfig'
        : 'have a new client certificate signed, and put it into the kubeconfig';
    return new ClusterError('unauthorized', `${message}: ${own.text}`, remedy);
  }
  const remedy = entry
    ? `the role has no access entry, or not yet: ${entry}`
    : own.kind === 'certificate'
      ? 'it was signed by another authority than this cluster’s (--client-ca-file): after a rebuild of the cluster fetch the kubeconfig anew'
      : own.kind === 'none'
        ? 'the kubeconfig’s context names no user, or one without credentials'
        : 'it is of another cluster, was withdrawn, or its ServiceAccount was deleted: fetch a new one';
  return new ClusterError('unauthorized', `${message}: ${own.text}`, remedy);
}

function forbidden(said: string, host: string, own: OwnCredentials): ClusterError {
  if (isForNobody(said)) return anonymousError(host, own.text);
  const remedy =
    'every authenticated user may usually do so: kubectl create clusterrolebinding system:basic-user --clusterrole=system:basic-user --group=system:authenticated';
  return new ClusterError('forbidden', `${host} does not let us ask who we are: ${said}`, remedy);
}
