/** Logging in by a plugin or a provider, and going through a proxy: what client-node knows. Loaded only for them. */
import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isAbsolute, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiAccess, connectTimeout } from './api-client.ts';
import { clean } from './clean.ts';
import { ClusterError } from './cluster-error.ts';
import { codeOf } from './connection-errors.ts';
import { withoutUser } from './environment-proxy.ts';
import { type ChosenContext, unusable } from './kubeconfig.ts';

/** Lays what client-node finds (a token, a certificate, a proxy's agent) over the plain access. Throws ClusterError. */
export async function loginAccess(
  plain: ApiAccess,
  chosen: ChosenContext,
  from: string,
  directory: string | undefined,
): Promise<ApiAccess> {
  let config = clientConfig(chosen, directory);
  const { agent } = await login(config, chosen, from);
  const { 'proxy-url': proxy } = chosen.cluster;
  return {
    ...plain,
    credentials: async (renew) => {
      // client-node keeps a plugin's token until it expires: a new configuration asks anew.
      if (renew) config = clientConfig(chosen, directory);
      const { headers, tls } = await plain.credentials(renew);
      const { headers: given, cert, key } = await login(config, chosen, from);
      const token = given && 'Authorization' in given ? { authorization: String(given.Authorization).trim() } : {};
      return { headers: { ...headers, ...token }, tls: { ...tls, ...(cert && { cert }), ...(key && { key }) } };
    },
    ...(proxy && { agent: proxyAgent(proxy, agent, from), proxy: withoutUser(proxy) }),
  };
}

/**
 * client-node's agent for a proxy. It comes without keep-alive, without a limit on connections, and with undefined TLS options that would go
 * before those of a request. A proxy that is not understood must not be passed by.
 */
function proxyAgent(url: string, agent: RequestOptions['agent'], from: string): Agent {
  if (!(agent instanceof Agent) || !/^(?:https?|socks[45]?[ah]?):\/\/./.test(url)) {
    throw unusable(`${from}: its proxy-url cannot be used`, 'a proxy-url is http://host:port, https://host:port or socks5://host:port');
  }
  const { options = {} } = agent as Agent & { readonly options?: Record<string, unknown> };
  for (const [key, value] of Object.entries(options)) if (value === undefined) delete options[key];
  // Until its tunnel stands: a proxy that never answers would keep the process from ending. A request sets its own for what follows.
  options.timeout = connectTimeout;
  return Object.assign(agent, { keepAlive: true, maxSockets: 3 });
}

/** client-node's configuration of just this context and of what it is needed for. */
function clientConfig({ cluster, user: { exec, 'auth-provider': provider } }: ChosenContext, directory: string | undefined): KubeConfig {
  const config = new KubeConfig();
  const { 'certificate-authority': _file, 'certificate-authority-data': _data, ...server } = cluster;
  const user = { ...(provider && { 'auth-provider': provider }), ...(exec && { exec: plugin(exec, directory) }) };
  config.loadFromString(
    JSON.stringify({
      'current-context': 'context',
      contexts: [{ name: 'context', context: { cluster: 'cluster', user: 'user' } }],
      clusters: [{ name: 'cluster', cluster: server }],
      users: [{ name: 'user', user }],
    }),
  );
  return config;
}

/** client-node starts a plugin without the description of the request that client.authentication.k8s.io/v1 promises it. */
function plugin(exec: NonNullable<ChosenContext['user']['exec']>, directory: string | undefined) {
  const information = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const besides = exec.command.includes('/') && directory !== undefined && !isAbsolute(exec.command);
  return {
    ...exec,
    command: besides ? join(directory, exec.command) : exec.command,
    env: [...(exec.env ?? []), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(information) }],
  };
}

async function login(config: KubeConfig, { user }: ChosenContext, from: string): Promise<RequestOptions> {
  const filled: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(filled);
    return filled;
  } catch (error) {
    if (user.exec) throw pluginError(error, user.exec, from);
    const what = user['auth-provider'] ? `the provider ${user['auth-provider'].name} gave no credentials` : 'the proxy cannot be used';
    throw unusable(`${from}: ${what}`, 'log in with kubectl, or replace it by an exec plugin or a token');
  }
}

function pluginError(error: unknown, { command, installHint }: { command: string; installHint?: unknown }, from: string): ClusterError {
  if (codeOf(error) === 'ENOENT') {
    const hint = typeof installHint === 'string' ? `: ${clean(installHint).trim()}` : '';
    return new ClusterError('credentials', `${from} logs in by the plugin ${command}, which is not installed`, `install it${hint}`);
  }
  // A parser's error quotes what the plugin printed, and that is a token; client-node's plain Error is its standard error.
  const said = error instanceof Error && error.name === 'Error' ? clean(error.message).trim().slice(0, 500) : '';
  return new ClusterError(
    'credentials',
    `the plugin ${command} gave no credentials${said && `: ${said}`}`,
    `run ${command} yourself and log in`,
  );
}
