/** Step: which addresses the name has. Asked of the system, as the requests will. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { connectionError, ExchangeTimeout } from '../cluster/connection-errors.ts';
import type { Way } from '../cluster/open-cluster.ts';
import type { Seen } from './step.ts';

/** Where TCP connects to: the server, or the proxy before it. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  /** The server's host and port, where this is the proxy on the way to it: what is wrong is then said of the proxy. */
  readonly behind?: string;
}

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** Resolves it. Throws ClusterError. */
export async function resolvedEndpoint({ access }: Way, signal: AbortSignal): Promise<Seen<Endpoint>> {
  const url = new URL(access.proxy ?? access.server);
  // An IPv6 address stands in brackets in a URL only.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (defaultPorts[url.protocol] ?? 1080);
  const what = access.proxy ? 'the proxy ' : '';
  const behind = access.proxy && { behind: new URL(access.server).host };
  if (isIP(host) !== 0) {
    return { state: 'ok', message: `${what}${withScope(host)}: an address already`, value: { host, port, addresses: [host], ...behind } };
  }
  const addresses = await addressesOf(host, behind ? behind.behind : host, signal);
  return { state: 'ok', message: `${what}${host}: ${addresses.map(withScope).join(', ')}`, value: { host, port, addresses, ...behind } };
}

/** Milliseconds; a resolver that is out of reach may take longer than anybody waits. */
const timeout = 10_000;

async function addressesOf(host: string, server: string, signal: AbortSignal): Promise<readonly string[]> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new ExchangeTimeout(`its name was not resolved within ${timeout / 1000} s`, true)), timeout);
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const found = await Promise.race([lookup(host, { all: true }), tooLate]);
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    throw connectionError(error, server, signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Not routed on the internet; https://www.iana.org/assignments/iana-ipv4-special-registry and its IPv6 sibling. */
const privateAddresses = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const) {
  privateAddresses.addSubnet(network, prefix, 'ipv4');
}
privateAddresses.addSubnet('fc00::', 7, 'ipv6');
privateAddresses.addSubnet('fe80::', 10, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `10.0.1.5 (private)`: such an address is reached from its own network, a VPN or a peering alone. */
export function withScope(address: string): string {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (loopback.check(address, family)) return `${address} (this machine)`;
  return privateAddresses.check(address, family) ? `${address} (private)` : address;
}
