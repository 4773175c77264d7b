import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as z from 'zod';
import { leases, metadataOf, ownerReads, pods, secrets, services } from '../../functions/cluster/kinds.ts';
import {
  type Check,
  defineCheck,
  type Finding,
  NotApplicable,
  NotReadable,
  type Read,
  type Reads,
  refTo,
  type ScanResult,
  type Source,
} from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import fc from '../fuzz.ts';
import { memorySource } from './memory-source.ts';

const object = (kind: string, name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'default', uid: `${kind}-${name}`, ...more },
});
const podsOf = (count: number) => Array.from({ length: count }, (_, index) => object('Pod', `pod-${index}`));
const never = () => AbortSignal.timeout(60_000);

/** A check that notes what it sees and when it finishes. */
const watcher = (id: string, reads: Reads, more: Partial<Check> = {}) => {
  const seen: string[] = [];
  const state = { seen, finished: 0 };
  const check = defineCheck({
    id,
    title: id,
    why: 'a test',
    upstream: 'https://example.com',
    reads,
    options: z.strictObject({}),
    start: ({ emit }) => ({
      see: Object.fromEntries(
        Object.keys(reads).map((name) => [
          name,
          (seenObject: unknown) => {
            const { metadata } = seenObject as { metadata: { name: string } };
            seen.push(metadata.name);
            emit({ object: { apiVersion: 'v1', kind: 'Pod', name: metadata.name }, severity: 'info', message: 'seen', remedy: 'none' });
          },
        ]),
      ),
      finish() {
        state.finished += 1;
      },
    }),
    ...more,
  });
  return { check, ...state, state };
};
const ending = (result: ScanResult<Finding>, id: string) => result.observers.find((observer) => observer.id === id);

describe('one list a resource', () => {
  test('whatever the number of checks, each object is shown once to each', async () => {
    const sent: Read[][] = [];
    const watchers = Array.from({ length: 5 }, (_, index) => watcher(`w${index}`, { pods }));
    const source = memorySource({ objects: podsOf(600), onRead: (reads) => sent.push([...reads]) });
    const result = await scan(
      source,
      watchers.map(({ check }) => check),
      { signal: never() },
    );
    assert.deepEqual(
      sent.map((reads) => reads.map(({ resource }) => resource)),
      [['pods']],
    );
    for (const { seen } of watchers) {
      assert.equal(seen.length, 600);
      assert.equal(new Set(seen).size, 600);
    }
    assert.equal(result.objects, 600);
  });

  const merged = async (...reads: Read[]): Promise<readonly Read[]> => {
    let sent: readonly Read[] = [];
    const source = memorySource({ onRead: (planned) => (sent = planned) });
    await scan(
      source,
      reads.map((read, index) => watcher(`w${index}`, { read }).check),
      { signal: never() },
    );
    return sent;
  };

  test('metadata only where all readers agree', async () => {
    assert.deepEqual(
      (await merged(metadataOf(pods), metadataOf(pods))).map(({ part }) => part),
      ['metadata'],
    );
    assert.deepEqual(
      (await merged(metadataOf(pods), pods)).map(({ part }) => part),
      [undefined],
    );
  });

  test('a selector only where all readers agree', async () => {
    const helm = { ...secrets, labels: 'owner=helm' };
    assert.deepEqual(
      (await merged(helm, helm)).map(({ labels }) => labels),
      ['owner=helm'],
    );
    assert.deepEqual(
      (await merged(helm, secrets)).map(({ labels }) => labels),
      [undefined],
    );
    assert.deepEqual(
      (await merged(helm, { ...secrets, labels: 'owner=other' })).map(({ labels }) => labels),
      [undefined],
    );
    assert.deepEqual(
      (await merged({ ...pods, fields: 'a=b' }, pods)).map(({ fields }) => fields),
      [undefined],
    );
  });

  test('a namespace only where no reader wants the whole cluster', async () => {
    const system = { ...leases, namespace: 'kube-system' };
    assert.deepEqual(
      (await merged(system, system)).map(({ namespace }) => namespace),
      ['kube-system'],
    );
    assert.deepEqual(
      (await merged(system, { ...leases, namespace: 'apps' })).map(({ namespace }) => namespace),
      ['kube-system', 'apps'],
    );
    assert.deepEqual(
      (await merged(system, leases)).map(({ namespace }) => namespace),
      [undefined],
    );
  });

  test('the reader of one namespace is shown that one alone when another reads all', async () => {
    const one = watcher('one', { leases: { ...leases, namespace: 'kube-system' } });
    const all = watcher('all', { leases });
    const lease = (namespace: string) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: `in-${namespace}`, namespace },
    });
    const source = memorySource({ objects: [lease('kube-system'), lease('apps')] });
    await scan(source, [one.check, all.check], { signal: never() });
    assert.deepEqual(one.seen, ['in-kube-system']);
    assert.deepEqual(all.seen, ['in-kube-system', 'in-apps']);
  });

  test('what is sensitive is never widened for another reader', async () => {
    const names = { ...metadataOf(secrets), sensitive: true } as const;
    const tokens = { ...secrets, sensitive: true, namespace: 'kube-system', fields: 'type=bootstrap.kubernetes.io/token' } as const;
    const sent = await merged(names, tokens, { ...names, labels: 'owner=helm' }, names);
    assert.deepEqual(
      sent.map(({ part, namespace, labels, fields }) => [part, namespace, labels, fields]),
      [
        ['metadata', undefined, undefined, undefined],
        [undefined, 'kube-system', undefined, 'type=bootstrap.kubernetes.io/token'],
        ['metadata', undefined, 'owner=helm', undefined],
      ],
    );
  });

  test('nothing is sent for a check that is turned off', async () => {
    const sent: string[] = [];
    const off = watcher('off', { services });
    const source = memorySource({ objects: podsOf(1), onRead: (reads) => sent.push(...reads.map(({ resource }) => resource)) });
    const result = await scan(source, [off.check, watcher('on', { pods }).check], {
      signal: never(),
      off: { off: 'turned off in nightshift.yaml' },
    });
    assert.deepEqual(sent, ['pods']);
    assert.deepEqual(ending(result, 'off'), { id: 'off', objects: 0, outcome: 'not-run', reason: 'turned off in nightshift.yaml' });
  });
});

