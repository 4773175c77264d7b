/**
 * A proxy that stands before a real server and spoils what a test says: before kube-apiserver over TLS with a certificate of its own
 * authority, before the AWS emulator over plain HTTP. Whatever no fault is planted for passes as it is, byte for byte.
 */
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer as wholeBody } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAuthority } from './certificates.ts';
import { temporaryDirectory } from './child-process.ts';
import type { ControlPlane } from './control-plane.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** A request as it came to the proxy. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds of performance.now(). */
  readonly at: number;
}

/** What the server behind answered; `body` is as it came over the wire, packed or not. */
export interface Upstream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Spoils one exchange. `ask` sends the request on, with these headers laid over its own, and with another body where one is given. */
export type Fault = (exchange: {
  readonly asked: Asked;
  readonly response: ServerResponse;
  readonly ask: (headers?: IncomingHttpHeaders, body?: string) => Promise<Upstream>;
}) => Promise<void> | void;

/** Which requests a fault is for: of those that `when` holds for, `times` (all unless told) after the first `after` (0 unless told). */
export interface Aim {
  readonly when: (asked: Asked) => boolean;
  readonly after?: number;
  readonly times?: number;
}

/** A planted fault. */
export interface Planted {
  /** The requests that it struck. */
  readonly struck: readonly Asked[];
  /** From now on they pass. */
  remove(): void;
}

/** A running proxy. */
export interface FaultyProxy {
  readonly url: string;
  /** Every request that came, in order. */
  readonly requests: readonly Asked[];
  /** The first of the planted faults that is for a request strikes it. */
  plant(aim: Aim, fault: Fault): Planted;
  /** Ends it and every connection. */
  stop(): void;
}

/** A proxy before a control plane, and the way through it. */
export interface ClusterProxy extends FaultyProxy {
  /** The admin's, by a token: a client certificate does not pass a proxy that ends TLS. */
  readonly kubeconfig: string;
}

/** Starts a proxy before the API server. */
export async function startClusterProxy(plane: ControlPlane): Promise<ClusterProxy> {
  const directory = temporaryDirectory('proxy');
  const authority = makeAuthority(directory, 'proxy-ca');
  const { certificate, key } = authority.sign({ commonName: 'faulty-proxy', names: ['IP:127.0.0.1'] });
  const proxy = await startFaultyProxy(plane.url, { key, certificate, serverAuthority: plane.certificateAuthority });
  const kubeconfig = await writeKubeconfig(directory, proxy.url, authority.certificate, { token: plane.adminToken });
  return { ...proxy, kubeconfig };
}

