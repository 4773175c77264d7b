import { isDeepStrictEqual } from 'node:util';
import { type OperationName, type Report, reportSchema } from './model.ts';

/** What a key held when it was read; `version` names it, for a write that must not overwrite what came since. */
export interface StoredText {
  readonly text: string;
  readonly version: string;
}

/** Only write if the key still holds this version, or nothing yet. */
export type Precondition = { readonly version: string } | 'absent';

/** Named texts: a bucket or a directory. Keys are separated by slashes. */
export interface Storage {
  /** For people: `s3://bucket/prefix` or a path, to which /key can be appended. */
  readonly location: string;
  read(key: string): Promise<StoredText | undefined>;
  /** False if the precondition did not hold, and then nothing was written. A reader never sees half a text. */
  write(key: string, text: string, contentType: string, precondition?: Precondition): Promise<boolean>;
}

/** Where one report was stored. */
export interface SavedReport {
  /** The storage’s location, for the commands that open the report. */
  readonly location: string;
  /** Keys. */
  readonly json: string;
  readonly html: string;
  /** Is it what latest.json holds now? Not if it is not of full scope, or a newer one is there. */
  readonly latest: boolean;
  /** A newer report was there first: the next one is compared with that, and not with this. */
  readonly overtaken?: true;
  /** What could not be written beside the report’s JSON. */
  readonly problems: readonly string[];
}

export interface ReportStore {
  readonly location: string;
  /** The last report of full scope. Undefined if there is none, or (with a warning) if it cannot be understood: the run then counts as the first. */
  latest(cluster: string, operation: OperationName): Promise<Report | undefined>;
  /** Throws if the report’s JSON could not be stored; what else failed is told in `problems`. */
  save(report: Report, html: string): Promise<SavedReport>;
  /** Which deliveries were made, and to whom one could not be. */
  deliveries(cluster: string, operation: OperationName): Promise<Deliveries>;
  /** Marks that a run's message went to a receiver, which is then owed nothing more. */
  markNotified(cluster: string, operation: OperationName, runId: string, receiver: string): Promise<void>;
  /** Marks that a message to a receiver could not be sent: the next one has to make up for it. */
  markOwed(cluster: string, operation: OperationName, receiver: string): Promise<void>;
}

export interface Deliveries {
  /** By `deliveryOf`. */
  readonly notified: readonly string[];
  /** Receivers. */
  readonly owed: readonly string[];
}

/** A run's message to a receiver, as the store marks it. */
export const deliveryOf = (runId: string, receiver: string): string => `${runId} ${receiver}`;

/** Runs that latest.json may lose against before it gives up, and deliveries that are remembered. */
const attempts = 5;
const remembered = 100;

type Warn = (message: string) => void;

/** Keeps reports in a storage, in the bucket’s layout; see docs/architecture.md. */
export const reportStore = (storage: Storage, warn: Warn): ReportStore => ({
  location: storage.location,
  latest: (cluster, operation) => latest(storage, warn, cluster, operation),
  save: (report, html) => save(storage, report, html),
  deliveries: async (cluster, operation) => stateOf(await storage.read(stateKey(cluster, operation))),
  markNotified: (cluster, operation, runId, receiver) =>
    changeState(storage, stateKey(cluster, operation), ({ notified, owed }) => ({
      notified: [...new Set([...notified, deliveryOf(runId, receiver)])].slice(-remembered),
      owed: owed.filter((name) => name !== receiver),
    })),
  markOwed: (cluster, operation, receiver) =>
    changeState(storage, stateKey(cluster, operation), ({ notified, owed }) => ({ notified, owed: [...new Set([...owed, receiver])] })),
});

const folder = (cluster: string, operation: string): string => `reports/${cluster}/${operation}`;
const stateKey = (cluster: string, operation: string): string => `state/${cluster}/${operation}.json`;

/** When the run was to happen: reports are filed by it, so that a retry overwrites its own. */
const timeOf = ({ eventTime, startedAt }: Pick<Report, 'eventTime' | 'startedAt'>): string =>
  new Date(eventTime ?? startedAt).toISOString();

/** `reports/prod/health-check/2026/11/24/060000Z-0123456789abcdef`, without its ending. */
export const reportKey = (report: Pick<Report, 'cluster' | 'operation' | 'runId' | 'eventTime' | 'startedAt'>): string => {
  const [day = '', clock = ''] = timeOf(report).split('T');
  return `${folder(report.cluster, report.operation)}/${day.replaceAll('-', '/')}/${clock.slice(0, 8).replaceAll(':', '')}Z-${report.runId}`;
};

