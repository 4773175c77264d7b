import type { Report } from './model.ts';
import type { ReportStore, SavedReport } from './store.ts';

/** What a publisher did: `sent` false means that there was nothing to send. */
export interface Delivery {
  readonly sent: boolean;
  /** For people: the message’s id, or why none was sent. */
  readonly detail: string;
}

/** Tells somebody of a stored report. Throws if it could not. */
export interface Publisher {
  /** Names it among the others, and in the store’s list of deliveries: a topic’s ARN and rule, a bus. */
  readonly name: string;
  publish(report: Report, stored: SavedReport): Promise<Delivery>;
}

export interface PublishOutcome {
  readonly publisher: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Published {
  readonly stored: SavedReport;
  /** The store first, then the publishers in the order given. */
  readonly outcomes: readonly PublishOutcome[];
}

const messageOf = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/**
 * Stores the report, and tells the publishers where it lies. One that fails does not keep the others from it: the failure is in the outcome.
 * What was sent is marked in the store, so that a retry or a duplicate of the same run sends nothing a second time, and only what failed again.
 *
 * Throws only if the report could not be stored.
 */
export async function publishReport(
  report: Report,
  html: string,
  store: ReportStore,
  publishers: readonly Publisher[],
): Promise<Published> {
  const stored = await store.save(report, html);
  const storing = { publisher: store.location, ok: stored.problems.length === 0, detail: [stored.json, ...stored.problems].join('; ') };
  // One after another: all marks lie under one key, and those who write it at once would have to try again and again.
  let marks: Promise<void> = Promise.resolve();
  const mark = (delivery: string): Promise<void> => {
    // A mark that fails may cost a second message, a message that counts as failed would surely.
    marks = marks.then(() => store.markNotified(report.cluster, report.operation, delivery)).catch(() => undefined);
    return marks;
  };
  const outcomes = await Promise.all(
    publishers.map(async (publisher): Promise<PublishOutcome> => {
      try {
        return { publisher: publisher.name, ok: true, detail: await deliver(report, stored, store, publisher, mark) };
      } catch (error) {
        return { publisher: publisher.name, ok: false, detail: messageOf(error) };
      }
    }),
  );
  return { stored, outcomes: [storing, ...outcomes] };
}

async function deliver(
  report: Report,
  stored: SavedReport,
  store: ReportStore,
  publisher: Publisher,
  mark: (delivery: string) => Promise<void>,
): Promise<string> {
  const delivery = `${report.runId} ${publisher.name}`;
  if (await store.notified(report.cluster, report.operation, delivery)) return 'this run had already sent it';
  const { sent, detail } = await publisher.publish(report, stored);
  if (sent) await mark(delivery);
  return detail;
}