/** Starts a proxy before `server` on a free loopback port; over TLS where it is given a certificate. */
export async function startFaultyProxy(
  server: string,
  tls?: { readonly certificate: string; readonly key: string; readonly serverAuthority: string },
): Promise<FaultyProxy> {
  const requests: Asked[] = [];
  const planted: { readonly aim: Aim; readonly fault: Fault; readonly struck: Asked[]; seen: number }[] = [];
  const faultFor = (asked: Asked): Fault => {
    for (const each of planted) {
      const { aim, fault, struck } = each;
      if (!aim.when(asked)) continue;
      each.seen += 1;
      if (each.seen <= (aim.after ?? 0) || struck.length >= (aim.times ?? Number.POSITIVE_INFINITY)) continue;
      struck.push(asked);
      return fault;
    }
    return passed;
  };
  const listener = async (request: Parameters<Parameters<typeof createHttpServer>[1] & object>[0], response: ServerResponse) => {
    const url = new URL(request.url ?? '/', server);
    const { method = 'GET', headers } = request;
    // Sent on as it came: an object that is put into S3 need not be text.
    const raw = await wholeBody(request);
    const asked: Asked = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: raw.toString('utf8'),
      at: performance.now(),
    };
    requests.push(asked);
    const ask = (laid: IncomingHttpHeaders = {}, body: string | Buffer = raw) => forward(url, asked, body, laid, tls?.serverAuthority);
    // Who left in the middle of an answer is what some tests are about.
    await Promise.resolve(faultFor(asked)({ asked, response, ask })).catch(() => response.destroy());
  };
  const front = tls ? createHttpsServer({ cert: tls.certificate, key: tls.key }, listener) : createHttpServer(listener);
  front.listen(0, '127.0.0.1').unref();
  await once(front, 'listening');
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(front.address() as AddressInfo).port}`,
    requests,
    plant(aim, fault) {
      const one = { aim, fault, struck: [] as Asked[], seen: 0 };
      planted.push(one);
      return { struck: one.struck, remove: () => void planted.splice(planted.indexOf(one), 1) };
    },
    stop: () => {
      front.closeAllConnections();
      front.close();
    },
  };
}

function forward(
  url: URL,
  { method, headers }: Asked,
  body: string | Buffer,
  laid: IncomingHttpHeaders,
  ca: string | undefined,
): Promise<Upstream> {
  const { host: _, connection: __, 'transfer-encoding': ___, ...own } = headers;
  const all = { ...own, ...laid, ...(body.length > 0 && { 'content-length': String(Buffer.byteLength(body)) }) };
  const options = { method, headers: all, ...(ca !== undefined && { ca }) };
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** With the body's length told, whatever the server behind framed it by. */
function head(response: ServerResponse, { status, headers, body }: Upstream, length: number | undefined = body.length): void {
  const { 'transfer-encoding': _, connection: __, 'content-length': ___, ...kept } = headers;
  response.writeHead(status, length === undefined ? kept : { ...kept, 'content-length': length });
}

/** No fault at all. */
export const passed: Fault = async ({ response, ask }) => {
  const upstream = await ask();
  head(response, upstream);
  response.end(upstream.body);
};

/** An answer of its own in the place of the server's. */
export const answered =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Fault =>
  ({ response }) =>
    void response.writeHead(status, headers).end(body);

const statusBody = (code: number, reason: string, message: string, metadata: object = {}) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason, code });
const json = { 'content-type': 'application/json' };

/** 429 as API Priority and Fairness gives it: plain text. */
export const tooManyRequests = (retryAfterSeconds = 1): Fault =>
  answered(429, 'Too many requests, please try again later.\n', {
    'content-type': 'text/plain; charset=utf-8',
    'retry-after': String(retryAfterSeconds),
  });

/** 503 with a Status. */
export const serviceUnavailable: Fault = answered(
  503,
  statusBody(503, 'ServiceUnavailable', 'the server is currently unable to handle the request'),
  json,
);

/** 410 in the place of a page; with a token, that of the page itself, as a server gives one that goes on with its newest state. */
export const expired =
  (withToken: boolean): Fault =>
  ({ asked, response }) => {
    const token = asked.query.get('continue');
    const message = 'The provided continue parameter is too old to display a consistent list result.';
    const metadata = withToken && token !== null ? { continue: token } : {};
    response.writeHead(410, json).end(statusBody(410, 'Expired', message, metadata));
  };

/** The server's answer up to so many bytes of its body, as they are on the wire; then the connection is gone. */
export const cutAfter =
  (bytes: number): Fault =>
  async ({ response, ask }) => {
    const upstream = await ask();
    head(response, upstream);
    response.write(upstream.body.subarray(0, bytes), () => response.socket?.destroy());
  };

/** The connection is gone before a word was said. */
export const hungUp: Fault = ({ response }) => void response.socket?.destroy();

/** Nothing comes, and the connection stays. */
export const silent: Fault = () => undefined;

/** The server's answer, whole, after so many milliseconds. */
export const delayed =
  (ms: number): Fault =>
  async (exchange) => {
    await sleep(ms, undefined, { ref: false });
    await passed(exchange);
  };

/** The server's answer so many bytes at a time, a pause of so many milliseconds before each. */
export const dripped =
  (bytes: number, pauseMs: number): Fault =>
  async ({ response, ask }) => {
    const upstream = await ask();
    head(response, upstream);
    for (let from = 0; from < upstream.body.length && !response.destroyed; from += bytes) {
      await sleep(pauseMs, undefined, { ref: false });
      response.write(upstream.body.subarray(from, from + bytes));
    }
    response.end();
  };

/** The server's JSON, changed; unpacked. */
export const rewritten =
  (change: (body: Record<string, unknown>) => unknown): Fault =>
  async ({ response, ask }) => {
    const upstream = await ask({ 'accept-encoding': 'identity' });
    const body = Buffer.from(JSON.stringify(change(JSON.parse(upstream.body.toString('utf8')))));
    head(response, { ...upstream, body });
    response.end(body);
  };

/** The server's answer to another wish of how it is to be said. */
export const askedWith =
  (headers: IncomingHttpHeaders): Fault =>
  async ({ response, ask }) => {
    const upstream = await ask(headers);
    head(response, upstream);
    response.end(upstream.body);
  };
