/** Reports as SNS messages; loaded only where there is a topic. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { type Notification, notification, structuredMessage } from './messages/notification.ts';
import { type NotificationRule, receiverName } from './messages/notification-reason.ts';
import type { Report } from './model.ts';
import type { Publisher } from './publish.ts';

/** What subscriptions may filter by. Raw delivery to SQS carries ten at most. */
const attributesOf = ({ status, cluster, operation, findings }: Report, { reason, leftOut }: Notification) => {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const newCritical = findings.filter(({ change, severity }) => change === 'new' && severity === 'critical').length;
  return {
    severity: text(status),
    cluster: text(cluster),
    operation: text(operation),
    reason: text(reason),
    newCritical: { DataType: 'Number', StringValue: String(newCritical) },
    ...(leftOut > 0 && { truncated: text('true') }),
  };
};

interface SnsPublisherOptions {
  /** Instead of the rule’s own, where the rule is not as it is configured. */
  readonly name?: string;
  /** The report bucket’s, for the link in chat messages. */
  readonly region?: string | undefined;
}

/** Sends the notification of a report to a topic, if the topic’s rule gives a reason to. */
export const snsPublisher = (
  client: SNSClient,
  topicArn: string,
  rule: NotificationRule,
  { name = receiverName(topicArn, rule), region }: SnsPublisherOptions = {},
): Publisher => ({
  name,
  atLeast: rule.atLeast,
  async publish(report, stored, receiver) {
    const message = notification(report, rule, { stored, receiver, region });
    if (!message) return { sent: false, detail: 'nothing changed that this topic is to hear of' };
    const { subject, text, chat } = message;
    const { MessageId } = await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: subject,
        ...(chat ? { Message: structuredMessage(text, chat), MessageStructure: 'json' } : { Message: text }),
        MessageAttributes: attributesOf(report, message),
      }),
    );
    return { sent: true, detail: `sent (${message.reason}), message ${MessageId ?? 'without an id'}` };
  },
});
