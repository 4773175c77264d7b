/** What the command is to look at: a folder, contexts of a kubeconfig, or clusters of nightshift.yaml. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { isClusterError, isMistake } from '../cluster/cluster-error.ts';
import type { ClusterAccess } from '../cluster/open-cluster.ts';
import { glob } from '../report/glob.ts';
import type { Configuration, OperationOptions } from '../runtime/configuration.ts';
import { layOptions } from '../runtime/lay-options.ts';
import type { BackupPlaces, Writing } from '../runtime/operation.ts';
import { clustersFor, firstOf, hasWhatIsNeeded } from '../runtime/select-clusters.ts';
import type { Source } from '../scan/contracts.ts';
import { type BackupPlace, type Command, partsOf, UsageError } from './arguments.ts';
import { tell } from './tell.ts';

/** One thing to run the operation on. */
export interface Target {
  readonly cluster: string;
  readonly options: OperationOptions;
  /** Not all of it is looked at: its report is no predecessor of the next. */
  readonly narrowed?: boolean;
  /** Absent where there is no way to the cluster, as it is gone, or none is wanted. */
  readonly open?: (signal: AbortSignal) => Promise<Source>;
  /** Where its backups are, for an operation that looks at those. */
  readonly backups?: BackupPlaces | undefined;
  /** Absent where nothing can be written to. */
  readonly writing?: Writing;
}

/** A cluster's name as reports carry it: a-z, 0-9 and -, at most 40. */
const clusterName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(-40)
    .replace(/^-+|-+$/g, '') || 'cluster';

/** A mistake in what the user wrote is no state of a cluster: exit code 2, not a report. */
const usersMistakes = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (isClusterError(error) && isMistake(error.kind)) {
      throw new UsageError(`${error.message}\n${error.remedy}`);
    }
    throw error;
  }
};

type KubeconfigFlags = Pick<Command, 'kubeconfig' | 'context' | 'namespaces'>;

/** As kubectl looks for it: the files of $KUBECONFIG, else ~/.kube/config. */
const kubeconfigFiles = (command: KubeconfigFlags): string =>
  command.kubeconfig || process.env.KUBECONFIG || join(homedir(), '.kube', 'config');

/** The contexts that are meant: the current one, or those that a list of names and globs picks. Throws UsageError. */
const contextsOf = async (files: string, wanted: string | undefined): Promise<readonly string[]> => {
  const { readKubeconfigFiles } = await import('../cluster/kubeconfig-files.ts');
  const { contextNames } = await import('../cluster/kubeconfig.ts');
  const { text: content, from } = await usersMistakes(readKubeconfigFiles(files));
  const { names, current } = await usersMistakes((async () => contextNames(content, from))());
  // What is wrong with the one context is said when it is opened.
  if (wanted === undefined) return current === undefined ? [] : [current];
  if (names.includes(wanted)) return [wanted];
  const picked = partsOf('context', wanted).flatMap((part) => {
    const found = names.includes(part) ? [part] : names.filter(glob(part));
    if (found.length === 0) throw new UsageError(`--context ${part}: ${from} has no such context; it has ${firstOf(names) || 'none'}.`);
    return found;
  });
  return [...new Set(picked)];
};

/** A cluster by a context of a kubeconfig. */
export interface KubeconfigCluster {
  readonly cluster: string;
  readonly access: ClusterAccess;
}

/** The clusters that the wanted contexts of the kubeconfig are. Throws UsageError. */
export const kubeconfigClusters = async (command: KubeconfigFlags): Promise<readonly KubeconfigCluster[]> => {
  const files = kubeconfigFiles(command);
  const cluster = (name: string, context?: string): KubeconfigCluster => ({
    cluster: name,
    access: { kubeconfigFile: files, ...(context !== undefined && { context }), ...narrowedTo(command.namespaces) },
  });
  const contexts = await contextsOf(files, command.context);
  if (contexts.length === 0) return [cluster(clusterName(basename(files).replace(/\.[^.]*$/, '')))];
  for (const [name, same] of Map.groupBy(contexts, clusterName)) {
    if (same.length > 1) {
      const remedy = 'run on them one by one, or give each a name of its own under clusters in nightshift.yaml';
      throw new UsageError(`The contexts ${same.join(' and ')} would both be reported as the cluster ${name}: ${remedy}.`);
    }
  }
  return contexts.map((context) => cluster(clusterName(context), context));
};

const kubeconfigTargets = async (command: Command, options: OperationOptions): Promise<readonly Target[]> =>
  (await kubeconfigClusters(command)).map(({ cluster, access }) => ({
    cluster,
    options,
    narrowed: command.namespaces !== undefined,
    writing: { access: { given: access }, interactive: true, freezable: false },
    ...(command.backup && { backups: { place: command.backup.place } }),
    open: async (signal) => {
      const { openCluster } = await import('../cluster/open-cluster.ts');
      return usersMistakes(openCluster(access, { interactive: true, signal, name: cluster }));
    },
  }));

