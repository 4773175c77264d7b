/**
 * From the start of the process to the first invocation, under Lambda's own runtime client: the function's bundle beside a naive handler.
 * node test/bench/bench.ts start [runs]
 */
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { writeBundle } from '../../infra/constructs/bundle.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { startFunction } from '../deployed/parts/runtime-client.ts';
import { median } from './measure.ts';

const root = join(import.meta.dirname, '..', '..');
const environment = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  NODE_OPTIONS: '--max-semi-space-size=8',
  POWERTOOLS_SERVICE_NAME: 'nightshift',
  POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
};

const naiveBundle = (directory: string): void => {
  buildSync({
    entryPoints: [join(root, 'test/bench/naive-handler.ts')],
    outfile: join(directory, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
};

/** Init in ms, and the most memory resident once an event was answered (here: refused), in MB. */
const start = async (bundleDirectory: string): Promise<{ readonly initMs: number; readonly peakMegabytes: number }> => {
  const running = await startFunction({ bundleDirectory, handler: 'index.handler', environment });
  try {
    await running.invoke({ key1: 'value1' });
    return { initMs: running.initDurationMs, peakMegabytes: running.peakMemory() / 1024 / 1024 };
  } finally {
    await running.stop();
  }
};

/** What the runtime client alone needs, with a handler that does nothing. */
const emptyBundle = (directory: string): void => {
  buildSync({
    stdin: { contents: 'export const handler = async () => 1', loader: 'js' },
    outfile: join(directory, 'index.mjs'),
    format: 'esm',
    logLevel: 'warning',
  });
};

const kilobytes = (directory: string): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0) / 1024;

export const benchStart = async (runs: number): Promise<void> => {
  const directory = temporaryDirectory('bench-start');
  const bundles = { empty: join(directory, 'empty'), naive: join(directory, 'naive'), ours: join(directory, 'ours') };
  try {
    for (const bundle of Object.values(bundles)) mkdirSync(bundle);
    emptyBundle(bundles.empty);
    naiveBundle(bundles.naive);
    writeBundle(join(root, 'functions/health-check/handler.ts'), configurationSchema.parse({ clusters: {} }), bundles.ours);
    await start(bundles.ours);
    const rounds = [];
    for (let run = 0; run < runs; run += 1) {
      rounds.push({ empty: await start(bundles.empty), naive: await start(bundles.naive), ours: await start(bundles.ours) });
    }
    console.log(`From process start to the first invocation, ${runs} rounds, medians:`);
    for (const name of ['empty', 'naive', 'ours'] as const) {
      const init = median(rounds.map((round) => round[name].initMs)).toFixed(0);
      const peak = median(rounds.map((round) => round[name].peakMegabytes)).toFixed(0);
      const label = { empty: 'the runtime client with an empty handler', naive: 'naive handler', ours: 'health-check' }[name];
      console.log(
        `  ${label.padEnd(44)} ${init.padStart(5)} ms   peak ${peak.padStart(4)} MB   bundle ${kilobytes(bundles[name]).toFixed(0)} KB`,
      );
    }
    const whole = median(rounds.map(({ ours, naive }) => ours.initMs / naive.initMs));
    const own = median(rounds.map(({ ours, naive, empty }) => (ours.initMs - empty.initMs) / (naive.initMs - empty.initMs)));
    console.log(
      `  ratio to the naive handler: ${(100 * whole).toFixed(0)} % of the whole, ${(100 * own).toFixed(0)} % beyond what the runtime itself takes`,
    );
  } finally {
    removeTemporaryDirectory(directory);
  }
};
