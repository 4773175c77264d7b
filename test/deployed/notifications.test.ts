/** Messages through a real SNS of the emulator: what each kind of subscriber of one topic is delivered. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SetSubscriptionAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import type { Report } from '../../functions/report/model.ts';
import { publishReport } from '../../functions/report/publish.ts';
import { snsPublisher } from '../../functions/report/publish-sns.ts';
import { reportStore } from '../../functions/report/store/report-store.ts';
import { s3Storage } from '../../functions/report/store/s3.ts';
import { assertHarmless, chatSchema } from '../report/messages/chat-format.ts';
import { found, ref, reportOf, sampleReport, scanOf } from '../report/sample-report.ts';
import { clientOptions } from './parts/deploy.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';
import { createQueue, subscribe } from './parts/queues.ts';

/** An endpoint that a topic posts to. */
async function startEndpoint(): Promise<{
  readonly url: string;
  readonly take: () => readonly Record<string, unknown>[];
  readonly stop: () => void;
}> {
  const received: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const message = JSON.parse(body);
      if (message.Type === 'Notification') received.push(message);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, take: () => received.splice(0), stop: () => server.close() };
}

describe('notifications', { timeout: 300_000 }, () => {
  let emulator: Emulator;
  let sns: SNSClient;
  const bucket = 'nightshift-reports';

  before(async () => {
    emulator = await startEmulator();
    sns = new SNSClient(clientOptions(emulator));
    const s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
  });
  after(() => emulator?.stop());

  const createTopic = async (name: string): Promise<string> => {
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: name }));
    return TopicArn;
  };
  /** As a function stores and tells it. */
  const publish = async (report: Report, topic: string, format: 'text' | 'chat') => {
    const storage = s3Storage(new S3Client({ ...clientOptions(emulator), forcePathStyle: true }), bucket);
    const rule = { atLeast: 'warning', when: 'changes', format } as const;
    const publisher = snsPublisher(sns, topic, rule, { region: 'eu-central-1' });
    const { outcomes } = await publishReport(report, '<!doctype html>', reportStore(storage, assert.fail), [publisher]);
    return outcomes[1];
  };

  test('one message of a chat rule is chat for an https endpoint and text for a queue, with the same subject and attributes', async () => {
    const topic = await createTopic('chat');
    const queue = await createQueue(emulator, 'subscriber');
    await subscribe(emulator, topic, queue);
    const endpoint = await startEndpoint();
    try {
      // The emulator posts to https as to http, but looks at the subscription’s protocol for the text.
      await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'https', Endpoint: endpoint.url }));
      const outcome = await publish(sampleReport(), topic, 'chat');
      assert.match(outcome?.detail ?? '', /^sent \(first\)/);
      const [text, ...more] = await queue.take();
      assert.deepEqual(more, []);
      assert.match(
        String(text?.Message),
        /^prod health-check: critical\. 2 critical(?:.*\n)*FOUND\n(?:.*\n)* *aws s3 cp s3:\/\/nightshift-reports\/reports\/prod\//,
      );
      assert.partialDeepStrictEqual(text?.MessageAttributes, {
        reason: { Type: 'String', Value: 'first' },
        severity: { Value: 'critical' },
      });
      const [post, ...others] = endpoint.take();
      assert.deepEqual(others, []);
      assert.equal(post?.Subject, text?.Subject);
      const chat = chatSchema.parse(JSON.parse(String(post?.Message)));
      assertHarmless(chat);
      assert.match(chat.content.description, /\*FOUND\*\n\*critical\* CronJob payments\/nightly-invoices: /);
      assert.ok(chat.content.nextSteps.some((step) => step.includes(`/s3/object/${bucket}?region=eu-central-1`)));
    } finally {
      endpoint.stop();
    }
  });

  test('the largest message is taken, and arrives whole', async () => {
    const topic = await createTopic('large');
    const queue = await createQueue(emulator, 'large');
    await subscribe(emulator, topic, queue);
    const out = Array.from({ length: 3_000 }, (_, index) =>
      found('pod-waiting', ref('Pod', `p${index}`, 'shop'), { message: `"said" \\ <!channel> ${'ü🌙'.repeat(20)} ${index}` }),
    );
    for (const format of ['text', 'chat'] as const) {
      assert.match((await publish(reportOf(scanOf(out)), topic, format))?.detail ?? '', /^sent/);
      const [message] = await queue.take();
      assert.match(String(message?.Message), /and [\d,]+ more findings; the report has all\n\nThe full report:\n/);
      assert.partialDeepStrictEqual(message?.MessageAttributes, { truncated: { Value: 'true' } });
    }
  });

  test('a filter policy on an attribute keeps from a subscriber what it does not want', async () => {
    const topic = await createTopic('filtered');
    const queue = await createQueue(emulator, 'criticals');
    const { SubscriptionArn } = await sns.send(
      new SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: queue.arn, ReturnSubscriptionArn: true }),
    );
    const policy = { severity: ['critical'], reason: ['first', 'new', 'graver'], cluster: [{ prefix: 'prod' }] };
    await sns.send(
      new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: JSON.stringify(policy) }),
    );
    const mild = reportOf(scanOf([found('pod-waiting', ref('Pod', 'p', 'shop'))]));
    const next = { ...sampleReport(), comparedWith: { runId: mild.runId, startedAt: mild.startedAt } };
    for (const report of [mild, { ...next, runId: 'b' }, { ...next, runId: 'c', cluster: 'edge-7' }])
      assert.match((await publish(report, topic, 'text'))?.detail ?? '', /^sent/);
    const subjects = (await queue.take()).map(({ Subject }) => String(Subject));
    assert.equal(subjects.length, 1);
    assert.match(subjects[0] ?? '', /^\[CRITICAL: .*\] prod health-check$/);
  });
});
