/** The message to the operators' topic; loaded only where there is something to tell. */
import { PublishCommand } from '@aws-sdk/client-sns';
import { structuredMessage } from '../report/messages/notification.ts';
import { snsClient } from '../runtime/aws/sns.ts';
import type { OverdueMessage } from './message.ts';

/** Publishes in this function's own region: to chat as chat has it, to all others the text. Throws what SNS says. */
export const tellTopic = async (topicArn: string, { subject, text, chat }: OverdueMessage): Promise<void> => {
  const message = { TopicArn: topicArn, Subject: subject, Message: structuredMessage(text, chat), MessageStructure: 'json' };
  await snsClient().send(new PublishCommand(message));
};