test('every object once, in any order of batches and any size of pages', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.nat()),
      async (count, pageSize, order) => {
        const objects = [...podsOf(count), ...Array.from({ length: count }, (_, index) => object('Service', `service-${index}`))];
        const both = watcher('both', { pods, services });
        const source = memorySource({
          objects,
          pageSize,
          arrange: (batches) =>
            batches
              .map((batch) => ({ batch, key: order.next().value }))
              .sort((a, b) => a.key - b.key)
              .map(({ batch }) => batch),
        });
        await scan(source, [both.check], { signal: never() });
        assert.deepEqual([...both.seen].sort(), objects.map(({ metadata }) => metadata.name).sort());
      },
    ),
  );
});

describe('finish() runs only on whole reads', () => {
  const failed = { state: 'failed', reason: 'forbidden', message: 'pods: forbidden', remedy: 'grant it' } as const;

  test('a failed read: no finish, incomplete with reason and remedy, what was emitted stands', async () => {
    const half = watcher('half', { pods, services });
    const other = watcher('other', { services });
    const source = memorySource({ objects: [...podsOf(3), object('Service', 's')], endings: { pods: failed } });
    const result = await scan(source, [half.check, other.check], { signal: never() });
    assert.equal(half.state.finished, 0);
    assert.deepEqual(ending(result, 'half'), {
      id: 'half',
      objects: 4,
      outcome: 'incomplete',
      reason: 'pods: forbidden',
      remedy: 'grant it',
    });
    assert.equal(result.out.filter(({ observer }) => observer === 'half').length, 4);
    assert.equal(other.state.finished, 1);
    assert.equal(ending(result, 'other')?.outcome, 'ran');
  });

  test('an optional read may fail', async () => {
    const check = watcher('check', { services, pods: { ...pods, optional: true } });
    const result = await scan(memorySource({ endings: { pods: failed } }), [check.check], { signal: never() });
    assert.equal(check.state.finished, 1);
    assert.equal(ending(result, 'check')?.outcome, 'ran');
  });

  for (const state of ['absent', 'not-granted', 'off'] as const) {
    test(`${state}: did not run, with the reason, and nothing is incomplete`, async () => {
      const check = watcher('check', { pods });
      const result = await scan(memorySource({ endings: { pods: { state, reason: 'because' } } }), [check.check], { signal: never() });
      assert.equal(check.state.finished, 0);
      assert.deepEqual(ending(result, 'check'), { id: 'check', objects: 0, outcome: 'not-run', reason: 'because' });
    });
  }

  test('an inconsistent read came whole', async () => {
    const check = watcher('check', { pods });
    await scan(memorySource({ objects: podsOf(2), endings: { pods: { state: 'inconsistent' } } }), [check.check], { signal: never() });
    assert.equal(check.state.finished, 1);
  });

  test('a source that breaks off or ends without a word is no pass', async () => {
    const broken: Source = {
      ...memorySource(),
      // biome-ignore lint/correctness/useYield: it breaks before anything comes
      async *read() {
        throw new Error('the disk is gone');
      },
    };
    const silent: Source = { ...memorySource(), async *read() {} };
    for (const [source, reason] of [
      [broken, /disk is gone/],
      [silent, /without saying/],
    ] as const) {
      const check = watcher('check', { pods });
      const result = await scan(source, [check.check], { signal: never() });
      assert.equal(check.state.finished, 0);
      assert.equal(ending(result, 'check')?.outcome, 'incomplete');
      assert.match(ending(result, 'check')?.reason ?? '', reason);
    }
  });
});

