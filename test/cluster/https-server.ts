/** A real HTTPS server that answers as a test says, with a certificate of the test's own authority. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiAccess } from '../../functions/cluster/api-client.ts';
import { type Authority, makeAuthority } from '../control-plane/parts/certificates.ts';
import { temporaryDirectory } from '../control-plane/parts/child-process.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A started server. */
export interface HttpsServer {
  readonly url: string;
  /** Every request so far, in order. */
  readonly requests: readonly IncomingMessage[];
  /** How to reach it, trusting its authority. */
  readonly access: ApiAccess;
  stop(): void;
}

/** Made once: a key takes time. */
export const authority: Authority = makeAuthority(temporaryDirectory('tls'), 'cluster');
const names = ['DNS:localhost', 'IP:127.0.0.1'];
const good = authority.sign({ commonName: 'kube-apiserver', names });

/** Starts it on a free port. `certificate`: another than the good one. */
export async function startHttpsServer(handler: Handler, certificate: { certificate: string; key: string } = good): Promise<HttpsServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer({ cert: certificate.certificate, key: certificate.key }, (request, response) => {
    requests.push(request);
    handler(request, response);
  });
  // A client that refuses the certificate is what some tests are about.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    access: {
      server: url,
      tls: { ca: authority.certificate, rejectUnauthorized: true },
      credentials: async () => ({ headers: { authorization: 'Bearer test-token' } }),
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
