/** Reports as EventBridge events; loaded only where there is a bus. */
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { putEvents } from '../runtime/put-events.ts';
import { excerpt } from './excerpt.ts';
import type { Report } from './model.ts';
import type { Publisher } from './publish.ts';
import type { SavedReport } from './store/report-store.ts';

const source = 'nightshift';
const detailType = 'Report Published';

/** An entry of PutEvents may have 256 KB, its source, detail type and time counted. */
const detailBudget = 262_144 - Buffer.byteLength(source) - Buffer.byteLength(detailType) - 14;
/** The event tells of the gravest; the report that it names has all. */
const findingLimit = 20;

/** The event’s detail: the report with its 20 gravest findings at most, and where the whole lies. */
export const eventDetail = (report: Report, { location, json, html, latest }: SavedReport) => {
  const stored = { location, json, html, latest };
  const bytes = detailBudget - Buffer.byteLength(JSON.stringify({ stored })) - 1;
  return { ...excerpt(report, { findings: findingLimit, bytes }), stored };
};

/** Puts `Report Published` on a bus. */
export const eventBridgePublisher = (client: EventBridgeClient, busName: string, pause = 200): Publisher => ({
  name: busName,
  async publish(report, stored) {
    const entry = { Source: source, DetailType: detailType, EventBusName: busName, Detail: JSON.stringify(eventDetail(report, stored)) };
    const [id] = await putEvents(client, [entry], pause);
    return { sent: true, detail: `sent, event ${id}` };
  },
});
