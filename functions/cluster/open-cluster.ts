/** Reaches a cluster as its configuration says. What only one way needs is loaded only for it. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ClusterConfiguration, KubeconfigAccess as ConfiguredKubeconfig } from '../runtime/configuration.ts';
import type { Finding, Ref, Source } from '../scan/contracts.ts';
import { answerError } from './answer-errors.ts';
import { type ApiAccess, type ApiClient, apiClient } from './api-client.ts';
import { clean } from './clean.ts';
import { ClusterError } from './cluster-error.ts';
import { codeOf } from './connection-errors.ts';
import { clusterSource } from './source-cluster.ts';

/** A cluster of nightshift.yaml, or a kubeconfig that the command was given. */
export type ClusterAccess =
  | Pick<ClusterConfiguration, 'eks' | 'kubeconfig'>
  | { readonly kubeconfigFile: string; readonly context?: string };

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
    });
  } catch (error) {
    client.close();
    throw error;
  }
}

interface Way {
  readonly access: ApiAccess;
  readonly findings?: readonly Finding[];
  readonly eksCluster?: string;
}

async function wayTo(access: ClusterAccess, options: OpenOptions): Promise<Way> {
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

async function byConfiguredKubeconfig({ secret, file, context }: ConfiguredKubeconfig, options: OpenOptions): Promise<Way> {
  if (file !== undefined) {
    if (options.interactive) return byFile(file, context, options);
    const remedy = 'put the kubeconfig into Secrets Manager and write kubeconfig: { secret: NAME }';
    throw new ClusterError('configuration', `the kubeconfig of ${options.name} is a file, which a function does not have`, remedy);
  }
  const { secretText } = await import('./kubeconfig-secret.ts');
  const text = await secretText(secret ?? '', options.signal);
  const { kubeconfigAccess } = await import('./access-kubeconfig.ts');
  return kubeconfigAccess({ text, from: `the kubeconfig in the secret ${secret}`, context, cluster: clusterRef(options.name) });
}

async function byFile(file: string, context: string | undefined, { name }: OpenOptions): Promise<Way> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = codeOf(error);
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `it cannot be read (${code})`;
    throw new ClusterError('configuration', `the kubeconfig ${file}: ${why}`, 'give the file that kubectl uses, usually ~/.kube/config', {
      cause: error,
    });
  });
  const { kubeconfigAccess } = await import('./access-kubeconfig.ts');
  return kubeconfigAccess({ text, from: `the kubeconfig ${file}`, context, directory: dirname(resolve(file)), cluster: clusterRef(name) });
}

/** As the report names a cluster as a whole. */
function clusterRef(name: string): Ref {
  return { apiVersion: 'nightshift.dev/v1', kind: 'Cluster', name };
}

/** Its clock and version. A server that keeps /version from us (403) is there all the same. */
async function greet(client: ApiClient, signal: AbortSignal): Promise<{ readonly now: number; readonly version?: string }> {
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
