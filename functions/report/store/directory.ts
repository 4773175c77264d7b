import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Storage, TooLong } from './storage.ts';

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A lock that is older than this (ms) was left by a command that was killed. */
const staleAfter = 10_000;

/** Those who write the same path on a condition do so one after another, whatever process they are of. */
const locked = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  const lock = `${path}.lock`;
  for (;;) {
    try {
      await (await open(lock, 'wx')).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
      if (Date.now() - mtimeMs > staleAfter) await rm(lock, { force: true });
      else await sleep(5 + Math.random() * 20);
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
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
      if (precondition === undefined) {
        await replace(path, text);
        return true;
      }
      return locked(path, async () => {
        const stored = await read(key);
        if (precondition === 'absent' ? stored !== undefined : stored?.version !== precondition.version) return false;
        await replace(path, text);
        return true;
      });
    },
  };
};

const replace = async (path: string, text: string): Promise<void> => {
  const unfinished = `${path}.${randomUUID()}.part`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
};
