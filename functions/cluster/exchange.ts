/** One request over node:https: the answer whole and unpacked, or an error. Retries, counting and meaning are whoever sends it's (sending.ts). */
import type { Agent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { constants, gunzipSync, gunzip as gunzipWithCallback } from 'node:zlib';
import type { ProbeAnswer } from '../scan/contracts.ts';
import { AnswerTooLarge, CutAnswer, codeOf, ExchangeTimeout, ProxyTimeout } from './connection-errors.ts';

const gunzip = promisify(gunzipWithCallback);

/** Milliseconds: until a connection stands, between two signs of life, and for one attempt from first to last. */
export interface Timeouts {
  readonly connect: number;
  readonly idle: number;
  readonly whole: number;
}

/** What one request needs. */
export interface Exchange {
  readonly url: URL;
  readonly agent: Agent;
  readonly tls: ConnectionOptions;
  readonly headers: OutgoingHttpHeaders;
  /** GET unless told. */
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | undefined;
  readonly body?: string | undefined;
  readonly timeouts: Timeouts;
  readonly signal?: AbortSignal | undefined;
  /** Told of every byte of a body as it came over the wire, also of answers that then fail. */
  readonly onBytes: (count: number) => void;
  /** Told of how an answer of status 200 begins, unpacked, while the rest is still on its way. */
  readonly onHead?: ((head: string) => void) | undefined;
  /** Whether the answer tells of the endpoint's certificate. */
  readonly certificate?: boolean | undefined;
  /** A larger body, in unpacked bytes, is not taken; 512 MB unless told. */
  readonly largest?: number | undefined;
}

/** A whole answer; `text` is unpacked. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly certificate?: Certificate;
}
export type Certificate = NonNullable<ProbeAnswer['certificate']>;

/** Sends it. Rejects with Node's own error, with ExchangeTimeout, AnswerTooLarge or CutAnswer. */
export async function exchange(asked: Exchange): Promise<Answer> {
  const { status, headers, body, certificate } = await receive(asked);
  const packed = headers['content-encoding'] === 'gzip';
  return {
    status,
    headers,
    text: packed ? await unpackedText(body, asked.largest ?? largestBody) : body.toString('utf8'),
    ...(certificate === undefined ? {} : { certificate }),
  };
}

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly certificate: Certificate | undefined;
}

function receive(asked: Exchange): Promise<Received> {
  const { url, agent, tls, method = 'GET', body, timeouts, signal, onBytes, onHead, certificate: wanted, largest = largestBody } = asked;
  // Told here since Node does not frame the body of a DELETE: its options would be lost, and with them preconditions and dry run.
  const headers = body === undefined ? asked.headers : { ...asked.headers, 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    let connecting: NodeJS.Timeout | undefined;
    let socket: unknown;
    const sent = request(url, { ...tls, agent, headers, method });
    const give = (message: string, connection: boolean) => failed(new ExchangeTimeout(message, connection));
    const abort = () => failed(signal?.reason);
    const whole = setTimeout(() => give(`no whole answer within ${timeouts.whole / 1000} s`, false), timeouts.whole);
    const settled = () => {
      clearTimeout(whole);
      clearTimeout(connecting);
      signal?.removeEventListener('abort', abort);
    };
    // Said here: a request without a socket yet (the agent's are busy, a proxy does not answer) tells of its destruction only once it has one.
    const failed = (error: unknown) => {
      settled();
      sent.destroy();
      // What Node's parser could not read: a part of the answer, which may be a Secret's.
      if (error instanceof Error && 'rawPacket' in error) delete error.rawPacket;
      reject(error);
    };
    signal?.addEventListener('abort', abort, { once: true });
    // Only from here on: before it, the request may wait for one of the agent's few connections.
    sent.once('socket', (given) => {
      socket = given;
      // Also given over by a request that just ended, which Node does not call reused.
      if (sent.reusedSocket || isSecured(given)) return;
      connecting = setTimeout(() => give(`no connection within ${timeouts.connect / 1000} s`, true), timeouts.connect);
      given.once('secureConnect', () => clearTimeout(connecting));
    });
    // Without a socket it is the agent's own timeout that is over, which it has for a proxy alone.
    sent.setTimeout(timeouts.idle, () =>
      socket === undefined ? failed(new ProxyTimeout(timeouts.connect)) : give(`nothing came for ${timeouts.idle / 1000} s`, false),
    );
    // Not once: what is destroyed may still say so.
    sent.on('error', failed);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      // By now: after the answer the socket may already serve another request, or be gone.
      const certificate = wanted && socket instanceof TLSSocket ? certificateOf(socket) : undefined;
      let headBytes = onHead && response.statusCode === 200 ? 0 : Number.POSITIVE_INFINITY;
      let received = 0;
      response.on('data', (chunk: Buffer) => {
        onBytes(chunk.length);
        received += chunk.length;
        if (received > largest) return failed(tooLarge(largest));
        chunks.push(chunk);
        if (headBytes > headLength) return;
        headBytes += chunk.length;
        if (headBytes > headLength) onHead?.(headOf(Buffer.concat(chunks), response.headers));
      });
      // Also where the connection ends before the body does, if the body's end can be told.
      response.on('error', failed);
      response.once('end', () => {
        settled();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), certificate });
      });
    });
    sent.end(body);
  });
}

