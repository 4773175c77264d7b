import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import type { Batch, End, Read, Source } from '../../functions/scan/contracts.ts';
import { clusterTrouble, noCluster, readClusterFacts } from '../../functions/velero/read-cluster-facts.ts';

const read = (resource: string, namespace?: string): Read => ({
  group: 'velero.io',
  resource,
  kind: resource,
  versions: ['v1'],
  ...(namespace !== undefined && { namespace }),
});
const { signal } = new AbortController();
const sourceOf = (answers: (read: Read) => readonly (Batch | End)[]): Source => ({
  kind: 'cluster',
  name: 'here',
  now: 0,
  version: 'v1.36.3',
  async *read(reads) {
    for (const each of reads) yield* answers(each);
  },
  probe: () => Promise.reject(new Error('not asked')),
  traffic: () => ({ requests: 0, bytes: 0 }),
  close: async () => {},
});
const object = (name: string) => ({ metadata: { name } });
const whole = (each: Read, ...names: string[]): (Batch | End)[] => [
  { read: each, objects: names.map(object) },
  { read: each, objects: names.length, state: 'complete' },
];
const failed = (each: Read): End => ({
  read: each,
  objects: 0,
  state: 'failed',
  reason: 'forbidden',
  message: 'forbidden',
  remedy: 'allow it',
});

describe('what a cluster says', () => {
  test('is listed once for all who ask; what nobody asked for is unknown', async () => {
    let asked = 0;
    const facts = await readClusterFacts(
      sourceOf((each) => {
        asked += 1;
        return whole(each, 'a');
      }),
      [read('schedules'), read('schedules')],
      signal,
    );
    assert.equal(asked, 1);
    assert.equal(facts.version, 'v1.36.3');
    assert.deepEqual(facts.of(read('schedules')), { state: 'read', objects: [object('a')] });
    assert.partialDeepStrictEqual(facts.of(read('backups')), { state: 'unread', unknown: true });
  });

  test('of which a part could not be listed is unknown, whichever part that is', async () => {
    const reads = [read('schedules', 'a'), read('schedules', 'b')];
    for (const bad of ['a', 'b']) {
      const facts = await readClusterFacts(
        sourceOf((each) => (each.namespace === bad ? [failed(each)] : whole(each, 'one'))),
        reads,
        signal,
      );
      assert.deepEqual(facts.of(read('schedules')), { state: 'unread', unknown: true, reason: 'forbidden', remedy: 'allow it' });
    }
    const both = await readClusterFacts(
      sourceOf((each) => whole(each, each.namespace ?? '')),
      reads,
      signal,
    );
    assert.deepEqual(both.of(read('schedules')), { state: 'read', objects: [object('a'), object('b')] });
  });

  test('that is not there is no gap, and one that does not answer is', () => {
    assert.partialDeepStrictEqual(noCluster('gone', '', false).of(read('schedules')), { state: 'unread', unknown: false });
    const facts = clusterTrouble(new ClusterError('unreachable', 'no answer', 'look'));
    assert.partialDeepStrictEqual(facts.of(read('schedules')), { state: 'unread', unknown: true, remedy: 'look' });
    assert.throws(() => clusterTrouble(new TypeError('a bug')), /a bug/);
  });
});
