import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { partOf, type SampleState, sampleRestic, sampleState } from '../../../functions/velero/volumes/restic-rot.ts';
import { repositoryFiles } from '../../backup-verification/volume-records.ts';
import fc from '../../fuzz.ts';
import { memoryObjectStore } from '../memory-object-store.ts';

const { signal } = new AbortController();
const limits = { parts: 1, mostBytes: 1e9, signal };
const hashed = (text: string) => createHash('sha256').update(text).digest('hex');
/** So many packs, each called by its content. */
const packs = (count: number): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`pack ${index}`, hashed(`pack ${index}`)]).map(([text = '', name = '']) => [
      `restic/shop/data/${name.slice(0, 2)}/${name}`,
      text,
    ]),
  );

test('every object of a genuine repository but config is called by its hash', async () => {
  const { rotten, read, total, coveredPercent, unreadCount } = await sampleRestic(memoryObjectStore(repositoryFiles), undefined, limits);
  assert.deepEqual(
    { rotten, read, total, coveredPercent, unreadCount },
    { rotten: [], read: 5, total: 5, coveredPercent: 100, unreadCount: 0 },
  );
});

test('one flipped bit is found, in each object, and named with key, expected and got', async () => {
  for (const [key, content] of Object.entries(repositoryFiles).filter(([each]) => each.startsWith('restic/') && !each.endsWith('config'))) {
    const flipped = Uint8Array.from(content);
    flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
    const { rotten } = await sampleRestic(memoryObjectStore({ ...repositoryFiles, [key]: flipped }), undefined, limits);
    const got = createHash('sha256').update(flipped).digest('hex');
    assert.deepEqual(rotten, [{ key, expected: key.split('/').at(-1), got, size: content.length }]);
  }
  const config = { ...repositoryFiles, 'restic/legacy/config': 'x', 'restic/legacy/locks/a': 'x' };
  assert.deepEqual((await sampleRestic(memoryObjectStore(config), undefined, limits)).rotten, []);
});

test('t runs read every object once, whatever t; the state is JSON that can be kept', async () => {
  const files = packs(60);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (parts) => {
      const store = memoryObjectStore(files);
      let state: SampleState | undefined;
      const percents: number[] = [];
      for (let run = 0; run < parts; run++) {
        const { next, coveredPercent } = await sampleRestic(store, state, { ...limits, parts });
        state = sampleState.parse(JSON.parse(JSON.stringify(next)));
        percents.push(coveredPercent);
      }
      const opened = store.requests.filter((request) => request.startsWith('open '));
      assert.deepEqual(
        opened.toSorted(),
        Object.keys(files)
          .map((key) => `open ${key}`)
          .toSorted(),
      );
      assert.equal(percents.at(-1), 100);
      assert.deepEqual(
        percents,
        percents.toSorted((a, b) => a - b),
      );
      assert.deepEqual(state, { parts, part: 0, read: 0, rotten: [] });
    }),
    { numRuns: 12 },
  );
});

test('a part that does not fit into the bytes of a run is gone on with in the next; one object may always be read', async () => {
  const files = packs(20);
  const store = memoryObjectStore(files);
  let state: SampleState | undefined;
  let runs = 0;
  do {
    const result = await sampleRestic(store, state, { ...limits, parts: 2, mostBytes: 15 });
    assert.ok(result.read >= 1 && result.bytes <= 15, `${result.bytes}`);
    state = result.next;
    runs += 1;
  } while (state.read > 0 && runs < 100);
  const opened = store.requests.filter((request) => request.startsWith('open '));
  assert.equal(opened.length, 20);
  assert.equal(new Set(opened).size, 20);
  // 20 objects of 6 or 7 bytes, two in 15 bytes.
  assert.ok(runs >= 10 && runs <= 12, `${runs} runs`);
});

test('what was rotten is read again each run, until it is whole or gone', async () => {
  const good = packs(12);
  const parts = 6;
  const [key = ''] = Object.keys(good).filter((each) => partOf(each, parts) === 0);
  const bad = { ...good, [key]: 'rotten' };
  const first = await sampleRestic(memoryObjectStore(bad), undefined, { ...limits, parts });
  assert.deepEqual([first.rotten.map((each) => each.key), first.next.rotten, first.next.part], [[key], [key], 1]);
  const second = await sampleRestic(memoryObjectStore(bad), first.next, { ...limits, parts });
  assert.deepEqual([second.rotten.map((each) => each.key), second.next.rotten], [[key], [key]]);
  const whole = await sampleRestic(memoryObjectStore(good), second.next, { ...limits, parts });
  assert.deepEqual([whole.rotten, whole.next.rotten], [[], []]);
  const { [key]: _gone, ...rest } = bad;
  assert.deepEqual((await sampleRestic(memoryObjectStore(rest), second.next, { ...limits, parts })).next.rotten, []);
  const denied = { faults: { [key]: () => new StoreError('denied', 'denied', '') } };
  const unread = await sampleRestic(memoryObjectStore(bad, denied), second.next, { ...limits, parts });
  assert.deepEqual([unread.rotten, unread.next.rotten, unread.unreadCount], [[], [key], 1]);
});

test('what is pruned between listing and reading is no fault; what cannot be read is unknown, and the others are read', async () => {
  const files = packs(8);
  const [gone = '', denied = ''] = Object.keys(files);
  const faults = {
    [gone]: () => new StoreError('missing', 'gone', ''),
    [denied]: () => new StoreError('denied', 'access denied', 'allow it'),
  };
  const { rotten, read, unread, unreadCount } = await sampleRestic(memoryObjectStore(files, { faults }), undefined, limits);
  assert.deepEqual({ rotten, read, unreadCount }, { rotten: [], read: 6, unreadCount: 1 });
  assert.deepEqual(unread, [{ key: denied, reason: 'access denied', remedy: 'allow it' }]);
});

test('where the time ends the next run begins with the object that was not read', async () => {
  const files = packs(8);
  const spent = new StoreError('budget', 'the time was spent', 'run it again');
  const stuck = memoryObjectStore(files).objects[3]?.key ?? '';
  const cut = await sampleRestic(memoryObjectStore(files, { faults: { [stuck]: () => spent } }), undefined, limits);
  assert.deepEqual([cut.read, cut.cut?.reason, cut.next.part], [3, 'the time was spent', 0]);
  const store = memoryObjectStore(files);
  const rest = await sampleRestic(store, cut.next, limits);
  assert.deepEqual([rest.read, rest.coveredPercent, rest.cut], [5, 100, undefined]);
  assert.equal(store.requests.filter((request) => request.startsWith('open '))[0], `open ${stuck}`);
});

test('another number of parts begins anew, and keeps what was rotten', async () => {
  const before: SampleState = { parts: 5, part: 3, read: 30, rotten: ['restic/shop/data/00/gone'] };
  const { next } = await sampleRestic(memoryObjectStore(packs(4)), before, { ...limits, parts: 3 });
  assert.equal(next.part, 1);
  assert.deepEqual(next.rotten, []);
});
