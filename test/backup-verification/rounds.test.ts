/** Whose turn it is, what counts of an archive that was not read to its end, and what two runs at once leave. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { type Enabled, isArchiveCheck } from '../../functions/backup-verification/archives.ts';
import { defineArchiveCheck } from '../../functions/backup-verification/contracts.ts';
import { laterOf, lookIntoArchives, roundKey } from '../../functions/backup-verification/rounds.ts';
import { nothingSaid } from '../../functions/backup-verification/said.ts';
import { newState, readState, stateKey, writeState } from '../../functions/backup-verification/state.ts';
import type { Storage } from '../../functions/report/store/storage.ts';
import { backupKey } from '../../functions/velero/layout.ts';
import { genuine } from '../velero/archives.ts';
import { memoryObjectStore } from '../velero/memory-object-store.ts';
import { backupOf, locationOf, now, scheduleOf } from './sample-location.ts';

const request = { level: 'content', namespaceMapping: {} } as const;

/** Remembers what it saw; the time is spent while it looks into `stuck`, or once it has finished with `last`. */
function watching(budget: AbortController, { stuck, last }: { readonly stuck?: string; readonly last?: string }) {
  const check = defineArchiveCheck({
    id: 'watching',
    title: '',
    why: '',
    upstream: '',
    level: 'content',
    reads: {},
    options: z.strictObject({}),
    start: ({ backup }, pass) => ({
      see: () => {
        if (backup.name === stuck) budget.abort();
      },
      finish: () => {
        pass.remember([...(Array.isArray(pass.memory) ? pass.memory : []), backup.name]);
        if (backup.name === last || last === '*') budget.abort();
      },
    }),
  });
  const enabled: Enabled = { check, options: {} };
  assert.ok(isArchiveCheck(enabled));
  return enabled;
}

/** Each schedule has one backup, of tonight. */
async function night(
  names: readonly string[],
  tonight: number,
  state: ReturnType<typeof newState>,
  stop: { stuck?: string; last?: string },
) {
  const budget = new AbortController();
  const backups = names.map((name) => backupOf(`${name}-${tonight}`, 3));
  const store = memoryObjectStore(Object.fromEntries(backups.map(({ name }) => [backupKey(name, 'contents'), genuine('shop-1')])));
  const files = (name: string) => ({ contents: store.objects.find(({ key }) => key === backupKey(name, 'contents')) ?? assert.fail() });
  const schedules = names.map((name, index) =>
    scheduleOf(name, [{ ...(backups[index] ?? assert.fail()), files: files(`${name}-${tonight}`) }]),
  );
  const location = { ...locationOf(schedules), store };
  const voice = {
    said: nothingSaid(),
    location,
    request,
    now: now + tonight,
    signal: budget.signal,
    memory: state.memory,
    subjectPrefix: '',
  };
  const checks = [watching(budget, stop)];
  return lookIntoArchives({ checks, request, state, voice, onDone: async () => {} });
}

describe('archives in turn', () => {
  const names = ['a', 'b', 'c'];

  test('with new backups every night and time for one of them, each schedule is reached', async () => {
    const state = newState('memory');
    const reached = new Set<string>();
    for (const tonight of [1, 2, 3]) {
      // Whichever is the first: the time is spent as soon as it is through.
      const { results } = await night(names, tonight, state, { last: '*' });
      assert.equal(results.size, 0);
      for (const [name] of [...state.begun].toSorted(([, a], [, b]) => (a < b ? 1 : -1)).slice(0, 1)) reached.add(name);
    }
    assert.deepEqual([...reached].toSorted(), names);
  });

  test('one that never comes to its end does not hold up the others', async () => {
    const state = newState('memory');
    const first = await night(names, 1, state, { stuck: 'a-1' });
    assert.deepEqual([...first.results.keys()], []);
    assert.deepEqual(first.left, ['a-1', 'b-1', 'c-1']);
    const second = await night(names, 2, state, { stuck: 'a-2' });
    assert.deepEqual([...second.results.keys()], ['b-2', 'c-2']);
    assert.deepEqual(second.left, ['a-2']);
  });

  test('what was said in this round is not asked again, of the same tarball', async () => {
    const state = newState('memory');
    await night(names, 1, state, { stuck: 'b-1' });
    const rest = await night(names, 1, state, {});
    assert.deepEqual([rest.done, rest.results.size, rest.left.length], [2, 3, 0]);
    assert.equal(state.rounds.size, 0, 'it is through');
  });

  test('what a check remembered of an archive counts only with what it said of it', async () => {
    const state = newState('memory');
    await night(names, 1, state, { last: 'b-1' });
    assert.deepEqual(state.memory.watching, ['a-1']);
  });
});

