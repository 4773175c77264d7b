/** A real HTTP proxy that opens tunnels (CONNECT); whatever host is asked for is this machine. */
import { connect } from 'node:net';
import { type HttpStub, startHttpStub } from './http-stub.ts';

/** A started proxy: the `host:port` of each tunnel that was asked for, and with which credentials. */
export interface HttpProxy extends HttpStub {
  readonly tunnels: readonly string[];
  readonly credentials: readonly (string | undefined)[];
}

/** Starts it on a free loopback port. `status`: refuses with this one instead. */
export async function startHttpProxy(status?: number): Promise<HttpProxy> {
  const tunnels: string[] = [];
  const credentials: (string | undefined)[] = [];
  const stub = await startHttpStub((_, __, response) => response.writeHead(500).end());
  stub.server.on('connect', ({ url = '', headers }, socket) => {
    tunnels.push(url);
    credentials.push(headers['proxy-authorization']);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const { port } = new URL(`http://${url}`);
    const upstream = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const each of [upstream, socket]) each.on('error', () => undefined);
  });
  return { ...stub, tunnels, credentials };
}
