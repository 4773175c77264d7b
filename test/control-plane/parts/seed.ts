/** Fills a control plane with a big, realistic cluster in seconds: objects go straight into etcd, past the API server. */
import { etcdGateway } from './etcd-gateway.ts';
import { type NodeState, nodeEntries } from './seed-node.ts';
import { type Entry, namespaceEntries, type Workload, workloadEntries } from './seed-objects.ts';
import { type PodPlan, type PodState, podName, podOf } from './seed-pod.ts';
import { sameRandom, suffixOf } from './seed-random.ts';

/** How big the cluster is, and in what state. The same options always give the same objects. */
export interface SeedOptions {
  /** 1,000 unless told. */
  readonly nodes?: number;
  /** 20,000 unless told; about 20 to a Deployment. */
  readonly pods?: number;
  /** About how many bytes of JSON each pod is, as served: at least 3,000, which is also the default. */
  readonly podBytes?: number;
  /** 40 unless told. */
  readonly namespaces?: number;
  /** Share of pods and of nodes in trouble; 0.03 unless told. */
  readonly troubled?: number;
  /** What the ages of all objects are told from; the present unless told. It changes times only. */
  readonly now?: Date;
}

/** What was written. */
export interface Seeded {
  /** How many of each resource: nodes, leases, namespaces, serviceaccounts, deployments, replicasets, services, endpointslices, configmaps, pods. */
  readonly objects: Readonly<Record<string, number>>;
  readonly nodeStates: Readonly<Record<NodeState, number>>;
  readonly podStates: Readonly<Record<PodState, number>>;
}

interface Cluster {
  readonly nodes: readonly { readonly name: string; readonly state: NodeState }[];
  readonly namespaces: readonly string[];
  readonly workloads: readonly Workload[];
  readonly created: string;
  readonly now: string;
}

const nodeTroubles = ['down', 'memory-pressure', 'cordoned'] as const;
const podTroubles = ['crash-loop', 'image-pull', 'unschedulable', 'out-of-memory', 'not-ready', 'evicted'] as const;
const day = 86_400_000;

/** Writes the cluster. When this returns, the next list shows all of it. */
export async function seedCluster(controlPlane: { readonly etcdGateway: string }, options: SeedOptions = {}): Promise<Seeded> {
  const cluster = planCluster(options);
  const gateway = etcdGateway(controlPlane.etcdGateway);
  const objects: Record<string, number> = {};
  // One transaction is on its way while the next is made.
  let underWay: Promise<void> = Promise.resolve();
  for (const batch of batches(entries(cluster))) {
    await underWay;
    for (const [key] of batch) {
      const resource = key.split('/')[2]?.replace('minions', 'nodes') ?? '';
      objects[resource] = (objects[resource] ?? 0) + 1;
    }
    underWay = gateway.putAll(batch);
    // A failure is thrown by the await, not by the process while the next batch is made.
    underWay.catch(() => {});
  }
  await underWay;
  // All keys of a transaction have one revision, and a watch cache calls itself that fresh from the first of them on. With one write
  // more it has to have seen all.
  await gateway.putAll([['/nightshift/seeded', cluster.now]]);
  return {
    objects,
    nodeStates: tally<NodeState>(['ready', ...nodeTroubles], cluster.nodes),
    podStates: tally<PodState>(
      ['running', 'node-down', ...podTroubles],
      cluster.workloads.flatMap((workload) => workload.pods),
    ),
  };
}

/** What seedCluster writes, one at a time, for whoever wants the objects without a server: their etcd keys and the objects. */
export const clusterEntries = (options: SeedOptions = {}): Generator<Entry> => entries(planCluster(options));

function planCluster(options: SeedOptions): Cluster {
  const { nodes: nodeCount = 1000, pods = 20_000, podBytes = 3000, namespaces: namespaceCount = 40, troubled = 0.03 } = options;
  const random = sameRandom(36);
  const state = <Fine extends string, Trouble extends string>(fine: Fine, troubles: readonly Trouble[]): Fine | Trouble =>
    random() < troubled ? (troubles[Math.floor(random() * troubles.length)] ?? fine) : fine;
  const now = options.now ?? new Date();
  const created = seconds(new Date(now.getTime() - 3 * day));
  const nodes = Array.from({ length: nodeCount }, (_, index) => ({
    name: `ip-10-0-${Math.floor(index / 256)}-${index % 256}.eu-central-1.compute.internal`,
    state: state<NodeState, NodeState>('ready', nodeTroubles),
  }));
  const namespaces = Array.from({ length: namespaceCount }, (_, index) => `team-${String(index).padStart(2, '0')}`);
  const workloads: Workload[] = [];
  for (let planned = 0; planned < pods; ) {
    const index = workloads.length;
    const replicas = Math.min(pods - planned, 1 + Math.floor(random() * 39));
    const namespace = namespaces[index % namespaceCount] ?? 'default';
    const application = `app-${String(index).padStart(4, '0')}`;
    const templateHash = suffixOf(10, application);
    const base = { namespace, application, replicaSet: `${application}-${templateHash}`, templateHash, created };
    const plans = Array.from({ length: replicas }, (_, replica): PodPlan => {
      const number = planned + replica;
      const node = nodes[Math.floor(random() * nodes.length)];
      const own = state<PodState, PodState>('running', podTroubles);
      const fate = own === 'running' && node?.state === 'down' ? 'node-down' : own;
      const ip = `10.${64 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
      return { ...base, index: replica, node: node?.name ?? '', ip, state: fate, bytes: podBytes };
    });
    // 10.96.0.0 to .255 are left to the Services that the API server makes.
    workloads.push({ ...base, clusterIP: `10.96.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`, pods: plans });
    planned += replicas;
  }
  return { nodes, namespaces, workloads, created, now: seconds(now) };
}

function* entries(cluster: Cluster): Generator<Entry> {
  const { nodes, namespaces, workloads, created, now } = cluster;
  for (const [index, { name, state }] of nodes.entries()) yield* nodeEntries(name, index, state, created, now);
  for (const name of namespaces) yield* namespaceEntries(name, created);
  for (const workload of workloads) {
    yield* workloadEntries(workload);
    for (const pod of workload.pods) yield [`/registry/pods/${pod.namespace}/${podName(pod)}`, podOf(pod)];
  }
}

/** Serialized entries, in batches of about 2 MB: big enough to be quick, small enough for etcd. */
function* batches(all: Iterable<Entry>): Generator<(readonly [string, string])[]> {
  let batch: (readonly [string, string])[] = [];
  let size = 0;
  for (const [key, object] of all) {
    const json = JSON.stringify(object);
    batch.push([key, json]);
    size += json.length;
    if (size < 2_000_000) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}

function tally<State extends string>(states: readonly State[], items: readonly { readonly state: State }[]): Record<State, number> {
  const counts = states.map((state) => [state, items.filter((item) => item.state === state).length] as const);
  return Object.fromEntries(counts) as Record<State, number>;
}

function seconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
