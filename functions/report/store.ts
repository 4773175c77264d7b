import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type OperationName, type Report, reportSchema } from './model.ts';
import { refusal } from './refusals.ts';

/** What a key held when it was read; `version` names it, for a write that must not overwrite what came since. */
export interface StoredText {
  readonly text: string;
  readonly version: string;
}

/** A text is longer than whoever reads it wants. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
  constructor(bytes: number, mostBytes: number) {
    super(`it has ${bytes} bytes; at most ${mostBytes} are read`);
  }
}

/** Only write if the key still holds this version, or nothing yet. */
export type Precondition = { readonly version: string } | 'absent';

/** Named texts: a bucket or a directory. Keys are separated by slashes. */
export interface Storage {
  /** For people: `s3://bucket/prefix` or a path, to which /key can be appended. */
  readonly location: string;
  /** What is `known` is not transferred again if it is still what the key holds. Throws TooLong. */
  read(key: string, options?: { readonly known?: StoredText | undefined; readonly mostBytes?: number }): Promise<StoredText | undefined>;
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

/** There is no report: what was found is not kept anywhere. */
export class ReportNotStored extends Error {
  override readonly name = 'ReportNotStored';
}

export interface ReportStore {
  readonly location: string;
  /**
   * The last report of full scope. Undefined if there is none, or (with a warning) if it cannot be understood or read: the run then counts as
   * the first. What could not be read is not written over by `save`: it may be whole, and hold since when things are as they are.
   */
  latest(cluster: string, operation: OperationName): Promise<Report | undefined>;
  /** Throws ReportNotStored if the report’s JSON could not be; what else failed is told in `problems`. */
  save(report: Report, html: string): Promise<SavedReport>;
  /** Which deliveries were made, and to whom one could not be. */
  deliveries(cluster: string, operation: OperationName): Promise<Deliveries>;
  /** Marks that a run's message went to a receiver, which is then owed nothing more. `at` (RFC 3339) is the run's time. */
  markNotified(cluster: string, operation: OperationName, runId: string, receiver: string, at: string): Promise<void>;
  /** Marks that a message to a receiver could not be sent: the next one has to make up for it. */
  markOwed(cluster: string, operation: OperationName, receiver: string): Promise<void>;
  /** Marks that everybody was told of a run, or had nothing to be told: whoever compares with its report owes nobody anything for it. */
  markSettled(cluster: string, operation: OperationName, runId: string): Promise<void>;
  /** What a part of the service keeps for its next run under a name of its own, beside those marks. */
  remembered(cluster: string, operation: OperationName, name: string): Promise<unknown>;
  /** `undefined` forgets it. */
  remember(cluster: string, operation: OperationName, name: string, value: unknown): Promise<void>;
}

export interface Deliveries {
  /** By `deliveryOf`. */
  readonly notified: readonly string[];
  /** Receivers. */
  readonly owed: readonly string[];
  /** By receiver: the time of the run (RFC 3339) whose message was the last to go there. Older states do not tell it. */
  readonly told: Readonly<Record<string, string>>;
  /** Ids of the last runs whose publishing came to its end; that of one that was killed in the middle did not. */
  readonly settled: readonly string[];
}

/** A run's message to a receiver, as the store marks it. */
export const deliveryOf = (runId: string, receiver: string): string => `${runId} ${receiver}`;

/** What is known of one receiver. */
export interface Receiver {
  /** The last message to it could not be sent, or nobody knows whether it was: the last run was killed. */
  readonly owed: boolean;
  /** Was anything ever sent to it? */
  readonly known: boolean;
  /** The time of the run (RFC 3339) whose message was the last; absent where that is not known. */
  readonly lastTold?: string;
}

/** What the marks say of the receiver of this name. `previous`: the run whose report this one is compared with. */
export const receiverOf = ({ notified, owed, told, settled }: Deliveries, name: string, previous?: string): Receiver => {
  const lastTold = Object.hasOwn(told, name) ? told[name] : undefined;
  const unsettled = previous !== undefined && !settled.includes(previous) && !notified.includes(deliveryOf(previous, name));
  return {
    owed: owed.includes(name) || unsettled,
    known: lastTold !== undefined || notified.some((delivery) => delivery.endsWith(` ${name}`)),
    ...(lastTold !== undefined && { lastTold }),
  };
};

/** Others that a write may lose against before it gives up, and deliveries and runs that are remembered. */
const attempts = 10;
const remembered = 100;
const settledRemembered = 20;

/** Those who lost against each other do not all come back at the same moment. */
const beforeAttempt = (attempt: number): Promise<void> => (attempt === 0 ? Promise.resolve() : sleep(Math.random() * 20 * attempt));

type Warn = (message: string) => void;

/** Keeps reports in a storage, in the bucket’s layout; see docs/architecture.md. */
export const reportStore = (storage: Storage, warn: Warn): ReportStore => {
  /** Keys of what should be there and could not be read. */
  const unread = new Set<string>();
  /** The state as it was read for the deliveries: the first mark then takes one request, and a kill has less time to come between. */
  const states = new Map<string, StoredText | undefined>();
  const change = (cluster: string, operation: OperationName, how: Change): Promise<void> => {
    const key = stateKey(cluster, operation);
    const known = states.has(key) ? { stored: states.get(key) } : undefined;
    states.delete(key);
    return changeState(storage, key, how, known);
  };
  return {
    location: storage.location,
    latest: (cluster, operation) => latest(storage, warn, unread, cluster, operation),
    save: (report, html) => save(storage, unread, report, html),
    deliveries: async (cluster, operation) => {
      const key = stateKey(cluster, operation);
      const stored = await storage.read(key);
      states.set(key, stored);
      return stateOf(stored);
    },
    markNotified: (cluster, operation, runId, receiver, at) =>
      change(cluster, operation, ({ notified, owed, told: { [receiver]: _, ...told } }) => ({
        notified: [...new Set([...notified, deliveryOf(runId, receiver)])].slice(-remembered),
        owed: owed.filter((name) => name !== receiver),
        told: Object.fromEntries([...Object.entries(told), [receiver, at]].slice(-remembered)),
      })),
    markOwed: (cluster, operation, receiver) => change(cluster, operation, ({ owed }) => ({ owed: [...new Set([...owed, receiver])] })),
    markSettled: (cluster, operation, runId) =>
      change(cluster, operation, ({ settled }) => ({ settled: [...new Set([...settled, runId])].slice(-settledRemembered) })),
    remembered: async (cluster, operation, name) => stateOf(await storage.read(stateKey(cluster, operation)))[name],
    remember: (cluster, operation, name, value) => change(cluster, operation, () => ({ [name]: value })),
  };
};

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

async function latest(
  storage: Storage,
  warn: Warn,
  unread: Set<string>,
  cluster: string,
  operation: OperationName,
): Promise<Report | undefined> {
  const key = `${folder(cluster, operation)}/latest.json`;
  let stored: StoredText | undefined;
  try {
    stored = await storage.read(key);
  } catch (error) {
    unread.add(key);
    warn(`${storage.location}/${key} could not be read (${refusal(error)}): this run counts as the first, with nothing to compare.`);
  }
  if (!stored) return undefined;
  const parsed = reportSchema.safeParse(parseJson(stored.text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue ? `${issue.path.join('.') || 'the whole'}: ${issue.message}` : 'it does not follow the schema';
  warn(`${storage.location}/${key} is no report of this version (${where}): this run counts as the first, with nothing to compare.`);
  return undefined;
}

async function save(storage: Storage, unread: ReadonlySet<string>, report: Report, html: string): Promise<SavedReport> {
  const key = reportKey(report);
  const keys = { location: storage.location, json: `${key}.json`, html: `${key}.html` };
  const json = `${JSON.stringify(report)}\n`;
  await storage.write(keys.json, json, jsonType).catch((error: unknown) => {
    throw new ReportNotStored(`the report could not be stored as ${storage.location}/${keys.json}: ${refusal(error)}`, { cause: error });
  });
  const problems: string[] = [];
  const attempt = async (name: string, work: () => Promise<boolean>): Promise<boolean> =>
    work().catch((error: unknown) => {
      problems.push(`${name} could not be written: ${refusal(error)}`);
      return false;
    });
  await attempt(keys.html, () => storage.write(keys.html, html, htmlType));
  let isLatest = false;
  let overtaken = false;
  const last = `${folder(report.cluster, report.operation)}/latest`;
  if (report.fullScope && unread.has(`${last}.json`)) {
    problems.push(`${last}.json could not be read before this run, so that it was not written over`);
  } else if (report.fullScope) {
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
    await beforeAttempt(attempt);
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

const times = (value: unknown): Record<string, string> =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).filter(
          (entry): entry is [string, string] => typeof entry[1] === 'string' && !Number.isNaN(Date.parse(entry[1])),
        ),
      )
    : {};

const stateOf = (stored: StoredText | undefined): State => {
  const state = parseJson(stored?.text ?? '');
  const known = typeof state === 'object' && state !== null ? (state as Record<string, unknown>) : {};
  return { ...known, notified: texts(known.notified), owed: texts(known.owed), told: times(known.told), settled: texts(known.settled) };
};

type Change = (deliveries: Deliveries) => Record<string, unknown>;

/** @param known what the key held a moment ago; read if it is not told, or no longer what it holds */
async function changeState(
  storage: Storage,
  key: string,
  change: Change,
  known: { readonly stored: StoredText | undefined } | undefined,
): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    await beforeAttempt(attempt);
    const { stored } = (attempt === 0 && known) || { stored: await storage.read(key) };
    const state = stateOf(stored);
    const next = { ...state, ...change(state) };
    if (isDeepStrictEqual(next, state)) return;
    if (await storage.write(key, `${JSON.stringify(next)}\n`, jsonType, stored ? { version: stored.version } : 'absent')) return;
  }
  throw new Error(`${storage.location}/${key} could not be written: ${attempts} others wrote it at the same moment`);
}
