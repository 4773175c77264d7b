/** The executor's parts that need no cluster: paths, pace, journal, when it stops, how it writes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shows } from '../../functions/actions/carry-out.ts';
import type { Resource } from '../../functions/actions/contracts.ts';
import { tooMany } from '../../functions/actions/course.ts';
import { JournalDamaged, JournalTaken, journalWriter, keptManifest, readJournal } from '../../functions/actions/journal.ts';
import { paceOf } from '../../functions/actions/pace.ts';
import { writeAccessOf } from '../../functions/actions/write-access.ts';
import { pathOf } from '../../functions/actions/writer.ts';
import { isClusterError } from '../../functions/cluster/cluster-error.ts';
import fc from '../fuzz.ts';
import { memoryStorage } from './memory-storage.ts';
import { actionOn, journalId, planOf, resources } from './plan-of.ts';

const { configMap, job, volume } = resources;

describe('the path of an object', () => {
  test('as the API has it', () => {
    assert.equal(pathOf({ resource: configMap, namespace: 'a', name: 'b' }), '/api/v1/namespaces/a/configmaps/b');
    assert.equal(pathOf({ resource: job, namespace: 'a', name: 'b' }), '/apis/batch/v1/namespaces/a/jobs/b');
    assert.equal(pathOf({ resource: volume, name: 'system:x' }), '/api/v1/persistentvolumes/system%3Ax');
  });

  test('never that of a collection, whatever the names are', () => {
    const odd = fc.oneof(fc.constantFrom('', '.', '..', '/', 'a/b', 'a?b', '%2e%2e', ' ', 'a#b', undefined), fc.string());
    const group = fc.constantFrom('', 'batch', '..');
    fc.assert(
      fc.property(odd, odd, group, fc.boolean(), (namespace, name, ofGroup, namespaced) => {
        const resource: Resource = { ...configMap, group: ofGroup, namespaced };
        let path: string;
        try {
          path = pathOf({ resource, namespace, name: name ?? '' });
        } catch (error) {
          assert.ok(error instanceof TypeError);
          return;
        }
        const parts = new URL(path, 'https://server').pathname.split('/').slice(1);
        assert.equal(parts.length, (ofGroup === '' ? 2 : 3) + (namespaced ? 2 : 0) + 2, path);
        assert.equal(decodeURIComponent(parts.at(-1) ?? ''), name);
        assert.equal(parts.at(-2), 'configmaps');
      }),
    );
  });
});

describe('pace', () => {
  test('so many in a second, evenly, however many ask at once', async () => {
    const pace = paceOf(100);
    const from = performance.now();
    const { signal } = new AbortController();
    const at: number[] = [];
    await Promise.all(Array.from({ length: 20 }, async () => (await pace.take(signal)) && at.push(performance.now() - from)));
    assert.equal(at.length, 20);
    assert.ok((at.at(-1) ?? 0) >= 185, String(at));
  });

  test('none while it is held; the signal ends the wait', async () => {
    const pace = paceOf(1000);
    const { signal } = new AbortController();
    const waiting = pace.take(signal);
    pace.holdFor(150);
    const from = performance.now();
    await waiting;
    await pace.take(signal);
    assert.ok(performance.now() - from >= 140);
    pace.holdFor(60_000);
    const time = new AbortController();
    setTimeout(() => time.abort(), 20);
    assert.equal(await pace.take(time.signal), false);
  });
});

test('three failures are borne, and one in twenty', () => {
  const plan = (count: number) =>
    planOf(
      'u',
      Array.from({ length: count }, () => actionOn(configMap, seen('a'))),
    );
  const firstToStop = (count: number) =>
    Array.from({ length: count }, (_, index) => index + 1).find((failures) => tooMany(failures, plan(count)));
  assert.deepEqual([2, 3, 10, 60, 100, 200].map(firstToStop), [undefined, 3, 3, 4, 6, 11]);
});

const seen = (name: string) => ({ metadata: { namespace: 'a', name, uid: `u-${name}`, resourceVersion: '1' } });
const header = {
  schemaVersion: 1 as const,
  id: journalId,
  plan: 'p',
  cluster: 'test',
  clusterUid: 'c',
  kind: 'cleanup' as const,
  runId: 'r',
  startedAt: '2026-11-24T18:00:00Z',
  nightshift: 'nightshift/0',
};
const at = '2026-11-24T18:00:01Z';

describe('the journal', () => {
  test('tells done from begun from not begun', async () => {
    const storage = memoryStorage();
    const actions = ['a', 'b', 'c', 'd'].map((name) => actionOn(configMap, seen(name)));
    const [a = '', b = '', c = '', d = ''] = actions.map(({ id }) => id);
    const journal = journalWriter(storage, 'test', journalId);
    assert.equal(await readJournal(storage, 'test', journalId), undefined);
    await journal.start({ header, actions, manifests: { [a]: { kind: 'ConfigMap' } }, outcomes: [{ action: d, result: 'forbidden', at }] });
    await journal.begin(1, at, [a, b]);
    await journal.outcomes(1, at, [{ action: a, result: 'deleted', at }]);
    await journal.begin(2, '2026-11-24T18:00:02Z', [b]);
    const read = await readJournal(storage, 'test', journalId);
    assert.deepEqual(
      read?.items.map(({ action: { id }, begunAt, outcome }) => [id, begunAt, outcome?.result]),
      [
        [a, at, 'deleted'],
        [b, at, undefined],
        [c, undefined, undefined],
        [d, undefined, 'forbidden'],
      ],
    );
    assert.deepEqual([read?.lastBatch, read?.ended, read?.items[0]?.manifest], [2, undefined, { kind: 'ConfigMap' }]);
    assert.deepEqual(read?.items[0]?.action, actions[0]);
  });

  test('no part is written twice', async () => {
    const storage = memoryStorage();
    const journal = journalWriter(storage, 'test', journalId);
    const parts = [
      () => journal.start({ header, actions: [], manifests: {}, outcomes: [] }),
      () => journal.begin(1, at, []),
      () => journal.outcomes(1, at, []),
      () => journal.end({ at, ended: 'complete', warnings: [] }),
    ];
    const other = journalWriter(storage, 'test', journalId);
    const others = [
      () => other.start({ header, actions: [], manifests: {}, outcomes: [] }),
      () => other.begin(1, at, []),
      () => other.outcomes(1, at, []),
      () => other.end({ at, ended: 'complete', warnings: [] }),
    ];
    for (const [index, part] of parts.entries()) {
      await part();
      await assert.rejects(others[index] ?? assert.fail, JournalTaken, 'not even by who would write the very same');
    }
  });

  test('a part whose answer was lost, and that was sent again, is written', async () => {
    const kept = memoryStorage();
    const storage: typeof kept = {
      ...kept,
      // As S3 does: the SDK sends it again, and it finds itself.
      write: async (...asked) => {
        await kept.write(...asked);
        return kept.write(...asked);
      },
    };
    const journal = journalWriter(storage, 'test', journalId);
    await journal.start({ header, actions: [], manifests: {}, outcomes: [] });
    await journal.begin(1, at, []);
    assert.equal((await readJournal(storage, 'test', journalId))?.lastBatch, 1);
  });

  test('one that is damaged is said to be, without what it holds', async () => {
    const storage = memoryStorage();
    for (const text of ['{"secret": "hush', '{"secret": "hush"}', '[]', 'null']) {
      storage.texts.set('journal/test/2026/11/24/20261124T180000Z-00000000000000bb/journal.json', text);
      await assert.rejects(readJournal(storage, 'test', journalId), (error: Error) => {
        assert.ok(error instanceof JournalDamaged);
        assert.doesNotMatch(error.message, /hush/);
        return true;
      });
    }
  });

  test('a manifest is kept whole but for managedFields', () => {
    const metadata = { name: 'a', uid: 'u', finalizers: ['f'], managedFields: [{ manager: 'm' }] };
    const kept = keptManifest({ kind: 'ConfigMap', metadata, data: { a: '\u0007' } });
    assert.deepEqual(kept, { kind: 'ConfigMap', metadata: { name: 'a', uid: 'u', finalizers: ['f'] }, data: { a: '\u0007' } });
  });
});

test('whether an object shows a merge patch', () => {
  const object = { spec: { policy: 'Delete', list: [1, 2] }, metadata: { labels: { a: 'b' } } };
  assert.ok(shows(object, { spec: { policy: 'Delete' } }));
  assert.ok(shows(object, { spec: { gone: null, list: [1, 2] } }));
  assert.ok(!shows(object, { spec: { policy: 'Retain' } }));
  assert.ok(!shows(object, { metadata: { labels: { a: null } } }));
  assert.ok(!shows(undefined, { spec: { policy: 'Delete' } }));
});

describe('how a cluster is written to', () => {
  const role = 'arn:aws:iam::123456789012:role/write';
  const eks = { name: 'prod', region: 'eu-central-1', role: 'arn:aws:iam::123456789012:role/read', externalId: 'of-read' };
  test('what write says is laid over the way that is read by', () => {
    assert.deepEqual(writeAccessOf('prod', { eks, write: { role } }), { eks: { name: 'prod', region: 'eu-central-1', role } });
    const withId = writeAccessOf('prod', { eks, write: { role, externalId: 'x' }, namespaces: ['a'] });
    assert.deepEqual(withId, { eks: { name: 'prod', region: 'eu-central-1', role, externalId: 'x' }, namespaces: ['a'] });
    const kubeconfig = { secret: 'edge', context: 'reader' };
    assert.deepEqual(writeAccessOf('edge', { kubeconfig, write: { context: 'writer' } }), {
      kubeconfig: { secret: 'edge', context: 'writer' },
    });
    const own = { secret: 'edge-write' };
    assert.deepEqual(writeAccessOf('edge', { kubeconfig, write: { kubeconfig: own } }), { kubeconfig: own });
    assert.deepEqual(writeAccessOf('prod', { eks, write: { kubeconfig: own } }), { kubeconfig: own });
  });

  test('where it says nothing, or what does not fit, nothing is written', () => {
    const cases = [{ eks }, { kubeconfig: { secret: 'a' }, write: { role } }, { eks, write: { context: 'writer' } }];
    for (const configuration of cases)
      assert.throws(
        () => writeAccessOf('prod', configuration),
        (error) => isClusterError(error) && error.kind === 'configuration',
      );
  });
});
