/** Which of the configured clusters are meant: by name, glob or label. */
import { matchesGlob } from 'node:path';
import type { ClusterConfiguration, Configuration } from './configuration.ts';
import type { Operation } from './operation.ts';

/** A pattern that picks no configured cluster, or none that the operation can run on; the message names what there is. */
export class UnknownClusterError extends Error {
  override readonly name = 'UnknownClusterError';
}

/**
 * The names of the configured clusters that at least one pattern picks, in the order of the configuration, each once.
 * A pattern is a name (`prod`), a glob (`edge-*`, `*`) or a label (`team=core`; globs in its value too).
 * Throws UnknownClusterError where a pattern picks none: a typing error must not look like a night without findings.
 */
export function selectClusters(configuration: Pick<Configuration, 'clusters'>, patterns: readonly string[]): string[] {
  const picked = new Set<string>();
  for (const pattern of patterns) {
    const names = Object.keys(configuration.clusters).filter((name) => picks(pattern, name, configuration.clusters[name]?.labels ?? {}));
    if (names.length === 0) throw new UnknownClusterError(unknownCluster(configuration, pattern));
    for (const name of names) picked.add(name);
  }
  return Object.keys(configuration.clusters).filter((name) => picked.has(name));
}

/** Does one of the patterns pick this cluster? One that picks none is refused where the configuration is read, and picks none here. */
export const isPicked = ({ clusters }: Pick<Configuration, 'clusters'>, patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => picks(pattern, name, clusters[name]?.labels ?? {}));

/**
 * The clusters that an operation is to run on: those that the patterns pick, every configured one where there are none, without those that lack
 * what it needs. Throws UnknownClusterError where a pattern picks none, or only such: one that is named outright is never left out in silence.
 */
export function clustersFor(
  { name: operation, needs }: Pick<Operation, 'name' | 'needs'>,
  configuration: Pick<Configuration, 'clusters'>,
  patterns: readonly string[] | undefined,
): string[] {
  const has = (name: string) => hasWhatIsNeeded(needs, configuration.clusters[name]);
  for (const pattern of patterns ?? ['*']) {
    const names = selectClusters(configuration, [pattern]);
    if (names.some(has)) continue;
    const only = names.length === 1 && names[0] === pattern ? `the cluster ${pattern}` : `"${pattern}" picks only ${firstOf(names)}, which`;
    throw new UnknownClusterError(`${only} has no ${hasNeeded[needs].name}, which ${operation} needs; ${hasNeeded[needs].remedy}`);
  }
  return selectClusters(configuration, patterns ?? ['*']).filter(has);
}

/** Does a cluster have what an operation with these needs runs on? One that is gone has backups alone. */
export const hasWhatIsNeeded = (needs: Operation['needs'], cluster: ClusterConfiguration | undefined): boolean =>
  hasNeeded[needs].isIn(cluster);

const hasNeeded: Readonly<
  Record<
    Operation['needs'],
    { readonly name: string; readonly remedy: string; readonly isIn: (cluster: ClusterConfiguration | undefined) => boolean }
  >
> = {
  api: {
    name: 'eks and no kubeconfig',
    remedy: 'say in nightshift.yaml how it is reached, or leave it out here: with backups alone it counts as gone',
    isIn: (cluster) => cluster?.eks !== undefined || cluster?.kubeconfig !== undefined,
  },
  backups: {
    name: 'backups',
    remedy: 'name in nightshift.yaml where Velero keeps them, or leave it out here',
    isIn: (cluster) => cluster?.backups !== undefined,
  },
};

function picks(pattern: string, name: string, labels: Readonly<Record<string, string>>): boolean {
  const equals = pattern.indexOf('=');
  if (equals < 0) return matchesGlob(name, pattern);
  const label = pattern.slice(0, equals);
  const value = Object.hasOwn(labels, label) ? labels[label] : undefined;
  return value !== undefined && matchesGlob(value, pattern.slice(equals + 1));
}

function unknownCluster({ clusters }: Pick<Configuration, 'clusters'>, pattern: string): string {
  const names = Object.keys(clusters);
  if (names.length === 0) return `"${pattern}" picks no cluster: none is configured; name one under clusters in nightshift.yaml`;
  const labels = new Set(
    Object.values(clusters).flatMap((cluster) => Object.entries(cluster.labels ?? {}).map((label) => label.join('='))),
  );
  return [
    `"${pattern}" picks no cluster; clusters: ${firstOf(names)}`,
    `labels: ${labels.size > 0 ? firstOf([...labels].sort()) : 'none'}`,
    'a pattern is a name, a glob such as edge-*, or a label such as team=core',
  ].join('; ');
}

/** A fleet's names would fill the screen. */
export function firstOf(names: readonly string[], limit = 20): string {
  return names.length <= limit ? names.join(', ') : `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`;
}
