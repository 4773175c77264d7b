import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuardedMetadata, PlannedAction } from '../../../functions/actions/contracts.ts';
import { type Guarded, held, heldFromReport, heldNow } from '../../../functions/actions/guards/held.ts';
import { guardSettings } from '../../../functions/actions/guards/settings.ts';
import type { GuardOptions } from '../../../functions/runtime/configuration.ts';
import fc from '../../fuzz.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const namespaces = new Map<string, GuardedMetadata>([
  ['shop', {}],
  ['kube-system', {}],
  ['default', {}],
  ['leaving', { deletionTimestamp: '2026-11-24T11:00:00Z' }],
]);
const guarded = (over: Partial<Guarded> = {}, guards?: GuardOptions): Guarded => ({
  kind: 'delete',
  object: { apiVersion: 'batch/v1', kind: 'Job' },
  resource: 'jobs',
  since: now - 48 * 3_600_000,
  minimumAgeHours: 24,
  now,
  settings: guardSettings(guards),
  namespaces,
  ...over,
});
const by = (metadata: GuardedMetadata, over?: Partial<Guarded>, guards?: GuardOptions): string | undefined =>
  held(metadata, guarded(over, guards))?.guard;

test('what no guard holds is free to go', () => assert.equal(held({ namespace: 'shop' }, guarded()), undefined));

test('protected namespaces: the four, those that are named, and not those that are given free', () => {
  for (const namespace of ['kube-system', 'kube-public', 'kube-node-lease', 'default'])
    assert.equal(by({ namespace }), 'protected-namespaces', namespace);
  const guards = { protectedNamespaces: ['shop-*', 'pay'], unprotectedNamespaces: ['default', 'pay'] };
  assert.equal(held({ namespace: 'shop-eu' }, guarded({}, guards))?.because, 'namespace shop-eu is protected by shop-*');
  assert.equal(by({ namespace: 'default' }, {}, guards), undefined);
  assert.equal(by({ namespace: 'pay' }, {}, guards), 'protected-namespaces', 'only the four can be given free');
  assert.equal(by({ namespace: 'kube-system' }, {}, guards), 'protected-namespaces');
});

test('what is being deleted, alone or with its namespace', () => {
  assert.equal(
    held({ namespace: 'shop', deletionTimestamp: '2026-11-24T11:00:00Z', finalizers: ['a.b/c'] }, guarded())?.because,
    'is being deleted since 2026-11-24T11:00:00Z and waits for a.b/c',
  );
  assert.equal(by({ namespace: 'leaving' }), 'terminating');
});

test('finalizers of Kubernetes’ own controllers are waited for, others hold', () => {
  const own = [
    'foregroundDeletion',
    'orphan',
    'batch.kubernetes.io/job-tracking',
    'kubernetes.io/pvc-protection',
    'kubernetes.io/pv-protection',
  ];
  const provisioner = ['external-provisioner.volume.kubernetes.io/finalizer', 'kubernetes.io/pv-controller'];
  assert.equal(by({ namespace: 'shop', finalizers: [...own, ...provisioner] }), undefined);
  for (const finalizer of ['workflows.argoproj.io/status', 'external-attacher/ebs-csi-aws-com', 'constructor', 'toString'])
    assert.equal(held({ namespace: 'shop', finalizers: [...own, finalizer] }, guarded())?.because, `has the finalizer ${finalizer}`);
});

test('minimum age: to the millisecond, and never where anything about it is not known', () => {
  const age = (since: number | undefined, minimumAgeHours: unknown = 24) => by({ namespace: 'shop' }, { since, minimumAgeHours });
  assert.equal(age(now - 24 * 3_600_000), undefined);
  assert.equal(age(now - 24 * 3_600_000 + 1), 'minimum-age');
  assert.equal(age(now - 1, 0), undefined);
  assert.equal(age(now + 60_000, 0), 'minimum-age', 'from the future');
  for (const since of [undefined, Number.NaN, 0, -62135596800000, Number.NEGATIVE_INFINITY])
    assert.equal(age(since), 'minimum-age', String(since));
  for (const minimumAgeHours of [undefined, null, Number.NaN, -1, '24', Number.POSITIVE_INFINITY])
    assert.equal(by({ namespace: 'shop' }, { since: 1, minimumAgeHours }), 'minimum-age', String(minimumAgeHours));
});

