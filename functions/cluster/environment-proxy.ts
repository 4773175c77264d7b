/** The proxy of the environment, as kubectl takes it: HTTPS_PROXY and NO_PROXY, https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config */
import { BlockList, isIP } from 'node:net';
import { ClusterError } from './cluster-error.ts';

/**
 * The address of the proxy for a server, with its user where it has one; undefined where none is set, NO_PROXY excepts the server, or it is this
 * machine itself. Throws ClusterError for one that is not understood: it must not be passed by.
 */
export function environmentProxy(server: URL, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = environment.HTTPS_PROXY || environment.https_proxy;
  if (!given || isExcepted(server, environment.NO_PROXY || environment.no_proxy || '')) return undefined;
  const url = given.includes('://') ? given : `http://${given}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  const remedy = 'it is http://host:port; a SOCKS proxy can be named in the kubeconfig: proxy-url: socks5://host:port';
  throw new ClusterError('configuration', 'the proxy in HTTPS_PROXY cannot be used', remedy);
}

/** A proxy's address as it may be shown. */
export function withoutUser(proxy: string): string {
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}

function isExcepted(server: URL, except: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || isInRange(host, '127.0.0.0', 8) || isInRange(host, '::1', 128)) return true;
  return except
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry === '*' || isEntryFor(entry, host, server.port || '443'));
}

/** An address, a range of them, or a name with what is below it (`.example.com`: below it alone); a port behind it narrows it. */
function isEntryFor(entry: string, host: string, port: string): boolean {
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined) return /^\d+$/.test(bits) && isInRange(host, network, Number(bits));
  const [, name = entry, ofPort = port] = isIP(entry) === 6 ? [] : (/^\[?(.*?)\]?:(\d+)$/.exec(entry) ?? []);
  if (name === '' || ofPort !== port) return false;
  if (isIP(host) !== 0 || isIP(name) !== 0) return isInRange(host, name, isIP(name) === 6 ? 128 : 32);
  return name === host || host.endsWith(name.startsWith('.') ? name : `.${name}`);
}

function isInRange(address: string, network: string, bits: number): boolean {
  const version = isIP(network);
  if (version === 0 || isIP(address) !== version || !(bits >= 0 && bits <= (version === 6 ? 128 : 32))) return false;
  const range = new BlockList();
  range.addSubnet(network, bits, version === 6 ? 'ipv6' : 'ipv4');
  return range.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