describe('a check that throws', () => {
  const throwing = (id: string, where: 'start' | 'see' | 'finish' | 'remember', error: Error) =>
    defineCheck({
      id,
      title: id,
      why: 'a test',
      upstream: 'https://example.com',
      reads: { pods },
      options: z.strictObject({}),
      start() {
        if (where === 'start') throw error;
        return {
          see: {
            pods() {
              if (where === 'see') throw error;
            },
          },
          finish() {
            if (where === 'finish') throw error;
          },
          remember() {
            if (where === 'remember') throw error;
            return 1;
          },
        };
      },
    });

  for (const where of ['start', 'see', 'finish', 'remember'] as const) {
    test(`in ${where}: it is incomplete, the others go on`, async () => {
      const other = watcher('other', { pods });
      const result = await scan(memorySource({ objects: podsOf(3) }), [throwing('bad', where, new Error('boom')), other.check], {
        signal: never(),
      });
      assert.equal(ending(result, 'bad')?.outcome, 'incomplete');
      assert.match(ending(result, 'bad')?.reason ?? '', /boom/);
      assert.equal('bad' in result.memory, false);
      assert.equal(other.seen.length, 3);
      assert.equal(other.state.finished, 1);
    });
  }

  test('NotApplicable is no fault, NotReadable is one with a remedy', async () => {
    const result = await scan(
      memorySource({ objects: podsOf(1) }),
      [
        throwing('na', 'finish', new NotApplicable('no such thing here')),
        throwing('nr', 'finish', new NotReadable('403', 'forbidden', 'grant it')),
      ],
      { signal: never() },
    );
    assert.deepEqual(ending(result, 'na'), { id: 'na', objects: 1, outcome: 'not-run', reason: 'no such thing here' });
    assert.deepEqual(ending(result, 'nr'), { id: 'nr', objects: 1, outcome: 'incomplete', reason: '403', remedy: 'grant it' });
  });

  test('objects that are null or no objects are passed over', async () => {
    const check = watcher('check', { pods });
    const source: Source = {
      ...memorySource(),
      async *read([read]) {
        assert(read);
        yield { read, objects: [null, 'text', object('Pod', 'a')] };
        yield { read, objects: 1, state: 'complete' };
      },
    };
    await scan(source, [check.check], { signal: never() });
    assert.deepEqual(check.seen, ['a']);
  });
});

