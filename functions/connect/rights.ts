/** Step: is each right that the enabled operations need there. */
import pLimit from 'p-limit';
import { answerError, serverMessage } from '../cluster/answer-errors.ts';
import type { ApiClient } from '../cluster/api-client.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { discovery } from '../cluster/discovery.ts';
import { type AccessReview, reviewPath } from '../cluster/self-review.ts';
import { outOfReach } from '../scan/within-namespaces.ts';
import type { NeededRight } from './needed-rights.ts';

/** A right as the cluster answered. */
export type Right = NeededRight & {
  /** Where it was asked for; absent: in the whole cluster. */
  readonly namespace?: string;
  /** Absent and out of reach: not needed, for `reason`. */
  readonly state: 'granted' | 'missing' | 'absent' | 'out-of-reach';
  readonly reason?: string;
};

/** As many connections as the client has. */
const reviewsAtOnce = 3;

/**
 * Asks discovery what is there and reviews the rest, each right on its own: a list of one's rules (SelfSubjectRulesReview) is not whole where
 * a webhook authorizes. A cluster that is looked at by namespace is asked for each. Throws ClusterError.
 */
export async function askedRights(
  client: ApiClient,
  needed: readonly NeededRight[],
  namespaces: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<readonly Right[]> {
  const find = discovery(client);
  const limit = pLimit(reviewsAtOnce);
  const ask = (right: NeededRight, namespace: string | undefined) =>
    limit(async (): Promise<Right> => {
      const allowed = await isAllowed(client, right, namespace, signal);
      return { ...right, state: allowed ? 'granted' : 'missing', ...(namespace !== undefined && { namespace }) };
    });
  const answers = needed.map(async (right): Promise<readonly Right[]> => {
    // What is not granted beside the namespaces' own rights makes a check not applicable there.
    if (right.verb === 'get') return [await ask(namespaces ? { ...right, optional: true } : right, undefined)];
    const found = await find(right.read, signal);
    if (found.state === 'absent') return [{ ...right, state: 'absent', reason: found.reason }];
    const reason = outOfReach(right.read, namespaces, found.state !== 'served' || found.namespaced);
    if (reason !== undefined) return [{ ...right, state: 'out-of-reach', reason }];
    const places = right.read.namespace === undefined && namespaces ? namespaces : [right.read.namespace];
    return Promise.all(places.map((namespace) => ask(right, namespace)));
  });
  return (await Promise.all(answers)).flat();
}

async function isAllowed(client: ApiClient, right: NeededRight, namespace: string | undefined, signal: AbortSignal): Promise<boolean> {
  const review: AccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec:
      right.verb === 'get'
        ? { nonResourceAttributes: { verb: 'get', path: right.path } }
        : {
            resourceAttributes: {
              verb: 'list',
              group: right.read.group,
              resource: right.read.resource,
              ...(namespace !== undefined && { namespace }),
            },
          },
  };
  const answer = await client.postReview(review, { signal });
  if (answer.status === 403) {
    const remedy =
      'every authenticated user may usually do so: kubectl create clusterrolebinding system:basic-user --clusterrole=system:basic-user --group=system:authenticated';
    throw new ClusterError('forbidden', `${client.host} does not let us ask what we may do: ${serverMessage(answer)}`, remedy);
  }
  if (answer.status !== 201) throw answerError(answer, client.host, reviewPath(review));
  const { status } = answer.body as { readonly status?: { readonly allowed?: unknown } };
  return status?.allowed === true;
}
