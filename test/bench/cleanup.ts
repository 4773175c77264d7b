/**
 * The cleanup. A plan with all rules beside the plain paginated read of the same lists: 20,000 pods of 3 KB, 5,000 Jobs, 5,000 ReplicaSets, 5,000
 * ConfigMaps and 5,000 Secrets in a real API server; time within 1.3 times, memory below 256 MB. Then 5,000 deletions at the fastest pace that
 * there is (100 a second), in one go and over several invocations. node test/bench/bench.ts cleanup [runs [plan|apply ...]]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { rules } from '../../functions/cleanup/rules/index.ts';
import { metadataOf, namespaces } from '../../functions/cluster/kinds.ts';
import { counted } from '../../functions/report/counts.ts';
import type { Report } from '../../functions/report/model.ts';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { writeBundle } from '../../infra/constructs/bundle.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/parts/control-plane.ts';
import { seedCluster } from '../control-plane/parts/seed.ts';
import type { Applied, Apply } from './cleanup-apply.ts';
import { seedForCleanup } from './cleanup-seed.ts';
import { type Figures, line, measure, median, medians } from './measure.ts';
import { pathsOf } from './read-paths.ts';

const root = join(import.meta.dirname, '..', '..');
const pods = 20_000;
const many = 5_000;
const semiSpace = '--max-semi-space-size=8';

/** Everything on, and nothing too much: what is measured is the work, not a plan that its limits hold. */
const options = {
  checks: Object.fromEntries(rules.map(({ id }) => [id, { enabled: true }])),
  guards: { limits: { number: many, percent: 100 }, writesPerSecond: 100 },
};

const load = (): string =>
  loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');

