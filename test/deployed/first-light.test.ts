/**
 * The whole way, deployed: `cdk deploy` into the emulator, then the deployed bundle under Lambda's own runtime client with its deployed
 * environment, from the schedule's input to the report, against a real API server.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { parseAllDocuments } from 'yaml';
import { configurationOverrides, type Report, reportSchema } from '../../functions/report/model.ts';
import type { ReturnValue } from '../../functions/report/return-value.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/parts/control-plane.ts';
import type { KubernetesObject } from '../control-plane/parts/objects.ts';
import { clientOptions, type Deployment, deployNightshift, scheduledEvent } from './parts/deploy.ts';
import { type EksStub, startEksStub } from './parts/eks-stub.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';
import { createQueue, divertToQueue, type Queue, sendToQueue, subscribe } from './parts/queues.ts';
import { type RunningFunction, startFunction } from './parts/runtime-client.ts';
import { startTokenWebhook, type TokenWebhook } from './parts/token-webhook.ts';

const region = 'eu-central-1';
const readers = 'nightshift:readers';

/** Two ways to the same real cluster, and one that is not there. */
const configuration = {
  clusters: {
    prod: { eks: { name: 'prod-eks', region }, labels: { team: 'core' } },
    'edge-7': { kubeconfig: { secret: 'clusters/edge-7', context: 'test' } },
    'lost-1': { eks: { name: 'deleted-eks', region } },
  },
  schedules: [{ operation: 'health-check', clusters: ['*'], cron: '0 6 * * ? *', timeZone: 'Europe/Berlin', flexibleMinutes: 10 }],
  // The Service that the test plants is seconds old.
  options: { 'health-check': { checks: { 'service-without-endpoints': { graceMinutes: 0 } } } },
  notify: [{ topic: 'create' }],
};

interface Detail extends Readonly<Record<string, unknown>> {
  readonly cluster: string;
  readonly executionId: string;
}

