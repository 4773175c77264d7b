/** Reaches a cluster as its configuration says. What only one way needs is loaded only for it. */
import type { ClusterConfiguration, KubeconfigAccess as ConfiguredKubeconfig } from '../runtime/configuration.ts';
import { clusterRef, type Finding, type Source } from '../scan/contracts.ts';
import { answerError } from './answer-errors.ts';
import { type ApiAccess, type ApiClient, apiClient } from './api-client.ts';
import { clean } from './clean.ts';
import { ClusterError } from './cluster-error.ts';
import { environmentProxy, withoutUser } from './environment-proxy.ts';
import { clusterSource } from './source-cluster.ts';

/**
 * A cluster of nightshift.yaml, or a kubeconfig that the command was given: a file, or several as $KUBECONFIG names them.
 * `namespaces`: only these are looked at.
 */
export type ClusterAccess = Pick<ClusterConfiguration, 'namespaces'> &
  (Pick<ClusterConfiguration, 'eks' | 'kubeconfig'> | { readonly kubeconfigFile: string; readonly context?: string });

/** Who opens it. */
export interface OpenOptions {
  /** The command line: files may be read and exec plugins started. */
  readonly interactive: boolean;
  /** Ends the opening; reads and probes are given their own. */
  readonly signal: AbortSignal;
  /** The cluster's name in the report. */
  readonly name: string;
}

/**
 * The cluster as a source, after it has answered once (GET /version). Throws ClusterError: unreachable, refused, or a configuration
 * that cannot be used.
 */
export async function openCluster(access: ClusterAccess, options: OpenOptions): Promise<Source> {
  const { access: way, findings, eksCluster } = await wayTo(access, options);
  const client = apiClient(way);
  try {
    const { now, version } = await greet(client, options.signal);
    return clusterSource(client, {
      name: way.server,
      now,
      ...(version !== undefined && { version }),
      ...(findings !== undefined && { findings }),
      ...(eksCluster !== undefined && { eksCluster }),
      ...(access.namespaces !== undefined && { namespaces: access.namespaces }),
    });
  } catch (error) {
    client.close();
    throw error;
  }
}

/** How a cluster is reached, before it was asked anything. */
export interface Way {
  readonly access: ApiAccess;
  readonly findings?: readonly Finding[];
  readonly eksCluster?: string;
}

/** The way that the configuration says, and the environment's proxy where that has none of its own. Throws ClusterError. */
export async function wayTo(access: ClusterAccess, options: OpenOptions): Promise<Way> {
  const way = await configuredWay(access, options);
  const proxy = way.access.agent ? undefined : environmentProxy(new URL(way.access.server));
  return proxy === undefined ? way : { ...way, access: { ...way.access, proxy: withoutUser(proxy) } };
}

async function configuredWay(access: ClusterAccess, options: OpenOptions): Promise<Way> {
  if ('kubeconfigFile' in access) return byFile(access.kubeconfigFile, access.context, options);
  if (access.eks) {
    const { eksAccess } = await import('./access-eks.ts');
    const { access: way, description } = await eksAccess(access.eks, options.signal);
    return { access: way, eksCluster: description };
  }
  if (access.kubeconfig) return byConfiguredKubeconfig(access.kubeconfig, options);
  throw new ClusterError(
    'configuration',
    `nothing says how to reach ${options.name}`,
    'give the cluster eks or kubeconfig in nightshift.yaml',
  );
}

async function byConfiguredKubeconfig(kubeconfig: ConfiguredKubeconfig, options: OpenOptions): Promise<Way> {
  const { file, context } = kubeconfig;
  if (file !== undefined) {
    if (options.interactive) return byFile(file, context, options);
    const remedy =
      'put the kubeconfig into Secrets Manager, SSM or S3 and write kubeconfig: { secret: NAME }, { ssm: /NAME } or { s3: s3://BUCKET/KEY }';
    throw new ClusterError('configuration', `the kubeconfig of ${options.name} is a file, which a function does not have`, remedy);
  }
  const { text, from } = await storedKubeconfig(kubeconfig, options);
  const { kubeconfigAccess } = await import('./access-kubeconfig.ts');
  return kubeconfigAccess({ text, from, context, cluster: clusterRef(options.name) });
}

async function storedKubeconfig(
  { secret, s3, ssm, region }: ConfiguredKubeconfig,
  { name, signal }: OpenOptions,
): Promise<{ readonly text: string; readonly from: string }> {
  if (secret !== undefined) {
    const { kubeconfigFromSecret } = await import('./kubeconfig-from-secret.ts');
    return { text: await kubeconfigFromSecret(secret, region, signal), from: `the kubeconfig in the secret ${secret}` };
  }
  if (s3 !== undefined) {
    const { kubeconfigFromS3 } = await import('./kubeconfig-from-s3.ts');
    return { text: await kubeconfigFromS3(s3, region, signal), from: `the kubeconfig ${s3}` };
  }
  if (ssm !== undefined) {
    const { kubeconfigFromSsm } = await import('./kubeconfig-from-ssm.ts');
    return { text: await kubeconfigFromSsm(ssm, region, signal), from: `the kubeconfig in the parameter ${ssm}` };
  }
  throw new ClusterError('configuration', `nothing says where the kubeconfig of ${name} lies`, 'name it by secret, s3, ssm or file');
}

async function byFile(files: string, context: string | undefined, { name }: OpenOptions): Promise<Way> {
  const { readKubeconfigFiles } = await import('./kubeconfig-files.ts');
  const { kubeconfigAccess } = await import('./access-kubeconfig.ts');
  return kubeconfigAccess({ ...(await readKubeconfigFiles(files)), context, cluster: clusterRef(name) });
}

/** Its clock and version. A server that keeps /version from us (403) is there all the same. */
export async function greet(client: ApiClient, signal: AbortSignal): Promise<{ readonly now: number; readonly version?: string }> {
  const answer = await client.getJson('/version', { signal });
  if (answer.status !== 200 && answer.status !== 403) throw answerError(answer, client.host, '/version');
  const date = Date.parse(answer.headers.date ?? '');
  const now = Number.isNaN(date) ? Date.now() : date;
  if (answer.status === 403) return { now };
  const { gitVersion }: { readonly gitVersion?: unknown } = answer.body ?? {};
  if (typeof gitVersion !== 'string') {
    throw new ClusterError('not-kubernetes', `${client.host} answers /version without a gitVersion`, 'is this a Kubernetes API server?');
  }
  return { now, version: clean(gitVersion) };
}
