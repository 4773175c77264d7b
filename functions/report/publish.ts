import { isDeepStrictEqual } from 'node:util';
import { type Report, severityRank } from './model.ts';
import { refusal } from './refusals.ts';
import { isUntold } from './settling.ts';
import { orderTime, type ReportStore, type SavedReport } from './store/report-store.ts';
import { type Deliveries, deliveryOf, type Listener, type Receiver, receiverOf } from './store/state.ts';

/** What a publisher did: `sent` false means that there was nothing to send. */
export interface Delivery {
  readonly sent: boolean;
  /** For people: the message’s id, or why none was sent. */
  readonly detail: string;
}

/** Tells somebody of a stored report. Throws if it could not. Its name is what marks call it: a topic’s ARN and rule, a bus. */
export interface Publisher extends Listener {
  /** `receiver`: whom it tells, before this run. */
  publish(report: Report, stored: SavedReport, receiver: Receiver): Promise<Delivery>;
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

/**
 * Stores the report, and tells the publishers where it lies. One that fails does not keep the others from it: the failure is in the outcome.
 * What was sent is marked in the store, so that a retry or a duplicate of the same run sends nothing a second time, and only what failed again.
 * Marked is also who heard of this report: the next run makes up for it to all others, be it that a message could not be sent, that the run was
 * killed in the middle, or that a topic was told nothing for a while. Only where it is killed after a receiver took a message and before the
 * mark, a retry sends it again.
 *
 * Throws only if the report could not be stored.
 *
 * @param previous the last report: where it is the first try of this run, what was sent told of that one
 */
export async function publishReport(
  report: Report,
  html: string,
  store: ReportStore,
  publishers: readonly Publisher[],
  previous?: Report,
): Promise<Published> {
  const { cluster, operation, runId } = report;
  const stored = await store.save(report, html);
  const problems = [...stored.problems];
  const at = orderTime(report);
  // Marks that cannot be read may cost a second message; none at all would be worse. Nobody is then taken for new, nor reminded.
  const before: Deliveries | undefined = await store.deliveries(cluster, operation).catch((error: unknown) => {
    problems.push(`who was told what could not be read: ${refusal(error)}`);
    return undefined;
  });
  const receiver = (publisher: Publisher): Receiver =>
    before ? receiverOf(before, publisher, report.comparedWith) : { owed: false, known: true, lastTold: at };
  // One after another: all marks lie under one key, and those who write it at once would have to try again and again.
  let marks: Promise<void> = Promise.resolve();
  const mark = (write: () => Promise<void>): Promise<void> => {
    marks = marks.then(write).catch((error: unknown) => {
      problems.push(`who was told what could not be marked: ${refusal(error)}`);
    });
    return marks;
  };
  const earlierTry = previous?.runId === runId && isDeepStrictEqual(said(report), said(previous)) ? previous : undefined;
  /** Those who know all of this report without a message. */
  const heard: Publisher[] = [];
  const outcomes = await Promise.all(
    publishers.map(async (publisher): Promise<PublishOutcome> => {
      const { name } = publisher;
      if (before?.notified.includes(deliveryOf(runId, name))) {
        if (earlierTry && !receiverOf(before, publisher, earlierTry).owed) heard.push(publisher);
        return { publisher: name, ok: true, detail: 'this run had already sent it' };
      }
      try {
        const { sent, detail } = await publisher.publish(report, stored, receiver(publisher));
        if (sent) await mark(() => store.markNotified(cluster, operation, report, publisher, at));
        else if (!settlesUntold(report, publisher)) heard.push(publisher);
        return { publisher: name, ok: true, detail };
      } catch (error) {
        return { publisher: name, ok: false, detail: refusal(error) };
      }
    }),
  );
  if (stored.latest && heard.length > 0) await mark(() => store.markHeard(cluster, operation, report, heard));
  const storing = { publisher: store.location, ok: problems.length === 0, detail: [stored.json, ...new Set(problems)].join('; ') };
  return { stored, outcomes: [storing, ...outcomes] };
}

/** Does it settle what no try of its run told this receiver of? */
const settlesUntold = ({ settling = [] }: Report, { atLeast = 'info' }: Publisher): boolean =>
  settling.some((finding) => isUntold(finding) && severityRank(finding.severity) <= severityRank(atLeast));

/** What of a report a receiver would be told. */
const said = ({ findings, resolved }: Report) =>
  [findings, resolved].map((list) => list.map(({ fingerprint, severity }) => [fingerprint, severity]));