/** The command's arguments for this cluster, with a place of its own for plans and journals. */
const argumentsFor = async (plane: ControlPlane, state: string): Promise<string[]> => {
  const config = join(plane.directory, 'nightshift.yaml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ clusters: {}, options: { cleanup: options } }));
  const where = ['--kubeconfig', await plane.kubeconfig(), '--config', config, '--state', join(plane.directory, state)];
  return ['cleanup', ...where, '--fail-on', 'never', '--output', 'json'];
};

const reportAt = (file: string): Report => JSON.parse(readFileSync(file, 'utf8')) as Report;

/** What came of it, so that a run that did not look at everything is no figure. */
const toldOf = ({ summary, complete, scanned, actions }: Report): string => {
  const states = Map.groupBy(actions, ({ state }) => state);
  const counts = [...states].map(([state, all]) => `${all.length} ${state}`).join(', ');
  return `${complete ? 'complete' : 'NOT COMPLETE'}, ${scanned.objects} objects, ${scanned.requests} requests, ${counts} (${summary.text})`;
};

const benchPlan = async (runs: number): Promise<void> => {
  const plane = await startControlPlane();
  try {
    await seedCluster(plane, { nodes: pods / 20, pods });
    await seedForCleanup(plane, { jobs: many, replicaSets: many, configMaps: many, secrets: many, aloneEvery: 10 });
    const authority = join(plane.directory, 'authority.pem');
    writeFileSync(authority, plane.certificateAuthority);
    const paths = await pathsOf(plane, rules, [metadataOf(namespaces)]);
    const raw = (atOnce: number) =>
      measure([join(root, 'test/bench/raw-read.ts'), plane.url, authority, plane.adminToken, String(atOnce), ...paths]);
    const out = join(plane.directory, 'report.json');
    const command = [...(await argumentsFor(plane, 'plans')), '--out', out];
    const source = join(root, 'functions/cli/nightshift.ts');
    writeBundle(source, configurationSchema.parse({ clusters: {} }), join(plane.directory, 'bundle'));
    const run = (entry: string) => measure([semiSpace, entry, ...command], [0, 3]);
    const rounds: Record<'one' | 'three' | 'bundled' | 'ours', Figures>[] = [];
    // The server's own caches are warm for neither or both.
    await raw(3);
    for (let each = 0; each < runs; each += 1) {
      rounds.push({
        one: await raw(1),
        three: await raw(3),
        bundled: await run(join(plane.directory, 'bundle/index.mjs')),
        ours: await run(source),
      });
    }
    const of = (what: 'one' | 'three' | 'bundled' | 'ours') => medians(rounds.map((round) => round[what]));
    const ratio = (what: 'bundled' | 'ours', key: 'one' | 'three') =>
      median(rounds.map((round) => round[what].wallMs / round[key].wallMs)).toFixed(2);
    const ratios = (what: 'bundled' | 'ours') => `${ratio(what, 'one')} to one at a time, ${ratio(what, 'three')} to three at once`;
    console.log(
      `A plan over ${pods} pods and ${many} each of Jobs, ReplicaSets, ConfigMaps, Secrets; ${runs} rounds, medians (load ${load()}):`,
    );
    console.log(line(`raw paginated read of the same ${paths.length} lists, one at a time`, of('one')));
    console.log(line('raw paginated read, three lists at once', of('three')));
    console.log(line(`nightshift cleanup, ${rules.length} rules, as deployed (bundled)`, of('bundled')));
    console.log(line(`nightshift cleanup, ${rules.length} rules, from source`, of('ours')));
    console.log(`  ratio of wall times, at most 1.3 wanted: bundled ${ratios('bundled')}; from source ${ratios('ours')}`);
    console.log(`  ${toldOf(reportAt(out))}`);
    console.log('  kor all, on 1,000 nodes and 20,000 pods, measured once: 239 s, 244 MB');
  } finally {
    await plane.stop();
  }
};

/** How many requests the API server has answered, by verb and resource. */
const served = async (plane: ControlPlane): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  const { body } = await plane.request('GET', '/metrics');
  for (const [, labels = '', count = '0'] of String(body).matchAll(/^apiserver_request_total\{(.*)\} (\S+)$/gm)) {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (label('resource') !== 'jobs') continue;
    const key = `${label('verb')}${label('dry_run') === '' ? '' : ' (dry run)'}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(count));
  }
  return counts;
};

/** Makes the plan and applies it, in invocations of so many ms each. */
const applyAll = async (budget: number): Promise<void> => {
  const plane = await startControlPlane();
  try {
    await seedCluster(plane, { nodes: 10, pods: 200 });
    await seedForCleanup(plane, { jobs: many, replicaSets: 0, configMaps: 0, secrets: 0, aloneEvery: 1 });
    const apply = await planned(plane, budget);
    const before = await served(plane);
    const rounds: (Figures & Applied)[] = [];
    for (let ended = 'interrupted'; ended === 'interrupted' && rounds.length < 100; ended = rounds.at(-1)?.ended ?? '') {
      const figures = await measure([semiSpace, join(root, 'test/bench/cleanup-apply.ts'), JSON.stringify(apply)]);
      rounds.push({ ...figures, ...(JSON.parse(readFileSync(apply.out, 'utf8')) as Applied) });
    }
    tellRounds(rounds);
    const requests = [...(await served(plane))].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const);
    const told = requests.filter(([, count]) => count > 0).map(([key, count]) => `${count} ${key}`);
    console.log(`  requests about Jobs: ${told.toSorted().join(', ')}`);
  } finally {
    await plane.stop();
  }
};

const planned = async (plane: ControlPlane, budget: number): Promise<Apply> => {
  const out = join(plane.directory, 'report.json');
  const command = [...(await argumentsFor(plane, 'state')), '--only', 'finished-jobs', '--out', out];
  await measure([semiSpace, join(root, 'functions/cli/nightshift.ts'), ...command], [0, 3]);
  const { plan, actions, cluster } = reportAt(out);
  const count = actions.filter((action) => action.state === 'planned').length;
  if (!plan || count !== many) throw new Error(`${count} of ${many} were planned`);
  return {
    kubeconfigFile: await plane.kubeconfig(),
    state: join(plane.directory, 'state'),
    config: join(plane.directory, 'nightshift.yaml'),
    cluster,
    plan: plan.id,
    budget,
    out: join(plane.directory, 'applied.json'),
  };
};

const tellRounds = (rounds: readonly (Figures & Applied)[]): void => {
  const sum = (of: (round: Figures & Applied) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const peak = Math.max(...rounds.map(({ peakMegabytes }) => peakMegabytes));
  const { ended, results } = rounds.at(-1) ?? {};
  console.log(`${many} deletions at 100 a second, in ${counted(rounds.length, 'invocation')} (load ${load()}):`);
  console.log(
    `  wall ${(sum(({ wallMs }) => wallMs) / 1000).toFixed(0)} s, cpu ${(sum(({ cpuMs }) => cpuMs) / 1000).toFixed(0)} s, peak ${peak.toFixed(0)} MB, progress told ${sum(({ progress }) => progress)} times; ${ended}: ${JSON.stringify(results)}`,
  );
  for (const { wallMs, settled, lastProgress } of rounds)
    console.log(`    ${(wallMs / 1000).toFixed(1).padStart(5)} s: ${settled} have an outcome; last told ${lastProgress}`);
};

export const benchCleanup = async (runs: number, only: readonly string[]): Promise<void> => {
  const wanted = (part: string) => only.length === 0 || only.includes(part);
  if (wanted('plan')) await benchPlan(runs);
  if (wanted('apply')) {
    await applyAll(600_000);
    await applyAll(25_000);
  }
};
