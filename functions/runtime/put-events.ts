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

const putBatch = async (client: EventBridgeClient, entries: readonly PutEventsRequestEntry[], pause: number): Promise<Answered[]> => {
  const answers: Answered[] = entries.map(() => ({ refusal: 'not sent' }));
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const open = answers.flatMap(({ refusal }, index) => (refusal === undefined ? [] : [index]));
    if (open.length === 0) break;
    if (attempt > 0) await wait(pause * 2 ** (attempt - 1));
    const Entries = await send(
      client,
      open.flatMap((index) => entries[index] ?? []),
    );
    if (typeof Entries === 'string') {
      // The SDK has tried the call as a whole already.
      for (const index of open) answers[index] = { refusal: Entries };
      break;
    }
    for (const [position, index] of open.entries()) {
      const answer = Entries[position];
      answers[index] = answer?.EventId
        ? { id: answer.EventId }
        : { refusal: `${answer?.ErrorCode ?? 'no code'}: ${answer?.ErrorMessage ?? 'no message'}` };
    }
  }
  return answers;
};

/**
 * Puts entries on a bus and gives their ids. PutEvents may take the call and refuse entries: those alone are sent again, with a growing pause
 * (`pause` ms first). A call that fails as a whole keeps no later one from being sent. Throws EventsRefused where some entries are refused to the
 * end.
 */
export const putEvents = async (client: EventBridgeClient, entries: readonly PutEventsRequestEntry[], pause = 200): Promise<string[]> => {
  const answers: Answered[] = [];
  for (let start = 0; start < entries.length; start += batchSize) {
    answers.push(...(await putBatch(client, entries.slice(start, start + batchSize), pause)));
  }
  const refused = answers.flatMap(({ refusal }, index) => (refusal === undefined ? [] : [index]));
  if (refused.length > 0) throw new EventsRefused(refused, answers.find(({ refusal }) => refusal !== undefined)?.refusal ?? '');
  return answers.map(({ id }) => id ?? '');
};
