/** Loopback ports for servers that cannot be told to take any free one. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const given = new Set<number>();

/** A port that nobody listens on and that this process was not given before. It lies below what the kernel gives to outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
