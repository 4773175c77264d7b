/** SQS queues of the emulator, to see what topics and buses deliver. */
import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from './deploy.ts';
import type { Emulator } from './emulator.ts';

/** A queue that a test listens with. */
export interface Queue {
  readonly arn: string;
  /** Takes all messages that are there: their bodies, parsed. */
  take(): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A new queue. `waitSeconds`: how long nothing may come before all is taken; what a topic sends is there at once. */
export async function createQueue(emulator: Emulator, name: string, waitSeconds = 1): Promise<Queue> {
  const client = new SQSClient(clientOptions(emulator));
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name }));
  return {
    arn: `arn:aws:sqs:${emulator.region}:${emulator.account}:${name}`,
    async take() {
      const taken: Readonly<Record<string, unknown>>[] = [];
      for (;;) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds }),
        );
        if (Messages.length === 0) return taken;
        taken.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)));
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
    },
  };
}

/** Subscribes a queue to a topic. */
export async function subscribe(emulator: Emulator, topicArn: string, queue: Queue): Promise<void> {
  await new SNSClient(clientOptions(emulator)).send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: queue.arn }));
}

/** Puts a rule on a bus that sends what matches the pattern to a queue. */
export async function sendToQueue(emulator: Emulator, bus: string, pattern: object, queue: Queue): Promise<void> {
  const client = new EventBridgeClient(clientOptions(emulator));
  const Name = 'seen-by-the-test';
  await client.send(new PutRuleCommand({ Name, EventBusName: bus, EventPattern: JSON.stringify(pattern), State: 'ENABLED' }));
  await client.send(new PutTargetsCommand({ Rule: Name, EventBusName: bus, Targets: [{ Id: 'queue', Arn: queue.arn }] }));
}

/** The deployed rule that starts a function is pointed to a queue: the emulator's own rules do not reach Lambda. Its pattern stays. */
export async function divertToQueue(emulator: Emulator, bus: string, functionArn: string, queue: Queue): Promise<void> {
  const client = new EventBridgeClient(clientOptions(emulator));
  const { Rules = [] } = await client.send(new ListRulesCommand({ EventBusName: bus }));
  for (const { Name } of Rules) {
    const { Targets = [] } = await client.send(new ListTargetsByRuleCommand({ Rule: Name, EventBusName: bus }));
    const target = Targets.find(({ Arn }) => Arn === functionArn);
    if (!target?.Id) continue;
    await client.send(new RemoveTargetsCommand({ Rule: Name, EventBusName: bus, Ids: [target.Id] }));
    await client.send(new PutTargetsCommand({ Rule: Name, EventBusName: bus, Targets: [{ Id: target.Id, Arn: queue.arn }] }));
    return;
  }
  throw new Error(`No rule of the bus ${bus} starts ${functionArn}`);
}
