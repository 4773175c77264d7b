/** A cluster's source over a server that answers as a test says. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiClientSettings, apiClient } from '../../functions/cluster/api-client.ts';
import { pods } from '../../functions/cluster/kinds.ts';
import { clusterSource } from '../../functions/cluster/source-cluster.ts';
import type { End, Read, Source } from '../../functions/scan/contracts.ts';
import { sendJson, startHttpsServer } from './https-server.ts';

const running: { stop(): void }[] = [];

/** Ends what sourceOf started; for afterEach. */
export function stopAll(): void {
  for (const each of running.splice(0)) each.stop();
}

export type Answers = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse, url: URL) => void>>;

const served = (resource: string, scope = 'Namespaced') => ({ resource, scope, verbs: ['list'] });
const core = [served('pods'), served('services'), served('secrets'), served('nodes', 'Cluster')];
const discovered: Answers = {
  '/api': (_, response) =>
    sendJson(response, { kind: 'APIGroupDiscoveryList', items: [{ metadata: {}, versions: [{ version: 'v1', resources: core }] }] }),
  '/apis': (_, response) =>
    sendJson(response, {
      kind: 'APIGroupDiscoveryList',
      items: [
        { metadata: { name: 'apps' }, versions: [{ version: 'v1', freshness: 'Current', resources: [served('deployments')] }] },
        { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', freshness: 'Stale', resources: [] }] },
      ],
    }),
};

/** A source over a server that answers as told, by path; unknown paths are 404. */
export async function sourceOf(
  answers: Answers,
  facts: { eksCluster?: string; namespaces?: readonly string[] } = {},
  settings: ApiClientSettings = {},
) {
  const all = { ...discovered, ...answers };
  const server = await startHttpsServer((request, response) => {
    const url = new URL(request.url ?? '/', 'https://server');
    const answer = all[url.pathname];
    if (answer) answer(request, response, url);
    else response.writeHead(404).end('404 page not found');
  });
  const client = apiClient(server.access, { firstWait: 5, timeouts: { connect: 5_000, idle: 5_000, whole: 10_000 }, ...settings });
  running.push({ stop: () => client.close() }, server);
  const paths = () => server.requests.map(({ url }) => url ?? '');
  return { source: clusterSource(client, { name: server.url, now: 0, ...facts }), paths, requests: server.requests };
}

interface Named {
  readonly metadata?: { readonly name?: string };
}
/** Reads to the end, holding the source to the contract. */
export async function readAll(source: Source, reads: readonly Read[], signal = new AbortController().signal) {
  const names: (string | undefined)[] = [];
  const ends = new Map<Read, End>();
  for await (const said of source.read(reads, signal)) {
    if ('state' in said) {
      assert.ok(!ends.has(said.read), 'each read ends once');
      ends.set(said.read, said);
    } else {
      assert.ok(!ends.has(said.read), 'no objects after the end');
      for (const object of said.objects as Named[]) names.push(object.metadata?.name);
    }
  }
  assert.equal(ends.size, reads.length);
  return { names, ends, end: ends.get(reads[0] ?? pods) };
}

/** Lists `count` objects in pages as the server would, the token being how many were given already. */
export function listOf(count: number, bytes = 0, custom = false) {
  const filler = 'x'.repeat(bytes);
  return (url: URL) => {
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = Math.min(count, from + Number(url.searchParams.get('limit')));
    const items = Array.from({ length: to - from }, (_, index) => ({ metadata: { name: `object-${from + index}` }, filler }));
    const metadata = { resourceVersion: '1', ...(to < count && { continue: String(to), remainingItemCount: count - to }) };
    // Go's order of fields: lists of custom resources have theirs sorted by name.
    return custom
      ? { apiVersion: 'example.com/v1', items, kind: 'ThingList', metadata }
      : { kind: 'ThingList', apiVersion: 'v1', metadata, items };
  };
}
export const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `object-${index}`);
/** The limits that a resource was asked for with, in order. */
export const limitsOf = (paths: readonly string[], resource: string) =>
  paths.filter((path) => path.includes(`/${resource}?`)).map((path) => Number(new URLSearchParams(path.split('?')[1]).get('limit')));
