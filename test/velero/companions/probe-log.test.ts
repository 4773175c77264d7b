/** The log beside a backup: read to its end, so that rot in it is told of, and nothing of it is kept. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Backup } from '../../../functions/velero/backup.ts';
import { probeLog } from '../../../functions/velero/companions/read-companions.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { type Faults, memoryObjectStore } from '../memory-object-store.ts';

const signal = new AbortController().signal;
const empty: Backup = { name: 'b', files: {}, strangers: [], bytes: 0, lastModified: 0 };

describe('the log', () => {
  const key = backupKey('b', 'logs');
  const log = gzipSync('time="2026-11-24T01:00:00Z" level=info msg="Backing up item"\n'.repeat(50));
  const probe = (content: Uint8Array | string, faults: Faults = {}) => {
    const store = memoryObjectStore({ [key]: content }, { faults });
    const [logs] = store.objects;
    return probeLog(store, { ...empty, files: logs ? { logs } : {} }, signal);
  };
  test('is whole, or not there', async () => {
    assert.equal((await probe(log)).state, 'read');
    assert.equal((await probeLog(memoryObjectStore({}), empty, signal)).state, 'absent');
  });
  test('is cut at any byte, or rotten: damaged, with the place and nothing of what it says', async () => {
    for (let at = 0; at < log.length; at += 5) {
      const answer = await probe(log.subarray(0, at));
      assert.ok(answer.state === 'damaged' && answer.kind === 'logs', `byte ${at}`);
      assert.match(answer.message, new RegExp(`^${key} is cut \\(byte ${at} of the packed file: `));
    }
    const rotten = await probe(log.map((byte, at) => (at === log.length - 6 ? byte ^ 1 : byte)));
    assert.ok(rotten.state === 'damaged');
    assert.match(rotten.message, /is damaged \(byte \d+ of the packed file: the CRC/);
    assert.doesNotMatch(rotten.message, /Backing up/);
  });
  test('that is denied is unknown', async () => {
    const denied = await probe(log, { [key]: () => new StoreError('denied', 'access denied', 'grant it') });
    assert.deepEqual([denied.state, 'remedy' in denied && denied.remedy], ['unknown', 'grant it']);
  });
});
