/** Who is told of a report: the configured topics and the bus. */
import type { Publisher } from '../report/publish.ts';
import type { Configuration } from './configuration.ts';
import { environment } from './environment.ts';

/** The publishers of a function, by its configuration and its stack's environment; SDK clients are loaded here. */
export const publishersOf = async ({ notify }: Configuration): Promise<Publisher[]> => {
  const topics = JSON.parse(environment('NIGHTSHIFT_TOPICS')) as string[];
  const publishers: Publisher[] = [];
  if (notify.length > 0) {
    const { snsPublisher } = await import('../report/publish-sns.ts');
    const { snsClient } = await import('./aws/sns.ts');
    for (const [index, rule] of notify.entries()) {
      const topic = topics[index];
      // A topic's own region: it may be another's.
      if (topic) publishers.push(snsPublisher(snsClient({ region: topic.split(':')[3] ?? '' }), topic, rule));
    }
  }
  const { eventBridgePublisher } = await import('../report/publish-eventbridge.ts');
  const { eventbridgeClient } = await import('./aws/eventbridge.ts');
  publishers.push(eventBridgePublisher(eventbridgeClient(), environment('NIGHTSHIFT_BUS')));
  return publishers;
};
