/**
 * The one way of sending to an API server: few connections, retries, credentials that renew themselves. It could send anything, so only
 * api-client.ts and writing-api-client.ts may use it (test/actions/only-writer.test.ts holds everybody to it).
 */
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerError, retryAfter } from './answer-errors.ts';
import type { ApiAccess, ApiClientSettings, GetJson } from './api-client.ts';
import { ClusterError } from './cluster-error.ts';
import { CutAnswer, connectionError, isPassing } from './connection-errors.ts';
import { environmentProxy } from './environment-proxy.ts';
import { type Answer, exchange, type Timeouts } from './exchange.ts';
import { userAgent } from './user-agent.ts';

/** What is sent beside a GET. */
export interface Body {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly contentType: string;
  readonly body: string;
  /**
   * It may change something, so it is sent again only after an answer that says that it was not looked at (401, 429). What became of it after
   * anything else (5xx, a connection that died) is for the caller to find out. Once it is sent, the signal no longer cuts it off.
   */
  readonly writes?: true;
}

/** What one request may take. */
export interface Sending extends GetJson {
  readonly write?: Body;
}

/** Every wait in milliseconds. */
export interface SendingSettings extends Required<Omit<ApiClientSettings, 'timeouts'>> {
  readonly timeouts: Timeouts;
  /** How many connections at most. */
  readonly sockets: number;
  /** Told of each wait that the server asked for. */
  readonly onRetryAfter?: ((wait: number) => void) | undefined;
}

/** Told to come back later than this (ms), nobody waits: what else the run is to read would never be asked for. */
const longestRetryAfter = 60_000;
/** How much longer than usual a patient GET waits for a sign of life: 75 s, since the server itself gives up (504) after 60. */
const patience = 2.5;

/** Makes it; nothing is sent yet. */
export function sending(access: ApiAccess, settings: SendingSettings) {
  const { attempts, refusals, firstWait, longestWait, timeouts } = settings;
  const server = new URL(access.server);
  const agent = access.agent ?? agentFor(server, timeouts.connect, settings.sockets);
  const host = server.port === '' ? server.hostname : server.host;
  const traffic = { requests: 0, bytes: 0 };

  async function once(path: string, { signal, write, ...asked }: Sending, renew: boolean): Promise<Answer> {
    const { accept = 'application/json', onHead, certificate, patient, largest } = asked;
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
        ...(write && { 'content-type': write.contentType }),
      },
      method: write?.method,
      body: write?.body,
      timeouts: patient ? { ...timeouts, idle: timeouts.idle * patience } : timeouts,
      signal: write?.writes ? undefined : signal,
      onHead,
      certificate,
      largest,
      onBytes: (count) => {
        traffic.bytes += count;
      },
    });
  }

  async function repeated<T>(path: string, options: Sending, take: (answer: Answer) => T): Promise<T> {
    const writes = options.write?.writes;
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
          settings.onRetryAfter?.(wait);
        }
      } catch (error) {
        const meaning = connectionError(error, host, options.signal);
        if (writes || attempt >= attempts || !isPassing(meaning)) throw meaning;
      }
      await pause(wait, host, options.signal);
    }
  }

  return {
    host,
    /** The answer, whatever its status but 401. Throws ClusterError. */
    send: (path: string, options: Sending = {}): Promise<Answer> => repeated(path, options, (answer) => answer),
    /** The same with the body parsed where it was done (200, 201); a body that is not whole is asked for again. */
    sendJson: (path: string, options: Sending = {}): Promise<Answer & { readonly body: unknown }> =>
      repeated(path, options, (answer) => ({ ...answer, body: parsed(answer, host) })),
    traffic: () => ({ ...traffic }),
    close: () => agent.destroy(),
  };
}

function agentFor(server: URL, connectTimeout: number, maxSockets: number): Agent {
  const proxy = environmentProxy(server);
  // No resumed TLS sessions: they show no certificate, and its expiry is looked at.
  const options = { keepAlive: true, maxSockets, maxCachedSessions: 0, scheduling: 'fifo' } as const;
  // A proxy has the agent's own timeout until its tunnel stands: one that never answers would keep the process from ending.
  return new Agent(proxy ? { ...options, proxyEnv: { HTTPS_PROXY: proxy }, timeout: connectTimeout } : options);
}

function isRefusedForNow({ status }: Answer, { anyStatus, patient, write }: Sending): boolean {
  if (write?.writes) return status === 429;
  // 504: what took a minute takes one again. Whoever has the patience asks for less.
  return status === 429 || (status >= 500 && status !== 501 && !anyStatus && !(patient && status === 504));
}

function parsed({ status, headers, text }: Answer, host: string): unknown {
  // 201: a review, or what was created; 202: a deletion that goes on.
  if (status !== 200 && status !== 201 && status !== 202) return undefined;
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
