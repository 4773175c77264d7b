/**
 * The part of Velero's node agent that needs a kubelet is played here; the rest is real: for every PodVolumeBackup and DataUpload the real
 * data mover reads a folder in the place of the volume and writes it into the kopia repository in the bucket.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentWithoutAws } from '../../deployed/parts/emulator.ts';
import { expectGood } from './api-client.ts';
import { buildPart } from './build.ts';
import { removeTemporaryDirectory, startChild, temporaryDirectory } from './child-process.ts';
import type { ControlPlane } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';
import { type Repeated, repeatedly } from './repeatedly.ts';
import { type VeleroObject, veleroNamespace } from './velero-objects.ts';

export interface NodeAgentOptions {
  /** What is in each volume, by file name; nothing unless told. */
  readonly files?: Readonly<Record<string, string>>;
  /** It is there and Ready, and takes no work. */
  readonly idle?: true;
}

/** Starts one on node-1, where the seeded pods run. */
export async function startNodeAgent(plane: ControlPlane, { files = {}, idle }: NodeAgentOptions): Promise<Repeated> {
  const directory = temporaryDirectory('node-agent');
  const volume = join(directory, 'volume');
  mkdirSync(volume);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(volume, name), content);
  await announce(plane);
  const agent = repeatedly(async () => {
    if (idle) return;
    for (const kind of kinds) {
      const { items } = expectGood('GET', await plane.request('GET', kind.collection)) as { readonly items: readonly VeleroObject[] };
      const asked = items.filter(({ status }) => (status?.phase || 'New') === 'New');
      for (const { metadata } of asked) await move(plane, kind, metadata.name, volume, directory);
    }
  });
  return { stop: () => agent.stop().finally(() => removeTemporaryDirectory(directory)) };
}

interface Moved {
  readonly collection: string;
  /** The data mover's own arguments for it. */
  arguments(name: string): readonly string[];
}

const inside = `namespaces/${veleroNamespace}`;
const kinds: readonly Moved[] = [
  {
    collection: `/apis/velero.io/v1/${inside}/podvolumebackups`,
    arguments: (name) => ['pod-volume', 'backup', `--pod-volume-backup=${name}`],
  },
  {
    collection: `/apis/velero.io/v2alpha1/${inside}/datauploads`,
    arguments: (name) => ['data-mover', 'backup', `--data-upload=${name}`, '--volume-mode=Filesystem'],
  },
];

/** Velero looks for the agent's pod on the volume's node, or for its DaemonSet, before it asks for anything. */
async function announce(plane: ControlPlane): Promise<void> {
  const labels = { role: 'node-agent' };
  const spec = { containers: [{ name: 'node-agent', image: 'velero/velero:v1.18.3' }] };
  const named = (name: string) => ({ metadata: { name, namespace: veleroNamespace, labels } });
  const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', ...named('node-agent') };
  await plane.apply({ ...daemonSet, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } } });
  const counts = { currentNumberScheduled: 1, desiredNumberScheduled: 1, numberMisscheduled: 0, numberReady: 1 };
  await plane.applyStatus({ ...daemonSet, status: counts });
  const pod = { apiVersion: 'v1', kind: 'Pod', ...named('node-agent-1') };
  await plane.apply({ ...pod, spec: { ...spec, nodeName: 'node-1' } });
  await plane.applyStatus({ ...pod, status: { phase: 'Running' } });
}

// Where a container's process leaves its last words.
const terminationMessage = '/dev/termination-log';

async function move(plane: ControlPlane, kind: Moved, name: string, volume: string, directory: string): Promise<void> {
  const patch = async (status: object) =>
    expectGood(`patch ${name}`, await plane.request('PATCH', `${kind.collection}/${name}`, { status }, 'application/merge-patch+json'));
  await patch({ phase: 'InProgress', startTimestamp: new Date().toISOString() });
  const common = [
    `--volume-path=${volume}`,
    '--resource-timeout=1m',
    `--kubeconfig=${await plane.kubeconfig()}`,
    `--namespace=${veleroNamespace}`,
  ];
  const messageWasThere = existsSync(terminationMessage);
  const mover = startChild(name, await buildPart('velero'), [...kind.arguments(name), ...common], {
    log: join(directory, `${name}.log`),
    environment: { ...environmentWithoutAws(), HOME: directory, TMPDIR: directory, NODE_NAME: 'node-1', VELERO_NAMESPACE: veleroNamespace },
  });
  // Its exit code tells only whether it could write its message to the kubelet.
  await mover.ended;
  if (!messageWasThere) rmSync(terminationMessage, { force: true });
  const result = await resultOf(plane, name);
  if (result === undefined) throw new Error(`the data mover moved nothing for ${name}:\n${mover.lastLines(30)}`);
  await patch({
    phase: 'Completed',
    path: volume,
    snapshotID: result.snapshotID,
    completionTimestamp: new Date().toISOString(),
    progress: { totalBytes: result.totalBytes ?? 0, bytesDone: result.totalBytes ?? 0 },
    ...(result.emptySnapshot && { message: 'volume was empty so no snapshot was taken' }),
  });
}

/** What the mover told the node agent, which it does by an Event. */
async function resultOf(plane: ControlPlane, name: string) {
  const { body } = await plane.request('GET', `/api/v1/${inside}/events`);
  const { items } = body as { readonly items: readonly (KubernetesObject & { readonly involvedObject: { readonly name: string } })[] };
  const event = items.find(({ involvedObject, reason }) => involvedObject.name === name && reason === 'Data-Path-Completed');
  if (event === undefined) return undefined;
  return JSON.parse(String(event.message)) as {
    readonly snapshotID: string;
    readonly totalBytes?: number;
    readonly emptySnapshot?: boolean;
  };
}