describe('the time budget', () => {
  test('a source that hangs and does not listen is left behind, and its checks are incomplete', async () => {
    const check = watcher('check', { pods });
    const done = watcher('done', { services });
    const source: Source = {
      ...memorySource(),
      async *read(reads) {
        for (const read of reads) if (read.resource === 'services') yield { read, objects: 0, state: 'complete' };
        await new Promise((resolve) => setTimeout(resolve, 30_000).unref());
      },
    };
    const startedAt = performance.now();
    const result = await scan(source, [check.check, done.check], { signal: AbortSignal.timeout(100) });
    assert(performance.now() - startedAt < 5_000);
    assert.equal(ending(result, 'check')?.outcome, 'incomplete');
    assert.match(ending(result, 'check')?.reason ?? '', /time budget/);
    assert.equal(ending(result, 'done')?.outcome, 'ran');
  });

  test('a source that does not listen and goes on sending is left behind', async () => {
    const check = watcher('check', { pods });
    const source: Source = {
      ...memorySource(),
      async *read([read]) {
        for (let sent = 0; read && sent < 2_000; sent += 1) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          yield { read, objects: [] };
        }
      },
    };
    const startedAt = performance.now();
    const result = await scan(source, [check.check], { signal: AbortSignal.timeout(100) });
    assert(performance.now() - startedAt < 5_000);
    assert.match(ending(result, 'check')?.reason ?? '', /time budget/);
  });

  test('a check that does not finish is left behind', async () => {
    const hanging = watcher(
      'hanging',
      { pods },
      { start: () => ({ see: {}, finish: () => new Promise<void>((resolve) => setTimeout(resolve, 30_000).unref()) }) },
    );
    const startedAt = performance.now();
    const result = await scan(memorySource(), [hanging.check], { signal: AbortSignal.timeout(100) });
    assert(performance.now() - startedAt < 5_000);
    assert.equal(ending(result, 'hanging')?.outcome, 'incomplete');
  });
});

