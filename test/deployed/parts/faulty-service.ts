/**
 * The service with a fault between it and AWS: the function's bundle under Lambda's own runtime client, a real API server, and the emulator
 * of AWS behind a proxy that spoils what a test says. Made without the CDK, so that it stands in seconds.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { configurationSchema } from '../../../functions/runtime/configuration.ts';
import { writeBundle } from '../../../infra/constructs/bundle.ts';
import { temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import { type ControlPlane, startControlPlane } from '../../control-plane/parts/control-plane.ts';
import {
  type Asked,
  answered,
  type ClusterProxy,
  type FaultyProxy,
  startClusterProxy,
  startFaultyProxy,
} from '../../control-plane/parts/faulty-proxy.ts';
import { clientOptions } from './deploy.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { createQueue, type Queue, subscribe } from './queues.ts';
import { type RunningFunction, startFunction } from './runtime-client.ts';

export const bucket = 'nightshift-reports';
const topics = ['ops', 'leads'] as const;

/** What stands, beside the function's process. */
export interface FaultyService {
  readonly emulator: Emulator;
  /** Between the function and AWS. */
  readonly aws: FaultyProxy;
  /** Between the function and the cluster `prod`. */
  readonly cluster: ClusterProxy;
  readonly plane: ControlPlane;
  /** What each topic sent. */
  readonly ops: Queue;
  readonly leads: Queue;
  /** A process of the function; ended with the service if not before. */
  start(options?: { readonly timeoutMs?: number }): Promise<RunningFunction>;
  /** The text under a key, past the proxy; undefined where there is none. */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
  keys(prefix: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts all of it; `clusters` more than prod, which is the only one that is there. */
export async function startFaultyService(clusters: readonly string[] = []): Promise<FaultyService> {
  const emulator = await startEmulator();
  const plane = await startControlPlane();
  const cluster = await startClusterProxy(plane);
  const aws = await startFaultyProxy(emulator.endpoint);
  const arn = (name: string) => `arn:aws:sns:${emulator.region}:${emulator.account}:${name}`;
  const access = { kubeconfig: { secret: 'clusters/prod', context: 'test' } };
  const configuration = configurationSchema.parse({
    clusters: Object.fromEntries(['prod', ...clusters].map((name) => [name, access])),
    // The Service that is planted is seconds old.
    options: { 'health-check': { checks: { 'service-without-endpoints': { graceMinutes: 0 } } } },
    notify: topics.map((name) => ({ topic: arn(name) })),
  });
  const bundleDirectory = join(temporaryDirectory('faulty-service'), 'bundle');
  mkdirSync(bundleDirectory);
  writeBundle(resolve(import.meta.dirname, '../../../functions/health-check/handler.ts'), configuration, bundleDirectory);

  const s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
  for (const name of topics) await new SNSClient(clientOptions(emulator)).send(new CreateTopicCommand({ Name: name }));
  const { EventBusArn = '' } = await new EventBridgeClient(clientOptions(emulator)).send(new CreateEventBusCommand({ Name: 'nightshift' }));
  const secret = { Name: 'clusters/prod', SecretString: readFileSync(cluster.kubeconfig, 'utf8') };
  await new SecretsManagerClient(clientOptions(emulator)).send(new CreateSecretCommand(secret));
  // What a topic sends is in the queue before it answers.
  const ops = await createQueue(emulator, 'ops', 0);
  const leads = await createQueue(emulator, 'leads', 0);
  await subscribe(emulator, arn('ops'), ops);
  await subscribe(emulator, arn('leads'), leads);
  await plantService(plane, 'checkout', 'checkuot');

  const running = new Set<RunningFunction>();
  return {
    emulator,
    aws,
    cluster,
    plane,
    ops,
    leads,
    async start({ timeoutMs = 60_000 } = {}) {
      const started = await startFunction({
        bundleDirectory,
        handler: 'index.handler',
        timeoutMs,
        environment: {
          ...emulator.environment,
          AWS_ENDPOINT_URL: aws.url,
          NIGHTSHIFT_BUCKET: bucket,
          NIGHTSHIFT_BUS: EventBusArn,
          NIGHTSHIFT_TOPICS: JSON.stringify(topics.map(arn)),
          POWERTOOLS_SERVICE_NAME: 'nightshift',
          POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
        },
      });
      running.add(started);
      return started;
    },
    async read(key) {
      const answer = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      });
      return answer?.Body?.transformToString();
    },
    async write(key, text) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(text) }));
    },
    async keys(prefix) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async stop() {
      for (const each of running) await each.stop();
      aws.stop();
      cluster.stop();
      await plane.stop();
      await emulator.stop();
    },
  };
}

/** Plants a fault: a Service that selects no pod. */
export const plantService = (plane: ControlPlane, name: string, app = name) =>
  plane.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app }, ports: [{ port: 80 }] },
  });

/** PUT or GET of a key in the report bucket. */
export const s3 =
  (method: 'GET' | 'PUT', key: RegExp) =>
  (asked: Asked): boolean =>
    asked.method === method && asked.path.startsWith(`/${bucket}/`) && key.test(asked.path.slice(bucket.length + 2));

/** SNS Publish to the topic of this name, or to any. */
export const publishTo =
  (topic?: (typeof topics)[number]) =>
  ({ body }: Asked): boolean =>
    body.startsWith('Action=Publish&') && (topic === undefined || (new URLSearchParams(body).get('TopicArn') ?? '').endsWith(`:${topic}`));

export const putEvents = ({ headers }: Asked): boolean => headers['x-amz-target'] === 'AWSEvents.PutEvents';

/** A refusal as S3 says it. */
export const s3Refusal = (status: number, code: string, message: string) =>
  answered(status, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`, {
    'content-type': 'application/xml',
  });

/** A refusal as SNS says it. */
export const snsRefusal = (status: number, code: string, message: string) =>
  answered(
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
    { 'content-type': 'text/xml' },
  );
