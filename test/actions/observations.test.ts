import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe, observedRuns } from '../../functions/actions/observations.ts';
import { memoryStorage } from './memory-storage.ts';

const key = 'state/prod/cleanup/observed.json';
const run = (runId: string, rules: Record<string, string> = { jobs: 'h1', pods: 'h2' }, clusterUid = 'c1') => ({
  cluster: 'prod',
  clusterUid,
  runId,
  rules: new Map(Object.entries(rules)),
});

test('each complete run of a rule is counted, a retry of it once', async () => {
  const storage = memoryStorage();
  await observe(storage, run('one'));
  await observe(storage, run('one'));
  await observe(storage, run('two', { jobs: 'h1' }));
  assert.deepEqual(Object.fromEntries(await observedRuns(storage, run('', { jobs: 'h1', pods: 'h2', other: 'h' }))), {
    jobs: 2,
    pods: 1,
    other: 0,
  });
});

test('a retry of a run has not been observed by its own first try', async () => {
  const storage = memoryStorage();
  await observe(storage, run('one'));
  assert.equal((await observedRuns(storage, run('one'))).get('jobs'), 0);
  await observe(storage, run('one'));
  assert.equal((await observedRuns(storage, run('one'))).get('jobs'), 0);
  await observe(storage, run('two'));
  assert.equal((await observedRuns(storage, run('two'))).get('jobs'), 1);
  assert.equal((await observedRuns(storage, run('three'))).get('jobs'), 2);
});

test('other options, and another cluster behind the name, begin anew', async () => {
  const storage = memoryStorage();
  for (const id of ['one', 'two', 'three']) await observe(storage, run(id));
  assert.equal((await observedRuns(storage, run('', { jobs: 'changed' }))).get('jobs'), 0);
  await observe(storage, run('three', { jobs: 'changed' }));
  assert.equal((await observedRuns(storage, run('', { jobs: 'changed' }))).get('jobs'), 1);
  assert.equal((await observedRuns(storage, run(''))).get('jobs'), 0, 'and back again');
  assert.equal((await observedRuns(storage, run('', undefined, 'c2'))).get('pods'), 0);
  await observe(storage, run('four', undefined, 'c2'));
  assert.equal((await observedRuns(storage, run('', undefined, 'c2'))).get('pods'), 1);
});

test('what is damaged was never observed, and an error is told', async () => {
  const storage = memoryStorage();
  for (const text of ['', 'x', '[]', '{"clusterUid":"c1","rules":{"jobs":{"configuration":"h1","runs":-7,"lastRun":""}}}']) {
    storage.texts.set(key, text);
    assert.equal((await observedRuns(storage, run(''))).get('jobs'), 0, text);
  }
  await observe(storage, run('one'));
  assert.equal((await observedRuns(storage, run(''))).get('jobs'), 1);
  await assert.rejects(observedRuns({ ...storage, read: () => Promise.reject(new Error('SlowDown')) }, run('')), /SlowDown/);
});

test('runs at the same moment are all counted', async () => {
  const storage = memoryStorage();
  await Promise.all(['a', 'b', 'c', 'd'].map((id) => observe(storage, run(id))));
  assert.equal((await observedRuns(storage, run(''))).get('jobs'), 4);
});

test('a rule may be called like what every object has', async () => {
  const storage = memoryStorage();
  assert.equal((await observedRuns(storage, run('', { constructor: 'h' }))).get('constructor'), 0);
  await observe(storage, run('one', { constructor: 'h' }));
  assert.equal((await observedRuns(storage, run('', { constructor: 'h' }))).get('constructor'), 1);
});
