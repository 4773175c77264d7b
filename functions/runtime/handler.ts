/** The middy stack that every operation's function has: what surrounds the work, once. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { bundledConfiguration } from './bundled-configuration.ts';
import { EventError, parseEvent } from './events.ts';
import type { Operation } from './operation.ts';
import { keepHeapSmall } from './small-heap.ts';
import { timeBudget } from './time-budget.ts';

type Middleware = middy.MiddlewareObj<unknown, object, Error, Context & { budget?: ReturnType<typeof timeBudget> }>;

const budgeted = (): Middleware => ({
  before: ({ context }) => {
    context.budget = timeBudget(context.getRemainingTimeInMillis());
  },
  after: ({ context }) => context.budget?.clear(),
  onError: ({ context }) => context.budget?.clear(),
});

/** Powertools warns in plain text when there is nothing to publish (a fan-out has no metrics): so only what is there. */
const published = (metrics: Metrics): Middleware => {
  const publish = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return { after: publish, onError: publish };
};

/**
 * A mistake in the event is told to the caller in its own words and is no fault of the function's to be retried by hand;
 * Lambda still sees an error, so that a schedule with a wrong input ends in its dead-letter queue.
 */
const explained = (logger: Logger): Middleware => ({
  onError: ({ error }) => {
    if (error instanceof EventError) logger.error('the event was refused', { reason: error.message });
    else logger.error('the run failed', error ?? new Error('unknown'));
  },
});

/** The Lambda handler of an operation: the event strictly validated, JSON logs, metrics, a time budget, errors explained. */
export const operationHandler = (operation: Operation) => {
  keepHeapSmall();
  const logger = new Logger({ persistentKeys: { operation: operation.name } });
  const metrics = new Metrics();
  // It adds `service` by itself: a metric is found, and paid for, by all its dimensions, and ours are cluster and operation.
  metrics.clearDefaultDimensions();
  return middy<unknown, object, Error, Context & { budget?: ReturnType<typeof timeBudget> }>()
    .use(injectLambdaContext(logger, { resetKeys: true }) as Middleware)
    .use(published(metrics))
    .use(explained(logger))
    .use(budgeted())
    .handler(async (event, context) => {
      const request = parseEvent(event, operation);
      const { perform } = await import('./perform.ts');
      return perform(request, {
        operation,
        configuration: await bundledConfiguration(),
        logger,
        metrics,
        signal: context.budget?.signal ?? AbortSignal.timeout(context.getRemainingTimeInMillis()),
        requestId: context.awsRequestId,
      });
    });
};
