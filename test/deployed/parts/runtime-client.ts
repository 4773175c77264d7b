/**
 * Runs a bundle as Lambda does: under Lambda's own runtime client, in a process of its own, against a small server of the Runtime API.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Child, removeTemporaryDirectory, startChild, temporaryDirectory } from '../../control-plane/parts/child-process.ts';

const here = join(import.meta.dirname, 'runtime-client');
const cache = resolve(import.meta.dirname, '../../../.cache');

/** What a function runs with. */
export interface FunctionProcess {
  /** The unpacked bundle. */
  readonly bundleDirectory: string;
  /** As Lambda takes it: `index.handler`. */
  readonly handler: string;
  /** The whole environment but for what Lambda itself sets; nothing is inherited. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long one invocation may take; 60,000 unless told. */
  readonly timeoutMs?: number;
  readonly functionArn?: string;
}

/** How one invocation ended. */
export type Invocation = { readonly requestId: string; readonly durationMs: number } & (
  | { readonly response: unknown; readonly error?: never }
  | { readonly error: { readonly errorType?: string; readonly errorMessage?: string }; readonly response?: never }
);

/** A function's process, warm until it is stopped. */
export interface RunningFunction {
  /** From the start of the process until it asked for the first event. */
  readonly initDurationMs: number;
  /** Gives it an event and waits for its answer; one at a time, as Lambda does. */
  invoke(event: unknown): Promise<Invocation>;
  /** All that it wrote to standard output and error. */
  logs(): string;
  /** The most memory that it had resident, in bytes; 0 where the system does not tell. */
  peakMemory(): number;
  stop(): Promise<void>;
}

/** All that one process gave. */
export interface BundleRun {
  readonly invocations: readonly Invocation[];
  readonly logs: string;
  readonly initDurationMs: number;
  readonly peakMemory: number;
}

/** Runs these events one after the other in one process, from a cold start, and ends it. */
export async function invokeBundle({ events, ...process }: FunctionProcess & { readonly events: readonly unknown[] }): Promise<BundleRun> {
  const running = await startFunction(process);
  try {
    const invocations: Invocation[] = [];
    for (const event of events) invocations.push(await running.invoke(event));
    return { invocations, logs: running.logs(), initDurationMs: running.initDurationMs, peakMemory: running.peakMemory() };
  } finally {
    await running.stop();
  }
}

/** Starts a function's process and waits until it asks for its first event. Throws, with its log, when it fails before. */
export async function startFunction(options: FunctionProcess): Promise<RunningFunction> {
  const client = await findOrInstall();
  const api = await startRuntimeApi(options.functionArn ?? 'arn:aws:lambda:eu-central-1:123456789012:function:under-test');
  const directory = temporaryDirectory('function');
  const log = join(directory, 'function.log');
  const started = performance.now();
  const child = startChild('function', process.execPath, [join(client, 'node_modules', 'aws-lambda-ric', 'index.mjs')], {
    log,
    directory: options.bundleDirectory,
    environment: functionEnvironment(options, api.address),
    background: true,
  });
  const stop = async () => {
    await child.stop();
    api.close();
    removeTemporaryDirectory(directory);
  };
  const failed = await Promise.race([api.asked.then(() => undefined), api.initError, ended(child)]);
  if (failed !== undefined) {
    const logs = readFileSync(log, 'utf8');
    await stop();
    throw new Error(`The function did not start: ${failed}\n${logs}`);
  }
  const initDurationMs = performance.now() - started;
  let peak = 0;
  return {
    initDurationMs,
    async invoke(event) {
      const deadline = AbortSignal.timeout(options.timeoutMs ?? 60_000);
      const late = once(deadline, 'abort').then(() => `timed out after ${options.timeoutMs ?? 60_000} ms`);
      const invocation = await Promise.race([api.invoke(event, options.timeoutMs ?? 60_000), late, ended(child)]);
      peak = peakMemoryOf(child) || peak;
      if (typeof invocation !== 'string') return invocation;
      await child.stop();
      throw new Error(`The function gave no answer: ${invocation}\n${readFileSync(log, 'utf8')}`);
    },
    logs: () => readFileSync(log, 'utf8'),
    peakMemory: () => peak,
    stop,
  };
}

