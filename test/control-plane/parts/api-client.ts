/** The few requests that the tests send to their API server: plain node:https, so that nothing under test vouches for itself. */
import type { OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';

/** Who asks: a bearer token, a client certificate with its key (PEM), or nobody. */
export type User = { readonly token: string } | { readonly clientCertificate: string; readonly clientKey: string } | Record<string, never>;

/** An answer; JSON is parsed, anything else is the text. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request as a user. Rejects only when no answer came. */
export type Send = (user: User, method: string, path: string, body?: unknown, contentType?: string) => Promise<Answer>;

/** Requests to the API server at `url`, whose certificate must be signed by `certificateAuthority` (PEM). */
export function apiClient(url: string, certificateAuthority: string): Send {
  const agent = new Agent({ keepAlive: true, ca: certificateAuthority, maxSockets: 16 });
  return (user, method, path, body, contentType = 'application/json') => {
    const payload = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    // Node does not frame the body of a DELETE by itself: without the length it would be lost.
    const headers: OutgoingHttpHeaders = { accept: 'application/json', 'content-length': Buffer.byteLength(payload) };
    if (body !== undefined) headers['content-type'] = contentType;
    if ('token' in user) headers.authorization = `Bearer ${user.token}`;
    const identity = 'clientCertificate' in user ? { cert: user.clientCertificate, key: user.clientKey } : {};
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, url), { method, agent, headers, timeout: 60_000, ...identity }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString('utf8')) }));
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within a minute`)));
      sent.on('error', reject);
      sent.end(payload);
    });
  };
}

/** The body of an answer that has to be a good one; any other status is an error that says what the server said. */
export function expectGood(what: string, answer: Answer): unknown {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`${what}: ${answer.status} ${typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
