/** The proxy of the environment, as kubectl takes it: HTTPS_PROXY and NO_PROXY, https://pkg.go.dev/golang.org/x/net/http/httpproxy */
import { BlockList, isIP } from 'node:net';
import { ClusterError } from './cluster-error.ts';

/** What node:https's Agent takes for a proxy (`proxyEnv`). */
export interface EnvironmentProxy {
  readonly HTTPS_PROXY: string;
  readonly NO_PROXY?: string;
}

/**
 * The proxy for a server; undefined where none is set or NO_PROXY has its address in a range (10.0.0.0/8), which Node does not know; names,
 * endings and addresses Node looks up itself. Throws ClusterError for one that is not understood: it must not be passed by.
 */
export function environmentProxy(server: URL, environment: NodeJS.ProcessEnv = process.env): EnvironmentProxy | undefined {
  const given = environment.HTTPS_PROXY || environment.https_proxy;
  if (!given) return undefined;
  const url = given.includes('://') ? given : `http://${given}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const remedy = 'it is http://host:port; a SOCKS proxy can be named in the kubeconfig: proxy-url: socks5://host:port';
    throw new ClusterError('configuration', 'the proxy in HTTPS_PROXY cannot be used', remedy);
  }
  const except = environment.NO_PROXY || environment.no_proxy;
  if (except && isInRange(server.hostname.replace(/^\[|\]$/g, ''), except)) return undefined;
  return { HTTPS_PROXY: url, ...(except && { NO_PROXY: except }) };
}

function isInRange(address: string, except: string): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) return false;
  const ranges = new BlockList();
  for (const entry of except.split(',')) {
    const [network = '', length = ''] = entry.trim().split('/');
    const version = isIP(network);
    const bits = Number(length);
    if (version === 0 || !/^\d+$/.test(length) || bits > (version === 6 ? 128 : 32)) continue;
    ranges.addSubnet(network, bits, version === 6 ? 'ipv6' : 'ipv4');
  }
  return ranges.check(address, family);
}
