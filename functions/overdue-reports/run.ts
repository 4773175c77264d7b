/** Looks for reports that did not come, and says so. Loaded at the first request. */
import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { s3Storage } from '../report/store/s3.ts';
import { s3Client } from '../runtime/aws/s3.ts';
import type { Configuration } from '../runtime/configuration.ts';
import { environment } from '../runtime/environment.ts';
import { overdueReports as operation, overdueMetric } from '../runtime/metric-names.ts';
import { knownSince, readKnownSince, writeKnownSince } from './known-since.ts';
import { lastReports } from './last-reports.ts';
import { type OverdueReport, overdueReports } from './overdue.ts';
import { type NotWatched, watchedReports } from './watched-reports.ts';

/** What the function answers. */
export interface OverdueAnswer {
  /** RFC 3339 */
  readonly checkedAt: string;
  /** How many reports are owed. */
  readonly watched: number;
  readonly overdue: readonly OverdueReport[];
  readonly notWatched: readonly NotWatched[];
}

interface Surroundings {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Counts what is overdue, tells the operators’ topic of it once, and answers. Throws what S3 or SNS refuse: then nobody knows, and an alarm has to say so. */
export const lookForOverdueReports = async ({ configuration, logger, metrics }: Surroundings): Promise<OverdueAnswer> => {
  const now = Date.now();
  const bucket = environment('NIGHTSHIFT_BUCKET');
  const storage = s3Storage(s3Client(), bucket);
  const { watched, notWatched } = watchedReports(configuration);
  const [found, remembered] = await Promise.all([lastReports(s3Client(), bucket, watched), readKnownSince(storage)]);
  const known = knownSince(watched, remembered, { now, lastReports: found });
  const { timeoutSeconds } = configuration.deployment;
  const overdue = overdueReports(watched, { now, lastReports: found, knownSince: known, timeoutSeconds });
  await writeKnownSince(storage, known, remembered);

  metrics.addDimensions({ Operation: operation });
  metrics.addMetric(overdueMetric, 'Count', overdue.length);
  metrics.publishStoredMetrics();
  const answer = { checkedAt: new Date(now).toISOString(), watched: watched.length, overdue, notWatched };
  logger.info('looked for overdue reports', { ...answer, overdue: overdue.length });
  if (overdue.length > 0) {
    const [{ overdueMessage }, { tellTopic }] = await Promise.all([import('./message.ts'), import('./tell-topic.ts')]);
    await tellTopic(environment('NIGHTSHIFT_OPERATORS_TOPIC'), overdueMessage(overdue, answer.checkedAt));
  }
  return answer;
};
