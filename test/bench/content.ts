/**
 * The content of one archive with every check of that level, and of the level below it, beside `gzip -t` plus a plain untar and parse of the same
 * file in Node: time within 2 times, and memory under 200 MB, on the genuine backup of 20,136 items and on one of ten times as many.
 * node test/bench/bench.ts content [runs [20136|200000 ...]]
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { backupKey } from '../../functions/velero/layout.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../control-plane/parts/child-process.ts';
import { entriesOf, genuine } from '../velero/archives.ts';
import { type Figures, line, measure, median, medians } from './measure.ts';

const bucket = join(import.meta.dirname, '../velero/bucket');

/** A backup of so many pods of the genuine one’s size, each under a name of its own. */
async function writeLarge(folder: string, backup: string, items: number): Promise<void> {
  mkdirSync(join(folder, 'backups', backup), { recursive: true });
  const pods = (await entriesOf(genuine('full-1'))).filter(({ name }) => name.startsWith('resources/pods/namespaces/'));
  const tar = pack();
  const done = pipeline(tar, createGzip({ level: 6 }), createWriteStream(join(folder, backupKey(backup, 'contents'))));
  const mtime = new Date('2026-11-24T05:05:00Z');
  const put = (name: string, content: string): Promise<void> =>
    new Promise((resolve, reject) => {
      tar.entry({ name, mtime, mode: 0o755 }, content, (error) => (error ? reject(error) : resolve()));
    });
  await put('metadata/version', '1.1.0\n');
  const listed: string[] = [];
  for (let index = 0; index < items; index += 1) {
    const { name: path = '', content = '' } = pods[index % pods.length] ?? {};
    const [, , , namespace = '', file = ''] = path.split('/');
    const [old, renamed] = [file.replace(/\.json$/, ''), `${file.replace(/\.json$/, '')}-${index}`];
    const body = content.toString().replace(`"name":"${old}"`, `"name":"${renamed}"`);
    await put(`resources/pods/namespaces/${namespace}/${renamed}.json`, body);
    await put(`resources/pods/v1-preferredversion/namespaces/${namespace}/${renamed}.json`, body);
    listed.push(`${namespace}/${renamed}`);
  }
  tar.finalize();
  await done;
  const metadata = {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: { name: backup, namespace: 'velero' },
    spec: { includedNamespaces: ['*'] },
    status: {
      phase: 'Completed',
      formatVersion: '1.1.0',
      startTimestamp: '2026-11-24T05:00:00Z',
      completionTimestamp: '2026-11-24T05:10:00Z',
    },
  };
  writeFileSync(join(folder, backupKey(backup, 'metadata')), JSON.stringify(metadata));
  writeFileSync(join(folder, backupKey(backup, 'resourceList')), gzipSync(JSON.stringify({ 'v1/Pod': listed })));
}

/** What `gzip -t` takes, in ms. */
const gzipTest = (file: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn('gzip', ['-t', file], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(performance.now() - startedAt) : reject(new Error(`gzip -t ${file} ended with ${code}`)),
    );
  });

async function compare(folder: string, backup: string, runs: number): Promise<void> {
  const archive = join(folder, backupKey(backup, 'contents'));
  const run = (...args: readonly string[]) => measure(['--max-semi-space-size=8', join(import.meta.dirname, 'content-run.ts'), ...args]);
  const modes = {
    plain: () => run('plain', archive),
    content: () => run('content', folder, backup),
    restorability: () => run('restorability', folder, backup),
  };
  const rounds: { readonly gzip: number; readonly plain: Figures; readonly content: Figures; readonly restorability: Figures }[] = [];
  for (let round = 0; round < runs; round += 1)
    rounds.push({
      gzip: await gzipTest(archive),
      plain: await modes.plain(),
      content: await modes.content(),
      restorability: await modes.restorability(),
    });
  const ratio = (mode: 'content' | 'restorability') =>
    median(rounds.map(({ gzip, plain, [mode]: ours }) => ours.wallMs / (gzip + plain.wallMs))).toFixed(2);
  console.log(`${backup}, ${runs} rounds, medians:`);
  console.log(`  ${'gzip -t'.padEnd(44)} wall ${(median(rounds.map(({ gzip }) => gzip)) / 1000).toFixed(2).padStart(6)} s`);
  console.log(line('plain untar and parse in Node', medians(rounds.map(({ plain }) => plain))));
  console.log(line('content, all checks of the level', medians(rounds.map(({ content }) => content))));
  console.log(line('restorability, all checks', medians(rounds.map(({ restorability }) => restorability))));
  console.log(
    `  ratio of wall times to the two above together, at most 2 wanted: content ${ratio('content')}, restorability ${ratio('restorability')}`,
  );
}

export const benchContent = async (runs: number, only: readonly string[]): Promise<void> => {
  if (only.length === 0 || only.includes('20136')) await compare(bucket, 'full-1', runs);
  if (only.length > 0 && !only.includes('200000')) return;
  const folder = temporaryDirectory('content-bench');
  try {
    await writeLarge(folder, 'large-1', 200_000);
    await compare(folder, 'large-1', runs);
  } finally {
    removeTemporaryDirectory(folder);
  }
};
