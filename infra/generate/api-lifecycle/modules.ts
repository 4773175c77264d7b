/** The Go modules that the table of API versions' lives is read from: pinned in modules.json, brought by `go mod download`. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import pins from './modules.json' with { type: 'json' };

const run = promisify(execFile);
const cache = resolve(import.meta.dirname, '../../../.cache/api-lifecycle');

/** What is read of a module, and of Go only the files that say one of these: of the 3 GB that they unpack to, 110 MB are kept. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  'k8s.io/kubernetes': ['api/openapi-spec/swagger.json', 'pkg/controlplane/instance.go'],
  'k8s.io/api': ['*/v*/*.go', '*/register.go'],
  'k8s.io/apiextensions-apiserver': ['pkg/apis/apiextensions/**/*.go'],
  'k8s.io/kube-aggregator': ['pkg/apis/apiregistration/**/*.go'],
};
const said = /APILifecycle|\bGroupName = "|EnabledByDefault = /;

/** A module's files that are read, on disk. */
export interface ReadModule {
  /** Its import path: k8s.io/api. */
  readonly path: string;
  /** As Go has it: v0.37.2 of k8s.io/api is v1.37.2 of Kubernetes. */
  readonly version: string;
  /** Of Kubernetes: 37. */
  readonly minor: number;
  readonly directory: string;
}

/** Every pinned module: from .cache where it was brought before, else from the module proxy. Throws where one cannot be had or is not what was pinned. */
export async function readModules(): Promise<readonly ReadModule[]> {
  const limit = pLimit(3);
  return Promise.all(
    pins.modules.map(async (pin): Promise<ReadModule> => {
      const { path, version, sum } = pin;
      // The name carries what is in it: a directory of that name is whole and up to date.
      const fingerprint = createHash('sha256').update(JSON.stringify([sum, wanted[path], said.source]));
      const directory = join(cache, `${path.replaceAll('/', '_')}@${version}-${fingerprint.digest('hex').slice(0, 12)}`);
      if (!existsSync(directory)) await limit(() => bring(path, version, sum, directory));
      return { path, version, minor: Number(version.split('.')[1]), directory };
    }),
  );
}

/** In memory where that has room for three modules at once: a minor is 25,000 files, which a disk takes eight seconds for, and memory one. */
function scratch(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 1e9 ? memory : tmpdir();
}

// A cache of its own, thrown away: Go keeps a module whole, and 25 minors of Kubernetes are 3 GB.
async function bring(path: string, version: string, sum: string, directory: string): Promise<void> {
  const goCache = mkdtempSync(join(scratch(), 'api-lifecycle-'));
  try {
    const got = await download(`${path}@${version}`, goCache);
    if (got.sum !== sum) throw new Error(`${path}@${version} has the sum ${got.sum}, and modules.json pins ${sum}`);
    const unfinished = `${directory}.${process.pid}`;
    const files = globSync([...(wanted[path] ?? [])], { cwd: got.directory });
    if (files.length === 0) throw new Error(`${path}@${version} holds none of ${wanted[path]?.join(', ') ?? 'the files that are read'}`);
    for (const file of files) {
      const text = readFileSync(join(got.directory, file), 'utf8');
      if (file.endsWith('.go') && !said.test(text)) continue;
      mkdirSync(dirname(join(unfinished, file)), { recursive: true });
      writeFileSync(join(unfinished, file), text);
    }
    // Two processes may both bring it: the second finds it there.
    if (existsSync(directory)) rmSync(unfinished, { recursive: true });
    else renameSync(unfinished, directory);
  } finally {
    rmSync(goCache, { recursive: true, force: true });
  }
}

async function download(module: string, goCache: string): Promise<{ readonly directory: string; readonly sum: string }> {
  const env = { ...process.env, GOMODCACHE: goCache, GOFLAGS: '-modcacherw', GOWORK: 'off', GO111MODULE: 'on' };
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: goCache, env }).catch((error: unknown) => {
    const answer = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout).trim() : '';
    throw new Error(`go mod download of ${module} failed: Go 1.21 or newer and its module proxy are needed. ${answer}`, { cause: error });
  });
  const answer: unknown = JSON.parse(stdout);
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && 'Sum' in answer) {
    return { directory: String(answer.Dir), sum: String(answer.Sum) };
  }
  throw new Error(`go mod download of ${module} answered without Dir and Sum`);
}
