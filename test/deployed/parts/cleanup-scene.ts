/** The cleanup deployed into the emulator, before a real control plane whose readers and writers are two identities. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { parseAllDocuments } from 'yaml';
import { type Report, reportSchema } from '../../../functions/report/model.ts';
import type { ReturnValue } from '../../../functions/report/return-value.ts';
import { expectGood } from '../../control-plane/parts/api-client.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/parts/control-plane.ts';
import { etcdGateway } from '../../control-plane/parts/etcd-gateway.ts';
import type { KubernetesObject } from '../../control-plane/parts/objects.ts';
import { clientOptions, type DeployedFunction, type Deployment, deployNightshift } from './deploy.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { createQueue, divertToQueue, type Queue, subscribe } from './queues.ts';
import { type RunningFunction, startFunction } from './runtime-client.ts';

/** All that the test of the cleanup looks at. */
export interface CleanupScene {
  readonly plane: ControlPlane;
  readonly deployment: Deployment;
  /** What the topic was told. */
  readonly notified: Queue;
  /** What was put on the bus for the cleanup. */
  readonly requested: Queue;
  readonly logs: () => string;
  /** Invokes the function and gives its answer and the whole report. */
  run(event: object): Promise<{ readonly returned: ReturnValue; readonly report: Report; readonly html: string }>;
  /** Invokes it with an event for which it starts one run a cluster. */
  start(event: object): Promise<void>;
  /** As `run`, in a process whose time is over after so many ms. */
  runWithin(timeoutMs: number, event: object): Promise<{ readonly returned: ReturnValue; readonly report: Report }>;
  /** Invokes it with what is to be refused, and gives the words. */
  refused(event: object): Promise<string>;
  readonly bucket: Store;
  /** The item of a cluster in the table of locks. */
  lock(cluster: string): Promise<{ readonly owner?: string; readonly version?: number }>;
  takeLock(cluster: string, owner: string, until: number): Promise<void>;
  /** Sets the freeze switch of a cluster. */
  freeze(cluster: string, value: string): Promise<void>;
  applyFile(path: string): Promise<void>;
  stop(): Promise<void>;
}

/** The report bucket. */
export interface Store {
  keys(prefix: string): Promise<readonly string[]>;
  /** How many versions all objects below it have: more than keys, where one was written over. */
  versions(prefix: string): Promise<number>;
  /** The object's text, and how it is encrypted. */
  object(key: string): Promise<{ readonly text: string; readonly encryption: string | undefined }>;
}

const root = resolve(import.meta.dirname, '../../..');