/**
 * What reports are ordered by, so that a late one never overwrites a newer one: when the run was to happen, but not later than it did. An event
 * with a time in the future would else be the latest until then.
 */
export const orderTime = (report: Pick<Report, 'eventTime' | 'startedAt'>): string => {
  const [eventTime, startedAt] = [timeOf(report), new Date(report.startedAt).toISOString()];
  return eventTime < startedAt ? eventTime : startedAt;
};

const jsonType = 'application/json';
const htmlType = 'text/html; charset=utf-8';

async function latest(storage: Storage, warn: Warn, cluster: string, operation: OperationName): Promise<Report | undefined> {
  const key = `${folder(cluster, operation)}/latest.json`;
  const stored = await storage.read(key);
  if (!stored) return undefined;
  const parsed = reportSchema.safeParse(parseJson(stored.text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue ? `${issue.path.join('.') || 'the whole'}: ${issue.message}` : 'it does not follow the schema';
  warn(`${storage.location}/${key} is no report of this version (${where}): this run counts as the first, with nothing to compare.`);
  return undefined;
}

async function save(storage: Storage, report: Report, html: string): Promise<SavedReport> {
  const key = reportKey(report);
  const keys = { location: storage.location, json: `${key}.json`, html: `${key}.html` };
  const json = `${JSON.stringify(report)}\n`;
  await storage.write(keys.json, json, jsonType);
  const problems: string[] = [];
  const attempt = async (name: string, work: () => Promise<boolean>): Promise<boolean> =>
    work().catch((error: unknown) => {
      problems.push(`${name} could not be written: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    });
  await attempt(keys.html, () => storage.write(keys.html, html, htmlType));
  let isLatest = false;
  let overtaken = false;
  if (report.fullScope) {
    const last = `${folder(report.cluster, report.operation)}/latest`;
    const time = orderTime(report);
    const failures = problems.length;
    isLatest = await attempt(`${last}.json`, () => replaceOlder(storage, `${last}.json`, json, jsonType, time, timeOfJson));
    overtaken = !isLatest && problems.length === failures;
    if (isLatest) await attempt(`${last}.html`, () => replaceOlder(storage, `${last}.html`, html, htmlType, time, timeOfHtml));
  }
  return { ...keys, latest: isLatest, ...(overtaken && { overtaken: true }), problems };
}

/** Writes unless what is there is newer. Runs that meet here are put in order by the storage’s preconditions. */
async function replaceOlder(
  storage: Storage,
  key: string,
  text: string,
  contentType: string,
  time: string,
  timeOfStored: (text: string) => string | undefined,
): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await storage.read(key);
    const storedTime = stored && timeOfStored(stored.text);
    if (storedTime !== undefined && storedTime > time) return false;
    if (await storage.write(key, text, contentType, stored ? { version: stored.version } : 'absent')) return true;
  }
  throw new Error(`${attempts} others wrote it at the same moment`);
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** When a stored report is of; a text that cannot be understood counts as older than all. */
const timeOfJson = (text: string): string | undefined => {
  const report = parseJson(text) as Partial<Report> | null | undefined;
  const isTime = (time: unknown): time is string => typeof time === 'string' && !Number.isNaN(Date.parse(time));
  if (!isTime(report?.startedAt) || !isTime(report.eventTime ?? report.startedAt)) return undefined;
  return orderTime({ eventTime: report.eventTime, startedAt: report.startedAt });
};

/** The page says it in <meta name="nightshift:time">, written by renderHtml. */
const timeOfHtml = (text: string): string | undefined => /<meta name="nightshift:time" content="([^"]+)"/.exec(text)?.[1];

/** What runs remember of themselves beside reports. Other keys than these are left as they are. */
type State = Record<string, unknown> & Deliveries;

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []);

const stateOf = (stored: StoredText | undefined): State => {
  const state = parseJson(stored?.text ?? '');
  const known = typeof state === 'object' && state !== null ? (state as Record<string, unknown>) : {};
  return { ...known, notified: texts(known.notified), owed: texts(known.owed) };
};

async function changeState(storage: Storage, key: string, change: (deliveries: Deliveries) => Deliveries): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const stored = await storage.read(key);
    const state = stateOf(stored);
    const next = { ...state, ...change(state) };
    if (isDeepStrictEqual(next, state)) return;
    if (await storage.write(key, `${JSON.stringify(next)}\n`, jsonType, stored ? { version: stored.version } : 'absent')) return;
  }
  throw new Error(`${storage.location}/${key} could not be written: ${attempts} others wrote it at the same moment`);
}
