import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newState, prune, readState, stateKey, writeState } from '../../functions/backup-verification/state.ts';
import type { Storage } from '../../functions/report/store/storage.ts';

const storageOf = (texts: Map<string, string>): Storage => ({
  location: 'memory',
  read: async (key) => (texts.has(key) ? { text: texts.get(key) ?? '', version: '1' } : undefined),
  write: async (key, text) => texts.set(key, text).has(key),
});

const remembered: ReadonlySet<string> = new Set();

describe('what is kept of a location', () => {
  test('lies under a name of its own below the operation’s state', () => {
    const key = stateKey('prod', 's3://velero/east/prod');
    assert.match(key, /^state\/prod\/backup-verification\/velero-east-prod-[0-9a-f]{8}\.json$/);
    assert.notEqual(stateKey('prod', 's3://velero/east-prod'), key);
  });

  test('comes back as it was written', async () => {
    const storage = storageOf(new Map());
    const state = newState('s3://velero');
    state.memory['backup-shrunk'] = { nightly: [1, 2] };
    await writeState(storage, 'prod', state, { remembered });
    assert.deepEqual(await readState(storage, 'prod', 's3://velero'), { state });
  });

  test('is begun anew, and said to be, where it is damaged or of another version', async () => {
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"version":2,"memory":{},"verified":{}}',
      '{"version":1}',
      '{"version":1,"memory":null,"verified":{}}',
    ]) {
      const { state, lost } = await readState(storageOf(new Map([[stateKey('prod', 's3://velero'), text]])), 'prod', 's3://velero');
      assert.deepEqual(state, newState('s3://velero'));
      assert.match(lost ?? '', /^state\/prod\/backup-verification\/velero-/);
    }
  });

  test('is nothing, silently, where there is no place for it', async () => {
    assert.deepEqual(await readState(undefined, 'prod', 's3://velero'), { state: newState('s3://velero') });
    await writeState(undefined, 'prod', newState('s3://velero'), { remembered });
  });

  test('forgets what is no longer in the bucket', () => {
    const state = newState('s3://velero');
    const one = { at: '', level: 'content', verdict: 'ok', etag: '' } as const;
    state.verified.set('gone', one).set('here', one);
    state.begun.set('old', '').set('nightly', '');
    const done = () => new Map();
    state.rounds
      .set('a', { startedAt: '2026-11-21T05:00:00Z', done: done() })
      .set('b', { startedAt: '2026-11-23T05:00:00Z', done: done() });
    prune(state, [{ name: 'here' }], [{ name: 'nightly' }], Date.parse('2026-11-24T05:00:00Z'));
    assert.deepEqual([...state.verified.keys()], ['here']);
    assert.deepEqual([...state.begun.keys()], ['nightly']);
    assert.deepEqual([...state.rounds.keys()], ['b']);
  });
});
