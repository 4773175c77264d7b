/** GETs to one API server: few connections, retries, credentials that renew themselves. */
import type { Agent as AnyAgent } from 'node:http';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { answerError } from './answer-errors.ts';
import { ClusterError } from './cluster-error.ts';
import { CutAnswer, connectionError, isPassing } from './connection-errors.ts';
import { type Answer, exchange, type Timeouts } from './exchange.ts';
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
}

/** Every wait in milliseconds; for tests. */
export interface ApiClientSettings {
  readonly timeouts?: Partial<Timeouts>;
  /** How often a request is sent at most. */
  readonly attempts?: number;
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
}

/** One GET of JSON. */
export interface GetJson extends Get {
  /** The answer to this very GET, where it is already on its way. */
  readonly sent?: Promise<Answer> | undefined;
}

/** A connection to one API server. */
export interface ApiClient {
  /** host:port, for messages. */
  readonly host: string;
  /** The answer to GET `path`, whatever its status but 401. Throws ClusterError. */
  get(path: string, options?: Get): Promise<Answer>;
  /** The same with the body parsed where the status is 200; a body that is not whole is asked for again. */
  getJson(path: string, options?: GetJson): Promise<Answer & { readonly body: unknown }>;
  traffic(): { readonly requests: number; readonly bytes: number };
  close(): void;
}

const defaults = {
  timeouts: { connect: 5_000, idle: 30_000, whole: 120_000 },
  attempts: 4,
  firstWait: 250,
  longestWait: 20_000,
} as const;

/** Makes a client; nothing is sent before the first GET. */
export function apiClient(access: ApiAccess, settings: ApiClientSettings = {}): ApiClient {
  const { attempts, firstWait, longestWait } = { ...defaults, ...settings };
  const timeouts = { ...defaults.timeouts, ...settings.timeouts };
  // No resumed TLS sessions: they show no certificate, and its expiry is looked at.
  const agent = access.agent ?? new Agent({ keepAlive: true, maxSockets: 3, maxCachedSessions: 0, scheduling: 'fifo' });
  const server = new URL(access.server);
  const host = server.port === '' ? server.hostname : server.host;
  const traffic = { requests: 0, bytes: 0 };

  async function once(path: string, { signal, accept = 'application/json', onHead, certificate }: Get, renew: boolean): Promise<Answer> {
    signal?.throwIfAborted();
    const { headers, tls } = await untilAborted(access.credentials(renew), signal);
    traffic.requests += 1;
    return exchange({
      url: new URL(`${access.server.replace(/\/$/, '')}${path}`),
      agent,
      tls: { ...access.tls, ...tls },
      headers: { ...headers, accept, 'accept-encoding': 'gzip', 'user-agent': userAgent },
      timeouts,
      signal,
      onHead,
      certificate,
      onBytes: (count) => {
        traffic.bytes += count;
      },
    });
  }

  async function repeated<T>(path: string, options: GetJson, take: (answer: Answer) => T): Promise<T> {
    let renewed = false;
    let renew = false;
    let sent = options.sent;
    for (let attempt = 1; ; attempt += 1) {
      let wait = firstWait * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      try {
        const asked = sent ?? once(path, options, renew);
        sent = undefined;
        renew = false;
        const answer = await asked;
        const again = attempt < attempts && isRefusedForNow(answer, options);
        if (answer.status === 401) {
          // A token can be withdrawn or expire before its time: once more with a new one.
          if (renewed) throw answerError(answer, host, path);
          renewed = true;
          renew = true;
          continue;
        }
        if (!again) return take(answer);
        wait = Math.max(wait, retryAfter(answer) ?? 0);
      } catch (error) {
        const meaning = connectionError(error, host, options.signal);
        if (attempt >= attempts || !isPassing(meaning)) throw meaning;
      }
      await pause(Math.min(wait, longestWait), host, options.signal);
    }
  }

  return {
    host,
    get: (path, options = {}) => repeated(path, options, (answer) => answer),
    getJson: (path, options = {}) => repeated(path, options, (answer) => ({ ...answer, body: parsed(answer, host) })),
    traffic: () => ({ ...traffic }),
    close: () => agent.destroy(),
  };
}

function isRefusedForNow({ status }: Answer, { anyStatus }: Get): boolean {
  return status === 429 || (status >= 500 && status !== 501 && !anyStatus);
}

function parsed({ status, headers, text }: Answer, host: string): unknown {
  if (status !== 200) return undefined;
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
