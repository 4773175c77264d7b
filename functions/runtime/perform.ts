/** What a function does with a request: split it into one a cluster, or run on the one and publish the report. Loaded at the first request. */
import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import { openCluster } from '../cluster/open-cluster.ts';
import { renderHtml } from '../report/html/render-html.ts';
import type { Report } from '../report/model.ts';
import { publishReport } from '../report/publish.ts';
import { type ReturnValue, returnValue } from '../report/return-value.ts';
import { reportStore } from '../report/store/report-store.ts';
import { s3Storage } from '../report/store/s3.ts';
import { s3Client } from './aws/s3.ts';
import type { Configuration } from './configuration.ts';
import { environment } from './environment.ts';
import { EventError, type OperationRequest } from './events.ts';
import type { Started } from './fan-out.ts';
import { layOptions } from './lay-options.ts';
import { layNotify } from './lay-overrides.ts';
import { publisherFailed } from './log-messages.ts';
import { measured } from './measure.ts';
import type { Operation } from './operation.ts';
import { overridesInForce } from './overrides-in-force.ts';
import { publishersOf } from './publishers.ts';
import { runIdOf } from './run-id.ts';
import { runOnCluster } from './run-on-cluster.ts';
import { clustersFor, hasWhatIsNeeded, UnknownClusterError } from './select-clusters.ts';

/** What the work of a function is given beside its request. */
export interface Surroundings {
  readonly operation: Operation;
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Aborted while there is still time to write the report. */
  readonly signal: AbortSignal;
  /** The request's id: the last resort for an execution's identity. */
  readonly requestId: string;
}

const chosen = (operation: Operation, configuration: Configuration, patterns: readonly string[] | undefined): readonly string[] => {
  if (Object.keys(configuration.clusters).length === 0)
    throw new EventError('No cluster is configured: name one under clusters in nightshift.yaml and deploy.');
  try {
    return clustersFor(operation, configuration, patterns);
  } catch (error) {
    throw error instanceof UnknownClusterError ? new EventError(error.message) : error;
  }
};

const runOne = async (cluster: string, request: OperationRequest, surroundings: Surroundings): Promise<ReturnValue> => {
  const { operation, configuration, logger, signal } = surroundings;
  const access = configuration.clusters[cluster];
  if (!access) throw new EventError(`There is no cluster ${cluster}.`);
  const runId = runIdOf(request.executionId ?? surroundings.requestId, cluster, operation.name);
  logger.appendKeys({ cluster, runId });
  const storage = s3Storage(s3Client(), environment('NIGHTSHIFT_BUCKET'));
  const warn = (message: string) => logger.warn(message);
  const store = reportStore(storage, warn);
  const [previous, laidOver] = await Promise.all([
    store.latest(cluster, operation.name),
    overridesInForce({ storage, store, operation, cluster, configuration, now: new Date(), warn }),
  ]);
  // A retry of a request without a time of its own is filed where its first try was.
  const eventTime = request.time ?? (previous?.runId === runId ? previous.eventTime : undefined) ?? new Date().toISOString();
  const report = await runOnCluster({
    operation,
    cluster,
    options: layOptions(configuration, cluster, operation.name),
    laidOver,
    own: request.own,
    runId,
    origin: request.origin,
    writing: operation.writes && {
      access: { configured: access },
      interactive: false,
      locks: environment('NIGHTSHIFT_LOCKS'),
      freezable: true,
    },
    eventTime,
    open: hasWhatIsNeeded('api', access)
      ? (budget) => openCluster(access, { interactive: false, signal: budget, name: cluster })
      : undefined,
    backups: access.backups,
    state: storage,
    previous,
    signal,
  });
  const published = await publishReport(
    report,
    renderHtml(report),
    store,
    await publishersOf(configuration, cluster, layNotify(configuration.notify, laidOver.overrides)),
    previous,
  );
  // What a partial run counts is no measure of the cluster.
  if (report.fullScope) measured(surroundings.metrics, report);
  for (const { publisher, ok, detail } of published.outcomes) if (!ok) logger.error(publisherFailed, { publisher, detail });
  logger.info('report published', {
    status: report.status,
    complete: report.complete,
    summary: report.summary.text,
    report: published.stored.json,
  });
  await goOn(report);
  return returnValue(report, published);
};

/** What the time did not suffice for goes on in another invocation, as long as each gets something done. */
const goOn = async ({ cluster, operation, runId, startedAt, journal, actions }: Report): Promise<void> => {
  if (journal?.ended !== 'interrupted' || !actions.some(({ outcome }) => outcome && outcome.at >= startedAt)) return;
  const { fanOut } = await import('./fan-out.ts');
  const { eventbridgeClient } = await import('./aws/eventbridge.ts');
  await fanOut(eventbridgeClient(), environment('NIGHTSHIFT_BUS'), {
    operation,
    clusters: [cluster],
    executionId: runId,
    time: new Date().toISOString(),
    own: { apply: journal.plan },
  });
};

/**
 * Runs the operation on the one cluster that the event names, or puts one event a cluster on the bus. A cluster that cannot be reached is a
 * report; throws EventError for clusters that are not configured, and where no report could be stored.
 */
export const perform = async (request: OperationRequest, surroundings: Surroundings): Promise<ReturnValue | Started> => {
  const { operation, configuration, requestId } = surroundings;
  const ofOne = ['apply', 'undo'].find((key) => request.own[key] !== undefined);
  if (operation.writes && ofOne && request.clusters?.length !== 1)
    throw new EventError(`${ofOne} names what belongs to one cluster: say which, as in {"cluster": "prod", "${ofOne}": ...}.`);
  const [only, ...others] = chosen(operation, configuration, request.clusters);
  if (only !== undefined && others.length === 0) return runOne(only, request, surroundings);
  if (operation.writes && ofOne) throw new EventError(`${ofOne} names what belongs to one cluster, and several were picked.`);
  const { fanOut } = await import('./fan-out.ts');
  const { eventbridgeClient } = await import('./aws/eventbridge.ts');
  return fanOut(eventbridgeClient(), environment('NIGHTSHIFT_BUS'), {
    operation: operation.name,
    clusters: only === undefined ? [] : [only, ...others],
    executionId: request.executionId ?? requestId,
    time: request.time ?? new Date().toISOString(),
    own: request.own,
  });
};