test('with some kinds more goes than the object: no rule deletes them', () => {
  const kinds = [
    ['v1', 'Namespace'],
    ['v1', 'Node'],
    ['v1', 'PersistentVolume'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ] as const;
  for (const [apiVersion, kind] of kinds) assert.equal(by({}, { object: { apiVersion, kind } }), 'never-deleted', kind);
  assert.equal(by({}, { object: { apiVersion: 'v1', kind: 'PersistentVolume' }, kind: 'patch' }), undefined, 'its policy may be changed');
  assert.equal(by({}, { object: { apiVersion: 'example.com/v1', kind: 'Node' } }), undefined, 'of another group');
  assert.equal(
    held({}, guarded({ object: { apiVersion: 'v1', kind: 'ConfigMap' }, resource: 'namespaces' }))?.because,
    'no Namespace is ever deleted: everything in it would go with it',
    'whatever a rule of nightshift.yaml calls what its path leads to',
  );
  assert.equal(by({}, { object: { apiVersion: 'example.com/v1', kind: 'Thing' }, resource: 'nodes' }), undefined);
});

test('a reason holds no control characters', () => {
  const because = held({ namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'a\u001b[2Jb' } }, guarded())?.because ?? '';
  assert.match(because, /managed-by=a\[2Jb/);
});

test('of a report, only what was asked to be kept and what is too young is left out', () => {
  const of = (metadata: GuardedMetadata, over?: Partial<Guarded>) => heldFromReport(metadata, guarded(over))?.guard;
  assert.equal(of({ namespace: 'kube-system', deletionTimestamp: '2026-11-24T11:00:00Z', finalizers: ['a/b'] }), undefined);
  assert.equal(of({ namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'Helm' } }), undefined);
  assert.equal(of({ namespace: 'shop', labels: { 'kor/used': 'true' } }), 'keep-keys');
  assert.equal(
    heldFromReport({ namespace: 'kept' }, guarded({ namespaces: new Map([['kept', { labels: { 'nightshift.dev/keep': 'true' } }]]) }))
      ?.guard,
    'keep-keys',
  );
  assert.equal(of({ namespace: 'never-seen' }), undefined);
  assert.equal(of({ namespace: 'shop' }, { since: now }), 'minimum-age');
});

const action: PlannedAction = {
  id: 'finished-jobs/shop/a',
  kind: 'delete',
  object: { apiVersion: 'batch/v1', kind: 'Job', namespace: 'shop', name: 'a', uid: 'u', resourceVersion: '1' },
  rule: 'finished-jobs',
  reason: 'finished 2 days ago',
  risk: 'low',
  state: 'planned',
  since: new Date(now - 48 * 3_600_000).toISOString(),
  resource: { group: 'batch', version: 'v1', resource: 'jobs', kind: 'Job', namespaced: true },
};
const atWrite = { now, settings: guardSettings(), namespaces, options: { 'finished-jobs': { minimumAgeHours: 24 } } };

test('right before the write the same guards look at the object as it is then', () => {
  const fresh = (metadata: object) => heldNow(action, { metadata: { name: 'a', namespace: 'shop', ...metadata } }, atWrite)?.guard;
  assert.equal(fresh({}), undefined);
  assert.equal(fresh({ annotations: null, labels: null, finalizers: null, ownerReferences: null, deletionTimestamp: null }), undefined);
  assert.equal(fresh({ annotations: { 'nightshift.dev/keep': 'true' } }), 'keep-keys');
  assert.equal(fresh({ deletionTimestamp: '2026-11-24T11:59:59Z' }), 'terminating');
  assert.equal(fresh({ finalizers: ['a.b/c'] }), 'foreign-finalizers');
  assert.equal(heldNow(action, { metadata: { namespace: 'shop' } }, { ...atWrite, options: {} })?.guard, 'minimum-age');
  const { since: _, ...ageless } = action;
  assert.equal(heldNow(ageless, { metadata: { namespace: 'shop' } }, atWrite)?.guard, 'minimum-age');
});

test('property: what does not look like an object is held, and nothing throws', () => {
  const hostile = {
    labels: fc.anything(),
    annotations: fc.anything(),
    finalizers: fc.anything(),
    ownerReferences: fc.anything(),
    namespace: fc.anything(),
  };
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ metadata: fc.record(hostile, { requiredKeys: [] }) })), (fresh) => {
      const found = heldNow(action, fresh, atWrite);
      assert.ok(found === undefined || typeof found.guard === 'string');
    }),
  );
  for (const fresh of [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { metadata: null },
    { metadata: { labels: { a: 1 } } },
    { metadata: { finalizers: 'a' } },
  ])
    assert.equal(heldNow(action, fresh, atWrite)?.guard, 'not-understood', JSON.stringify(fresh));
});
