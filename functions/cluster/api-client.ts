/** GETs to one API server, and reviews of the caller itself: few connections, retries, credentials that renew themselves. */
import type { Agent as AnyAgent } from 'node:http';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { answerError } from './answer-errors.ts';
import { ClusterError } from './cluster-error.ts';
import { CutAnswer, connectionError, isPassing } from './connection-errors.ts';
import { environmentProxy } from './environment-proxy.ts';
import { type Answer, exchange, type Timeouts } from './exchange.ts';
import { reviewPath, type SelfReview } from './self-review.ts';
import { userAgent } from './user-agent.ts';

/** Who asks, for the next request. */
export interface Credentials {
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The client's certificate and key, where it has them. */
  readonly tls?: Pick<ConnectionOptions, 'cert' | 'key' | 'pfx' | 'passphrase'>;
}

/** How to reach an API server. */
export interface ApiAccess {
  /** https://host:port, with a path where a proxy such as Rancher's asks for one. */
  readonly server: string;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'servername' | 'rejectUnauthorized'>;
  /** Asked before every request, so it keeps what is still good; `renew` after a 401. May throw ClusterError. */
  readonly credentials: (renew: boolean) => Promise<Credentials>;
  /** Where a proxy is between; else the client has its own. */
  readonly agent?: AnyAgent;
  /** The proxy's address (scheme://host:port, without a user), where one is between: for whoever has to look for a fault on the way. */
  readonly proxy?: string;
}

/** Every wait in milliseconds; for tests. */
export interface ApiClientSettings {
  readonly timeouts?: Partial<Timeouts>;
  /** How often a request is sent at most. */
  readonly attempts?: number;
  /** How often more, where the server says when to come back (Retry-After). */
  readonly refusals?: number;
  /** The first wait before asking again; each further one is twice as long, up to `longestWait`, and a part of it is left to chance. */
  readonly firstWait?: number;
  readonly longestWait?: number;
}

/** One GET. */
export interface Get {
  readonly signal?: AbortSignal | undefined;
  /** Default application/json. */
  readonly accept?: string;
  /** A 5xx is an answer and not a reason to ask again: /readyz says so what fails. */
  readonly anyStatus?: true;
  /** Told of how an answer of status 200 begins while the rest is still on its way: the time to ask for what comes next. */
  readonly onHead?: ((head: string) => void) | undefined;
  /** The answer is to tell of the endpoint's certificate. */
  readonly certificate?: true;
  /** It may take its time: a list that a busy server answers within its own limit of a minute is waited for. */
  readonly patient?: true;
  /** A larger answer, in unpacked bytes, is an error of the kind too-large. */
  readonly largest?: number | undefined;
}

/** One GET of JSON. */
export interface GetJson extends Get {
  /** The answer to this very GET, where it is already on its way. */
  readonly sent?: Promise<Answer> | undefined;
}

/** What the one way of sending takes; only a review has a body. */
interface Sending extends GetJson {
  readonly review?: SelfReview;
}

/** A connection to one API server. */
export interface ApiClient {
  /** host:port, for messages. */
  readonly host: string;
  /** The answer to GET `path`, whatever its status but 401. Throws ClusterError. */
  get(path: string, options?: Get): Promise<Answer>;
  /** The same with the body parsed where the status is 200; a body that is not whole is asked for again. */
  getJson(path: string, options?: GetJson): Promise<Answer & { readonly body: unknown }>;
  /**
   * Asks the server who the caller is or what it may do. Sent by POST since that is how Kubernetes takes such a question, but no write: the
   * server answers from what it knows and stores nothing, and the type lets no other body through. The answer is parsed where it was taken
   * (201); whatever its status but 401. Throws ClusterError.
   */
  postReview(review: SelfReview, options?: { readonly signal?: AbortSignal | undefined }): Promise<Answer & { readonly body: unknown }>;
  traffic(): { readonly requests: number; readonly bytes: number };
  close(): void;
}

/** How long a connection may take to be there (ms), by whatever way. */
export const connectTimeout = 5_000;

/** What a client waits for and how often it asks, unless told. */
export const defaults = {
  timeouts: { connect: connectTimeout, idle: 30_000, whole: 120_000 },
  attempts: 4,
  // As often as client-go comes back (rest/request.go).
  refusals: 10,
  firstWait: 250,
  longestWait: 20_000,
} as const;
/** Told to come back later than this (ms), nobody waits: what else the run is to read would never be asked for. */
const longestRetryAfter = 60_000;
/** How much longer than usual a patient GET waits for a sign of life: 75 s, since the server itself gives up (504) after 60. */
const patience = 2.5;

