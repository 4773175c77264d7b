/** What a path on disk is, that backups are to be read from: how its files lie in a location. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../../cluster/connection-errors.ts';
import { PlaceError } from './place-error.ts';

/** `base`: which folder of the location `root` is, empty or with a slash at its end. */
export interface Mounted {
  /** Without links. */
  readonly root: string;
  readonly base: string;
  /** The one file that is seen of `root`, and the name that it is seen by; absent: all of it. */
  readonly only?: { readonly file: string; readonly name: string };
  /** Where it is one backup. */
  readonly backupName?: string;
}

/** Throws PlaceError where it is none. */
export async function mountedAt(path: string): Promise<Mounted> {
  const root = await orPlaceError(realpath(path), path);
  if (!(await orPlaceError(stat(root), path)).isDirectory()) return oneTarball(path, root);
  const entries = await orPlaceError(readdir(root, { withFileTypes: true }), path);
  if (entries.some((entry) => entry.name === 'backups' && !entry.isFile())) return { root, base: '' };
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const backupName = await nameOfBackup(root, names);
  if (backupName === undefined) {
    throw new PlaceError(
      `${path}: no backups are here: it needs a folder that holds backups/, the folder of one backup (velero-backup.json, NAME.tar.gz), or NAME.tar.gz`,
    );
  }
  return { root, base: `backups/${backupName}/`, backupName };
}

const ending = '.tar.gz';

function oneTarball(path: string, file: string): Mounted {
  const given = basename(path);
  if (!given.endsWith(ending) || given === ending) throw new PlaceError(`${path}: no backup’s tarball: Velero’s are named NAME${ending}`);
  // `velero backup download` adds -data.
  const backupName = given.slice(0, -ending.length).replace(/(?<=.)-data$/, '');
  return {
    root: dirname(file),
    base: `backups/${backupName}/`,
    only: { file: basename(file), name: `${backupName}${ending}` },
    backupName,
  };
}

/** By its tarball, else by its velero-backup.json. */
async function nameOfBackup(root: string, names: readonly string[]): Promise<string | undefined> {
  const tarballs = names.filter((name) => name.endsWith(ending) && name !== ending).map((name) => name.slice(0, -ending.length));
  const own = basename(root);
  if (tarballs.length > 0) {
    const [only] = tarballs;
    return tarballs.length === 1 || tarballs.includes(own) ? (tarballs.includes(own) ? own : only) : undefined;
  }
  return names.includes('velero-backup.json') ? ((await nameInMetadata(join(root, 'velero-backup.json'))) ?? own) : undefined;
}

/** What is wrong with the file is for its checks to say. */
async function nameInMetadata(file: string): Promise<string | undefined> {
  try {
    const backup: { readonly metadata?: { readonly name?: unknown } } | null = JSON.parse(await readFile(file, 'utf8'));
    const name = backup?.metadata?.name;
    return typeof name === 'string' && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

async function orPlaceError<T>(work: Promise<T>, path: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    throw new PlaceError(`${path}: ${code === 'ENOENT' ? 'no such file or folder' : `cannot be read (${code})`}`, { cause: error });
  }
}
