/** GETs to one API server, and reviews of the caller itself. It can write nothing: what can is writing-api-client.ts, for functions/actions alone. */
import type { Agent as AnyAgent } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { Answer, Timeouts } from './exchange.ts';
import { reviewPath, type SelfReview } from './self-review.ts';
import { sending } from './sending.ts';

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

/** A connection to one API server: few sockets, retries, credentials that renew themselves. */
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

/** Makes a client; nothing is sent before the first GET. */
export function apiClient(access: ApiAccess, settings: ApiClientSettings = {}): ApiClient {
  const timeouts = { ...defaults.timeouts, ...settings.timeouts };
  const { host, send, sendJson, traffic, close } = sending(access, { ...defaults, ...settings, timeouts, sockets: 3 });
  return {
    host,
    get: send,
    getJson: sendJson,
    postReview: (review, options = {}) =>
      sendJson(reviewPath(review), {
        ...options,
        write: { method: 'POST', contentType: 'application/json', body: JSON.stringify(review) },
      }),
    traffic,
    close,
  };
}
