/** Seeds for backups: a small cluster with some of everything, whole in itself, as its controllers made it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emulator } from '../../deployed/parts/emulator.ts';
import { expectGood } from './api-client.ts';
import { buildPart } from './build.ts';
import type { ControlPlane } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';
import { clusterObjects, databaseObjects, platformObjects, shopObjects } from './velero-seed-objects.ts';

/** The controllers that the seeded objects need: give them to startControlPlane. */
export const seedControllers = [
  'namespace-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'garbage-collector-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'persistentvolume-binder-controller',
  // Without them a claim and a volume stay for ever in their deletion.
  'persistentvolumeclaim-protection-controller',
  'persistentvolume-protection-controller',
] as const;

/** What was made. */
export interface VeleroSeed {
  readonly namespaces: readonly ['shop', 'data', 'platform'];
  /** The EBS volume of the database, which is there in the emulator. */
  readonly volume: string;
}

/**
 * Makes the cluster of velero-seed-objects.ts, with a real Helm release `greetings` in shop, and waits until its pods are there and
 * Running on a node (told by us: there is no kubelet) and its claim is bound.
 */
export async function seedForVelero(plane: ControlPlane, emulator: Emulator): Promise<VeleroSeed> {
  const volume = await createVolume(emulator);
  for (const object of [...clusterObjects, ...platformObjects, ...shopObjects, ...databaseObjects(volume)]) await plane.apply(object);
  await installRelease(plane);
  await plane.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels: { 'kubernetes.io/os': 'linux' } } });
  for (const [namespace, count] of [
    ['shop', 2],
    ['data', 1],
    ['platform', 1],
  ] as const) {
    for (const pod of await untilPods(plane, namespace, count)) await playKubelet(plane, pod);
  }
  const claim = '/api/v1/namespaces/data/persistentvolumeclaims/data-postgres-0';
  await until(`${claim} bound`, async () => phaseOf(await plane.request('GET', claim)) === 'Bound');
  return { namespaces: ['shop', 'data', 'platform'], volume };
}

/** Lets a pod run on node-1, as a scheduler and a kubelet would. */
async function playKubelet(plane: ControlPlane, pod: KubernetesObject): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace },
    target: { apiVersion: 'v1', kind: 'Node', name: 'node-1' },
  };
  expectGood(`bind ${name}`, await plane.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding));
  await plane.applyStatus({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], startTime: new Date().toISOString() },
  });
}

/** A volume of 1 GiB in the emulator's EC2, by its id. Its query API needs no client. */
async function createVolume({ endpoint, region }: Emulator): Promise<string> {
  const authorization = `AWS4-HMAC-SHA256 Credential=testing/20260101/${region}/ec2/aws4_request, SignedHeaders=host, Signature=0`;
  const body = new URLSearchParams({ Action: 'CreateVolume', Version: '2016-11-15', AvailabilityZone: `${region}a`, Size: '1' });
  const answer = await (await fetch(endpoint, { method: 'POST', headers: { authorization }, body })).text();
  const id = /<volumeId>(vol-[0-9a-f]+)<\/volumeId>/.exec(answer)?.[1];
  if (id === undefined) throw new Error(`the emulator made no volume: ${answer}`);
  return id;
}

async function installRelease(plane: ControlPlane): Promise<void> {
  const chart = join(plane.directory, 'chart-greetings');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: greetings\nversion: 1.0.0\n');
  const configuration = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'greetings' }, data: { text: 'good evening' } };
  writeFileSync(join(chart, 'templates', 'config.yaml'), JSON.stringify(configuration));
  const environment = { ...process.env, KUBECONFIG: await plane.kubeconfig(), HOME: plane.directory };
  execFileSync(await buildPart('helm'), ['install', 'greetings', chart, '--namespace', 'shop'], { env: environment, stdio: 'pipe' });
}

async function untilPods(plane: ControlPlane, namespace: string, count: number): Promise<readonly KubernetesObject[]> {
  let pods: readonly KubernetesObject[] = [];
  await until(`${count} pods in ${namespace}`, async () => {
    const { body } = await plane.request('GET', `/api/v1/namespaces/${namespace}/pods`);
    pods = (body as { readonly items: KubernetesObject[] }).items;
    return pods.length >= count;
  });
  // A list leaves kind and namespace to its reader, as far as we need them.
  return pods;
}

async function until(what: string, there: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await there())) {
    if (performance.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await sleep(100);
  }
}

function phaseOf({ body }: { readonly body: unknown }): string | undefined {
  return (body as { readonly status?: { readonly phase?: string } }).status?.phase;
}
