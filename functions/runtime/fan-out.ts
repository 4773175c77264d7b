/** One event for many clusters becomes one event a cluster, each started by the bus with its own retries and dead-letter queue. */
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { OperationName } from '../report/model.ts';
import { EventsRefused, putEvents } from './put-events.ts';
import { runIdOf } from './run-id.ts';

export interface FanOut {
  readonly operation: OperationName;
  readonly clusters: readonly string[];
  readonly executionId: string;
  /** RFC 3339: the same for all, so that a retry of the fan-out files each run where its first try did. */
  readonly time: string;
  /** The operation's own event keys. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** What a fan-out answers: which runs it started. */
export interface Started {
  readonly operation: OperationName;
  readonly started: readonly { readonly cluster: string; readonly runId: string }[];
}

/** Some clusters' runs could not be started; those of the others were. */
export class ClustersNotStarted extends Error {
  override readonly name = 'ClustersNotStarted';
  readonly clusters: readonly string[];
  constructor(clusters: readonly string[], of: number, { why }: EventsRefused) {
    const named = clusters.length > namedAtMost ? [...clusters.slice(0, namedAtMost), `${clusters.length - namedAtMost} more`] : clusters;
    super(`${clusters.length} of ${of} clusters could not be started: ${named.join(', ')} (${why})`);
    this.clusters = clusters;
  }
}
const namedAtMost = 50;

/**
 * Puts `Operation Requested` for each cluster on the bus. Throws ClustersNotStarted; a retry starts the same runs again, of which those that had
 * been started overwrite their own reports.
 */
export const fanOut = async (client: EventBridgeClient, bus: string, request: FanOut): Promise<Started> => {
  const { operation, clusters, executionId, time, own } = request;
  // In the detail, since a rule's input path drops the event's own id and time.
  const detail = { ...own, operation, executionId, scheduledTime: time };
  const entries = clusters.map((cluster) => ({
    Source: 'nightshift',
    DetailType: 'Operation Requested',
    EventBusName: bus,
    Detail: JSON.stringify({ ...detail, cluster }),
  }));
  await putEvents(client, entries).catch((error: unknown) => {
    if (!(error instanceof EventsRefused)) throw error;
    const refused = error.refused.flatMap((index) => clusters[index] ?? []);
    throw new ClustersNotStarted(refused, clusters.length, error);
  });
  return { operation, started: clusters.map((cluster) => ({ cluster, runId: runIdOf(executionId, cluster, operation) })) };
};
