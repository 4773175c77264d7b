/** Who is told of a report: the configured topics and the bus. */
import { receiverName } from '../report/messages/notification-reason.ts';
import type { Publisher } from '../report/publish.ts';
import type { Configuration, NotificationConfiguration } from './configuration.ts';
import { environment } from './environment.ts';
import { isPicked } from './select-clusters.ts';

/**
 * The publishers of a function for one cluster’s report, by its configuration and its stack’s environment; SDK clients are loaded here.
 * Rules that would send the same message to the same topic are one: that which reminds soonest.
 *
 * @param notify the rules as they count today, each at its place in the configuration, under whose name the receiver stays known
 */
export const publishersOf = async (
  configuration: Configuration,
  cluster: string,
  notify: readonly (NotificationConfiguration | undefined)[] = configuration.notify,
): Promise<Publisher[]> => {
  const topics = JSON.parse(environment('NIGHTSHIFT_TOPICS')) as string[];
  const rules = configuration.notify.flatMap((configured, index) => {
    const [rule, topic] = [notify[index], topics[index]];
    if (!rule || !topic || (rule.clusters && !isPicked(configuration, rule.clusters, cluster))) return [];
    return [{ rule, topic, name: receiverName(topic, configured) }];
  });
  const publishers: Publisher[] = [];
  if (rules.length > 0) {
    const { snsPublisher } = await import('../report/publish-sns.ts');
    const { snsClient } = await import('./aws/sns.ts');
    for (const { rule, topic, name } of oncePerMessage(rules)) {
      // A topic's own region: it may be another's.
      const client = snsClient({ region: topic.split(':')[3] ?? '' });
      publishers.push(snsPublisher(client, topic, rule, { name, region: process.env.AWS_REGION }));
    }
  }
  const { eventBridgePublisher } = await import('../report/publish-eventbridge.ts');
  const { eventbridgeClient } = await import('./aws/eventbridge.ts');
  publishers.push(eventBridgePublisher(eventbridgeClient(), environment('NIGHTSHIFT_BUS')));
  return publishers;
};

interface Told {
  readonly topic: string;
  readonly rule: NotificationConfiguration;
}
/** By the rule as it counts today: overrides may make two of one topic alike. */
const oncePerMessage = <R extends Told>(rules: readonly R[]): R[] =>
  [...Map.groupBy(rules, ({ topic, rule }) => receiverName(topic, rule)).values()].flatMap((same) => {
    const days = ({ rule: { remindAfterDays = Number.MAX_SAFE_INTEGER } }: R) => remindAfterDays;
    return same.toSorted((a, b) => days(a) - days(b)).slice(0, 1);
  });
