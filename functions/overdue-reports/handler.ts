/** The Lambda entry: started once a day by a schedule of its own, or by hand. The event says nothing. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { bundledConfiguration } from '../runtime/bundled-configuration.ts';
import { overdueReports } from '../runtime/metric-names.ts';
import type { OverdueAnswer } from './run.ts';

const logger = new Logger({ persistentKeys: { operation: overdueReports } });
const metrics = new Metrics();
// It adds `service` by itself: a metric is found, and paid for, by all its dimensions.
metrics.clearDefaultDimensions();

export const handler = middy<unknown, OverdueAnswer>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .onError(({ error }) => logger.error('the run failed', error ?? new Error('unknown')))
  .handler(async () => {
    const { lookForOverdueReports } = await import('./run.ts');
    return lookForOverdueReports({ configuration: await bundledConfiguration(), logger, metrics });
  });
