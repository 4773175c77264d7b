/** What the command is to look at: a folder, a kubeconfig's context, or clusters of nightshift.yaml. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { isClusterError } from '../cluster/cluster-error.ts';
import type { Configuration, OperationOptions } from '../runtime/configuration.ts';
import { layOptions } from '../runtime/lay-options.ts';
import { selectClusters } from '../runtime/select-clusters.ts';
import type { Source } from '../scan/contracts.ts';
import { type Command, UsageError } from './arguments.ts';

/** One thing to run the operation on. */
export interface Target {
  readonly cluster: string;
  readonly options: OperationOptions;
  readonly open: (signal: AbortSignal) => Promise<Source>;
}

/** A cluster's name as reports carry it: a-z, 0-9 and -, at most 40. */
const clusterName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-40)
    .replace(/^-+|-+$/g, '') || 'cluster';

/** A mistake in what the user wrote is no state of a cluster: exit code 2, not a report. */
const usersMistakes = async (open: Promise<Source>): Promise<Source> => {
  try {
    return await open;
  } catch (error) {
    if (isClusterError(error) && (error.kind === 'configuration' || error.kind === 'unknown-context')) {
      throw new UsageError(`${error.message}\n${error.remedy}`);
    }
    throw error;
  }
};

/** As kubectl looks for it: the first file of $KUBECONFIG, else ~/.kube/config. */
const kubeconfigFile = (command: Command): string =>
  command.kubeconfig ?? process.env.KUBECONFIG?.split(delimiter).find(Boolean) ?? join(homedir(), '.kube', 'config');

/** The current context of a kubeconfig, for the report's name; what is wrong with the file is said when it is opened. */
const currentContext = async (file: string): Promise<string | undefined> => {
  try {
    const { parse } = await import('yaml');
    const { 'current-context': name } = parse(await readFile(file, 'utf8')) as { 'current-context'?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
};

const kubeconfigTarget = async (command: Command, options: OperationOptions): Promise<Target> => {
  const file = kubeconfigFile(command);
  const name = clusterName(command.context ?? (await currentContext(file)) ?? basename(file).replace(/\.[^.]*$/, ''));
  return {
    cluster: name,
    options,
    open: async (signal) => {
      const { openCluster } = await import('../cluster/open-cluster.ts');
      const access = { kubeconfigFile: file, ...(command.context !== undefined && { context: command.context }) };
      return usersMistakes(openCluster(access, { interactive: true, signal, name }));
    },
  };
};

const manifestsTarget = (path: string, options: OperationOptions): Target => ({
  cluster: clusterName(path === '-' ? 'stdin' : basename(resolve(path))),
  options,
  open: async () => {
    const { openManifests } = await import('../cluster/source-manifests.ts');
    return openManifests(path);
  },
});

const configuredTarget = (configuration: Configuration, name: string, operation: Command['operation']): Target => ({
  cluster: name,
  options: layOptions(configuration, name, operation.name),
  open: async (signal) => {
    const access = configuration.clusters[name];
    if (!access) throw new UsageError(`There is no cluster ${name}.`);
    const { openCluster } = await import('../cluster/open-cluster.ts');
    return usersMistakes(openCluster(access, { interactive: true, signal, name }));
  },
});

const readText = async (path: string, what: string): Promise<string> => {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${what} ${path}: ${code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : String(code)}.`);
  }
};

/** The configuration that --config names, or ./nightshift.yaml where configured clusters are wanted; undefined where neither is. */
export const configurationOf = async (command: Command): Promise<Configuration | undefined> => {
  const configured = command.cluster !== undefined || command.event !== undefined;
  if (command.config === undefined && !configured) return undefined;
  const file = command.config ?? 'nightshift.yaml';
  const { readConfiguration } = await import('../runtime/read-configuration.ts');
  return readConfiguration(await readText(file, command.config === undefined ? 'The configuration' : '--config'), file);
};

/** The event that --event names, parsed. */
export const eventOf = async (path: string): Promise<unknown> => {
  const content = await readText(path, '--event');
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new UsageError(`--event ${path}: not valid JSON: ${(error as Error).message}`);
  }
};

/** What to look at. `clusters`: patterns from the event, where the command line has one. Throws UsageError, UnknownClusterError. */
export const targetsOf = async (
  command: Command,
  configuration: Configuration | undefined,
  clusters: readonly string[] | undefined,
): Promise<readonly Target[]> => {
  const { operation } = command;
  const options = configuration?.options[operation.name] ?? {};
  if (command.manifests !== undefined) return [manifestsTarget(command.manifests, options)];
  if (command.kubeconfig !== undefined || command.context !== undefined) return [await kubeconfigTarget(command, options)];
  if (configuration && (command.cluster !== undefined || command.event !== undefined)) {
    const patterns = command.cluster !== undefined ? [command.cluster] : (clusters ?? ['*']);
    return selectClusters(configuration, patterns).map((name) => configuredTarget(configuration, name, operation));
  }
  throw new UsageError(
    'Nothing to look at was given. Say --manifests DIR, --kubeconfig FILE [--context NAME], --cluster NAME (of nightshift.yaml) or --event FILE.',
  );
};
