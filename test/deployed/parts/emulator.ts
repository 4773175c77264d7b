/** AWS in a process beside the tests: moto's server, from a virtual environment in .cache that is made when it is not there. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTemporaryDirectory, startChild, temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import { freePort } from '../../control-plane/parts/free-port.ts';

const here = import.meta.dirname;
const cache = resolve(here, '../../../.cache');
const requirements = join(here, 'requirements.txt');

/** A running emulator of AWS. */
export interface Emulator {
  /** For the SDK, by address: S3 buckets are then named in the path. */
  readonly endpoint: string;
  /** For the CDK, by the name localhost: of an address moto would read the bucket in a template's URL wrongly. */
  readonly endpointByName: string;
  readonly region: string;
  readonly account: string;
  /** Credentials, region and endpoint for a process that uses it; takes away what the machine's own environment has. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ends it; what it held is gone. */
  stop(): Promise<void>;
}

/** Starts an emulator on a free port, empty. It ends with stop(), and with this process however that ends. */
export async function startEmulator(): Promise<Emulator> {
  const python = await findOrMakePython();
  const port = await freePort();
  const directory = temporaryDirectory('emulator');
  const server = startChild('moto', python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    log: join(directory, 'moto.log'),
    environment: { PYTHONUNBUFFERED: '1', AWS_DEFAULT_REGION: region },
    background: true,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const started = Date.now();
  while (!(await answers(`${endpoint}/moto-api/`))) {
    if (!server.running() || Date.now() - started > 60_000) {
      throw new Error(`The emulator did not start on port ${port}:\n${server.lastLines()}`);
    }
    await sleep(200);
  }
  return {
    endpoint,
    endpointByName: `http://localhost:${port}`,
    region,
    account: '123456789012',
    environment: { ...environmentWithoutAws(), ...credentials, AWS_REGION: region, AWS_DEFAULT_REGION: region, AWS_ENDPOINT_URL: endpoint },
    stop: async () => {
      await server.stop();
      removeTemporaryDirectory(directory);
    },
  };
}

const region = 'eu-central-1';
const credentials = { AWS_ACCESS_KEY_ID: 'testing', AWS_SECRET_ACCESS_KEY: 'testing', AWS_EC2_METADATA_DISABLED: 'true' };

/** A profile or an endpoint of the machine must not send a test's calls to a real account. */
export function environmentWithoutAws(): Record<string, undefined> {
  return Object.fromEntries(Object.keys(process.env).flatMap((name) => (name.startsWith('AWS_') ? [[name, undefined]] : [])));
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

/** The Python of a virtual environment that holds what requirements.txt pins. */
async function findOrMakePython(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const directory = join(cache, `emulator-${digest.slice(0, 12)}`);
  const python = join(directory, 'bin', 'python');
  if (existsSync(python)) return python;
  mkdirSync(cache, { recursive: true });
  console.error('Installing the AWS emulator (moto) into .cache: it usually takes a minute, once ...');
  // Made under another name: a directory of the final name is always whole.
  const unfinished = `${directory}.${process.pid}`;
  await run('python3', ['-m', 'venv', unfinished]);
  await run(join(unfinished, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  if (existsSync(directory)) rmSync(unfinished, { recursive: true, force: true });
  else renameSync(unfinished, directory);
  return python;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const code = await startChild(command, command, args).ended;
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} failed (exit code ${code}): the emulator needs Python 3.10 with venv, and PyPI`);
}
