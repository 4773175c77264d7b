/**
 * What each check costs alone: its time beside that of the same pages with nobody who looks, and what it keeps when all has been seen.
 * Objects are made and parsed page by page in this process, without a server. node test/bench/bench.ts checks [runs [pods]]
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { checks } from '../../functions/health-check/checks/index.ts';
import type { Batch, Check, End, Read, Source } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { clusterEntries } from '../control-plane/parts/seed.ts';
import { median } from './measure.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Registry keys that are not the resource's own name. */
const resourceOf = (key: string): string => {
  const [, , resource = '', sub = ''] = key.split('/');
  return { minions: 'nodes', services: sub === 'specs' ? 'services' : sub }[resource] ?? resource;
};

/** Pages of about 1 MB as JSON text, by resource. */
type Pages = ReadonlyMap<string, readonly string[]>;

const pagesOf = (pods: number): Pages => {
  const pages = new Map<string, { done: string[]; open: string[]; size: number }>();
  for (const [key, object] of clusterEntries({ pods, nodes: pods / 20, now: new Date('2026-11-24T06:00:00Z') })) {
    const resource = resourceOf(key);
    const page = pages.get(resource) ?? { done: [], open: [], size: 0 };
    pages.set(resource, page);
    const text = JSON.stringify(object);
    page.open.push(text);
    page.size += text.length;
    if (page.size < 1_000_000) continue;
    page.done.push(`[${page.open.join(',')}]`);
    Object.assign(page, { open: [], size: 0 });
  }
  return new Map([...pages].map(([resource, { done, open }]) => [resource, open.length > 0 ? [...done, `[${open.join(',')}]`] : done]));
};

interface Cost {
  readonly milliseconds: number;
  /** Live bytes when the last page has been shown and let go, beside those before the first. */
  readonly keptBytes: number;
}

/** A source that measures itself: from the first page to the end of the last one, without the parsing. */
const measuredSource = (pages: Pages, report: (keptBytes: number) => void): Source => ({
  kind: 'cluster',
  name: 'memory',
  now: Date.parse('2026-11-24T06:00:00Z'),
  async *read(reads: readonly Read[]): AsyncIterable<Batch | End> {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (const read of reads) for (const page of pages.get(read.resource) ?? []) yield { read, objects: JSON.parse(page) as unknown[] };
    collectGarbage();
    report(process.memoryUsage().heapUsed - before);
    for (const read of reads) yield { read, objects: 0, state: 'complete' };
  },
  probe: async () => ({ status: 200, body: '' }),
  traffic: () => ({ requests: 0, bytes: 0 }),
  close: async () => undefined,
});

const costOf = async (pages: Pages, running: readonly Check[]): Promise<Cost> => {
  let keptBytes = 0;
  const started = performance.now();
  await scan(
    measuredSource(pages, (kept) => {
      keptBytes = kept;
    }),
    running,
    { signal: AbortSignal.timeout(600_000) },
  );
  return { milliseconds: performance.now() - started, keptBytes };
};

/** The same reads, and nobody who looks. */
const blind = (check: Check): Check => ({ ...check, start: () => ({ see: {} }) });

export const benchChecks = async (runs: number, [pods = '20000']: readonly string[]): Promise<void> => {
  const pages = pagesOf(Number(pods));
  const size = [...pages.values()].flat().reduce((sum, page) => sum + page.length, 0);
  console.log(`${pods} pods on ${Number(pods) / 20} nodes, ${(size / 1e6).toFixed(0)} MB of JSON, ${runs} rounds, medians:`);
  console.log(`  ${'check'.padEnd(32)} ${'its own time'.padStart(14)} ${'of the reading'.padStart(15)} ${'kept'.padStart(10)}`);
  const measured = async (name: string, running: readonly Check[]): Promise<void> => {
    const rounds: { own: number; share: number; kept: number }[] = [];
    await costOf(pages, running);
    for (let run = 0; run < runs; run += 1) {
      const without = await costOf(pages, running.map(blind));
      const cost = await costOf(pages, running);
      const own = cost.milliseconds - without.milliseconds;
      rounds.push({ own, share: own / without.milliseconds, kept: cost.keptBytes - without.keptBytes });
    }
    const typical = (key: 'own' | 'share' | 'kept') => median(rounds.map((round) => round[key]));
    const own = `${Math.max(0, typical('own')).toFixed(0)} ms`;
    // A share of next to nothing says nothing.
    const share = typical('own') < 1 ? '' : `${(typical('share') * 100).toFixed(0)} %`;
    const kept = `${Math.max(0, typical('kept') / 1e6).toFixed(1)} MB`;
    console.log(`  ${name.padEnd(32)} ${own.padStart(14)} ${share.padStart(15)} ${kept.padStart(10)}`);
  };
  for (const check of checks) await measured(check.id, [check]);
  await measured('all at once', checks);
};
