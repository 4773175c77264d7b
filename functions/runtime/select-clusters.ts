/** Which of the configured clusters are meant: by name, glob or label. */
import { matchesGlob } from 'node:path';
import type { Configuration } from './configuration.ts';

/** A pattern that no configured cluster matches; the message names the known clusters and labels. */
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
function firstOf(names: readonly string[], limit = 20): string {
  return names.length <= limit ? names.join(', ') : `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`;
}
