/**
 * Builds the real parts that the tests run against, from Go modules that pin them, into .cache/parts.
 * By itself: `node test/control-plane/parts/build.ts [etcd|kube-apiserver|kube-controller-manager|kubectl|helm|velero|velero-plugin-for-aws ...]`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startChild } from './child-process.ts';

const here = import.meta.dirname;
const cache = resolve(here, '../../../.cache/parts');
const lock = join(cache, 'lock');

interface Part {
  /** The folder beside this file that holds the go.mod. */
  readonly module: string;
  readonly package: string;
  readonly usually: string;
  /** Whether the KUBEBUILDER_ASSETS folder holds it. */
  readonly inKubebuilderAssets?: true;
  readonly linkerFlags?: (module: string) => string;
}

const parts = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3', usually: '20 to 50 seconds', inKubebuilderAssets: true },
  'kube-apiserver': {
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    usually: '3 to 5 minutes',
    inKubebuilderAssets: true,
    linkerFlags: kubernetesVersion,
  },
  'kube-controller-manager': {
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    usually: '1 to 2 minutes after kube-apiserver',
    linkerFlags: kubernetesVersion,
  },
  kubectl: {
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kubectl',
    usually: 'a minute after kube-apiserver',
    linkerFlags: kubernetesVersion,
  },
  helm: { module: 'helm', package: 'helm.sh/helm/v4/cmd/helm', usually: 'a minute', linkerFlags: helmVersion },
  // Velero finds a plugin in its --plugin-dir by being executable: the cache's name for it does as well as any.
  velero: {
    module: 'velero',
    package: 'github.com/vmware-tanzu/velero/cmd/velero',
    usually: '3 to 5 minutes',
    linkerFlags: veleroFlags,
  },
  'velero-plugin-for-aws': {
    module: 'velero',
    package: 'github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws',
    usually: 'a minute after velero',
  },
} as const satisfies Record<string, Part>;

/** A part that buildPart can bring. */
export type PartName = keyof typeof parts;

/** Every part that buildPart can bring. */
export const partNames = Object.keys(parts) as readonly PartName[];

const underWay = new Map<PartName, Promise<string>>();

/**
 * The path of a part's binary: built when it is not there or its go.mod has changed, or taken from KUBEBUILDER_ASSETS
 * (etcd and kube-apiserver). Any number of processes may ask at once. Throws when it cannot be had: never a reason to skip.
 */
export function buildPart(name: PartName): Promise<string> {
  const path = underWay.get(name) ?? findOrBuild(name, parts[name]);
  underWay.set(name, path);
  return path;
}

async function findOrBuild(name: PartName, part: Part): Promise<string> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets && part.inKubebuilderAssets) {
    const given = join(assets, name);
    if (!existsSync(given)) throw new Error(`KUBEBUILDER_ASSETS is ${assets}, but there is no ${name} in it`);
    return given;
  }
  const module = join(here, part.module);
  const flags = part.linkerFlags?.(module) ?? '';
  // The name carries what the binary is made of: a file of that name is whole and up to date.
  const fingerprint = createHash('sha256')
    .update(readFileSync(join(module, 'go.mod')))
    .update(part.package)
    .update(flags);
  const binary = join(cache, `${name}-${fingerprint.digest('hex').slice(0, 12)}`);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const unlock = await lockBuilds(name);
  try {
    if (!existsSync(binary)) await build(name, part, module, flags, binary);
  } finally {
    unlock();
  }
  return binary;
}

async function build(name: PartName, part: Part, module: string, flags: string, binary: string): Promise<void> {
  if (spawnSync('go', ['version']).status !== 0) {
    throw new Error(
      `${name} is built from source, and there is no Go: install Go 1.26 or newer (https://go.dev/dl) and put it on the PATH`,
    );
  }
  console.error(`Building ${name}: it usually takes ${part.usually}, once ...`);
  const started = performance.now();
  const unfinished = `${binary}.${process.pid}`;
  const args = ['build', '-trimpath', '-ldflags', `-s -w ${flags}`.trim(), '-o', unfinished, part.package];
  // Without cgo neither a C compiler is needed nor does the binary depend on this machine's libraries.
  const environment = { GOFLAGS: '-mod=readonly -buildvcs=false', CGO_ENABLED: '0', GOWORK: 'off' };
  const code = await startChild(`go build ${name}`, 'go', args, { directory: module, environment }).ended;
  if (code !== 0) {
    rmSync(unfinished, { force: true });
    throw new Error(`go build of ${part.package} in ${module} failed (exit code ${code}): what it said is on standard error`);
  }
  renameSync(unfinished, binary);
  removeOlder(name, binary);
  console.error(`Built ${name} in ${Math.round((performance.now() - started) / 1000)} s`);
}

