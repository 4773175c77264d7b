import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bothLocks, type Lease, type Lock, type LockOptions } from '../../functions/actions/lock.ts';
import { lockKey, storageLock } from '../../functions/actions/lock-storage.ts';
import { directoryStorage } from '../../functions/report/store/directory.ts';
import { memoryStorage } from './memory-storage.ts';

const start = Date.parse('2026-11-24T17:30:00Z');
const minute = 60_000;
const clock = () => {
  let time = start;
  return {
    now: () => time,
    pass: (by: number) => {
      time += by;
    },
  };
};
const taken = async (lock: Lock): Promise<Lease> => {
  const acquired = await lock.acquire();
  assert.ok(acquired.held, acquired.held ? '' : acquired.because);
  return acquired.lease;
};
const fresh = () => {
  const storage = memoryStorage();
  const time = clock();
  const of = (owner: string, over: Partial<LockOptions> = {}) =>
    storageLock(storage, { cluster: 'prod', owner, lease: 15 * minute, now: time.now, ...over });
  return { storage, time, of };
};

test('one run has the lock of a cluster; who comes meanwhile is told who and until when', async () => {
  const { of } = fresh();
  await taken(of('one'));
  assert.deepEqual(await of('two').acquire(), {
    held: false,
    because: 'the run one writes to this cluster; its lock ends at 2026-11-24 17:45 UTC unless it goes on',
  });
  await taken(of('two', { cluster: 'edge' }));
});

test('given back, it is free, and its version grows with each holder', async () => {
  const { of } = fresh();
  const first = await taken(of('one'));
  await first.release();
  const second = await taken(of('two'));
  assert.deepEqual([first.version, second.version], [1, 2]);
  await first.release();
  assert.equal((await of('three').acquire()).held, false, 'who has it no more cannot give it back');
});

test('a heartbeat keeps it for a whole lease from then on', async () => {
  const { of, time } = fresh();
  const lease = await taken(of('one'));
  time.pass(10 * minute);
  assert.equal(await lease.renew(), undefined);
  time.pass(14 * minute);
  assert.equal((await of('two').acquire()).held, false);
});

test('a lease that is over can be taken over, and the old holder learns of it', async () => {
  const { of, time } = fresh();
  const lease = await taken(of('one'));
  time.pass(15 * minute);
  const other = await taken(of('two'));
  assert.equal(await lease.renew(), 'the run two has taken the lock of this cluster');
  await other.release();
  assert.match((await lease.renew()) ?? '', /given back by another run/);
});

test('a lease that is over and that nobody took can be renewed', async () => {
  const { of, time } = fresh();
  const lease = await taken(of('one'));
  time.pass(60 * minute);
  assert.equal(await lease.renew(), undefined);
  assert.equal((await of('two').acquire()).held, false);
});

test('the same run takes up its own lock, and its earlier try has lost it', async () => {
  const { of } = fresh();
  const [first, second] = [await taken(of('one')), await taken(of('one'))];
  assert.equal(await second.renew(), undefined);
  assert.equal(await first.renew(), 'another try of this run has taken the lock of this cluster');
  await first.release();
  assert.equal(await second.renew(), undefined);
});

test('what is no lock is nobody’s to take, and an error is no free lock and no held one', async () => {
  const { of, storage } = fresh();
  for (const text of ['', '{}', '{"owner":7,"until":0,"version":1}', '{"until":0}', '{"owner":"x","until":1e300,"version":1}']) {
    storage.texts.set(lockKey('prod'), text);
    assert.match(JSON.stringify(await of('one').acquire()), /cleanup-lock\.json is no lock: remove it/, text);
  }
  storage.texts.clear();
  const lease = await taken(of('one'));
  storage.beforeWrite = () => {
    throw new Error('SlowDown\nmore');
  };
  assert.match((await lease.renew()) ?? '', /^whether the lock of this cluster is still held could not be told: Error: SlowDown$/);
  await lease.release();
  await assert.rejects(of('one').acquire(), /SlowDown/);
});

test('of many who ask at once, one has it, in a directory too', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'nightshift-lock-'));
  t.after(() => rm(directory, { recursive: true }));
  for (const storage of [memoryStorage(), directoryStorage(directory)]) {
    const asked = Array.from({ length: 8 }, (_, index) =>
      storageLock(storage, { cluster: 'prod', owner: `run-${index}`, lease: minute, now: () => start }).acquire(),
    );
    assert.equal((await Promise.all(asked)).filter(({ held }) => held).length, 1);
  }
});

test('who holds two locks keeps out who knows one of them, and is held up by either', async () => {
  const [table, state] = [fresh(), fresh()];
  const lambda = (owner: string) => bothLocks(table.of(owner), state.of(owner));
  const lease = await taken(lambda('function'));
  assert.equal((await state.of('laptop').acquire()).held, false);
  assert.equal((await table.of('other').acquire()).held, false);
  assert.equal(await lease.renew(), undefined);
  await lease.release();
  const laptop = await taken(state.of('laptop'));
  assert.match(JSON.stringify(await lambda('function').acquire()), /the run laptop writes to this cluster/);
  await taken(table.of('other'));
  await laptop.release();
  table.time.pass(20 * minute);
  const again = await taken(lambda('function'));
  state.time.pass(20 * minute);
  await taken(state.of('laptop'));
  assert.match((await again.renew()) ?? '', /the run laptop has taken the lock/);
});

test('where the second of two locks cannot be asked for, the first is given back', async () => {
  const [table, state] = [fresh(), fresh()];
  state.storage.beforeWrite = () => {
    throw new Error('SlowDown');
  };
  await assert.rejects(bothLocks(table.of('function'), state.of('function')).acquire(), /SlowDown/);
  await taken(table.of('other'));
});
