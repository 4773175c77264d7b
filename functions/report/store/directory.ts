import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Storage, TooLong } from './storage.ts';

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A lock that is older than this (ms) was left by a command that was killed. */
const staleAfter = 10_000;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** The file that a lock is, which tells it from the next of its name; undefined: there is none. */
const inodeOf = async (path: string): Promise<number | undefined> => (await stat(path).catch(() => undefined))?.ino;

/** Makes the lock and gives its file, or undefined where another has it. */
const takenLock = async (lock: string): Promise<number | undefined> => {
  try {
    const handle = await open(lock, 'wx');
    try {
      return (await handle.stat()).ino;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return undefined;
  }
};

/** Takes away a lock that was left, and no other: between the look and the deed another may have put its own there. */
const clearStale = async (lock: string, stale: number): Promise<void> => {
  const aside = `${lock}.${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if ((await inodeOf(aside)) !== stale) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
};

/**
 * Those who write the same path on a condition do so one after another, whatever process they are of. `held`: whether the lock is still this
 * one's; a process that was asleep may have lost it.
 */
const locked = async <T>(path: string, work: (held: () => Promise<boolean>) => Promise<T>): Promise<T> => {
  const lock = `${path}.lock`;
  let own = await takenLock(lock);
  while (own === undefined) {
    const there = await stat(lock).catch(() => undefined);
    if (there && Date.now() - there.mtimeMs > staleAfter) await clearStale(lock, there.ino);
    else await sleep(5 + Math.random() * 20);
    own = await takenLock(lock);
  }
  const held = async () => (await inodeOf(lock)) === own;
  try {
    return await work(held);
  } finally {
    if (await held()) await rm(lock, { force: true });
  }
};

/**
 * A directory in the bucket’s layout, made when something is first written to it. A text takes its place by a rename, so a reader sees the
 * old or the new one whole. A version is the text’s digest.
 */
export const directoryStorage = (directory: string): Storage => {
  const pathOf = (key: string): string => {
    if (key.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw new Error(`${JSON.stringify(key)} is no key: its parts are names, separated by single slashes`);
    return join(directory, key);
  };
  const read: Storage['read'] = async (key, { mostBytes = Number.POSITIVE_INFINITY } = {}) => {
    try {
      const { size } = await stat(pathOf(key));
      if (size > mostBytes) throw new TooLong(size, mostBytes);
      const text = await readFile(pathOf(key), 'utf8');
      return { text, version: versionOf(text) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    location: directory,
    read,
    async write(key, text, _contentType, precondition) {
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      // Manifests may hold what only their owner may read.
      const mode = key.startsWith('journal/') ? 0o600 : 0o666;
      if (precondition === undefined) return written(path, text, mode, replaces);
      if (precondition === 'absent') return written(path, text, mode, isFirst);
      return locked(path, async (held) => {
        if ((await read(key))?.version !== precondition.version) return false;
        return written(path, text, mode, async (unfinished) => (await held()) && replaces(unfinished, path));
      });
    },
  };
};

type Place = (unfinished: string, path: string) => Promise<boolean>;

const replaces: Place = async (unfinished, path) => {
  await rename(unfinished, path);
  return true;
};

/** A name is given once, whoever asks at the same moment: for that no lock is needed. */
const isFirst: Place = async (unfinished, path) => {
  try {
    await link(unfinished, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // A file system without a second name for a file.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
    return locked(path, async (held) => (await inodeOf(path)) === undefined && (await held()) && replaces(unfinished, path));
  }
};

/** On the disk before it has its name: what a journal says must outlast the machine's power. */
const written = async (path: string, text: string, mode: number, place: Place): Promise<boolean> => {
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(unfinished, text, { flush: true, mode });
    const placed = await place(unfinished, path);
    if (placed) await named(dirname(path));
    return placed;
  } finally {
    await rm(unfinished, { force: true });
  }
};

/** Some systems cannot write down a directory: it is then theirs to do. */
const named = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
};
