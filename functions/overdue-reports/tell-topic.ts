/** A text to a topic; loaded only where there is something to tell. */
import { PublishCommand } from '@aws-sdk/client-sns';
import { snsClient } from '../runtime/aws/sns.ts';

/** Publishes in this function’s own region. Throws what SNS says. */
export const tellTopic = async (
  topicArn: string,
  { subject, text }: { readonly subject: string; readonly text: string },
): Promise<void> => {
  await snsClient().send(new PublishCommand({ TopicArn: topicArn, Subject: subject, Message: text }));
};
