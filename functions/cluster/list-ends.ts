/** How a list that failed or was refused ends, in words for the report. */
import type { End, Read } from '../scan/contracts.ts';
import { answerError, serverMessage, statusOf } from './answer-errors.ts';
import { ClusterError, failureReason } from './cluster-error.ts';
import { ListExpired, ListRefused } from './list-pages.ts';
import { namespaceMissing } from './missing-namespaces.ts';
import { rightToList } from './missing-rights.ts';

/** A namespace that is to be looked at and is not there: an empty list of it says nothing. */
export class NamespaceMissing extends Error {
  override readonly name = 'NamespaceMissing';
  readonly remedy: string;
  constructor(namespace: string) {
    const { message, remedy } = namespaceMissing([namespace]);
    super(message);
    this.remedy = remedy;
  }
}

/** A refusal of one namespace: the next may allow. */
export interface Refusal {
  /** The read as it was sent, with its namespace. */
  readonly place: Read;
  readonly error: ListRefused | NamespaceMissing;
}

type NotRead = Exclude<End, { readonly state: 'complete' | 'inconsistent' }>;

/** `leases.coordination.k8s.io in namespace kube-system`. */
const nameOf = ({ group, resource, namespace }: Read): string =>
  `${group === '' ? resource : `${resource}.${group}`}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;

/** The end of a read whose server does not answer. */
export function unavailable(read: Read, objects: number, message: string): NotRead {
  const remedy = `kubectl get apiservices | grep ${read.group || 'v1'}: look at the server behind it`;
  return { read, objects, state: 'failed', reason: 'unavailable', message, remedy };
}

/** The end that an error means. `read` as it was sent; `host` for messages. */
export function endOfError(error: unknown, read: Read, objects: number, signal: AbortSignal, host: string): NotRead {
  const failed = { read, objects, state: 'failed' } as const;
  const name = nameOf(read);
  if (signal.aborted) {
    const remedy = 'give the function more time (deployment.timeoutSeconds) or fewer checks';
    return { ...failed, reason: 'budget', message: `${name}: the time budget was spent before the list was whole`, remedy };
  }
  if (error instanceof ListRefused || error instanceof NamespaceMissing)
    return endOfRefusals([{ place: read, error }], read, objects, host);
  if (error instanceof ListExpired) {
    const remedy = 'run again; if it happens often, etcd is compacted faster than the list is read: look at the API server’s load';
    return { ...failed, reason: 'expired', message: `${name}: ${error.message}`, remedy };
  }
  if (error instanceof ClusterError) {
    return { ...failed, reason: failureReason(error.kind), message: `${name}: ${error.message}`, remedy: error.remedy };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    ...failed,
    reason: 'error',
    message: `${name}: ${message}`,
    remedy: 'this is a fault of Nightshift: please report it with this message',
  };
}

/** The one end of a read that at least one namespace refused: what is missing in each is named, and one remedy grants it all. */
export function endOfRefusals(refusals: readonly Refusal[], read: Read, objects: number, host: string): NotRead {
  const forbidden = refusals.flatMap(({ place, error }) =>
    error instanceof ListRefused && error.answer.status === 403 ? [{ place, said: serverMessage(error.answer) }] : [],
  );
  const others = refusals
    .filter(({ place }) => !forbidden.some((each) => each.place === place))
    .map(({ place, error }) => endOfOther(place, error, objects, host));
  const [first] = forbidden;
  if (read.sensitive && others.length === 0) {
    const names = forbidden.map(({ place }) => nameOf(place)).join(', ');
    const reason = `the right to list ${names} is not granted (it is optional, since it discloses payloads)`;
    return { read, objects, state: 'not-granted', reason };
  }
  const unique = (texts: readonly string[], between: string) => [...new Set(texts)].join(between);
  const granted =
    first && !read.sensitive
      ? [
          rightToList(
            forbidden.map(({ place }) => place),
            first.said,
          ),
        ]
      : [];
  return {
    read,
    objects,
    state: 'failed',
    reason: first ? 'forbidden' : 'unavailable',
    message: unique([...forbidden.map(({ said }) => said), ...others.map(({ message }) => message)], '; '),
    remedy: unique([...others.map(({ remedy }) => remedy), ...granted], '\n'),
  };
}

function endOfOther(place: Read, error: ListRefused | NamespaceMissing, objects: number, host: string) {
  if (error instanceof NamespaceMissing) {
    return { message: error.message, remedy: error.remedy };
  }
  const { answer } = error;
  const message = `${nameOf(place)}: ${host} answered ${answer.status}: ${serverMessage(answer)}`;
  // Plain text comes from between the API server and the server of an aggregated group.
  const end = statusOf(answer.text) === undefined ? unavailable(place, objects, message) : undefined;
  return { message, remedy: end?.state === 'failed' ? end.remedy : answerError(answer, host, nameOf(place)).remedy };
}
