/**
 * Child processes and temporary directories that end with the test that started them, however it ends:
 * by stop(), by returning, by a signal, by an uncaught error, and on Linux even by kill -9.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A running part. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process has ended, with its exit code, or null if a signal ended it. Never rejects. */
  readonly ended: Promise<number | null>;
  /** True until the process has ended. */
  running(): boolean;
  /** The end of its log, for messages; empty without a log file. */
  lastLines(count?: number): string;
  /** Kills it (nothing that these processes hold is kept) and waits for its end. */
  stop(): Promise<void>;
}

/** What startChild may be told beside the command. */
export interface ChildOptions {
  /** The file that standard output and error go to; without it both go to this process's standard error. */
  readonly log?: string;
  readonly directory?: string;
  /** It does not keep this process alive: a test that forgot stop() ends all the same, and the child with it. */
  readonly background?: true;
  /** Laid over this process's own environment; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

// util-linux's setpriv asks the kernel to kill the child when its parent is gone, which no handler can do after kill -9.
const setpriv = '/usr/bin/setpriv';
const children = new Set<number>();
const directories = new Set<string>();
let guarded = false;

/** Starts a process that cannot outlive this one. A command that cannot be started ends at once, with code 127. */
export function startChild(name: string, command: string, args: readonly string[], options: ChildOptions = {}): Child {
  endWithThisProcess();
  const tied = existsSync(setpriv);
  const output = options.log === undefined ? 2 : openSync(options.log, 'a');
  const child = spawn(tied ? setpriv : command, tied ? ['--pdeathsig', 'KILL', '--', command, ...args] : args, {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...options.environment },
    ...(options.directory === undefined ? {} : { cwd: options.directory }),
  });
  if (options.log !== undefined) closeSync(output);
  const pid = child.pid ?? 0;
  if (pid > 0) children.add(pid);
  let running = true;
  const ended = new Promise<number | null>((resolve) => {
    const end = (code: number | null) => {
      running = false;
      children.delete(pid);
      resolve(code);
    };
    child.once('exit', end);
    child.once('error', () => end(127));
  });
  if (options.background) child.unref();
  return {
    name,
    pid,
    ended,
    running: () => running,
    lastLines: (count = 20) => (options.log === undefined ? '' : lastLines(options.log, count)),
    stop: async () => {
      if (!running) return;
      child.ref();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A new directory under the system's temporary one, removed when this process ends. */
export function temporaryDirectory(purpose: string): string {
  endWithThisProcess();
  const directory = mkdtempSync(join(tmpdir(), `nightshift-${purpose}-${process.pid}-`));
  directories.add(directory);
  return directory;
}

/** Removes a directory that temporaryDirectory made. */
export function removeTemporaryDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  directories.delete(directory);
}

/** Whether a process of this id is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function lastLines(file: string, count: number): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function endWithThisProcess(): void {
  if (guarded) return;
  guarded = true;
  removeDirectoriesOfTheDead();
  process.on('exit', endAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      endAll();
      // Our handler is gone by now: the signal does what it would have done.
      process.kill(process.pid, signal);
    });
  }
}

function endAll(): void {
  for (const pid of children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

// After kill -9 the kernel ends the children, but nobody removed the directory: the next run does.
function removeDirectoriesOfTheDead(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = /^nightshift-[a-z-]+-(\d+)-[^-]+$/.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
