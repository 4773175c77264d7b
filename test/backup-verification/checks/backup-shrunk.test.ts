import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-shrunk.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { configMapTwins, type Entry, twins } from '../../velero/archives.ts';
import { type Files, lookInto, type Written, written } from '../look-into.ts';

const some = (count: number, namespace = 'shop'): Entry[] =>
  Array.from({ length: count }, (_, index) => configMapTwins(`item-${index}`, namespace)).flat();
const of = (resource: string, kind: string, count: number): Entry[] =>
  Array.from({ length: count }, (_, index) =>
    twins(resource, 'namespaces/shop', { apiVersion: 'v1', metadata: { name: `x-${index}`, namespace: 'shop' }, ...{ kind } } as never),
  ).flat();

interface Night extends Partial<Written> {
  readonly day: number;
  readonly entries: readonly Entry[];
  readonly options?: unknown;
}

/** One night after another, each with what the last remembered; the lines of the last. */
async function nights(...all: readonly Night[]) {
  let files: Files = {};
  let memory: unknown;
  let last: Awaited<ReturnType<typeof lookInto>> | undefined;
  for (const { options, ...night } of all) {
    files = { ...files, ...(await written({ schedule: 'nightly', ...night })) };
    const name = night.name ?? `nightly-202611${String(night.day).padStart(2, '0')}050000`;
    last = await lookInto(check, files, { backup: name, memory, options });
    memory = JSON.parse(JSON.stringify(last.memory ?? null));
  }
  assert.ok(last);
  return last;
}

describe('backup-shrunk', () => {
  test('the first has nothing to be compared with; as much as before is no fault, nor a little less', async () => {
    assert.deepEqual((await nights({ day: 1, entries: some(20) })).lines, []);
    for (const count of [20, 25, 16])
      assert.deepEqual((await nights({ day: 1, entries: some(20) }, { day: 2, entries: some(count) })).lines, []);
    // Three of four are gone, but they are only three.
    assert.deepEqual((await nights({ day: 1, entries: some(4) }, { day: 2, entries: some(1) })).lines, []);
  });

  test('half of a kind, or a whole kind, is gone: told with counts', async () => {
    const before = [...some(20), ...of('secrets', 'Secret', 3), ...of('services', 'Service', 8)];
    const { lines, findings } = await nights(
      { day: 1, entries: before },
      { day: 2, entries: before },
      { day: 3, entries: [...some(9), ...of('services', 'Service', 8)] },
    );
    assert.deepEqual(lines, [
      'warning kinds: nightly-20261103050000 holds less than the schedule’s last backups, of 2 kinds: configmaps 20 -> 9 and secrets 3 -> 0',
    ]);
    assert.deepEqual([findings[0]?.object.kind, findings[0]?.details], ['Schedule', { objectsBefore: 31, objects: 17 }]);
  });

  test('nearly all is gone: critical', async () => {
    assert.match(
      (await nights({ day: 1, entries: some(30) }, { day: 2, entries: some(2) })).lines.join(),
      /^critical kinds: .*configmaps 30 -> 2$/,
    );
  });

  test('a namespace is gone', async () => {
    const { lines } = await nights({ day: 1, entries: [...some(8), ...some(1, 'bank')] }, { day: 2, entries: some(9) });
    assert.deepEqual(lines, [
      'warning namespaces: nightly-20261102050000 holds nothing of a namespace that the schedule’s last backups held: bank',
    ]);
  });

  test('pods, events and the like come and go; so do kinds that the options name', async () => {
    const pods = of('pods', 'Pod', 20);
    assert.deepEqual((await nights({ day: 1, entries: [...some(5), ...pods] }, { day: 2, entries: some(5) })).lines, []);
    const options = { ignoreKinds: ['configmaps'] };
    const entries = of('secrets', 'Secret', 2);
    assert.deepEqual((await nights({ day: 1, entries: [...some(20), ...entries], options }, { day: 2, entries, options })).lines, []);
  });

  test('what was asked for changed: nothing is compared, in whatever order it is written otherwise', async () => {
    const changed = await nights({ day: 1, entries: some(20) }, { day: 2, entries: some(2), spec: { includedNamespaces: ['shop'] } });
    assert.deepEqual(changed.lines, []);
    const reordered = await nights(
      { day: 1, entries: some(20), spec: { includedNamespaces: ['a', 'b'], ttl: '24h0m0s' } },
      { day: 2, entries: some(2), spec: { includedNamespaces: ['b', 'a'] } },
    );
    assert.equal(reordered.lines.length, 1);
  });

  test('it is told every night, and after a week it is the new measure', async () => {
    const night = (day: number, count: number) => ({ day, entries: some(count) });
    assert.equal((await nights(night(1, 20), night(2, 5), night(3, 5))).lines.length, 1);
    assert.equal((await nights(night(1, 20), night(2, 5), night(8, 5))).lines.length, 1);
    assert.deepEqual((await nights(night(1, 20), night(2, 5), night(9, 5))).lines, []);
    // It came back in between: that begins anew.
    assert.equal((await nights(night(1, 20), night(2, 5), night(3, 20), night(9, 5))).lines.length, 1);
    assert.deepEqual((await nights(night(1, 20), night(2, 5), night(9, 5), night(10, 5))).lines, []);
  });

  test('the same backup twice, one that is older, and one by hand', async () => {
    assert.deepEqual((await nights({ day: 2, entries: some(20) }, { day: 2, entries: some(20) })).lines, []);
    assert.deepEqual((await nights({ day: 2, entries: some(20) }, { day: 1, entries: some(2) })).lines, []);
    const byHand = await lookInto(check, await written({ entries: some(2), name: 'b' }), { memory: { '': { spec: 'x', good: [] } } });
    assert.deepEqual([byHand.lines, byHand.memory], [[], { '': { spec: 'x', good: [] } }]);
  });

  test('what is damaged is neither compared nor remembered', async () => {
    const first = await nights({ day: 1, entries: some(20) });
    const files = await written({ schedule: 'nightly', day: 2, entries: some(3) });
    const key = backupKey('nightly-20261102050000', 'contents');
    const content = files[key];
    assert.ok(content instanceof Uint8Array);
    const { lines, memory, unknowns } = await lookInto(check, { ...files, [key]: content.subarray(0, -9) }, { memory: first.memory });
    assert.deepEqual([lines, memory, unknowns.length], [[], first.memory, 1]);
  });

  test('a memory that cannot be understood is as none', async () => {
    for (const memory of ['x', [], { nightly: 1 }, { nightly: { spec: 1, good: 'x' } }])
      assert.deepEqual((await lookInto(check, await written({ schedule: 'nightly', entries: some(2) }), { memory })).lines, []);
  });
});