/** Makes a client; nothing is sent before the first GET. */
export function apiClient(access: ApiAccess, settings: ApiClientSettings = {}): ApiClient {
  const { attempts, refusals, firstWait, longestWait } = { ...defaults, ...settings };
  const timeouts = { ...defaults.timeouts, ...settings.timeouts };
  const server = new URL(access.server);
  const agent = access.agent ?? agentFor(server, timeouts.connect);
  const host = server.port === '' ? server.hostname : server.host;
  const traffic = { requests: 0, bytes: 0 };

  async function once(path: string, sending: Sending, renew: boolean): Promise<Answer> {
    const { signal, accept = 'application/json', onHead, certificate, patient, largest, review } = sending;
    signal?.throwIfAborted();
    const { headers, tls } = await untilAborted(access.credentials(renew), signal);
    traffic.requests += 1;
    return exchange({
      url: new URL(`${access.server.replace(/\/$/, '')}${path}`),
      agent,
      tls: { ...access.tls, ...tls },
      headers: {
        ...headers,
        accept,
        'accept-encoding': 'gzip',
        'user-agent': userAgent,
        ...(review && { 'content-type': 'application/json' }),
      },
      body: review && JSON.stringify(review),
      timeouts: patient ? { ...timeouts, idle: timeouts.idle * patience } : timeouts,
      signal,
      onHead,
      certificate,
      largest,
      onBytes: (count) => {
        traffic.bytes += count;
      },
    });
  }

  async function repeated<T>(path: string, options: Sending, take: (answer: Answer) => T): Promise<T> {
    let renewed = false;
    let renew = false;
    let sent = options.sent;
    let refused = 0;
    for (let attempt = 1; ; attempt += 1) {
      let wait = Math.min(firstWait * 2 ** (attempt - 1), longestWait) * (0.5 + Math.random() / 2);
      try {
        const asked = sent ?? once(path, options, renew);
        sent = undefined;
        renew = false;
        const answer = await asked;
        if (answer.status === 401) {
          // A token can be withdrawn or expire before its time: once more with a new one.
          if (renewed) throw answerError(answer, host, path);
          renewed = true;
          renew = true;
          continue;
        }
        if (!isRefusedForNow(answer, options)) return take(answer);
        const told = retryAfter(answer);
        if (told === undefined ? attempt >= attempts : refused >= refusals || told > longestRetryAfter) return take(answer);
        if (told !== undefined) {
          refused += 1;
          attempt -= 1;
          // Not all who were told the same at the same moment.
          wait = Math.max(told, 0) + firstWait * Math.random();
        }
      } catch (error) {
        const meaning = connectionError(error, host, options.signal);
        if (attempt >= attempts || !isPassing(meaning)) throw meaning;
      }
      await pause(wait, host, options.signal);
    }
  }

  return {
    host,
    get: (path, options = {}) => repeated(path, options, (answer) => answer),
    getJson: (path, options = {}) => repeated(path, options, (answer) => ({ ...answer, body: parsed(answer, host) })),
    postReview: (review, options = {}) =>
      repeated(reviewPath(review), { ...options, review }, (answer) => ({ ...answer, body: parsed(answer, host) })),
    traffic: () => ({ ...traffic }),
    close: () => agent.destroy(),
  };
}

function agentFor(server: URL, connectTimeout: number): Agent {
  const proxy = environmentProxy(server);
  // No resumed TLS sessions: they show no certificate, and its expiry is looked at.
  const options = { keepAlive: true, maxSockets: 3, maxCachedSessions: 0, scheduling: 'fifo' } as const;
  // A proxy has the agent's own timeout until its tunnel stands: one that never answers would keep the process from ending.
  return new Agent(proxy ? { ...options, proxyEnv: { HTTPS_PROXY: proxy }, timeout: connectTimeout } : options);
}

function isRefusedForNow({ status }: Answer, { anyStatus, patient }: Get): boolean {
  // 504: what took a minute takes one again. Whoever has the patience asks for less.
  return status === 429 || (status >= 500 && status !== 501 && !anyStatus && !(patient && status === 504));
}

function parsed({ status, headers, text }: Answer, host: string): unknown {
  // 201: a review.
  if (status !== 200 && status !== 201) return undefined;
  if (!(headers['content-type'] ?? '').includes('json')) {
    const remedy = 'is this the address of a Kubernetes API server? A login page or a proxy may answer in its place';
    throw new ClusterError(
      'not-kubernetes',
      `${host} answered with ${headers['content-type'] ?? 'no content type'} instead of JSON`,
      remedy,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    // Node's own message would quote the body.
    throw new CutAnswer('the answer is not whole JSON');
  }
}

/** Seconds or a date; https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function retryAfter({ headers }: Answer): number | undefined {
  const given = headers['retry-after'];
  if (given === undefined) return undefined;
  const wait = /^\d+$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isNaN(wait) ? undefined : wait;
}

/** What knows no signal of its own, such as a plugin that waits for a browser or an STS out of reach, is left behind. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function pause(wait: number, host: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(wait, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw connectionError(error, host, signal);
  }
}
