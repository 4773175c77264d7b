/**
 * The function that looks for overdue reports, deployed: `cdk deploy` into the emulator, then its bundle under Lambda's own runtime client
 * with its deployed environment, on a bucket that holds some of the reports.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { OverdueAnswer } from '../../functions/overdue-reports/run.ts';
import { facts, found, ref, reportOf, scanOf } from '../report/sample-report.ts';
import { clientOptions, type Deployment, deployNightshift } from './parts/deploy.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';
import { createQueue, type Queue, subscribe } from './parts/queues.ts';
import { type RunningFunction, startFunction } from './parts/runtime-client.ts';

const eks = (name: string) => ({ eks: { name, region: 'eu-central-1' } });
const configuration = {
  clusters: {
    fresh: eks('fresh'),
    stale: eks('stale'),
    staler: eks('staler'),
    never: eks('never'),
    'lost-1': { backups: [{ bucket: 'velero', region: 'eu-central-1' }] },
  },
  schedules: [
    { operation: 'health-check', clusters: ['*'], rate: '1 day' },
    { operation: 'health-check', clusters: ['fresh'], rate: '1 hour', with: { only: ['node-not-ready'] } },
  ],
};

const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
const stateKey = 'state/overdue-reports.json';

describe('overdue reports', { timeout: 600_000 }, () => {
  let emulator: Emulator;
  let deployment: Deployment;
  let running: RunningFunction;
  let told: Queue;
  let s3: S3Client;

  const store = (cluster: string, hours: number) => {
    // A large one: only its beginning may be read.
    const findings = Array.from({ length: 300 }, (_, index) => found('pod-waiting', ref('Pod', `web-${index}`, 'shop')));
    const report = reportOf(scanOf(findings), { facts: facts({ cluster, startedAt: ago(hours), eventTime: ago(hours) }) });
    const Key = `reports/${cluster}/health-check/latest.json`;
    return s3.send(new PutObjectCommand({ Bucket: deployment.bucket, Key, Body: JSON.stringify(report) }));
  };
  const invoke = async () => {
    const { response, error } = await running.invoke({});
    assert.equal(error, undefined, running.logs());
    return response as OverdueAnswer;
  };
  /** The values of OverdueReports so far, and their dimensions. */
  const measured = () =>
    running
      .logs()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter((line) => line._aws)
      .map((line) => [line._aws.CloudWatchMetrics[0].Dimensions, line.Operation, line.OverdueReports]);

  before(async () => {
    emulator = await startEmulator();
    deployment = await deployNightshift(emulator, configuration);
    s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
    told = await createQueue(emulator, 'told');
    await subscribe(emulator, deployment.topicArn, told);
    const { overdueReports } = deployment;
    running = await startFunction({ ...overdueReports, environment: { ...emulator.environment, ...overdueReports.environment } });
  });
  after(async () => {
    await running?.stop();
    await emulator?.stop();
  });

  test('says which did not come, of an installation that has reports: one that never reported is not overdue before its time', async () => {
    await store('fresh', 3);
    await store('stale', 40);
    await store('staler', 90);
    const answer = await invoke();
    assert.equal(answer.watched, 4, 'the cluster that has backups alone owes no health check');
    assert.deepEqual(
      answer.overdue.map(({ cluster, operation }) => `${cluster} ${operation}`),
      ['staler health-check', 'stale health-check'],
    );
    assert.match(answer.notWatched[0]?.schedule ?? '', /^health-check on fresh, rate 1 hour$/);
  });

  test('tells the operators once, the gravest first', async () => {
    const messages = await told.take();
    assert.equal(messages.length, 1);
    const [{ Subject, Message } = {}] = messages;
    assert.equal(Subject, '[OVERDUE 2] staler health-check');
    assert.match(String(Message), /staler health-check: last report 20[\s\S]+stale health-check: last report 20/);
    assert.doesNotMatch(String(Message), /fresh|never|lost-1/);
    // Of the two bodies, this is the one for all but chat.
    assert.match(String(Message), /^Nightshift: 2 reports are overdue/);
  });

  test('remembers since when each is owed: what never reported is overdue a period and its grace later', async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: deployment.bucket, Key: stateKey }));
    const { knownSince } = JSON.parse((await Body?.transformToString()) ?? '');
    assert.deepEqual(
      Object.keys(knownSince),
      ['fresh', 'never', 'stale', 'staler'].map((name) => `${name}/health-check/rate 1 day`),
    );
    knownSince['never/health-check/rate 1 day'] = ago(30);
    await s3.send(new PutObjectCommand({ Bucket: deployment.bucket, Key: stateKey, Body: JSON.stringify({ knownSince }) }));
    const { overdue } = await invoke();
    assert.deepEqual(
      overdue.map(({ cluster, lastReport }) => [cluster, lastReport !== undefined]),
      [
        ['never', false],
        ['staler', true],
        ['stale', true],
      ],
    );
    assert.match(String((await told.take())[0]?.Message), /never health-check: never reported/);
  });

  test('is quiet when all came, and counts zero', async () => {
    for (const cluster of ['stale', 'staler', 'never']) await store(cluster, 1);
    assert.deepEqual((await invoke()).overdue, []);
    assert.deepEqual(await told.take(), []);
    assert.deepEqual(measured(), [
      [[['Operation']], 'overdue-reports', 2],
      [[['Operation']], 'overdue-reports', 3],
      [[['Operation']], 'overdue-reports', 0],
    ]);
  });

  test('fails where S3 refuses, and counts nothing: silence is then an alarm', async (t) => {
    const counted = measured().length;
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: deployment.bucket }));
    for (const { Key, VersionId } of Versions) await s3.send(new DeleteObjectCommand({ Bucket: deployment.bucket, Key, VersionId }));
    await s3.send(new DeleteBucketCommand({ Bucket: deployment.bucket }));
    const { error } = await running.invoke({});
    assert.equal(error?.errorType, 'NoSuchBucket');
    assert.equal(measured().length, counted);
    assert.match(running.logs(), /the run failed/);
    t.diagnostic(`start ${Math.round(running.initDurationMs)} ms, most memory ${Math.round(running.peakMemory() / 1e6)} MB`);
  });
});
