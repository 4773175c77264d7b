/** config/overrides.yaml in a real bucket of the emulator: read by its ETag, laid over, broken, mended, refused, and what it does to a notification. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { healthCheck } from '../../functions/health-check/operation.ts';
import type { Report } from '../../functions/report/model.ts';
import type { ReturnValue } from '../../functions/report/return-value.ts';
import { reportStore } from '../../functions/report/store/report-store.ts';
import { s3Storage } from '../../functions/report/store/s3.ts';
import { readConfiguration } from '../../functions/runtime/read-configuration.ts';
import { clientOptions } from './parts/deploy.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';
import { createQueue, type Queue, subscribe } from './parts/queues.ts';

const bucket = 'nightshift-reports';
const key = 'config/overrides.yaml';
/** An EKS cluster that is not there: a report all the same, with one critical finding. */
const configuration = readConfiguration(
  'clusters: { lost: { eks: { name: lost, region: eu-central-1 } } }\nnotify: [{ topic: create, when: always }]',
  'nightshift.yaml',
);

describe('config/overrides.yaml in the bucket', { timeout: 180_000 }, () => {
  let emulator: Emulator;
  let s3: S3Client;
  let told: Queue;
  /** Status of each answer to a GET of the overrides. */
  const answers: number[] = [];
  const environmentBefore = { ...process.env };

  before(async () => {
    emulator = await startEmulator();
    s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
    const { TopicArn = '' } = await new SNSClient(clientOptions(emulator)).send(new CreateTopicCommand({ Name: 'operators' }));
    const { EventBusArn = '' } = await new EventBridgeClient(clientOptions(emulator)).send(
      new CreateEventBusCommand({ Name: 'nightshift' }),
    );
    told = await createQueue(emulator, 'told');
    await subscribe(emulator, TopicArn, told);
    for (const [name, value] of Object.entries(emulator.environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    Object.assign(process.env, {
      NIGHTSHIFT_BUCKET: bucket,
      NIGHTSHIFT_BUS: EventBusArn,
      NIGHTSHIFT_TOPICS: JSON.stringify([TopicArn]),
      POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
      POWERTOOLS_METRICS_DISABLED: 'true',
    });
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environmentBefore)) delete process.env[name];
    Object.assign(process.env, environmentBefore);
    await emulator?.stop();
  });

  const put = (text: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
  let runs = 0;
  /** A run as the function does it, and the report that it stored. */
  const run = async (): Promise<Report> => {
    const { perform } = await import('../../functions/runtime/perform.ts');
    const { s3Client } = await import('../../functions/runtime/aws/s3.ts');
    const client = s3Client();
    if (runs === 0) {
      client.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const isOverrides = commandName === 'GetObjectCommand' && (args.input as { Key?: string }).Key === key;
            try {
              const result = await next(args);
              if (isOverrides) answers.push((result.response as { statusCode: number }).statusCode);
              return result;
            } catch (error) {
              const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
              if (isOverrides && status !== undefined) answers.push(status);
              throw error;
            }
          },
        { step: 'deserialize', priority: 'low' },
      );
    }
    runs += 1;
    const metrics = new Metrics();
    const value = (await perform(
      { clusters: ['lost'], executionId: `run-${runs}`, time: `2026-11-24T0${runs}:00:00.000Z`, own: {} },
      {
        operation: healthCheck,
        configuration,
        logger: new Logger({ logLevel: 'SILENT' }),
        metrics,
        signal: AbortSignal.timeout(30_000),
        requestId: `request-${runs}`,
      },
    )) as ReturnValue;
    const { runId } = value;
    const report = await reportStore(s3Storage(s3, bucket), assert.fail).latest('lost', 'health-check');
    assert.equal(report?.runId, runId);
    return report as Report;
  };
  const overridesFinding = ({ findings }: Report) => findings.find(({ check }) => check === 'configuration-overrides');

  test('without the file nothing is laid over, and the topic is told', async () => {
    const report = await run();
    assert.equal(report.checks.find(({ check }) => check === 'configuration-overrides')?.ran, true);
    assert.deepEqual([report.overrides, overridesFinding(report)], [undefined, undefined]);
    assert.equal((await told.take()).length, 1);
    assert.deepEqual(answers.splice(0), [404]);
  });

  test('a topic that is switched off there is told nothing; unchanged, the file is not sent again (304)', async () => {
    await put('# the night of the migration\nnotify:\n  - { topic: create, off: true }\n');
    const report = await run();
    assert.deepEqual(report.overrides?.says, ['notify create: off']);
    assert.equal(report.overrides?.file, `s3://${bucket}/${key}`);
    const again = await run();
    assert.deepEqual(again.overrides, report.overrides);
    assert.deepEqual(await told.take(), []);
    assert.deepEqual(answers.splice(0), [200, 304]);
  });

  test('a broken file is a warning with its line, and the last good one still counts', async () => {
    await put('notify:\n  - { topic: create, off: perhaps }\n');
    const report = await run();
    const finding = overridesFinding(report);
    assert.partialDeepStrictEqual(finding, {
      severity: 'warning',
      change: 'new',
      object: { apiVersion: 'nightshift.dev/v1', kind: 'File', name: `s3://${bucket}/${key}` },
    });
    assert.match(finding?.message ?? '', /config\/overrides\.yaml:2: notify\[0\]\.off: "perhaps"; allowed: true or false/);
    assert.match(finding?.message ?? '', /the last good one, of .* UTC, counts/);
    assert.deepEqual(report.overrides?.says, ['notify create: off']);
    assert.deepEqual(await told.take(), []);
    assert.deepEqual(answers.splice(0), [200]);
  });

  test('mended, the warning is resolved; deleted, nothing is laid over and the topic is told again', async () => {
    await put('notify: [{ topic: create, off: true }]\n');
    const mended = await run();
    assert.deepEqual([overridesFinding(mended), mended.resolved.map(({ check }) => check)], [undefined, ['configuration-overrides']]);
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    assert.equal((await run()).overrides, undefined);
    assert.equal((await told.take()).length, 1);
    assert.deepEqual(answers.splice(0), [200, 404]);
  });

  test('a file that is far too long is not read, and is told', async () => {
    await put(`# ${'x'.repeat(5_000_000)}`);
    assert.match(overridesFinding(await run())?.message ?? '', /nothing of it counts: it has 5000002 bytes; at most 65536 are read/);
  });
});