describe('first light', { timeout: 900_000 }, () => {
  let emulator: Emulator;
  let webhook: TokenWebhook;
  let plane: ControlPlane;
  let eks: EksStub;
  let deployment: Deployment;
  let running: RunningFunction;
  let requested: Queue;
  let published: Queue;
  let notified: Queue;
  let details: readonly Detail[];
  const reports = new Map<string, Report>();

  before(async () => {
    emulator = await startEmulator();
    const identity = { secret: 'testing', username: 'nightshift', groups: [readers] };
    webhook = await startTokenWebhook({ cluster: 'prod-eks', region, identities: { testing: identity } });
    plane = await startControlPlane({ tokenWebhook: webhook.url, users: { 'edge-reader': [readers] } });
    eks = await startEksStub({
      'prod-eks': {
        endpoint: plane.url,
        certificateAuthority: plane.certificateAuthority,
        healthIssues: [{ code: 'Ec2SubnetNotFound', message: 'subnet-1 does not exist', resourceIds: ['subnet-1'] }],
      },
    });
    await grantReaders(plane);
    await plantFault(plane);
    await storeKubeconfig(emulator, plane);
    deployment = await deployNightshift(emulator, configuration);
    requested = await createQueue(emulator, 'requested');
    published = await createQueue(emulator, 'published');
    notified = await createQueue(emulator, 'notified');
    await divertToQueue(emulator, deployment.busArn, deployment.functionArn, requested);
    await sendToQueue(emulator, deployment.busArn, { source: ['nightshift'], 'detail-type': ['Report Published'] }, published);
    await subscribe(emulator, deployment.topicArn, notified);
    running = await startFunction({
      bundleDirectory: deployment.bundleDirectory,
      handler: deployment.handler,
      functionArn: deployment.functionArn,
      environment: { ...emulator.environment, ...deployment.environment, AWS_ENDPOINT_URL_EKS: eks.endpoint },
    });
  });
  after(async () => {
    await running?.stop();
    eks?.stop();
    webhook?.stop();
    await plane?.stop();
    await emulator?.stop();
  });

  const invoke = async (event: unknown): Promise<unknown> => {
    const { response, error } = await running.invoke(event);
    assert.equal(error, undefined, `${error?.errorMessage}\n${running.logs()}`);
    return response;
  };

  test('the schedule’s own input is split into one event a cluster', async () => {
    const started = await invoke(scheduledEvent(deployment, { executionId: 'd32c5kddcf5bb8c3', ...occasion }));
    assert.partialDeepStrictEqual(started, {
      operation: 'health-check',
      started: [{ cluster: 'prod' }, { cluster: 'edge-7' }, { cluster: 'lost-1' }],
    });
    // A rule with the input path $.detail gives the function the detail alone.
    details = (await requested.take()).map(({ detail }) => detail as Detail);
    assert.deepEqual(details.map(({ cluster }) => cluster).sort(), ['edge-7', 'lost-1', 'prod']);
    for (const detail of details) {
      assert.partialDeepStrictEqual(detail, {
        operation: 'health-check',
        executionId: `${scheduleArn} 2026-11-24T05:00:00Z`,
        scheduledTime: '2026-11-24T05:00:00Z',
      });
    }
    assert.deepEqual(await keys(emulator, deployment), []);
  });

  for (const cluster of ['prod', 'edge-7']) {
    test(`${cluster}: the run reads the real API server and stores the report`, async () => {
      const returned = (await invoke(details.find((detail) => detail.cluster === cluster))) as ReturnValue;
      const receivers = [deployment.bucket, deployment.topicArn.split(':').at(-1) ?? '', deployment.busArn.split('/').at(-1) ?? ''];
      assert.equal(returned.publishers.length, receivers.length);
      for (const [index, receiver] of receivers.entries()) {
        const { publisher, ok, detail } = returned.publishers[index] ?? {};
        assert.ok(ok && publisher?.includes(receiver), `${receiver}: ${publisher} ${detail}`);
      }
      assert.equal(returned.report.json, `reports/${cluster}/health-check/2026/11/24/050000Z-${returned.runId}.json`);
      const report = reportSchema.parse(JSON.parse(await objectText(emulator, deployment, returned.report.json)));
      reports.set(cluster, report);
      assert.deepEqual(report.incomplete, []);
      assert.partialDeepStrictEqual(report, {
        cluster,
        runId: returned.runId,
        status: 'critical',
        complete: true,
        source: { kind: 'cluster', name: plane.url },
        kubernetesVersion: 'v1.36.3',
      });
      const planted = report.findings.find(({ check }) => check === 'service-without-endpoints');
      assert.partialDeepStrictEqual(planted, { change: 'new', object: { kind: 'Service', namespace: 'shop', name: 'checkout' } });
      const html = await objectText(emulator, deployment, returned.report.html);
      assert.ok(html.startsWith('<!') && html.includes('checkout'));
      assert.equal(returned.report.latest, true);
      assert.deepEqual(JSON.parse(await objectText(emulator, deployment, `reports/${cluster}/health-check/latest.json`)), report);
    });
  }

  test('what EKS itself says of the cluster’s health is a finding, on EKS alone', () => {
    const said = (cluster: string) => reports.get(cluster)?.findings.filter(({ check }) => check === 'eks-cluster-health') ?? [];
    assert.equal(said('prod').length, 1);
    assert.match(said('prod')[0]?.message ?? '', /subnet-1 does not exist/);
    assert.deepEqual(said('edge-7'), []);
  });

  test('the cluster that is not there is a report, not a crash', async () => {
    const returned = (await invoke(details.find(({ cluster }) => cluster === 'lost-1'))) as ReturnValue;
    assert.partialDeepStrictEqual(returned, { status: 'critical', complete: false });
    assert.partialDeepStrictEqual(returned.findings[0], { check: 'cluster-access', object: { kind: 'Cluster' } });
    const report = reportSchema.parse(JSON.parse(await objectText(emulator, deployment, returned.report.json)));
    assert.deepEqual(
      report.checks.filter(({ ran }) => ran).map(({ check }) => check),
      [configurationOverrides],
    );
  });

  test('EKS was asked for the endpoint, and took the token', () => {
    assert.deepEqual([...new Set(eks.asked)].sort(), ['deleted-eks', 'prod-eks']);
    assert.deepEqual(webhook.refused, []);
    assert.ok(webhook.accepted() > 0);
  });

  test('the topic was told once for each cluster', async () => {
    const messages = await notified.take();
    assert.equal(messages.length, 3);
    for (const cluster of ['prod', 'edge-7', 'lost-1']) {
      const message = messages.find(({ Subject }) => String(Subject).includes(cluster));
      assert.ok(message, `none of ${messages.map(({ Subject }) => Subject).join(' | ')} is of ${cluster}`);
      assert.match(String(message.Subject), /^[\x21-\x7e][\x20-\x7e]{0,98}$/);
      assert.ok(String(message.Message).includes(`s3://${deployment.bucket}/reports/${cluster}/health-check/`));
    }
  });

  test('the bus was told of each report', async () => {
    const events = await published.take();
    assert.deepEqual(events.map((event) => (event.detail as Report).cluster).sort(), ['edge-7', 'lost-1', 'prod']);
    const ofProd = events.map(({ detail }) => detail as Report & { stored: { json: string } }).find(({ cluster }) => cluster === 'prod');
    assert.equal(ofProd?.runId, reports.get('prod')?.runId);
    assert.match(ofProd?.stored.json ?? '', /^reports\/prod\/health-check\/2026\/11\/24\/050000Z-/);
  });

  test('the same event twice gives one report and one notification', async () => {
    const before = await keys(emulator, deployment);
    const returned = (await invoke(details.find(({ cluster }) => cluster === 'prod'))) as ReturnValue;
    assert.equal(returned.runId, reports.get('prod')?.runId);
    assert.deepEqual(await keys(emulator, deployment), before);
    assert.deepEqual(await notified.take(), []);
    assert.deepEqual(await published.take(), []);
    const again = reportSchema.parse(JSON.parse(await objectText(emulator, deployment, returned.report.json)));
    const changes = ({ findings }: Report) => findings.map(({ fingerprint, change, since }) => ({ fingerprint, change, since }));
    assert.deepEqual(changes(again), changes(reports.get('prod') ?? again));
  });

  test('a second attempt of Scheduler, which has another execution id, starts the same runs', async () => {
    await invoke(scheduledEvent(deployment, { executionId: 'another-attempt', ...occasion }));
    const again = (await requested.take()).map(({ detail }) => detail as Detail);
    const byCluster = (one: Detail, other: Detail) => (one.cluster < other.cluster ? -1 : 1);
    assert.deepEqual(again.toSorted(byCluster), details.toSorted(byCluster));
  });

  test('the next night knows what is not new, and says nothing', async () => {
    const event = { clusters: ['prod'], executionId: 'next-night', scheduledTime: '2026-11-25T05:00:00Z' };
    const returned = (await invoke(event)) as ReturnValue;
    assert.notEqual(returned.runId, reports.get('prod')?.runId);
    const planted = returned.findings.find(({ check }) => check === 'service-without-endpoints');
    const first = reports.get('prod')?.findings.find(({ check }) => check === 'service-without-endpoints');
    assert.partialDeepStrictEqual(planted, { change: 'ongoing', since: first?.since, fingerprint: first?.fingerprint });
    assert.deepEqual(await notified.take(), []);
    assert.equal((await published.take()).length, 1);
  });

  test('the console’s own test event is refused by its keys', async () => {
    const { error } = await running.invoke({ key1: 'value1', key2: 'value2', key3: 'value3' });
    assert.match(error?.errorMessage ?? '', /"key1".*cluster, clusters/);
  });

  test('logs are JSON, and neither they nor the reports hold a token', async (t) => {
    const logs = running.logs();
    for (const line of logs.trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line);
    const texts = await Promise.all((await keys(emulator, deployment)).map((key) => objectText(emulator, deployment, key)));
    for (const text of [logs, ...texts]) {
      for (const secret of [plane.adminToken, plane.token('edge-reader'), 'k8s-aws-v1.', 'X-Amz-Signature'])
        assert.ok(!text.includes(secret));
    }
    t.diagnostic(`start ${Math.round(running.initDurationMs)} ms, most memory ${Math.round(running.peakMemory() / 1e6)} MB`);
  });
});

