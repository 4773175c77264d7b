/** A plain HTTP server in the place of an AWS service or a proxy. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A started stub. */
export interface HttpStub {
  readonly endpoint: string;
  readonly server: Server;
  stop(): void;
}

/** Starts it on a free loopback port; `answer` is given each request with its body. */
export async function startHttpStub(answer: (request: IncomingMessage, body: string, response: ServerResponse) => void): Promise<HttpStub> {
  const server = createServer(async (request, response) => answer(request, await text(request), response));
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