// A running older one keeps its file: unlinking takes only the name.
function removeOlder(name: PartName, binary: string): void {
  const ofThisPart = new RegExp(`^${name}-[0-9a-f]{12}(\\.\\d+)?$`);
  for (const file of readdirSync(cache)) {
    if (ofThisPart.test(file) && join(cache, file) !== binary) rmSync(join(cache, file), { force: true });
  }
}

/** One build at a time, whichever process asks: each already keeps every core busy. */
async function lockBuilds(name: PartName): Promise<() => void> {
  const owner = join(lock, 'pid');
  for (let told = false; ; await sleep(300)) {
    try {
      mkdirSync(lock);
      writeFileSync(owner, String(process.pid));
      return () => rmSync(lock, { recursive: true, force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (removeLockOfTheDead(owner)) continue;
    if (!told) console.error(`Waiting for another build to end before building ${name} ...`);
    told = true;
  }
}

// Two who take the same dead lock away may both build: a waste, not a harm, since the binary arrives by rename.
function removeLockOfTheDead(owner: string): boolean {
  const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : 0;
  // No id yet: its owner writes it in the same moment, or died in it.
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (pid === 0 ? age < 10_000 : isAlive(pid)) return false;
  rmSync(lock, { recursive: true, force: true });
  return true;
}

/** What Kubernetes' own build script would stamp, so that /version answers like a release. */
function kubernetesVersion(module: string): string {
  const version = requiredVersion(module, 'k8s.io/kubernetes');
  const [major, minor] = version.slice(1).split('.');
  // The module proxy tells no commit: the checksum that Go verified the source by stands in its place.
  const commit = createHash('sha1')
    .update(checksum(module, 'k8s.io/kubernetes', version))
    .digest('hex');
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: commit,
    gitTreeState: 'clean',
    // The day of the release: a binary built again is then the same binary.
    buildDate: '2026-07-22T00:00:00Z',
  };
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version']
    .flatMap((target) => Object.entries(values).map(([key, value]) => `-X ${target}.${key}=${value}`))
    .join(' ');
}

function helmVersion(module: string): string {
  return `-X helm.sh/helm/v4/internal/version.version=${requiredVersion(module, 'helm.sh/helm/v4')}`;
}

/** Its version; and no controller-runtime metrics on :8080, which no option of the server moves: so several can run on one machine. */
function veleroFlags(module: string): string {
  const values = {
    'github.com/vmware-tanzu/velero/pkg/buildinfo.Version': requiredVersion(module, 'github.com/vmware-tanzu/velero'),
    'sigs.k8s.io/controller-runtime/pkg/metrics/server.DefaultBindAddress': '0',
  };
  return Object.entries(values)
    .map(([variable, value]) => `-X ${variable}=${value}`)
    .join(' ');
}

function requiredVersion(module: string, path: string): string {
  const line = readFileSync(join(module, 'go.mod'), 'utf8')
    .split('\n')
    .find((text) => text.replace(/^(require)?\s+/, '').startsWith(`${path} v`));
  const version = line
    ?.trim()
    .split(' ')
    .find((word) => /^v\d/.test(word));
  if (version === undefined) throw new Error(`${module}/go.mod requires no ${path}`);
  return version;
}

function checksum(module: string, path: string, version: string): string {
  const line = readFileSync(join(module, 'go.sum'), 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${path} ${version} `));
  if (line === undefined) throw new Error(`${module}/go.sum has no line for ${path} ${version}`);
  return line;
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !partNames.some((part) => part === name));
  if (unknown !== undefined) {
    console.error(`There is no part ${unknown}: ${partNames.join(', ')}`);
    process.exit(2);
  }
  for (const name of partNames) {
    if (asked.length === 0 || asked.includes(name)) console.log(await buildPart(name));
  }
}
