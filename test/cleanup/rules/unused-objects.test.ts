/** The rules about unused objects: what voids a verdict, what is never a candidate, what is said, and that no order changes it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import { refersToNothing } from '../../../functions/cleanup/references/not-referring.ts';
import { isUnusedRule } from '../../../functions/cleanup/references/unused-rule.ts';
import { withCustomResources } from '../../../functions/cleanup/references/with-custom-resources.ts';
import { NotReadable, type Read } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import fc from '../../fuzz.ts';
import { punched } from '../../health-check/holes.ts';
import { ago, condition } from '../../health-check/objects.ts';
import { memorySource } from '../../scan/memory-source.ts';
import { account, claim, configMap, container, type Fields, type Made, made, ofCluster, podMakers, secret } from '../references/objects.ts';
import { runUnused, unusedOf, unusedRules } from '../references/run-unused.ts';
import { stored } from './run-rule.ts';

const candidates = [configMap('gone'), secret('gone'), claim('gone'), account('gone')];
const thing: Read = { group: 'example.com', kind: 'Thing', resource: 'things', versions: ['v1'] };
const failed = { state: 'failed', reason: 'forbidden', message: 'no right', remedy: 'grant it' } as const;
const readsOf = (rule: Rule): readonly Read[] => Object.values(typeof rule.reads === 'function' ? {} : rule.reads);
const proposedBy = async (rule: Rule, run: Parameters<typeof runUnused>[0]) => {
  const { proposals, ends } = await runUnused({ ...run, rules: [rule] });
  return { count: proposals.length, end: ends[0] };
};

describe('an error is never an absence', () => {
  for (const rule of unusedRules) {
    test(`${rule.id}: one candidate, as long as all came whole`, async () => {
      const { count, end } = await proposedBy(rule, { objects: candidates });
      assert.deepEqual([count, end?.outcome], [1, 'ran']);
    });
    test(`${rule.id}: any of its kinds that cannot be listed voids it`, async () => {
      for (const { resource } of readsOf(rule)) {
        const { count, end } = await proposedBy(rule, { objects: candidates, endings: { [resource]: failed } });
        assert.deepEqual([count, end?.outcome, end?.remedy], [0, 'incomplete', 'grant it'], resource);
      }
    });
    test(`${rule.id}: a custom resource that cannot be listed voids it, with the remedy`, async () => {
      const { count, end } = await proposedBy(rule, {
        objects: candidates,
        custom: { reads: [thing], unknown: [] },
        endings: { things: failed },
      });
      assert.deepEqual([count, end?.outcome, end?.remedy], [0, 'incomplete', 'grant it']);
    });
    test(`${rule.id}: a group of which nobody knows what it holds voids it, a group of measurements does not`, async () => {
      const unknown = (group: string) => ({ reads: [], unknown: [{ group, message: `${group} does not answer`, remedy: 'look' }] });
      const void_ = await proposedBy(rule, { objects: candidates, custom: unknown('example.com') });
      assert.deepEqual([void_.count, void_.end?.outcome, void_.end?.reason], [0, 'incomplete', 'example.com does not answer']);
      const still = await proposedBy(rule, { objects: candidates, custom: unknown('metrics.k8s.io') });
      assert.deepEqual([still.count, still.end?.outcome], [1, 'ran']);
    });
    test(`${rule.id}: discovery that fails voids it`, async () => {
      for (const [error, remedy] of [
        [new NotReadable('discovery: forbidden', 'forbidden', 'grant discovery'), 'grant discovery'],
        [new TypeError('odd'), 'look at the message and run again'],
      ] as const) {
        const { count, end } = await proposedBy(rule, { objects: candidates, custom: error });
        assert.deepEqual([count, end?.outcome, end?.remedy], [0, 'incomplete', remedy]);
      }
    });
    test(`${rule.id}: it does not run by itself, nor where nobody can tell the custom resources`, async () => {
      const source = memorySource({ objects: candidates.map((object) => stored(object)) });
      const signal = AbortSignal.timeout(10_000);
      for (const rules of [[rule], await withCustomResources([rule], {}, signal)]) {
        const { out, observers } = await scan(source, rules, { signal });
        assert.deepEqual([out.length, observers[0]?.outcome], [0, 'not-run']);
        assert.match(observers[0]?.reason ?? '', /custom resources/);
      }
    });
  }
  test('what an older cluster has no such resource of refers to nothing', async () => {
    const absent = { state: 'absent', reason: 'the cluster has none' } as const;
    const endings = { validatingadmissionpolicybindings: absent, mutatingadmissionpolicybindings: absent };
    assert.equal((await unusedOf({ objects: candidates, endings })).length, 4);
    // Pods are served everywhere: that they are not is odd, and concludes nothing.
    const { proposals, ends } = await runUnused({ objects: candidates, endings: { pods: absent } });
    assert.equal(proposals.length, 0);
    assert.ok(ends.every(({ outcome }) => outcome === 'not-run'));
  });
  test('without the optional right to Secrets the rules that need them do not run, and nothing is incomplete', async () => {
    const { ends } = await runUnused({ objects: candidates, endings: { secrets: { state: 'not-granted', reason: 'optional' } } });
    assert.deepEqual(
      ends.map(({ id, outcome }) => `${id} ${outcome}`),
      ['unused-config-maps ran', 'unused-persistent-volume-claims ran', 'unused-secrets not-run', 'unused-service-accounts not-run'],
    );
  });
  test('other rules are left as they are', async () => {
    const other: Rule = { ...(unusedRules[0] as Rule), id: 'other' };
    const plain = { ...other, over: undefined };
    const [same] = await withCustomResources([plain], {}, AbortSignal.timeout(1_000));
    assert.equal(same, plain);
    assert.ok(!isUnusedRule(plain) && unusedRules.every(isUnusedRule));
  });
});

describe('row 33: what is never a candidate', () => {
  const makers: Readonly<Record<string, (metadata: Fields) => Made>> = {
    ConfigMap: (metadata) => configMap('other', metadata),
    Secret: (metadata) => secret('other', 'Opaque', metadata),
    PersistentVolumeClaim: (metadata) => claim('other', {}, metadata),
    ServiceAccount: (metadata) => account('other', metadata),
  };
  const spared: Readonly<Record<string, Fields>> = {
    'with an owner': { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 't', uid: 'u', controller: true }] },
    'with an owner that is no controller': { ownerReferences: [{ apiVersion: 'v1', kind: 'Thing', name: 't', uid: 'u' }] },
    'with a finalizer of others': { finalizers: ['example.com/busy'] },
    Terminating: { deletionTimestamp: '2026-03-01T00:00:00Z' },
  };
  for (const [kind, make] of Object.entries(makers)) {
    for (const [what, metadata] of Object.entries(spared))
      test(`${kind} ${what}`, async () => {
        assert.deepEqual(await unusedOf({ objects: [make(metadata)] }), []);
        assert.deepEqual(await unusedOf({ objects: [make({})] }), [`${kind} shop/other`]);
      });
    test(`${kind} that is young is proposed with its age: the guard holds it`, async () => {
      const { proposals } = await runUnused({ objects: [make({ creationTimestamp: '2026-03-18T08:59:00Z' })] });
      assert.equal(proposals[0]?.since, Date.parse('2026-03-18T08:59:00Z'));
    });
    test(`${kind} without a creation time has no age`, async () => {
      const { proposals } = await runUnused({ objects: [make({ creationTimestamp: null })] });
      assert.deepEqual([proposals.length, proposals[0]?.since], [1, undefined]);
    });
  }
});

describe('what is said', () => {
  test('nothing of what a Secret holds', async () => {
    const { proposals } = await runUnused({ objects: [secret('gone', 'kubernetes.io/tls')] });
    assert.equal(proposals.length, 1);
    assert.ok(!JSON.stringify(proposals).includes('c2VjcmV0'));
  });
  test('nor is it asked for', async () => {
    const reads: Read[] = [];
    await runUnused({ objects: [], onRead: (given) => reads.push(...given) });
    const secretReads = reads.filter(({ resource }) => resource === 'secrets');
    assert.equal(secretReads.length, 2);
    for (const { part, sensitive, fields } of secretReads)
      assert.deepEqual([part, sensitive, fields?.startsWith('type')], ['metadata', true, true]);
  });
  const volume = (policy: string) =>
    ofCluster('v1', 'PersistentVolume', 'pv-gone', {
      spec: {
        claimRef: { namespace: 'shop', name: 'gone' },
        persistentVolumeReclaimPolicy: policy,
        csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' },
      },
    });
  test('a claim whose disk would go with it', async () => {
    const { proposals } = await runUnused({ objects: [claim('gone', { storageClassName: 'gp3' }), volume('Delete')] });
    const [proposal] = proposals;
    assert.deepEqual(proposal?.facts, {
      phase: 'Bound',
      size: '8Gi',
      storageClass: 'gp3',
      volume: 'pv-gone',
      reclaimPolicy: 'Delete',
      lastPodSeen: 'not known',
    });
    assert.deepEqual(proposal?.frees, { bytes: 8 * 2 ** 30, disk: 'vol-1' });
    assert.deepEqual([proposal?.lost, proposal?.risk], [['the data on its disk'], 'high']);
  });
  test('a claim whose disk stays frees nothing', async () => {
    const { proposals } = await runUnused({ objects: [claim('gone'), volume('Retain')] });
    assert.deepEqual([proposals[0]?.facts.reclaimPolicy, proposals[0]?.frees, proposals[0]?.lost], ['Retain', undefined, undefined]);
  });
  test('what Kubernetes 1.37 notes of a claim: since when no pod has used it, and that one does', async () => {
    const noted = (status: string) => ({
      ...claim('gone'),
      status: { phase: 'Bound', conditions: [condition('Unused', status, ago({ days: 12 }))] },
    });
    const { proposals } = await runUnused({ objects: [noted('True'), volume('Retain')] });
    assert.deepEqual([proposals[0]?.facts.lastPodSeen, proposals[0]?.since], [ago({ days: 12 }), Date.parse(ago({ days: 12 }))]);
    assert.match(proposals[0]?.reason ?? '', /; 8Gi, reclaim policy Retain, without a pod for 12 days$/);
    assert.deepEqual((await runUnused({ objects: [noted('False'), volume('Retain')] })).proposals, []);
  });
  test('another claim’s volume says nothing of this one', async () => {
    const { proposals } = await runUnused({ objects: [claim('gone', { volumeName: 'pv-2' }), volume('Delete')] });
    assert.deepEqual([proposals[0]?.facts.reclaimPolicy, proposals[0]?.frees], ['not known', undefined]);
  });
  test('reasons are one lower-case line', async () => {
    for (const { reason } of (await runUnused({ objects: candidates })).proposals) assert.match(reason, /^[a-z][^\n]*[^.\n]$/);
  });
});

const spec: Fields = {
  ...container({ args: ['--a=used-3'], envFrom: [{ configMapRef: { name: 'used-1' } }, { secretRef: { name: 'used-2' } }] }),
  serviceAccountName: 'used-4',
  volumes: [
    { name: 'data', persistentVolumeClaim: { claimName: 'used-5' } },
    { name: 'scratch', ephemeral: {} },
  ],
};
const cluster: readonly Made[] = [
  ...['1', '2', '3', '4', '5', '6'].flatMap((each) =>
    [`used-${each}`, `gone-${each}`].flatMap((name) => [configMap(name), secret(name), claim(name), account(name)]),
  ),
  ...Object.values(podMakers(spec)),
  made('example.com/v1', 'Thing', 'thing', { spec: { list: ['used-6', { secret: 'used-1', namespace: 'other' }] } }),
  ofCluster('storage.k8s.io/v1', 'StorageClass', 'fast', { parameters: { 'csi.storage.k8s.io/node-stage-secret-name': 'used-3' } }),
];

test('neither the order of objects nor the size of pages changes what is proposed, or how it is said', async () => {
  const expected = await runUnused({ objects: cluster });
  assert.ok(expected.proposals.length >= 24);
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...cluster.keys()], { minLength: cluster.length, maxLength: cluster.length }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
      async (order, pageSize, ranks) => {
        const { proposals } = await runUnused({
          objects: order.flatMap((index) => cluster[index] ?? []),
          pageSize,
          arrange: (batches) =>
            batches
              .map((batch, index) => ({ batch, rank: ranks[index % ranks.length] ?? 0 }))
              .sort((one, other) => one.rank - other.rank)
              .map(({ batch }) => batch),
        });
        assert.equal(
          JSON.stringify(proposals.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))),
          JSON.stringify(expected.proposals.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('holes in any object throw nowhere, and reference by reference nothing more is kept than with all of them', async () => {
  const custom = {
    reads: [thing, { group: 'argoproj.io', kind: 'Rollout', resource: 'rollouts', versions: ['v1'] as [string] }],
    unknown: [],
  };
  await fc.assert(
    fc.asyncProperty(punched(cluster), async (holed) => {
      const { ends } = await runUnused({ objects: holed as Made[], custom });
      for (const { outcome, reason } of ends) assert.equal(outcome, 'ran', reason);
    }),
    { numRuns: 80 },
  );
});

test('a custom resource of any depth and shape is looked at', async () => {
  let deep: unknown = 'wanted';
  for (let level = 0; level < 50_000; level += 1) deep = level % 2 === 0 ? [deep] : { a: deep };
  const objects = [configMap('wanted'), configMap('gone'), made('example.com/v1', 'Thing', 't', { spec: { deep } })];
  assert.deepEqual(await unusedOf({ objects }), ['ConfigMap shop/gone']);
});

test('a resource that speaks of very many namespaces refers to its names in all of them', async () => {
  const namespaces = Array.from({ length: 2_000 }, (_, index) => `n-${index}`);
  const names = Array.from({ length: 200 }, (_, index) => `name-${index}`);
  const objects = [configMap('name-7'), configMap('gone'), ofCluster('example.com/v1', 'Thing', 't', { spec: { namespaces, names } })];
  assert.deepEqual(await unusedOf({ objects }), ['ConfigMap shop/gone']);
});

test('what cannot refer to anything is not read', async () => {
  const reads: Read[] = [];
  const custom = {
    reads: [
      thing,
      { group: 'metrics.k8s.io', kind: 'PodMetrics', resource: 'pods', versions: ['v1beta1'] as [string] },
      { group: 'cilium.io', kind: 'CiliumEndpoint', resource: 'ciliumendpoints', versions: ['v2'] as [string] },
      { group: 'cilium.io', kind: 'CiliumNetworkPolicy', resource: 'ciliumnetworkpolicies', versions: ['v2'] as [string] },
    ],
    unknown: [],
  };
  await runUnused({ objects: [], custom, onRead: (given) => reads.push(...given) });
  const asked = reads.map(({ group, resource }) => `${resource}.${group}`);
  assert.ok(asked.includes('things.example.com') && asked.includes('ciliumnetworkpolicies.cilium.io'));
  assert.ok(!asked.some((each) => each.includes('metrics') || each.startsWith('ciliumendpoints')));
  const twice = asked.filter((each, index) => asked.indexOf(each) !== index);
  assert.deepEqual(twice, ['secrets.'], 'one list a resource for all four; of Secrets one by each selector');
  assert.ok(refersToNothing('metrics.k8s.io') && !refersToNothing('cilium.io'));
});
