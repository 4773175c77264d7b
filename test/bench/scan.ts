/**
 * All checks beside the plain paginated read of the same lists, on 5,000, 20,000 and 100,000 pods (20 a node) of 3 KB and of 10 KB in a real
 * API server: time within 1.3 times, memory flat and below 256 MB; and the requests, which do not grow with the number of checks.
 * node test/bench/bench.ts scan [runs [pods ...]]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCluster } from '../../functions/cluster/open-cluster.ts';
import { checks } from '../../functions/health-check/checks/index.ts';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import type { Check } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { writeBundle } from '../../infra/constructs/bundle.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/parts/control-plane.ts';
import { seedCluster } from '../control-plane/parts/seed.ts';
import { type Figures, line, measure, median, medians } from './measure.ts';
import { pathsOf } from './read-paths.ts';

const root = join(import.meta.dirname, '..', '..');

/** What other tools took on 1,000 nodes and 20,000 pods of 3 KB on this kind of machine (2 cores), measured once: they are not run here. */
const peers = [
  ['kubectl get pods -A -o json', '13.5 s, 1,230 MB'],
  ['popeye, all sections (some requests time out)', '35-37 s, 2,100-2,600 MB'],
  ['pluto detect-all-in-cluster', '5 s, 675-930 MB'],
  ['kube-no-trouble', '6.3 s, 42 MB'],
  ['kor all', '239 s, 244 MB'],
] as const;

interface Size {
  readonly pods: number;
  readonly podBytes: number;
}

/** `bundled`: the same command, bundled as the functions are deployed; `ours`: from its source, as it runs in a clone. */
type Commands = Readonly<Record<'one' | 'three' | 'bundled' | 'ours', () => Promise<Figures>>>;

const commandsOf = async (plane: ControlPlane): Promise<Commands> => {
  const authority = join(plane.directory, 'authority.pem');
  writeFileSync(authority, plane.certificateAuthority);
  const paths = await pathsOf(plane, checks);
  const raw = (atOnce: number) =>
    measure([join(root, 'test/bench/raw-read.ts'), plane.url, authority, plane.adminToken, String(atOnce), ...paths]);
  const command = ['health-check', '--kubeconfig', await plane.kubeconfig(), '--fail-on', 'never', '--output', 'json'];
  const source = join(root, 'functions/cli/nightshift.ts');
  writeBundle(source, configurationSchema.parse({ clusters: {} }), join(plane.directory, 'bundle'));
  const run = (entry: string) => measure(['--max-semi-space-size=8', entry, ...command], [0, 3]);
  return {
    one: () => raw(1),
    three: () => raw(3),
    bundled: () => run(join(plane.directory, 'bundle/index.mjs')),
    ours: () => run(source),
  };
};

const compare = async ({ pods, podBytes }: Size, runs: number): Promise<void> => {
  const plane = await startControlPlane();
  try {
    await seedCluster(plane, { nodes: pods / 20, pods, podBytes });
    const commands = await commandsOf(plane);
    // The server's own caches and the disk's are warm for neither or both.
    await commands.three();
    const rounds: Record<keyof Commands, Figures>[] = [];
    for (let run = 0; run < runs; run += 1) {
      rounds.push({
        one: await commands.one(),
        three: await commands.three(),
        bundled: await commands.bundled(),
        ours: await commands.ours(),
      });
    }
    const ratio = (what: 'bundled' | 'ours', key: 'one' | 'three') =>
      median(rounds.map((round) => round[what].wallMs / round[key].wallMs)).toFixed(2);
    const ratios = (what: 'bundled' | 'ours') => `${ratio(what, 'one')} to one at a time, ${ratio(what, 'three')} to three at once`;
    console.log(`${pods} pods of ${podBytes / 1000} KB on ${pods / 20} nodes, ${runs} rounds, medians:`);
    console.log(line('raw paginated read, one list at a time', medians(rounds.map(({ one }) => one))));
    console.log(line('raw paginated read, three lists at once', medians(rounds.map(({ three }) => three))));
    console.log(line(`nightshift, ${checks.length} checks, as deployed (bundled)`, medians(rounds.map(({ bundled }) => bundled))));
    console.log(line(`nightshift, ${checks.length} checks, from source`, medians(rounds.map(({ ours }) => ours))));
    console.log(`  ratio of wall times, at most 1.3 wanted: bundled ${ratios('bundled')}; from source ${ratios('ours')}`);
    await requests(plane);
  } finally {
    await plane.stop();
  }
};

/** How many requests a run takes with all checks, and with one and all of those that read the same resources. */
const requests = async (plane: ControlPlane): Promise<void> => {
  const ofPods = ['pod-waiting', 'pod-pending', 'pod-restarts', 'pod-terminating', 'pod-not-ready'];
  const count = async (only: readonly Check[]): Promise<number> => {
    const access = { kubeconfigFile: await plane.kubeconfig() };
    const source = await openCluster(access, { interactive: true, name: 'bench', signal: AbortSignal.timeout(60_000) });
    try {
      return (await scan(source, only, { signal: AbortSignal.timeout(600_000) })).requests;
    } finally {
      await source.close();
    }
  };
  const some = checks.filter(({ id }) => ofPods.includes(id));
  const [one, five, all] = [await count(some.slice(0, 1)), await count(some), await count(checks)];
  console.log(`  requests: ${one} with one check of pods, ${five} with ${some.length} of them, ${all} with all ${checks.length} checks`);
};

const sizes: readonly Size[] = [5_000, 20_000, 100_000].flatMap((pods) => [3_000, 10_000].map((podBytes) => ({ pods, podBytes })));

export const benchScan = async (runs: number, only: readonly string[]): Promise<void> => {
  for (const size of sizes) {
    // The largest take minutes each.
    if (only.length === 0 || only.includes(String(size.pods))) await compare(size, size.pods > 50_000 ? Math.min(runs, 3) : runs);
  }
  console.log('The peers, on 20,000 pods of 3 KB:');
  for (const [name, figures] of peers) console.log(`  ${name.padEnd(48)} ${figures}`);
};
