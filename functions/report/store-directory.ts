import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Storage } from './store.ts';

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * A directory in the bucket’s layout, made when something is first written to it. A text takes its place by a rename, so a reader sees the
 * old or the new one whole. A version is the text’s digest; two commands that write at the very same moment are not kept apart.
 */
export const directoryStorage = (directory: string): Storage => {
  const pathOf = (key: string): string => {
    if (key.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw new Error(`${JSON.stringify(key)} is no key: its parts are names, separated by single slashes`);
    return join(directory, key);
  };
  const read = async (key: string) => {
    try {
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
      if (precondition !== undefined) {
        const stored = await read(key);
        if (precondition === 'absent' ? stored !== undefined : stored?.version !== precondition.version) return false;
      }
      const path = pathOf(key);
      await mkdir(dirname(path), { recursive: true });
      const unfinished = `${path}.${randomUUID()}.part`;
      try {
        await writeFile(unfinished, text);
        await rename(unfinished, path);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
      return true;
    },
  };
};
