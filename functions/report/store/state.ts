/** What runs remember of themselves beside reports, in one text for each cluster and operation: above all who was told what. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Severity } from '../../scan/contracts.ts';
import { type OperationName, type Report, severities, severityRank } from '../model.ts';
import type { Storage, StoredText } from './storage.ts';

export interface RunState {
  /** Which messages were sent, and which reports each receiver was told. */
  deliveries(cluster: string, operation: OperationName): Promise<Deliveries>;
  /** Marks that a report's message went to a receiver, which thereby heard of it. `at` (RFC 3339) is the run's time. */
  markNotified(cluster: string, operation: OperationName, report: TryOfRun, receiver: Listener, at: string): Promise<void>;
  /**
   * Marks that these receivers know all of a report without a message: whoever compares with it owes them nothing for it. Who did not hear of
   * a report, because the message could not be sent, the run was killed or the topic was silenced, is owed it.
   */
  markHeard(cluster: string, operation: OperationName, report: TryOfRun, receivers: readonly Listener[]): Promise<void>;
  /** What a part of the service keeps for its next run under a name of its own, beside those marks. */
  remembered(cluster: string, operation: OperationName, name: string): Promise<unknown>;
  /** `undefined` forgets it. */
  remember(cluster: string, operation: OperationName, name: string, value: unknown): Promise<void>;
}

/** A report: each try of a run makes one. */
export type TryOfRun = Pick<Report, 'runId' | 'startedAt'>;

/** Who listens, and from which severity on; to everything unless told. */
export interface Listener {
  readonly name: string;
  readonly atLeast?: Severity;
}

export interface Deliveries {
  /** By `deliveryOf`. */
  readonly notified: readonly string[];
  /** By receiver: the time of the run (RFC 3339) whose message was the last to go there. Older states do not tell it. */
  readonly told: Readonly<Record<string, string>>;
  /** By receiver: the last reports of which it heard, and from which severity on, by `heardFrom`. */
  readonly heard: Readonly<Record<string, readonly string[]>>;
}

/** A run's message to a receiver, as the state marks it. */
export const deliveryOf = (runId: string, receiver: string): string => `${runId} ${receiver}`;

/** What is known of one receiver. */
export interface Receiver {
  /** It did not hear of the last report, or not of all in it that it is to hear of. */
  readonly owed: boolean;
  /** Was anything ever sent to it? */
  readonly known: boolean;
  /** The time of the run (RFC 3339) whose message was the last; absent where that is not known. */
  readonly lastTold?: string;
}

/** What the marks say of a receiver. `previous`: the report that this one is compared with. */
export const receiverOf = ({ notified, told, heard }: Deliveries, { name, atLeast = 'info' }: Listener, previous?: TryOfRun): Receiver => {
  const lastTold = Object.hasOwn(told, name) ? told[name] : undefined;
  const ofReports = reportsOf(heard, name);
  const enough = severities.filter((severity) => severityRank(severity) >= severityRank(atLeast));
  return {
    owed: previous !== undefined && !enough.some((severity) => ofReports.includes(heardFrom(previous, severity))),
    known: lastTold !== undefined || notified.some((delivery) => delivery.endsWith(` ${name}`)),
    ...(lastTold !== undefined && { lastTold }),
  };
};

const heardFrom = ({ runId, startedAt }: TryOfRun, atLeast: Severity): string => `${runId} ${startedAt} ${atLeast}`;

/** Others that a write may lose against before it gives up. */
export const attempts = 10;
/** Those who lost against each other do not all come back at the same moment. */
export const beforeAttempt = (attempt: number): Promise<void> => (attempt === 0 ? Promise.resolve() : sleep(Math.random() * 20 * attempt));

/** Deliveries and receivers that are remembered, and reports of which each receiver heard: several runs may be under way at once. */
const remembered = 100;
const heardRemembered = 10;

const stateKey = (cluster: string, operation: string): string => `state/${cluster}/${operation}.json`;

export const runState = (storage: Storage): RunState => {
  /** The state as it was read for the deliveries: the first mark then takes one request, and a kill has less time to come between. */
  const states = new Map<string, StoredText | undefined>();
  const change = (cluster: string, operation: OperationName, how: Change): Promise<void> => {
    const key = stateKey(cluster, operation);
    const known = states.has(key) ? { stored: states.get(key) } : undefined;
    states.delete(key);
    return changeState(storage, key, how, known);
  };
  return {
    deliveries: async (cluster, operation) => {
      const key = stateKey(cluster, operation);
      const stored = await storage.read(key);
      states.set(key, stored);
      return stateOf(stored);
    },
    markNotified: (cluster, operation, report, receiver, at) =>
      change(cluster, operation, ({ notified, told, heard }) => ({
        notified: [...new Set([...notified, deliveryOf(report.runId, receiver.name)])].slice(-remembered),
        told: withLast(told, receiver.name, at),
        heard: withHeard(heard, report, receiver),
      })),
    markHeard: (cluster, operation, report, receivers) =>
      change(cluster, operation, ({ heard }) => ({
        heard: receivers.reduce((all, receiver) => withHeard(all, report, receiver), heard),
      })),
    remembered: async (cluster, operation, name) => stateOf(await storage.read(stateKey(cluster, operation)))[name],
    remember: (cluster, operation, name, value) => change(cluster, operation, () => ({ [name]: value })),
  };
};

/** With this entry as the newest, and without the oldest where there are too many. */
const withLast = <T>(all: Readonly<Record<string, T>>, name: string, value: T): Record<string, T> => {
  const others = Object.entries(all).filter(([other]) => other !== name);
  return Object.fromEntries([...others, [name, value] as const].slice(-remembered));
};

const reportsOf = (heard: Deliveries['heard'], name: string): readonly string[] =>
  (Object.hasOwn(heard, name) ? heard[name] : undefined) ?? [];

const withHeard = (heard: Deliveries['heard'], report: TryOfRun, { name, atLeast = 'info' }: Listener): Deliveries['heard'] =>
  withLast(heard, name, [...new Set([...reportsOf(heard, name), heardFrom(report, atLeast)])].slice(-heardRemembered));

/** Other keys than these are left as they are. */
type State = Record<string, unknown> & Deliveries;

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []);
const entries = (value: unknown): [string, unknown][] => (typeof value === 'object' && value !== null ? Object.entries(value) : []);
const isTime = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string' && !Number.isNaN(Date.parse(entry[1]));

/** A state that is damaged counts as far as it is understood. */
const stateOf = (stored: StoredText | undefined): State => {
  const known = Object.fromEntries(entries(parseJson(stored?.text ?? '')));
  return {
    ...known,
    notified: texts(known.notified),
    told: Object.fromEntries(entries(known.told).filter(isTime)),
    heard: Object.fromEntries(entries(known.heard).map(([name, runs]) => [name, texts(runs)])),
  };
};

export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
    if (await storage.write(key, `${JSON.stringify(next)}\n`, 'application/json', stored ? { version: stored.version } : 'absent')) return;
  }
  throw new Error(`${storage.location}/${key} could not be written: ${attempts} others wrote it at the same moment`);
}