describe('a round', () => {
  test('is of the same checks, options, and questions', () => {
    const budget = new AbortController();
    const watch = watching(budget, {});
    const keys = [
      roundKey([watch], request),
      roundKey([watch], { ...request, level: 'restorability' }),
      roundKey([{ ...watch, options: { strict: true } }], request),
      roundKey([watch], { ...request, targetVersion: '1.33' }),
      roundKey([watch], { ...request, namespaceMapping: { a: 'b' } }),
    ];
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(roundKey([watch], request), keys[0]);
    assert.equal(roundKey([watch], { ...request, isNamed: () => true }), undefined);
    assert.equal(roundKey([], request), undefined);
  });

  test('that goes less deep takes nothing back and makes nothing better', () => {
    const deep = { at: '1', level: 'restorability', verdict: 'error', etag: 'x' } as const;
    const shallow = { at: '2', level: 'content', verdict: 'ok', etag: 'x' } as const;
    assert.deepEqual(laterOf(deep, shallow), deep);
    assert.deepEqual(laterOf({ ...deep, verdict: 'ok' }, { ...shallow, verdict: 'error' }), { ...deep, verdict: 'error' });
    assert.deepEqual(laterOf(deep, { ...shallow, etag: 'y' }), { ...shallow, etag: 'y' });
    assert.deepEqual(laterOf({ ...deep, verdict: 'unknown' }, shallow), shallow);
    assert.deepEqual(laterOf(shallow, deep), deep);
  });
});

test('two runs at once keep what each found out', async () => {
  const texts = new Map<string, string>();
  const storage: Storage = {
    location: 'memory',
    read: async (key) => (texts.has(key) ? { text: texts.get(key) ?? '', version: '' } : undefined),
    write: async (key, text) => texts.set(key, text).has(key),
  };
  const place = 's3://velero';
  await writeState(storage, 'prod', newState(place), { remembered: new Set() });
  const [nightly, byHand] = [(await readState(storage, 'prod', place)).state, (await readState(storage, 'prod', place)).state];
  const verified = (at: string) => ({ at, level: 'content', verdict: 'ok', etag: 'x' }) as const;
  nightly.verified.set('n-1', verified('2026-11-24T05:10:00Z')).set('both', verified('2026-11-24T05:10:00Z'));
  nightly.memory['backup-shrunk'] = 'tonight';
  await writeState(storage, 'prod', nightly, { remembered: new Set(['backup-shrunk']), round: 'deep' });
  byHand.verified.set('h-1', verified('2026-11-24T05:05:00Z')).set('both', verified('2026-11-24T05:05:00Z'));
  byHand.memory['backup-shrunk'] = 'yesterday';
  await writeState(storage, 'prod', byHand, { remembered: new Set(), round: undefined });
  const kept = JSON.parse(texts.get(stateKey('prod', place)) ?? '');
  assert.deepEqual(Object.keys(kept.verified).toSorted(), ['both', 'h-1', 'n-1']);
  assert.equal(kept.verified.both.at, '2026-11-24T05:10:00Z');
  assert.equal(kept.memory['backup-shrunk'], 'tonight');
});
