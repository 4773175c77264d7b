/** The live API of a cluster as a source. */
import {
  type Batch,
  type CustomResources,
  type End,
  type Finding,
  NotApplicable,
  NotReadable,
  type ProbeAnswer,
  type Read,
  type Source,
} from '../scan/contracts.ts';
import { onlyThese, outOfReach } from '../scan/within-namespaces.ts';
import { serverMessage } from './answer-errors.ts';
import type { ApiClient } from './api-client.ts';
import { clean } from './clean.ts';
import { ClusterError, failureReason } from './cluster-error.ts';
import { type Discovery, discovery, type Find } from './discovery.ts';
import { isBuiltInGroup } from './kinds.ts';
import { endOfError, endOfRefusals, NamespaceMissing, type Refusal, unavailable } from './list-ends.ts';
import { ListRefused, listPages } from './list-pages.ts';
import { isNamespaceMissing } from './missing-namespaces.ts';
import { rightToGet } from './missing-rights.ts';

/** A cluster that has answered. */
export interface ClusterFacts {
  readonly name: string;
  /** Milliseconds, by the server's clock. */
  readonly now: number;
  readonly version?: string;
  readonly findings?: readonly Finding[];
  /** The JSON of eks:DescribeCluster's `cluster`, where it is reached by it. */
  readonly eksCluster?: string;
  /** Only these are looked at, each by lists of its own: for credentials that reach no further. */
  readonly namespaces?: readonly string[];
}

/** Probed as a path of the API server, it gives what AWS says of the cluster. */
const describeCluster = 'eks:DescribeCluster';
const listsAtOnce = 3;
/** Usually the longest lists: begun first, so that they do not run on alone. */
const longest = ['pods', 'events', 'replicasets', 'secrets', 'jobs', 'configmaps'];

/** The source over `client`; requests go out only when it is read or probed. */
export function clusterSource(client: ApiClient, { eksCluster, ...facts }: ClusterFacts): Source {
  const find = discovery(client);
  const reach: Reach = { client, find, namespaces: facts.namespaces, isMissing: missingNamespaces(client) };
  return {
    kind: 'cluster',
    ...facts,
    read: (reads, signal) => readAll(reach, reads, signal),
    probe: (path, signal) => (path === describeCluster ? probeEks(eksCluster) : probe(reach, path, signal)),
    customResources: (signal) => customResources(find, signal),
    traffic: () => client.traffic(),
    close: async () => client.close(),
  };
}

type Said = Batch | End;

/** What every read needs. */
interface Reach {
  readonly client: ApiClient;
  readonly find: Find;
  readonly namespaces: readonly string[] | undefined;
  readonly isMissing: (namespace: string, signal: AbortSignal) => Promise<boolean>;
}

/** Up to three lists at once; of each at most one page waits while another is looked at. */
async function* readAll(reach: Reach, reads: readonly Read[], signal: AbortSignal): AsyncGenerator<Said, void, undefined> {
  const left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]);
  const rank = ({ resource }: Read) => (longest.includes(resource) ? longest.indexOf(resource) : longest.length);
  const waiting = reads.toSorted((one, other) => rank(one) - rank(other)).map((read) => readOne(reach, read, either));
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

async function* readOne(reach: Reach, read: Read, signal: AbortSignal): AsyncGenerator<Said, void, undefined> {
  const { client, find, namespaces } = reach;
  const tally: Tally = { objects: 0, inconsistent: false };
  /** What is being listed. */
  let place = read;
  try {
    signal.throwIfAborted();
    const found = await find(read, signal);
    if (found.state === 'absent') return yield { read, objects: 0, state: 'absent', reason: found.reason };
    if (found.state === 'unavailable') return yield unavailable(read, 0, found.message);
    const reason = outOfReach(read, namespaces, found.namespaced);
    if (reason !== undefined) return yield { read, objects: 0, state: 'off', reason };
    const places = namespaces && read.namespace === undefined ? namespaces.map((namespace) => ({ ...read, namespace })) : [read];
    const refusals: Refusal[] = [];
    for (place of places) {
      try {
        yield* listAt(reach, read, place, found, tally, signal);
      } catch (error) {
        if (!(error instanceof ListRefused || error instanceof NamespaceMissing)) throw error;
        // What one namespace refuses the next may allow.
        refusals.push({ place, error });
      }
    }
    const { objects, inconsistent } = tally;
    if (refusals.length > 0) yield endOfRefusals(refusals, read, objects, client.host);
    else yield { read, objects, state: inconsistent ? 'inconsistent' : 'complete' };
  } catch (error) {
    yield { ...endOfError(error, place, tally.objects, signal, client.host), read };
  }
}

/** What came of one read so far, over all namespaces. */
interface Tally {
  objects: number;
  inconsistent: boolean;
}

/** The pages of one place as batches of `read`. */
async function* listAt(
  { client, namespaces, isMissing }: Reach,
  read: Read,
  place: Read,
  found: { readonly version: string; readonly namespaced: boolean },
  tally: Tally,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const before = tally.objects;
  for await (const page of listPages(client, place, found, signal)) {
    tally.inconsistent ||= page.inconsistent;
    tally.objects += page.objects.length;
    if (page.objects.length > 0) yield { read, objects: page.objects };
  }
  // Of a namespace that is not there a list is as empty and as good as of one that is.
  if (namespaces && place.namespace !== undefined && tally.objects === before && (await isMissing(place.namespace, signal))) {
    throw new NamespaceMissing(place.namespace);
  }
}

/** Each namespace asked for once. */
function missingNamespaces(client: ApiClient): Reach['isMissing'] {
  const asked = new Map<string, Promise<boolean>>();
  return (name, signal) => {
    const known = asked.get(name) ?? isNamespaceMissing(client, name, signal);
    asked.set(name, known);
    return known;
  };
}

async function customResources(find: Discovery, signal: AbortSignal): Promise<CustomResources> {
  try {
    const { listable, unknown } = await find.served((group) => !isBuiltInGroup(group), signal);
    const remedy = (group: string) =>
      `kubectl get apiservices | grep ${group}: look at the server behind it, or remove the APIService where nothing needs it`;
    return { reads: listable, unknown: unknown.map(({ group, message }) => ({ group, message, remedy: remedy(group) })) };
  } catch (error) {
    if (error instanceof ClusterError) throw new NotReadable(`discovery: ${error.message}`, failureReason(error.kind), error.remedy);
    throw error;
  }
}

async function probeEks(eksCluster: string | undefined): Promise<ProbeAnswer> {
  if (eksCluster === undefined) throw new NotApplicable('the cluster is not reached as an EKS cluster');
  return { status: 200, body: eksCluster };
}

async function probe({ client, namespaces }: Reach, path: string, signal: AbortSignal): Promise<ProbeAnswer> {
  try {
    const answer = await client.get(path, { accept: 'application/json, */*', anyStatus: true, certificate: true, signal });
    if (answer.status === 403) {
      const said = serverMessage(answer);
      if (namespaces) throw new NotApplicable(`${onlyThese(namespaces)}; these credentials may not GET ${path}`);
      throw new NotReadable(`GET ${path}: ${said}`, 'forbidden', rightToGet(path, said));
    }
    return { status: answer.status, body: clean(answer.text), ...(answer.certificate && { certificate: answer.certificate }) };
  } catch (error) {
    if (error instanceof ClusterError) throw new NotReadable(`GET ${path}: ${error.message}`, failureReason(error.kind), error.remedy);
    throw error;
  }
}
