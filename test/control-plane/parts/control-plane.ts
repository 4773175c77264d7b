/** A real control plane for a test: etcd, kube-apiserver and, where asked for, kube-controller-manager. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, apiClient, type User } from './api-client.ts';
import { buildPart } from './build.ts';
import { type KeyPair, makeAuthority, privateKey } from './certificates.ts';
import { type Child, removeTemporaryDirectory, startChild, temporaryDirectory } from './child-process.ts';
import { type EtcdGateway, etcdGateway } from './etcd-gateway.ts';
import { freePort } from './free-port.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { type ObjectWrites, objectWrites } from './objects.ts';

/** What startControlPlane may be told. */
export interface ControlPlaneOptions {
  /** Starts kube-controller-manager with these controllers (`namespace-controller`, `garbage-collector-controller`, ...). */
  readonly controllers?: readonly string[];
  /** Leader election for it: the lease kube-system/kube-controller-manager is then real. */
  readonly leaderElect?: true;
  /** Refuses pods whose ServiceAccount is not there, as clusters do; it wants `serviceaccount-controller` among the controllers. */
  readonly serviceAccountAdmission?: true;
  /** Laid after our own flags, e.g. `--feature-gates=ListFromCacheSnapshot=false`. */
  readonly apiServerFlags?: readonly string[];
  /** The URL of a token webhook (TokenReview v1; plain http on loopback will do) that is asked about unknown tokens. */
  readonly tokenWebhook?: string;
  /** Days that the serving certificate has left; 365 unless told. */
  readonly servingCertificateDays?: number;
  /** Users with a token, and their groups, beside admin (system:masters), reader and nobody (no rights unless bound). */
  readonly users?: Readonly<Record<string, readonly string[]>>;
}

