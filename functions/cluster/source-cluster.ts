/** The live API of a cluster as a source. */
import {
  type Batch,
  type End,
  type Finding,
  NotApplicable,
  NotReadable,
  type ProbeAnswer,
  type Read,
  type Source,
} from '../scan/contracts.ts';
import { answerError, serverMessage, statusOf } from './answer-errors.ts';
import type { ApiClient } from './api-client.ts';
import { clean } from './clean.ts';
import { ClusterError, failureReason } from './cluster-error.ts';
import { discovery, type Find } from './discovery.ts';
import { ListExpired, ListRefused, listPages } from './list-pages.ts';
import { rightToGet, rightToList } from './missing-rights.ts';

/** A cluster that has answered. */
export interface ClusterFacts {
  readonly name: string;
  /** Milliseconds, by the server's clock. */
  readonly now: number;
  readonly version?: string;
  readonly findings?: readonly Finding[];
  /** The JSON of eks:DescribeCluster's `cluster`, where it is reached by it. */
  readonly eksCluster?: string;
}

/** Probed as a path of the API server, it gives what AWS says of the cluster. */
const describeCluster = 'eks:DescribeCluster';
const listsAtOnce = 3;
/** Usually the longest lists: begun first, so that they do not run on alone. */
const longest = ['pods', 'events', 'replicasets', 'secrets', 'jobs', 'configmaps'];

/** The source over `client`; requests go out only when it is read or probed. */
export function clusterSource(client: ApiClient, { eksCluster, ...facts }: ClusterFacts): Source {
  const find = discovery(client);
  return {
    kind: 'cluster',
    ...facts,
    read: (reads, signal) => readAll(client, find, reads, signal),
    probe: (path, signal) => (path === describeCluster ? probeEks(eksCluster) : probe(client, path, signal)),
    traffic: () => client.traffic(),
    close: async () => client.close(),
  };
}

type Said = Batch | End;

/** Up to three lists at once; of each at most one page waits while another is looked at. */
async function* readAll(client: ApiClient, find: Find, reads: readonly Read[], signal: AbortSignal): AsyncGenerator<Said, void, undefined> {
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  const rank = ({ resource }: Read) => (longest.includes(resource) ? longest.indexOf(resource) : longest.length);
  const waiting = reads.toSorted((one, other) => rank(one) - rank(other)).map((read) => readOne(client, find, read, either));
  type Stream = AsyncGenerator<Said, void, undefined>;
  const underWay = new Map<Stream, Promise<void>>();
  // Not as the promises' values: a race keeps its winner's as long as the slowest of them is under way, and that would be every page.
  const arrived: { readonly stream: Stream; readonly result: IteratorResult<Said, void> }[] = [];
  const ask = (stream: Stream) =>
    underWay.set(
      stream,
      stream.next().then((result) => {
        arrived.push({ stream, result });
      }),
    );
  try {
    for (const stream of waiting.splice(0, listsAtOnce)) ask(stream);
    while (underWay.size > 0) {
      await Promise.race(underWay.values());
      const first = arrived.shift();
      if (first === undefined) continue;
      const { stream, result } = first;
      underWay.delete(stream);
      // The next page is asked for before this one is looked at: the server works on it meanwhile.
      const next = result.done ? waiting.shift() : stream;
      if (next !== undefined) ask(next);
      if (!result.done) yield result.value;
    }
  } finally {
    left.abort();
    await Promise.allSettled(underWay.values());
  }
}

async function* readOne(client: ApiClient, find: Find, read: Read, signal: AbortSignal): AsyncGenerator<Said, void, undefined> {
  let objects = 0;
  let inconsistent = false;
  try {
    signal.throwIfAborted();
    const found = await find(read, signal);
    if (found.state === 'absent') return yield { read, objects, state: 'absent', reason: found.reason };
    if (found.state === 'unavailable') return yield unavailable(read, objects, found.message);
    for await (const page of listPages(client, read, found, signal)) {
      inconsistent = page.inconsistent;
      objects += page.objects.length;
      if (page.objects.length > 0) yield { read, objects: page.objects };
    }
    yield { read, objects, state: inconsistent ? 'inconsistent' : 'complete' };
  } catch (error) {
    yield endOfError(error, read, objects, signal, client.host);
  }
}

function unavailable(read: Read, objects: number, message: string): End {
  const remedy = `kubectl get apiservices | grep ${read.group || 'v1'}: look at the server behind it`;
  return { read, objects, state: 'failed', reason: 'unavailable', message, remedy };
}

function endOfError(error: unknown, read: Read, objects: number, signal: AbortSignal, host: string): End {
  const failed = { read, objects, state: 'failed' } as const;
  const name = read.group === '' ? read.resource : `${read.resource}.${read.group}`;
  if (signal.aborted) {
    const remedy = 'give the function more time (deployment.timeoutSeconds) or fewer checks';
    return { ...failed, reason: 'budget', message: `${name}: the time budget was spent before the list was whole`, remedy };
  }
  if (error instanceof ListRefused) return endOfRefusal(error, read, objects, name, host);
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

function endOfRefusal({ answer }: ListRefused, read: Read, objects: number, name: string, host: string): End {
  const said = serverMessage(answer);
  if (answer.status !== 403) {
    const message = `${name}: ${host} answered ${answer.status}: ${said}`;
    // Plain text comes from between the API server and the server of an aggregated group.
    if (statusOf(answer.text) === undefined) return unavailable(read, objects, message);
    const { remedy } = answerError(answer, host, name);
    return { read, objects, state: 'failed', reason: 'unavailable', message, remedy };
  }
  if (read.sensitive) {
    return {
      read,
      objects,
      state: 'not-granted',
      reason: `the right to list ${name} is not granted (it is optional, since it discloses payloads)`,
    };
  }
  return { read, objects, state: 'failed', reason: 'forbidden', message: said, remedy: rightToList(read, said) };
}

async function probeEks(eksCluster: string | undefined): Promise<ProbeAnswer> {
  if (eksCluster === undefined) throw new NotApplicable('the cluster is not reached as an EKS cluster');
  return { status: 200, body: eksCluster };
}

async function probe(client: ApiClient, path: string, signal: AbortSignal): Promise<ProbeAnswer> {
  try {
    const answer = await client.get(path, { accept: 'application/json, */*', anyStatus: true, certificate: true, signal });
    if (answer.status === 403) {
      const said = serverMessage(answer);
      throw new NotReadable(`GET ${path}: ${said}`, 'forbidden', rightToGet(path, said));
    }
    return { status: answer.status, body: clean(answer.text), ...(answer.certificate && { certificate: answer.certificate }) };
  } catch (error) {
    if (error instanceof ClusterError) throw new NotReadable(`GET ${path}: ${error.message}`, failureReason(error.kind), error.remedy);
    throw error;
  }
}
