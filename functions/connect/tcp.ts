/** Step: which of the addresses take a connection. */
import { once } from 'node:events';
import { connect } from 'node:net';
import pLimit from 'p-limit';
import { connectTimeout } from '../cluster/api-client.ts';
import type { ClusterError } from '../cluster/cluster-error.ts';
import { connectionError, ExchangeTimeout, ProxyTimeout } from '../cluster/connection-errors.ts';
import { type Endpoint, withScope } from './name-resolution.ts';
import type { Seen } from './step.ts';

const connectionsAtOnce = 4;

/** Connects to each address and hangs up. Throws ClusterError where none answers; some that do not are a warning. */
export async function openPort({ port, addresses, behind }: Endpoint, signal: AbortSignal): Promise<Seen<true>> {
  const limit = pLimit(connectionsAtOnce);
  const tried = await Promise.all(addresses.map((address) => limit(() => connectTo(address, port, behind, signal))));
  const silent = tried.flatMap((result) => (result === true ? [] : [result]));
  const [first] = silent;
  const of =
    addresses.length === 1 ? addresses.map(withScope).join() : `${addresses.length - silent.length} of ${addresses.length} addresses`;
  if (first === undefined) return { state: 'ok', message: `${of}, port ${port}`, value: true };
  if (silent.length === addresses.length) throw first;
  return {
    state: 'warning',
    message: `${of} answer on port ${port}`,
    facts: silent.map(({ message }) => message),
    remedy: 'requests take the address that answers, but more slowly: look at the load balancer’s targets, or at the name’s records',
    value: true,
  };
}

async function connectTo(host: string, port: number, behind: string | undefined, signal: AbortSignal): Promise<true | ClusterError> {
  const socket = connect({ host, port });
  const tooLate =
    behind === undefined ? new ExchangeTimeout(`no connection within ${connectTimeout / 1000} s`, true) : new ProxyTimeout(connectTimeout);
  socket.setTimeout(connectTimeout, () => socket.destroy(tooLate));
  try {
    await once(socket, 'connect', { signal });
    return true;
  } catch (error) {
    return connectionError(error, behind ?? (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`), signal);
  } finally {
    socket.destroy();
  }
}
