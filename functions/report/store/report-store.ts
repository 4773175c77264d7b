import { type OperationName, type Report, reportSchema } from '../model.ts';
import { refusal } from '../refusals.ts';
import { latestKey, reportFolder } from './keys.ts';
import { attempts, beforeAttempt, parseJson, type RunState, runState } from './state.ts';
import type { Storage, StoredText } from './storage.ts';

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

/** Keeps reports, and what runs remember beside them. */
export interface ReportStore extends RunState {
  readonly location: string;
  /**
   * The last report of full scope. Undefined if there is none, or (with a warning) if it cannot be understood or read: the run then counts as
   * the first. What could not be read is not written over by `save`: it may be whole, and hold since when things are as they are.
   */
  latest(cluster: string, operation: OperationName): Promise<Report | undefined>;
  /** Throws ReportNotStored if the report’s JSON could not be; what else failed is told in `problems`. */
  save(report: Report, html: string): Promise<SavedReport>;
}

type Warn = (message: string) => void;

/** Keeps reports in a storage, in the bucket’s layout; see docs/architecture.md. */
export const reportStore = (storage: Storage, warn: Warn): ReportStore => {
  const seen: Seen = new Map();
  return {
    location: storage.location,
    latest: (cluster, operation) => latest(storage, warn, seen, cluster, operation),
    save: (report, html) => save(storage, seen, report, html),
    ...runState(storage),
  };
};

/** What this store read as latest.json, by key: its version and time, that there was none, or that it could not be read. */
type Seen = Map<string, Placed | 'absent' | 'unread'>;

/** A text in its place: which version it is, and the time of its report, where that can be told. */
interface Placed {
  readonly version: string;
  readonly time: string | undefined;
}

/** When the run was to happen: reports are filed by it, so that a retry overwrites its own. */
const timeOf = ({ eventTime, startedAt }: Pick<Report, 'eventTime' | 'startedAt'>): string =>
  new Date(eventTime ?? startedAt).toISOString();

/** `reports/prod/health-check/2026/11/24/060000Z-0123456789abcdef`, without its ending. */
export const reportKey = (report: Pick<Report, 'cluster' | 'operation' | 'runId' | 'eventTime' | 'startedAt'>): string => {
  const [day = '', clock = ''] = timeOf(report).split('T');
  return `${reportFolder(report.cluster, report.operation)}/${day.replaceAll('-', '/')}/${clock.slice(0, 8).replaceAll(':', '')}Z-${report.runId}`;
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

async function latest(storage: Storage, warn: Warn, seen: Seen, cluster: string, operation: OperationName): Promise<Report | undefined> {
  const key = latestKey(cluster, operation);
  let stored: StoredText | undefined;
  try {
    stored = await storage.read(key);
  } catch (error) {
    seen.set(key, 'unread');
    warn(`${storage.location}/${key} could not be read (${refusal(error)}): this run counts as the first, with nothing to compare.`);
  }
  if (!stored) {
    if (!seen.has(key)) seen.set(key, 'absent');
    return undefined;
  }
  const report = parseJson(stored.text);
  seen.set(key, { version: stored.version, time: timeOfReport(report) });
  const parsed = reportSchema.safeParse(report);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue ? `${issue.path.join('.') || 'the whole'}: ${issue.message}` : 'it does not follow the schema';
  warn(`${storage.location}/${key} is no report of this version (${where}): this run counts as the first, with nothing to compare.`);
  return undefined;
}

async function save(storage: Storage, seen: Seen, report: Report, html: string): Promise<SavedReport> {
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
  const last = latestKey(report.cluster, report.operation);
  const before = seen.get(last);
  seen.delete(last);
  if (!report.fullScope) return { ...keys, latest: false, problems };
  if (before === 'unread') {
    problems.push(`${last} could not be read before this run, so that it was not written over`);
  } else {
    const time = orderTime(report);
    const failures = problems.length;
    const page = {
      key: `${reportFolder(report.cluster, report.operation)}/latest.html`,
      text: html,
      contentType: htmlType,
      time,
      timeOf: timeOfHtml,
    };
    const data = { key: last, text: json, contentType: jsonType, time, timeOf: timeOfJson };
    isLatest = await attempt(data.key, () => replaceOlder(storage, data, before));
    overtaken = !isLatest && problems.length === failures;
    if (isLatest) await attempt(page.key, () => replaceOlder(storage, page));
  }
  return { ...keys, latest: isLatest, ...(overtaken && { overtaken: true }), problems };
}

interface Replacement {
  readonly key: string;
  readonly text: string;
  readonly contentType: string;
  readonly time: string;
  /** Of what is there. */
  readonly timeOf: (text: string) => string | undefined;
}

/**
 * Writes unless what is there is newer. Runs that meet here are put in order by the storage’s preconditions.
 *
 * @param before what was there when it was read last; read again if it is not told, or no longer there
 */
async function replaceOlder(storage: Storage, replacement: Replacement, before?: Placed | 'absent'): Promise<boolean> {
  const { key, text, contentType, time, timeOf } = replacement;
  const look = async (): Promise<Placed | 'absent'> => {
    const stored = await storage.read(key);
    return stored ? { version: stored.version, time: timeOf(stored.text) } : 'absent';
  };
  for (let attempt = 0; attempt < attempts; attempt++) {
    await beforeAttempt(attempt);
    const placed = (attempt === 0 && before) || (await look());
    if (placed !== 'absent' && placed.time !== undefined && placed.time > time) return false;
    const precondition = placed === 'absent' ? placed : { version: placed.version };
    if (await storage.write(key, text, contentType, precondition)) return true;
  }
  throw new Error(`${attempts} others wrote it at the same moment`);
}

/** When a stored report is of; one that cannot be understood counts as older than all. */
const timeOfReport = (stored: unknown): string | undefined => {
  const report = stored as Partial<Report> | null | undefined;
  const isTime = (time: unknown): time is string => typeof time === 'string' && !Number.isNaN(Date.parse(time));
  if (!isTime(report?.startedAt) || !isTime(report.eventTime ?? report.startedAt)) return undefined;
  return orderTime({ eventTime: report.eventTime, startedAt: report.startedAt });
};
const timeOfJson = (text: string): string | undefined => timeOfReport(parseJson(text));

/** The page says it in <meta name="nightshift:time">, written by renderHtml. */
const timeOfHtml = (text: string): string | undefined => /<meta name="nightshift:time" content="([^"]+)"/.exec(text)?.[1];
