/** Events onto a bus; loaded only where there is one to put. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { refusal } from '../report/refusals.ts';

/** PutEvents takes so many entries at once. */
const batchSize = 10;
const tries = 3;

/** Some entries were refused again and again; the others are on the bus. */
export class EventsRefused extends Error {
  override readonly name = 'EventsRefused';
  /** Which of the entries that were given. */
  readonly refused: readonly number[];
  /** The first of the reasons. */
  readonly why: string;
  constructor(refused: readonly number[], why: string) {
    super(`the bus refused ${refused.length} ${refused.length === 1 ? 'event' : 'events'}, each tried several times (${why})`);
    this.refused = refused;
    this.why = why;
  }
}

interface Answered {
  readonly id?: string | undefined;
  readonly refusal?: string;
}

/** What came of each entry, or why the call as a whole failed. */
const send = async (client: EventBridgeClient, entries: PutEventsRequestEntry[]): Promise<readonly PutEventsResultEntry[] | string> => {
  try {
    const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: entries }));
    return Entries;
  } catch (error) {
    return refusal(error);
  }
};

/**
 * Puts entries on a bus and gives their ids. PutEvents may take the call and refuse entries: those alone are sent again once all others were
 * sent, twice at most, after a growing pause (`pause` ms first). A call that fails as a whole keeps no later one from being sent. Throws
 * EventsRefused where some entries are refused to the end.
 */
export const putEvents = async (client: EventBridgeClient, entries: readonly PutEventsRequestEntry[], pause = 200): Promise<string[]> => {
  const answers: Answered[] = entries.map(() => ({ refusal: 'not sent' }));
  let open = [...entries.keys()];
  for (let attempt = 0; attempt < tries && open.length > 0; attempt += 1) {
    if (attempt > 0) await wait(pause * 2 ** (attempt - 1));
    const again: number[] = [];
    for (let start = 0; start < open.length; start += batchSize) {
      const batch = open.slice(start, start + batchSize);
      const results = await send(
        client,
        batch.flatMap((index) => entries[index] ?? []),
      );
      for (const [position, index] of batch.entries()) {
        answers[index] = answered(results, position);
        // A call that failed as a whole was tried again by the SDK already.
        if (answers[index]?.refusal !== undefined && typeof results !== 'string') again.push(index);
      }
    }
    open = again;
  }
  const refused = answers.flatMap(({ refusal: why }, index) => (why === undefined ? [] : [index]));
  if (refused.length > 0) throw new EventsRefused(refused, answers.find(({ refusal: why }) => why !== undefined)?.refusal ?? '');
  return answers.map(({ id }) => id ?? '');
};

const answered = (results: readonly PutEventsResultEntry[] | string, position: number): Answered => {
  if (typeof results === 'string') return { refusal: results };
  const { EventId, ErrorCode = 'no code', ErrorMessage = 'no message' } = results[position] ?? {};
  return EventId ? { id: EventId } : { refusal: `${ErrorCode}: ${ErrorMessage}` };
};
