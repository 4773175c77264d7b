/** Several processes that keep reports in one directory at the very same time. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { reportSchema } from '../../../functions/report/model.ts';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { reportStore } from '../../../functions/report/store/report-store.ts';
import { removeTemporaryDirectory, temporaryDirectory } from '../../control-plane/parts/child-process.ts';

const functions = join(import.meta.dirname, '../../../functions');
const directories: string[] = [];
const directory = () => {
  directories.push(temporaryDirectory('state'));
  return directories.at(-1) ?? '';
};
after(() => directories.forEach(removeTemporaryDirectory));

const node = async (args: readonly string[], input = ''): Promise<void> => {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.end(input);
  const words = await text(child.stderr);
  assert.equal(await closed, 0, words);
};

test('what two processes add to one state is not lost', async () => {
  const path = directory();
  const added = 25;
  const script = (name: string) => `
    import { runState } from '${functions}/report/store/state.ts';
    import { directoryStorage } from '${functions}/report/store/directory.ts';
    const state = runState(directoryStorage(${JSON.stringify(path)}));
    for (let run = 0; run < ${added}; run++) await state.markNotified('prod', 'health-check', { runId: '${name}' + run, startedAt: '' }, { name: 'sns:x' }, new Date().toISOString());
  `;
  await Promise.all(['a', 'b', 'c'].map((name) => node(['--input-type=module-typescript', '--eval', script(name)])));
  const { notified } = await reportStore(directoryStorage(path), assert.fail).deliveries('prod', 'health-check');
  assert.equal(new Set(notified).size, 3 * added);
});

test('of runs at the same time the newest is the latest, whole, whatever the order in which they end', async () => {
  const path = directory();
  const times = Array.from({ length: 5 }, (_, index) => `2026-11-24T06:0${index}:00.000Z`);
  const script = (time: string) => `
    import { reportStore } from '${functions}/report/store/report-store.ts';
    import { directoryStorage } from '${functions}/report/store/directory.ts';
    import { renderHtml } from '${functions}/report/html/render-html.ts';
    import { sampleReport } from '${import.meta.dirname}/../sample-report.ts';
    const report = { ...sampleReport(), runId: 'run', eventTime: '${time}', startedAt: '${time}' };
    const { problems } = await reportStore(directoryStorage(${JSON.stringify(path)}), console.error).save(report, renderHtml(report));
    if (problems.length > 0) throw new Error(problems.join());
  `;
  const newestFirst = times.toReversed();
  await Promise.all(newestFirst.map((time) => node(['--input-type=module-typescript', '--eval', script(time)])));
  const latest = async (ending: string) => (await directoryStorage(path).read(`reports/prod/health-check/latest.${ending}`))?.text ?? '';
  assert.equal(reportSchema.parse(JSON.parse(await latest('json'))).eventTime, times.at(-1));
  assert.match(await latest('html'), new RegExp(`nightshift:time" content="${times.at(-1)}"`));
});

/** As a process leaves it that was killed. */
const leaveLock = async (lock: string): Promise<void> => {
  await writeFile(lock, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
};

test('the lock of a process that was killed does not last', async () => {
  const path = directory();
  const storage = directoryStorage(path);
  await storage.write('key', 'text', 'text/plain');
  const version = (await storage.read('key'))?.version ?? assert.fail();
  await leaveLock(join(path, 'key.lock'));
  assert.equal(await storage.write('key', 'other', 'text/plain', { version }), true);
  assert.equal((await storage.read('key'))?.text, 'other');
  assert.deepEqual(await readdir(path), ['key']);
});

test('of many who write at once on the same condition one does, also where a lock was left', async () => {
  for (let round = 0; round < 20; round++) {
    const path = directory();
    const storage = directoryStorage(path);
    const winners = async (precondition: Parameters<typeof storage.write>[3]) => {
      await leaveLock(join(path, 'key.lock'));
      const writers = Array.from({ length: 30 }, (_, writer) => `${JSON.stringify(precondition)} ${writer}`);
      const wrote = await Promise.all(writers.map((words) => storage.write('key', words, 'text/plain', precondition)));
      const won = writers.filter((_, index) => wrote[index]);
      assert.deepEqual(won, [(await storage.read('key'))?.text]);
    };
    await winners('absent');
    await rm(join(path, 'key.lock'), { force: true });
    await winners({ version: (await storage.read('key'))?.version ?? assert.fail() });
    assert.deepEqual(await readdir(path), ['key'], 'and nothing is left');
  }
});

test('what lies in a journal is its owner’s to read', async () => {
  const path = directory();
  await directoryStorage(path).write('journal/prod/a.json', '{}', 'application/json', 'absent');
  assert.equal((await stat(join(path, 'journal/prod/a.json'))).mode & 0o077, 0);
});
