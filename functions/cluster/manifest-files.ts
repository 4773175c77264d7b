/** The texts that a path means: a file, a folder with all that is below it, or standard input. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { codeOf } from './connection-errors.ts';
import { ManifestError } from './manifest-error.ts';

/** One file's content. */
export interface ManifestText {
  readonly file: string;
  readonly text: string;
}

/**
 * Reads the files in the order of their names, one after the other. In a folder *.yaml, *.yml and *.json count; what begins with a dot and
 * node_modules do not. Throws ManifestError where there is none.
 */
export async function* manifestTexts(path: string, stdin: NodeJS.ReadableStream): AsyncGenerator<ManifestText, void, undefined> {
  if (path === '-') {
    yield { file: 'standard input', text: await text(stdin) };
    return;
  }
  const status = await orManifestError(stat(path), path);
  if (!status.isDirectory()) {
    yield { file: path, text: await orManifestError(readFile(path, 'utf8'), path) };
    return;
  }
  let found = false;
  for await (const file of filesBelow(path)) {
    found = true;
    yield { file, text: await orManifestError(readFile(file, 'utf8'), file) };
  }
  if (!found) throw new ManifestError('there is no *.yaml, *.yml or *.json in this folder or below it', path);
}

async function* filesBelow(directory: string): AsyncGenerator<string, void, undefined> {
  const entries = await orManifestError(readdir(directory, { withFileTypes: true }), directory);
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (!/\.(?:ya?ml|json)$/i.test(entry.name)) continue;
    // A link to a file counts (mounted ConfigMaps are such), one to a folder could lead in a circle.
    else if (entry.isFile() || (entry.isSymbolicLink() && (await orManifestError(stat(path), path)).isFile())) yield path;
  }
}

async function orManifestError<T>(work: Promise<T>, path: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    throw new ManifestError(code === 'ENOENT' ? 'no such file or folder' : `cannot be read (${code})`, path, undefined, { cause: error });
  }
}
