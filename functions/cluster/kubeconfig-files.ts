/**
 * A kubeconfig that lies in files: one, or several as in $KUBECONFIG, merged as kubectl merges them.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { codeOf } from './connection-errors.ts';
import { type Kubeconfig, parseKubeconfig } from './kubeconfig.ts';

/** What the files hold together. */
export interface KubeconfigFiles {
  readonly text: string;
  /** For errors: `the kubeconfig /home/me/.kube/config`. */
  readonly from: string;
  /** What relative paths in the text start from. */
  readonly directory: string;
}

/**
 * Reads the file, or the files where `paths` names several with the system's delimiter; of several those that are missing are passed over, as
 * long as one is there. Throws ClusterError.
 */
export async function readKubeconfigFiles(paths: string): Promise<KubeconfigFiles> {
  const files = paths.split(delimiter).filter(Boolean);
  const texts = await Promise.all(files.map((file) => readText(file, files.length > 1)));
  const found = files.flatMap((file, index) => (texts[index] === undefined ? [] : [{ file, text: texts[index] }]));
  const [first, ...others] = found;
  if (first === undefined) throw unreadable(paths, 'there is none of these files');
  if (others.length === 0) return { text: first.text, from: `the kubeconfig ${first.file}`, directory: dirname(resolve(first.file)) };
  const parsed = found.map(({ file, text }) => ({
    config: parseKubeconfig(text, `the kubeconfig ${file}`),
    directory: dirname(resolve(file)),
  }));
  return {
    text: JSON.stringify(merged(parsed.map(({ config, directory }) => withAbsolutePaths(config, directory)))),
    from: `the kubeconfig ${found.map(({ file }) => file).join(delimiter)}`,
    directory: dirname(resolve(first.file)),
  };
}

async function readText(file: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (mayBeMissing && code === 'ENOENT') return undefined;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : `it cannot be read (${code})`;
    throw unreadable(file, why, error);
  }
}

function unreadable(file: string, why: string, cause?: unknown): ClusterError {
  const remedy = 'give the file that kubectl uses, usually ~/.kube/config';
  return new ClusterError('configuration', `the kubeconfig ${file}: ${why}`, remedy, { cause });
}

/** The first file to set a value wins; of entries of one name the first file's alone counts, whole. */
function merged(configs: readonly Kubeconfig[]): Kubeconfig {
  const firstOf = (key: 'contexts' | 'clusters' | 'users') => {
    const entries = configs.flatMap((config) => config[key] ?? []);
    return entries.filter(({ name }, index) => entries.findIndex((each) => each.name === name) === index);
  };
  return {
    'current-context': configs.map((config) => config['current-context']).find(Boolean),
    contexts: firstOf('contexts'),
    clusters: firstOf('clusters'),
    users: firstOf('users'),
  };
}

/** A path starts from the folder of the file that it stands in; once merged nothing tells which that was. */
function withAbsolutePaths(config: Kubeconfig, directory: string): Kubeconfig {
  const absolute = (path: string) => (isAbsolute(path) ? path : join(directory, path));
  const located = (holder: unknown, keys: readonly string[]): unknown => {
    if (typeof holder !== 'object' || holder === null) return holder;
    const paths = Object.entries(holder).filter(([key, value]) => keys.includes(key) && typeof value === 'string' && value !== '');
    return { ...holder, ...Object.fromEntries(paths.map(([key, value]) => [key, absolute(value)])) };
  };
  return {
    ...config,
    clusters: config.clusters?.map((each) => ({ ...each, cluster: located(each.cluster, ['certificate-authority']) })),
    users: config.users?.map((each) => ({
      ...each,
      user: withPlugin(located(each.user, ['client-certificate', 'client-key', 'tokenFile'])),
    })),
  };

  /** A command without a slash is looked for in the PATH. */
  function withPlugin(user: unknown): unknown {
    if (typeof user !== 'object' || user === null || !('exec' in user)) return user;
    const { exec } = user;
    const isPath = typeof exec === 'object' && exec !== null && 'command' in exec && String(exec.command).includes('/');
    return isPath ? { ...user, exec: located(exec, ['command']) } : user;
  }
}
