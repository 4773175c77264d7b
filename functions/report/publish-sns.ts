/** Reports as SNS messages; loaded only where there is a topic. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Report } from './model.ts';
import { type Notification, type NotificationRule, notification } from './notify.ts';
import type { Publisher } from './publish.ts';

/** What subscriptions may filter by. */
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

/** Sends the notification of a report to a topic, if the topic’s rule gives a reason to. */
export const snsPublisher = (client: SNSClient, topicArn: string, rule: NotificationRule): Publisher => ({
  // Two rules for one topic are two deliveries.
  name: `${topicArn} (${rule.atLeast}, ${rule.when})`,
  async publish(report, stored, owed) {
    const message = notification(report, rule, { stored, owed });
    if (!message) return { sent: false, detail: 'nothing changed that this topic is to hear of' };
    const { MessageId } = await client.send(
      new PublishCommand({
        TopicArn: topicArn,
        Subject: message.subject,
        Message: message.text,
        MessageAttributes: attributesOf(report, message),
      }),
    );
    return { sent: true, detail: `sent (${message.reason}), message ${MessageId ?? 'without an id'}` };
  },
});
