/**
 * All checks beside the plain paginated read of the same lists, on 1,000 nodes and 20,000 pods of 3 KB and of 10 KB in a real API server.
 * node test/bench/bench.ts scan [runs]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../../functions/health-check/checks/index.ts';
import { planReads, type Reader } from '../../functions/scan/plan-reads.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/parts/control-plane.ts';
import { seedCluster } from '../control-plane/parts/seed.ts';
import { type Figures, line, measure, median, medians } from './measure.ts';

const root = join(import.meta.dirname, '..', '..');

/** The paths that the scan itself asks for, for what the server serves. */
const pathsOf = async (plane: ControlPlane): Promise<string[]> => {
  const readers: Reader[] = checks.flatMap((check) => {
    const reads = typeof check.reads === 'function' ? check.reads(check.options.parse({})) : check.reads;
    return Object.entries(reads).map(([name, read]) => ({ observer: check.id, name, read }));
  });
  const paths = planReads(readers).map(({ read: { group, versions, resource, namespace, part, labels, fields } }) => {
    const base = `${group ? `/apis/${group}` : '/api'}/${versions[0]}`;
    const query = new URLSearchParams({ ...(labels && { labelSelector: labels }), ...(fields && { fieldSelector: fields }) });
    return `${part ? '!' : ''}${base}/${namespace ? `namespaces/${namespace}/` : ''}${resource}?${query}`;
  });
  const served = await Promise.all(
    paths.map(async (path) => (await plane.request('GET', `${path.replace('!', '')}&limit=1`)).status === 200),
  );
  return paths.filter((_, index) => served[index]);
};

const compare = async (podBytes: number, runs: number): Promise<void> => {
  const plane = await startControlPlane();
  try {
    await seedCluster(plane, { nodes: 1_000, pods: 20_000, podBytes });
    const authority = join(plane.directory, 'authority.pem');
    writeFileSync(authority, plane.certificateAuthority);
    const paths = await pathsOf(plane);
    const kubeconfig = await plane.kubeconfig();
    const raw = (atOnce: number) =>
      measure([join(root, 'test/bench/raw-read.ts'), plane.url, authority, plane.adminToken, String(atOnce), ...paths]);
    const command = ['health-check', '--kubeconfig', kubeconfig, '--fail-on', 'never', '--output', 'json'];
    const ours = () => measure(['--max-semi-space-size=4', join(root, 'functions/cli/nightshift.ts'), ...command], [0, 3]);
    // The server's own caches and the disk's are warm for neither or both.
    await raw(3);
    const rounds: Record<'one' | 'three' | 'ours', Figures>[] = [];
    for (let run = 0; run < runs; run += 1) rounds.push({ one: await raw(1), three: await raw(3), ours: await ours() });
    const ratios = (key: 'one' | 'three') => median(rounds.map((round) => round.ours.wallMs / round[key].wallMs));
    console.log(`1,000 nodes, 20,000 pods of ${podBytes / 1000} KB, ${runs} rounds, medians:`);
    console.log(line('raw paginated read, one list at a time', medians(rounds.map(({ one }) => one))));
    console.log(line('raw paginated read, three lists at once', medians(rounds.map(({ three }) => three))));
    console.log(line(`nightshift health-check, ${checks.length} checks`, medians(rounds.map((round) => round.ours))));
    console.log(
      `  ratio of wall times: ${ratios('one').toFixed(2)} to one at a time, ${ratios('three').toFixed(2)} to three at once (at most 1.3 wanted)`,
    );
  } finally {
    await plane.stop();
  }
};

export const benchScan = async (runs: number): Promise<void> => {
  for (const podBytes of [3_000, 10_000]) await compare(podBytes, runs);
};