/** A running control plane. */
export interface ControlPlane extends ObjectWrites {
  /** https://127.0.0.1:PORT */
  readonly url: string;
  /** PEM of the authority that signed the serving certificate (its names: 127.0.0.1, localhost). */
  readonly certificateAuthority: string;
  readonly adminToken: string;
  /** http://127.0.0.1:PORT of etcd's HTTP gateway. */
  readonly etcdGateway: string;
  /** Holds all files, and the logs etcd.log, kube-apiserver.log and kube-controller-manager.log; removed by stop(). */
  readonly directory: string;
  /** Writes a kubeconfig file for the user (the admin unless told), certificates embedded, and gives its path. */
  kubeconfig(user?: User): Promise<string>;
  /** The token of a user that was declared before the start; throws for any other name. */
  token(user: string): string;
  /** A new certificate that the API server accepts for this user name and group. */
  clientCertificate(commonName: string, organization?: string, days?: number): KeyPair;
  /** Sends a request as admin. A body that is no string is sent as JSON. */
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** Sends a request as another user. */
  requestAs(user: User, method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  /** Compacts etcd to its newest revision: older snapshots, and continue tokens of them, are gone. */
  compact(): Promise<void>;
  /** Ends all processes and removes the directory. */
  stop(): Promise<void>;
}

interface Boot {
  readonly options: ControlPlaneOptions;
  readonly directory: string;
  readonly etcdPort: number;
  readonly apiPort: number;
  readonly serving: ReturnType<typeof makeAuthority>;
  readonly clients: ReturnType<typeof makeAuthority>;
  readonly children: Child[];
}

const builtInUsers: Readonly<Record<string, readonly string[]>> = {
  admin: ['system:masters'],
  reader: [],
  nobody: [],
  'system:kube-controller-manager': ['system:masters'],
};

/** Starts etcd and kube-apiserver (and the controllers) on free loopback ports and waits until /readyz is ok. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const names = ['etcd', 'kube-apiserver', ...(options.controllers ? (['kube-controller-manager'] as const) : [])] as const;
  const [etcd, apiServer, controllerManager] = await Promise.all(names.map(buildPart));
  const directory = temporaryDirectory('control-plane');
  const serving = makeAuthority(directory, 'serving-ca');
  const clients = makeAuthority(directory, 'client-ca');
  const boot: Boot = { options, directory, etcdPort: await freePort(), apiPort: await freePort(), serving, clients, children: [] };
  const plane = controlPlaneOf(boot);
  try {
    start(boot, 'etcd', etcd, etcdFlags(directory, boot.etcdPort, await freePort()));
    const server = start(boot, 'kube-apiserver', apiServer, apiServerFlags(boot));
    await untilOk(boot, server, async () => (await plane.request('GET', '/readyz')).status === 200);
    await untilOk(boot, server, async () => (await plane.request('GET', '/api/v1/namespaces/kube-system')).status === 200);
    if (options.controllers) {
      const port = await freePort();
      const manager = start(boot, 'kube-controller-manager', controllerManager, await controllerFlags(boot, plane, port));
      const health = apiClient(`https://127.0.0.1:${port}`, serving.certificate);
      await untilOk(boot, manager, async () => (await health({}, 'GET', '/healthz')).status === 200);
      const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager';
      if (options.leaderElect) await untilOk(boot, manager, async () => (await plane.request('GET', lease)).status === 200);
    }
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

function controlPlaneOf({ options, directory, etcdPort, apiPort, serving, clients, children }: Boot): ControlPlane {
  const url = `https://127.0.0.1:${apiPort}`;
  const users = { ...builtInUsers, ...options.users };
  const token = (user: string) => {
    if (!Object.hasOwn(users, user)) throw new Error(`no token for ${user}: declared are ${Object.keys(users).join(', ')}`);
    return `token-of-${user}`;
  };
  const admin: User = { token: token('admin') };
  const requestAs = apiClient(url, serving.certificate);
  const request: ControlPlane['request'] = (...asked) => requestAs(admin, ...asked);
  const gateway: EtcdGateway = etcdGateway(`http://127.0.0.1:${etcdPort}`);
  const lines = Object.entries(users).map(([user, groups]) => `${token(user)},${user},${user},"${groups.join(',')}"`);
  writeFileSync(join(directory, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
  return {
    url,
    certificateAuthority: serving.certificate,
    adminToken: admin.token,
    etcdGateway: gateway.url,
    directory,
    kubeconfig: (user = admin) => writeKubeconfig(directory, url, serving.certificate, user),
    token,
    clientCertificate: (commonName, organization, days) =>
      clients.sign({ commonName, ...(organization === undefined ? {} : { organization }), ...(days === undefined ? {} : { days }) }),
    request,
    requestAs,
    ...objectWrites(request),
    compact: () => gateway.compact(),
    stop: async () => {
      // The API server before etcd: it would only complain about its loss.
      for (const child of children.toReversed()) await child.stop();
      removeTemporaryDirectory(directory);
    },
  };
}

function start({ directory, children }: Boot, name: string, binary: string | undefined, flags: readonly string[]): Child {
  if (binary === undefined) throw new Error(`${name} was not built`);
  const child = startChild(name, binary, flags, { log: join(directory, `${name}.log`), background: true });
  children.push(child);
  return child;
}

function etcdFlags(directory: string, clientPort: number, peerPort: number): string[] {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    '--name=test',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    // Room for seedCluster's big transactions.
    '--max-txn-ops=10000',
    '--max-request-bytes=67108864',
    '--quota-backend-bytes=4294967296',
  ];
}

function apiServerFlags({ options, directory, etcdPort, apiPort, serving, clients }: Boot): string[] {
  const file = (name: string, content: string) => {
    writeFileSync(join(directory, name), content, { mode: 0o600 });
    return join(directory, name);
  };
  const days = options.servingCertificateDays ?? 365;
  const server = serving.sign({ commonName: 'kube-apiserver', days, names: ['IP:127.0.0.1', 'DNS:localhost'] });
  const serviceAccountKey = file('service-account.key', privateKey());
  const flags = [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${apiPort}`,
    // Written into the endpoints of the Service kubernetes, where loopback is refused; nothing listens there.
    '--advertise-address=192.0.2.1',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--cert-dir=${directory}`,
    `--tls-cert-file=${file('serving.crt', server.certificate)}`,
    `--tls-private-key-file=${file('serving.key', server.key)}`,
    `--client-ca-file=${clients.certificateFile}`,
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${serviceAccountKey}`,
    `--service-account-signing-key-file=${serviceAccountKey}`,
    // Pods can be created without the service account that a controller would have made.
    ...(options.serviceAccountAdmission ? [] : ['--disable-admission-plugins=ServiceAccount']),
    '--allow-privileged=true',
    '--profiling=false',
  ];
  if (options.tokenWebhook !== undefined) {
    const webhook = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'webhook', cluster: { server: options.tokenWebhook } }],
      contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: '' } }],
      'current-context': 'webhook',
    };
    flags.push(`--authentication-token-webhook-config-file=${file('token-webhook.json', JSON.stringify(webhook))}`);
    flags.push('--authentication-token-webhook-version=v1', '--authentication-token-webhook-cache-ttl=1s');
  }
  return [...flags, ...(options.apiServerFlags ?? [])];
}

async function controllerFlags({ options, directory, serving }: Boot, plane: ControlPlane, port: number): Promise<string[]> {
  return [
    `--kubeconfig=${await plane.kubeconfig({ token: plane.token('system:kube-controller-manager') })}`,
    `--controllers=${options.controllers?.join(',')}`,
    `--leader-elect=${options.leaderElect === true}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${join(directory, 'serving.crt')}`,
    `--tls-private-key-file=${join(directory, 'serving.key')}`,
    `--root-ca-file=${serving.certificateFile}`,
    `--service-account-private-key-file=${join(directory, 'service-account.key')}`,
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

/** Asks every 50 ms until the answer is yes; fails with the end of the log when the process ends or a minute is over. */
async function untilOk({ children }: Boot, child: Child, ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const dead = children.find((each) => !each.running());
    if (dead !== undefined) throw new Error(`${dead.name} ended (exit code ${await dead.ended}) before it was ready:\n${dead.lastLines()}`);
    // Refused connections are how a start looks from outside.
    if (await ask().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error(`${child.name} was not ready within a minute:\n${child.lastLines()}`);
}