/** What --namespace narrows a cluster to. */
export const narrowedTo = (namespaces: Command['namespaces']) => (namespaces === undefined ? {} : { namespaces: [...namespaces] });

/** Throws UsageError for what is no namespace's name. */
export const assertNamespaces = async (namespaces: readonly string[]): Promise<void> => {
  const { namespaceName } = await import('../runtime/configuration.ts');
  for (const name of namespaces) {
    if (!namespaceName.safeParse(name).success)
      throw new UsageError(
        `--namespace ${name}: not a namespace’s name (a-z, 0-9 and -); no globs: credentials that reach no further cannot list them.`,
      );
  }
};

const manifestsTarget = (path: string, options: OperationOptions): Target => ({
  cluster: clusterName(path === '-' ? 'stdin' : basename(resolve(path))),
  options,
  open: async () => {
    const { openManifests } = await import('../cluster/source-manifests.ts');
    return openManifests(path);
  },
});

/** A location's cluster is called after it: `s3://velero/prod` is velero-prod, a folder or a tarball has its own name. */
const backupTarget = ({ operation }: Command, { place, name }: BackupPlace, options: OperationOptions): Target => {
  const named = place.startsWith('s3://') ? place.slice('s3://'.length) : basename(resolve(place)).replace(/(-data)?\.tar\.gz$|\.tgz$/, '');
  const target = { cluster: clusterName(named), options };
  if (operation.needs === 'backups') return { ...target, backups: { place } };
  return {
    ...target,
    open: async (signal) => {
      const { openBackup } = await import('../velero/source/source-backup.ts');
      return usersMistakes(openBackup({ place: name === undefined ? place : `${place}#${name}` }, { signal, onChosen: tell }));
    },
  };
};

const configuredTarget = (configuration: Configuration, name: string, { operation, namespaces }: Command): Target => {
  const access = configuration.clusters[name];
  return {
    cluster: name,
    options: layOptions(configuration, name, operation.name),
    narrowed: namespaces !== undefined,
    ...(operation.needs === 'backups' && { backups: access?.backups }),
    ...(access &&
      hasWhatIsNeeded('api', access) && {
        writing: {
          access: { configured: access },
          interactive: true,
          locks: process.env.NIGHTSHIFT_LOCKS,
          freezable: access.kubeconfig?.file === undefined,
        },
        open: async (signal: AbortSignal) => {
          const { openCluster } = await import('../cluster/open-cluster.ts');
          return usersMistakes(openCluster({ ...access, ...narrowedTo(namespaces) }, { interactive: true, signal, name }));
        },
      }),
  };
};

const readText = async (path: string, what: string, remedy = ''): Promise<string> => {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${what} ${path}: ${code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : String(code)}.${remedy}`,
    );
  }
};

/** The configuration that --config names, or ./nightshift.yaml where configured clusters are wanted; undefined where neither is. */
export const configurationOf = async (command: Pick<Command, 'cluster' | 'event' | 'config'>): Promise<Configuration | undefined> => {
  const configured = command.cluster !== undefined || command.event !== undefined;
  if (command.config === undefined && !configured) return undefined;
  const file = command.config ?? 'nightshift.yaml';
  const { readConfiguration } = await import('../runtime/read-configuration.ts');
  const text = await readText(
    file,
    command.config === undefined ? 'The configuration' : '--config',
    command.config === undefined ? ' Say --config FILE, or run where it lies.' : '',
  );
  return readConfiguration(text, file);
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
  if (command.manifests !== undefined) {
    if (operation.needs === 'backups') throw new UsageError(`${operation.name} looks at backups, not at manifests: say --backup PATH.`);
    return [manifestsTarget(command.manifests, options)];
  }
  if (command.namespaces !== undefined) await assertNamespaces(command.namespaces);
  if (command.kubeconfig !== undefined || command.context !== undefined) return kubeconfigTargets(command, options);
  if (command.backup !== undefined) return [backupTarget(command, command.backup, options)];
  if (configuration && (command.cluster !== undefined || command.event !== undefined)) {
    const patterns = command.cluster === undefined ? clusters : partsOf('cluster', command.cluster);
    return clustersFor(operation, configuration, patterns).map((name) => configuredTarget(configuration, name, command));
  }
  throw new UsageError(
    `Nothing to look at was given. Say ${operation.needs === 'backups' ? '' : '--manifests DIR, '}--backup PATH, --kubeconfig FILE [--context NAME], --cluster NAME (of nightshift.yaml) or --event FILE.`,
  );
};