describe('owners', () => {
  const reference = (kind: string, name: string) => ({
    ownerReferences: [{ apiVersion: kind.endsWith('Job') ? 'batch/v1' : 'apps/v1', kind, name, controller: true, uid: '1' }],
  });
  const ownersOf = async (objects: object[], endings = {}) => {
    const owners = new Map<string, string | undefined>();
    const check = defineCheck({
      id: 'owners',
      title: 'owners',
      why: 'a test',
      upstream: 'https://example.com',
      reads: { pods, ...ownerReads },
      options: z.strictObject({}),
      start({ owner }) {
        const kept: Parameters<typeof owner>[0][] = [];
        return {
          see: { pods: (pod) => void kept.push({ metadata: pod.metadata }) },
          finish() {
            for (const pod of kept) {
              const top = owner(pod);
              owners.set(refTo(pods, pod?.metadata as { name: string }).name, top && `${top.kind}/${top.name}`);
            }
          },
        };
      },
    });
    await scan(memorySource({ objects, endings }), [check], { signal: never() });
    return owners;
  };

  test('a pod’s Deployment and CronJob are found through ReplicaSet and Job, whatever comes first', async () => {
    const objects = [
      object('Pod', 'web', reference('ReplicaSet', 'web-1')),
      object('Pod', 'nightly', reference('Job', 'nightly-1')),
      object('Pod', 'alone'),
      object('Pod', 'static', reference('Node', 'node-1')),
      object('Pod', 'database-0', reference('StatefulSet', 'database')),
      { ...object('ReplicaSet', 'web-1', reference('Deployment', 'web')), apiVersion: 'apps/v1' },
      { ...object('Job', 'nightly-1', reference('CronJob', 'nightly')), apiVersion: 'batch/v1' },
    ];
    for (const order of [objects, objects.toReversed()]) {
      assert.deepEqual(Object.fromEntries(await ownersOf(order)), {
        web: 'Deployment/web',
        nightly: 'CronJob/nightly',
        alone: undefined,
        static: undefined,
        'database-0': 'StatefulSet/database',
      });
    }
  });

  test('without the right to list ReplicaSets the Deployment is told by the hash label', async () => {
    const pod = object('Pod', 'web', { ...reference('ReplicaSet', 'web-5d4f'), labels: { 'pod-template-hash': '5d4f' } });
    const endings = { replicasets: { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'no' } };
    assert.equal((await ownersOf([pod], endings)).get('web'), 'Deployment/web');
  });

  test('a cycle ends', async () => {
    const objects = [
      object('Pod', 'a', reference('ReplicaSet', 'x')),
      { ...object('ReplicaSet', 'x', reference('ReplicaSet', 'y')), apiVersion: 'apps/v1' },
      { ...object('ReplicaSet', 'y', reference('ReplicaSet', 'x')), apiVersion: 'apps/v1' },
    ];
    assert.match((await ownersOf(objects)).get('a') ?? '', /^ReplicaSet\//);
  });
});

test('probes: only those that are declared', async () => {
  const asking = (id: string, declared: readonly string[]) =>
    watcher(id, {}, { probes: declared, start: ({ probe }) => ({ see: {}, finish: async () => void (await probe('/readyz')) }) }).check;
  const source = memorySource({ probes: { '/readyz': { status: 200, body: 'ok' } } });
  const result = await scan(source, [asking('declared', ['/readyz']), asking('undeclared', [])], { signal: never() });
  assert.equal(ending(result, 'declared')?.outcome, 'ran');
  assert.match(ending(result, 'undeclared')?.reason ?? '', /does not declare/);
});

test('a source without status: checks that need one are not applicable', async () => {
  const live = watcher('live', { pods });
  const declared = watcher('declared', { pods }, { worksOnManifests: true });
  const result = await scan(
    memorySource({ objects: podsOf(2), stateless: 'plain manifests have no status' }),
    [live.check, declared.check],
    { signal: never() },
  );
  assert.deepEqual(ending(result, 'live'), { id: 'live', objects: 0, outcome: 'not-run', reason: 'plain manifests have no status' });
  assert.equal(ending(result, 'declared')?.outcome, 'ran');
});

test('memory goes in and comes out', async () => {
  const counting = watcher(
    'counting',
    { pods },
    { start: ({ memory }) => ({ see: {}, remember: () => ((memory as number | undefined) ?? 0) + 1 }) },
  );
  const result = await scan(memorySource(), [counting.check], { signal: never(), memory: { counting: 41 } });
  assert.deepEqual(result.memory, { counting: 42 });
});

test('labels: which objects each selector selects', async () => {
  const objects = [object('Pod', 'a', { labels: { team: 'core' } }), object('Pod', 'b', { labels: { team: 'edge' } }), object('Pod', 'c')];
  const result = await scan(memorySource({ objects }), [watcher('w', { pods }).check], {
    signal: never(),
    labels: ['team=core', 'team', 'toString'],
  });
  assert.deepEqual([...(result.labelled.get('team=core') ?? [])], ['/Pod/default/a']);
  assert.equal(result.labelled.get('team')?.size, 2);
  assert.equal(result.labelled.get('toString')?.size, 0);
});

test('options that a check does not take are refused', async () => {
  await assert.rejects(
    scan(memorySource(), [watcher('strict', { pods }).check], { signal: never(), options: { strict: { nonsense: 1 } } }),
    /strict.*nonsense/,
  );
});

test('pages are not kept: they are garbage before the scan is over', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const refs: WeakRef<object>[] = [];
  let alive = 0;
  const source: Source = {
    ...memorySource(),
    async *read([read]) {
      assert(read);
      for (let page = 0; page < 20; page += 1) {
        const objects = podsOf(10);
        refs.push(new WeakRef(objects));
        yield { read, objects };
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
      collect();
      alive = refs.filter((ref) => ref.deref() !== undefined).length;
      yield { read, objects: 200, state: 'complete' };
    },
  };
  await scan(source, [watcher('w', { pods }).check], { signal: never() });
  // The generator's own last page may still be held.
  assert(alive <= 2, `${alive} of 20 pages are still held`);
});
