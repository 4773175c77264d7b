/** An API server that answers what connect asks, and keeps every request with its body. */
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after } from 'node:test';
import type { AccessReview } from '../../functions/cluster/self-review.ts';
import type { ConnectTarget } from '../../functions/connect/target.ts';
import { sendJson, startHttpsServer } from '../cluster/https-server.ts';
import type { KeyPair } from '../control-plane/parts/certificates.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';

export const token = 'hunter2-hunter2';
export const signal = new AbortController().signal;
const running: { stop(): void }[] = [];
after(() => {
  for (const each of running) each.stop();
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface StubOptions {
  readonly user?: { readonly username: string; readonly groups: readonly string[] };
  readonly allowed?: (spec: AccessReview['spec']) => boolean;
  /** By path, before what is answered by default. */
  readonly answers?: Readonly<Record<string, Answer>>;
  readonly certificate?: KeyPair;
}

const served = (resource: string, scope = 'Namespaced') => ({ resource, scope, verbs: ['list'] });
const core = ['pods', 'services', 'events', 'secrets'].map((name) => served(name));
const clusterWide = ['nodes', 'namespaces', 'componentstatuses'].map((name) => served(name, 'Cluster'));
const groups = {
  apps: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
  batch: ['jobs', 'cronjobs'],
  'discovery.k8s.io': ['endpointslices'],
  'coordination.k8s.io': ['leases'],
};
export const status = (code: number, message: string): Answer => {
  return (response) => sendJson(response, { kind: 'Status', code, message }, code);
};

/** Starts it; `target` reaches it by a kubeconfig with a token. */
export async function startClusterStub({ user, allowed = () => true, answers = {}, certificate }: StubOptions = {}) {
  const asked: { readonly method: string; readonly path: string; readonly body: string; readonly contentType: string | undefined }[] = [];
  const load = { now: 0, most: 0 };
  const usual: Readonly<Record<string, (body: string) => unknown>> = {
    '/version': () => ({ gitVersion: 'v1.36.3' }),
    '/api': () => ({
      kind: 'APIGroupDiscoveryList',
      items: [{ metadata: {}, versions: [{ version: 'v1', resources: [...core, ...clusterWide] }] }],
    }),
    '/apis': () => ({
      kind: 'APIGroupDiscoveryList',
      items: Object.entries(groups).map(([name, resources]) => ({
        metadata: { name },
        versions: [{ version: 'v1', freshness: 'Current', resources: resources.map((resource) => served(resource)) }],
      })),
    }),
    '/apis/authentication.k8s.io/v1/selfsubjectreviews': (body) => ({
      ...JSON.parse(body),
      status: { userInfo: user ?? { username: 'night', groups: ['nightshift:readers', 'system:authenticated'] } },
    }),
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': (body) => {
      const review = JSON.parse(body) as AccessReview;
      return { ...review, status: { allowed: allowed(review.spec) } };
    },
  };
  const server = await startHttpsServer(async (request, response) => {
    load.now += 1;
    load.most = Math.max(load.most, load.now);
    const path = request.url ?? '';
    const body = await text(request);
    asked.push({ method: request.method ?? '', path, body, contentType: request.headers['content-type'] });
    // A moment, so that requests at once are seen to be at once.
    await new Promise((resolve) => setTimeout(resolve, 2));
    load.now -= 1;
    const answer = answers[path];
    if (answer) return answer(response, request);
    const found = usual[path] ?? (path.startsWith('/api/v1/namespaces/') ? () => ({ kind: 'Namespace' }) : undefined);
    if (found === undefined) return status(404, 'not found')(response, request);
    sendJson(response, found(body), request.method === 'POST' ? 201 : 200);
  }, certificate);
  running.push(server);
  const kubeconfig = (cluster: object = {}, credentials: object = { token }): string =>
    kubeconfigFile(
      {
        server: server.url,
        'certificate-authority-data': Buffer.from(String(server.access.tls.ca)).toString('base64'),
        ...cluster,
      },
      credentials,
    );
  const target = (changes: Partial<ConnectTarget> = {}): ConnectTarget => ({
    cluster: 'edge',
    access: { kubeconfigFile: kubeconfig() },
    backups: [],
    optionsOf: () => ({}),
    ...changes,
  });
  return { server, asked, load, kubeconfig, target };
}

/** A kubeconfig of one cluster, written to a file. */
export function kubeconfigFile(cluster: object, credentials: object = { token }): string {
  const file = join(temporaryDirectory('kubeconfig'), 'config');
  writeFileSync(
    file,
    JSON.stringify({
      'current-context': 'main',
      contexts: [{ name: 'main', context: { cluster: 'one', user: 'me' } }],
      clusters: [{ name: 'one', cluster }],
      users: [{ name: 'me', user: credentials }],
    }),
  );
  return file;
}
