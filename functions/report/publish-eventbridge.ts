/** Reports as EventBridge events; loaded only where there is a bus. */
import { setTimeout as wait } from 'node:timers/promises';
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { excerpt } from './excerpt.ts';
import type { Report } from './model.ts';
import type { Publisher } from './publish.ts';
import type { SavedReport } from './store.ts';

const source = 'nightshift';
const detailType = 'Report Published';

/** An entry of PutEvents may have 256 KB, its source, detail type and time counted. */
const detailBudget = 262_144 - Buffer.byteLength(source) - Buffer.byteLength(detailType) - 14;
/** The event tells of the gravest; the report that it names has all. */
const findingLimit = 20;
const tries = 3;

/** The event’s detail: the report with its 20 gravest findings at most, and where the whole lies. */
export const eventDetail = (report: Report, { location, json, html, latest }: SavedReport) => {
  const stored = { location, json, html, latest };
  const bytes = detailBudget - Buffer.byteLength(JSON.stringify({ stored })) - 1;
  return { ...excerpt(report, { findings: findingLimit, bytes }), stored };
};

/** Puts `Report Published` on a bus. PutEvents may take the call and refuse the entry: then the entry is sent again. */
export const eventBridgePublisher = (client: EventBridgeClient, busName: string, pause = 200): Publisher => ({
  name: `eventbridge:${busName.split('/').at(-1)}`,
  async publish(report, stored) {
    const entry = { Source: source, DetailType: detailType, EventBusName: busName, Detail: JSON.stringify(eventDetail(report, stored)) };
    let refusal = '';
    for (let attempt = 0; attempt < tries; attempt++) {
      if (attempt > 0) await wait(pause * 2 ** (attempt - 1));
      const { FailedEntryCount = 0, Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
      const [answer] = Entries;
      if (FailedEntryCount === 0) return { sent: true, detail: `sent, event ${answer?.EventId ?? 'without an id'}` };
      refusal = `${answer?.ErrorCode ?? 'no code'}: ${answer?.ErrorMessage ?? 'no message'}`;
    }
    throw new Error(`the bus refused the event ${tries} times (${refusal})`);
  },
});