/** What the cluster's owner applies, as it is generated. */
async function grantReaders(plane: ControlPlane): Promise<void> {
  for (const folder of ['base', 'secrets']) {
    const file = resolve(import.meta.dirname, '../../infra/in-cluster', folder, 'rbac.yaml');
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) await plane.apply(document.toJS() as KubernetesObject);
  }
}

async function plantFault(plane: ControlPlane): Promise<void> {
  await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await plane.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'checkout', namespace: 'shop' },
    spec: { selector: { app: 'checkuot' }, ports: [{ port: 80 }] },
  });
}

async function storeKubeconfig(emulator: Emulator, plane: ControlPlane): Promise<void> {
  const file = await plane.kubeconfig({ token: plane.token('edge-reader') });
  const client = new SecretsManagerClient(clientOptions(emulator));
  await client.send(new CreateSecretCommand({ Name: 'clusters/edge-7', SecretString: readFileSync(file, 'utf8') }));
}

const scheduleArn = 'arn:aws:scheduler:eu-central-1:123456789012:schedule/nightshift/health-check';
const occasion = { scheduleArn, time: '2026-11-24T05:00:00Z' };

const s3 = (emulator: Emulator) => new S3Client({ ...clientOptions(emulator), forcePathStyle: true });

async function objectText(emulator: Emulator, { bucket }: Deployment, key: string): Promise<string> {
  const { Body } = await s3(emulator).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToString()) ?? '';
}

/** The reports' keys. */
async function keys(emulator: Emulator, { bucket }: Deployment): Promise<readonly string[]> {
  const { Contents = [] } = await s3(emulator).send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'reports/' }));
  return Contents.map(({ Key = '' }) => Key);
}