/** So many bytes on the wire hold what a list begins with, its metadata. */
const headLength = 1024;

function headOf(body: Buffer, headers: IncomingHttpHeaders): string {
  const begin = body.subarray(0, 2 * headLength);
  try {
    // Flushed, not finished: what is unpacked is only a beginning.
    return (headers['content-encoding'] === 'gzip' ? gunzipSync(begin, { finishFlush: constants.Z_SYNC_FLUSH }) : begin).toString('latin1');
  } catch {
    // Said by whoever unpacks the whole.
    return '';
  }
}

const largestBody = 512 * 1024 * 1024;
const tooLarge = (largest: number) => new AnswerTooLarge(`the answer has more than ${Math.round(largest / 1024 / 1024)} MB`);

async function unpackedText(body: Buffer, largest: number): Promise<string> {
  const whole = await unpacked(body, largest);
  const text = whole.toString('utf8');
  // Given back at once: V8 sees a megabyte outside of its heap as nothing, and lets dozens of them lie.
  if (whole.buffer instanceof ArrayBuffer && whole.byteLength > Buffer.poolSize) whole.buffer.transfer(0);
  return text;
}

async function unpacked(body: Buffer, largest: number): Promise<Buffer> {
  if (body.length < 18) throw new CutAnswer('the packed answer was cut');
  // gzip ends with the size of what it holds: in one chunk of that size nothing is copied. Not trusted beyond 16 MB.
  const size = Math.min(body.readUInt32LE(body.length - 4), 16 * 1024 * 1024);
  try {
    return await gunzip(body, { chunkSize: size + 64, maxOutputLength: largest });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(largest);
    throw new CutAnswer('the packed answer was cut', { cause: error });
  }
}

function certificateOf(socket: TLSSocket): Certificate | undefined {
  const { subject, issuer, subjectaltname, valid_from, valid_to } = socket.getPeerCertificate();
  if (!valid_to) return undefined;
  const common = (name: string | string[] | undefined) => (Array.isArray(name) ? name.join(', ') : name);
  return {
    subject: common(subject?.CN) ?? subjectaltname ?? '',
    issuer: common(issuer?.CN) ?? common(issuer?.O) ?? '',
    validFrom: new Date(valid_from).toISOString(),
    validTo: new Date(valid_to).toISOString(),
  };
}

/** Is its TLS handshake over? Its protocol does not tell: Node names the newest that it offers from the start. */
function isSecured(socket: unknown): boolean {
  return socket instanceof TLSSocket && socket.getPeerFinished() !== undefined;
}