async function ended(child: Child): Promise<string> {
  return `its process ended with code ${await child.ended}`;
}

/** What Lambda sets beside the function's own environment; what the test's process has is taken away. */
function functionEnvironment({ environment, handler, bundleDirectory }: FunctionProcess, address: string) {
  return {
    ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])),
    PATH: process.env.PATH,
    TZ: ':UTC',
    ...environment,
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_FUNCTION_NAME: 'under-test',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_GROUP_NAME: 'under-test',
    AWS_LAMBDA_LOG_STREAM_NAME: 'under-test',
    LAMBDA_TASK_ROOT: bundleDirectory,
    _HANDLER: handler,
  };
}

interface RuntimeApi {
  /** host:port */
  readonly address: string;
  /** When the client asks for its first event. */
  readonly asked: Promise<void>;
  /** When the function's module cannot be loaded: why. */
  readonly initError: Promise<string>;
  invoke(event: unknown, timeoutMs: number): Promise<Invocation>;
  close(): void;
}

async function startRuntimeApi(functionArn: string): Promise<RuntimeApi> {
  const asked = Promise.withResolvers<void>();
  const initError = Promise.withResolvers<string>();
  let waiting = Promise.withResolvers<ServerResponse>();
  let answered = Promise.withResolvers<{ readonly error: boolean; readonly body: string }>();
  const server = createServer((request, response) => {
    const [, , , what, id, outcome] = request.url?.split('/') ?? [];
    if (what === 'invocation' && id === 'next') {
      asked.resolve();
      waiting.resolve(response);
      return;
    }
    void accept(request, response).then((body) => {
      if (what === 'init') initError.resolve(body);
      else answered.resolve({ error: outcome === 'error', body });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: asked.promise,
    initError: initError.promise,
    async invoke(event, timeoutMs) {
      const next = await waiting.promise;
      waiting = Promise.withResolvers();
      answered = Promise.withResolvers();
      const requestId = randomUUID();
      const started = performance.now();
      next.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
        'lambda-runtime-invoked-function-arn': functionArn,
        'lambda-runtime-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`,
      });
      next.end(JSON.stringify(event));
      const { error, body } = await answered.promise;
      const parsed = body === '' ? null : JSON.parse(body);
      const ran = { requestId, durationMs: performance.now() - started };
      return error ? { ...ran, error: parsed } : { ...ran, response: parsed };
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function accept(request: IncomingMessage, response: ServerResponse): Promise<string> {
  const body = await text(request);
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  return body;
}

/** The kernel's high-water mark of the resident set. */
function peakMemoryOf({ pid }: Child): number {
  const file = `/proc/${pid}/status`;
  const kilobytes = existsSync(file) ? /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return Number(kilobytes ?? 0) * 1024;
}

/** The folder that holds Lambda's runtime client, installed from the lock beside this file when it is not there. */
async function findOrInstall(): Promise<string> {
  const files = ['package.json', 'package-lock.json'];
  const digest = files.reduce((hash, file) => hash.update(readFileSync(join(here, file))), createHash('sha256')).digest('hex');
  const directory = join(cache, `runtime-client-${digest.slice(0, 12)}`);
  if (existsSync(directory)) return directory;
  console.error('Installing Lambda’s runtime client into .cache: it compiles for half a minute or more, once ...');
  // Made under another name: a directory of the final name is always whole.
  const unfinished = `${directory}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  for (const file of files) copyFileSync(join(here, file), join(unfinished, file));
  const code = await startChild('npm ci', 'npm', ['ci', '--no-audit', '--no-fund'], {
    directory: unfinished,
    log: join(unfinished, 'npm.log'),
  }).ended;
  const compiled = existsSync(join(unfinished, 'node_modules', 'aws-lambda-ric', 'rapid-client.node'));
  if (code !== 0 || !compiled) {
    throw new Error(`npm ci of Lambda’s runtime client failed (it needs a C++ compiler, make and cmake); see ${unfinished}/npm.log`);
  }
  if (existsSync(directory)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, directory);
  return directory;
}