/** Deploys `configuration`, whose clusters name the secrets clusters/reader and, in SSM, /clusters/writer. */
export async function startCleanupScene(configuration: object): Promise<CleanupScene> {
  const [emulator, plane] = await Promise.all([
    startEmulator(),
    startControlPlane({
      controllers: ['job-controller', 'garbage-collector-controller', 'namespace-controller'],
      users: { night: ['nightshift:readers'], shift: ['nightshift:writers'] },
    }),
  ]);
  const stops: (() => unknown)[] = [() => emulator.stop(), () => plane.stop()];
  const stop = async () => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    await storeKubeconfigs(emulator, plane);
    const deployment = await deployNightshift(emulator, configuration);
    const cleanup = await deployment.operation('cleanup');
    const [notified, requested] = [await createQueue(emulator, 'notified'), await createQueue(emulator, 'requested')];
    await subscribe(emulator, deployment.topicArn, notified);
    await divertToQueue(emulator, deployment.busArn, cleanup.functionArn, requested);
    const running = await startCleanup(emulator, cleanup);
    stops.push(() => running.stop());
    const bucket = storeOf(emulator, cleanup);
    const reported = async (of: RunningFunction, event: object) => {
      const { response, error } = await of.invoke(event);
      assert.equal(error, undefined, `${error?.errorMessage}\n${of.logs()}`);
      const returned = response as ReturnValue;
      assert.ok(returned.report, JSON.stringify(returned));
      const report = reportSchema.parse(JSON.parse((await bucket.object(returned.report.json)).text));
      return { returned, report, html: (await bucket.object(returned.report.html)).text };
    };
    const ssm = new SSMClient(clientOptions(emulator));
    const locks = new DynamoDBClient(clientOptions(emulator));
    const TableName = cleanup.environment.NIGHTSHIFT_LOCKS;
    return {
      plane,
      deployment,
      notified,
      requested,
      bucket,
      logs: () => running.logs(),
      run: (event) => reported(running, event),
      start: async (event) => {
        const { error } = await running.invoke(event);
        assert.equal(error, undefined, error?.errorMessage);
      },
      runWithin: async (timeoutMs, event) => {
        const short = await startCleanup(emulator, cleanup, timeoutMs);
        try {
          return await reported(short, event);
        } finally {
          await short.stop();
        }
      },
      refused: async (event) => {
        const { error } = await running.invoke(event);
        return error?.errorMessage ?? assert.fail('it was expected to be refused');
      },
      lock: async (cluster) => {
        const { Item = {} } = await locks.send(new GetItemCommand({ TableName, Key: { cluster: { S: cluster } } }));
        return {
          ...(Item.owner?.S !== undefined && { owner: Item.owner.S }),
          ...(Item.version?.N !== undefined && { version: Number(Item.version.N) }),
        };
      },
      takeLock: async (cluster, owner, until) => {
        const Item = { cluster: { S: cluster }, owner: { S: owner }, until: { N: String(until) }, version: { N: '41' } };
        await locks.send(new PutItemCommand({ TableName, Item }));
      },
      freeze: async (cluster, value) => {
        await ssm.send(new PutParameterCommand({ Name: `/nightshift/freeze/${cluster}`, Type: 'String', Value: value, Overwrite: true }));
      },
      applyFile: async (path) => {
        for (const document of parseAllDocuments(readFileSync(resolve(root, path), 'utf8')))
          await plane.apply(document.toJS() as KubernetesObject);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const startCleanup = (emulator: Emulator, { bundleDirectory, handler, functionArn, environment }: DeployedFunction, timeoutMs = 120_000) =>
  startFunction({ bundleDirectory, handler, functionArn, timeoutMs, environment: { ...emulator.environment, ...environment } });

async function storeKubeconfigs(emulator: Emulator, plane: ControlPlane): Promise<void> {
  const textOf = async (user: string) => readFileSync(await plane.kubeconfig({ token: plane.token(user) }), 'utf8');
  const secrets = new SecretsManagerClient(clientOptions(emulator));
  await secrets.send(new CreateSecretCommand({ Name: 'clusters/reader', SecretString: await textOf('night') }));
  const parameter = { Name: '/clusters/writer', Value: await textOf('shift'), Type: 'SecureString', Tier: 'Advanced' } as const;
  await new SSMClient(clientOptions(emulator)).send(new PutParameterCommand(parameter));
}

function storeOf(emulator: Emulator, { environment: { NIGHTSHIFT_BUCKET: Bucket } }: DeployedFunction): Store {
  const client = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
  return {
    keys: async (Prefix) => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.map(({ Key = '' }) => Key).toSorted();
    },
    versions: async (Prefix) => (await client.send(new ListObjectVersionsCommand({ Bucket, Prefix }))).Versions?.length ?? 0,
    object: async (Key) => {
      const { Body, ServerSideEncryption } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return { text: (await Body?.transformToString()) ?? '', encryption: ServerSideEncryption };
    },
  };
}

/** How many deletions of this kind the API server has taken, by its own count, those included that only tried: the body alone says which they are. */
export async function deletesTaken(plane: ControlPlane, resource: string): Promise<number> {
  const text = String(expectGood('metrics', await plane.request('GET', '/metrics')));
  return text
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{') && /verb="DELETE(COLLECTION)?"/.test(line) && line.includes('code="200"'))
    .filter((line) => line.includes(`resource="${resource}"`))
    .reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
}

/** A rule of one's own gets no generated role. */
export async function letDeleteConfigMaps({ plane }: Pick<CleanupScene, 'plane'>): Promise<void> {
  const [apiVersion, name] = ['rbac.authorization.k8s.io/v1', 'old-maps'];
  await plane.apply({
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'delete'] }],
  });
  await plane.apply({
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'nightshift:writers' }],
  });
}

/** So many that are to go, two days old, which no API server would take: as etcd keeps them. And two that only look like them. */
export async function makeMaps({ plane }: Pick<CleanupScene, 'plane'>, namespace: string, count: number): Promise<void> {
  await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const map = (name: string, keep: string, hours: number): [string, string] => {
    const creationTimestamp = new Date(Date.now() - hours * 3_600_000).toISOString().replace(/\.\d+/, '');
    const metadata = { namespace, name, uid: randomUUID(), creationTimestamp, labels: { temporary: 'yes' } };
    return [`/registry/configmaps/${namespace}/${name}`, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { keep } })];
  };
  const toGo = Array.from({ length: count }, (_, index) => map(`m-${index}`, 'no', 48));
  const gateway = etcdGateway(plane.etcdGateway);
  // A transaction takes 128 at most.
  for (let from = 0; from < count; from += 100) await gateway.putAll(toGo.slice(from, from + 100));
  await gateway.putAll([map('kept', 'yes', 48), map('young', 'no', 1)]);
}
