/** From a journal to a plan, with a cluster in memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ActionOutcome, Resource } from '../../../functions/actions/contracts.ts';
import { planIdOf } from '../../../functions/actions/ids.ts';
import { type Journal, type JournalItem, manifestDigest } from '../../../functions/actions/journal.ts';
import type { Live } from '../../../functions/actions/undo/contracts.ts';
import { planUndo, type UndoInput, undoHooks } from '../../../functions/actions/undo/plan-undo.ts';
import { ClusterError } from '../../../functions/cluster/cluster-error.ts';
import fc from '../../fuzz.ts';
import { actionOn, resources } from '../plan-of.ts';
import { journaled, liveWith } from './live-objects.ts';

const at = '2026-11-24T17:30:05.000Z';
const of = (group: string, resource: string, kind: string, namespaced = true): Resource => ({
  group,
  version: 'v1',
  resource,
  kind,
  namespaced,
});
const claims = of('', 'persistentvolumeclaims', 'PersistentVolumeClaim');
const accounts = of('', 'serviceaccounts', 'ServiceAccount');
const namespaces = of('', 'namespaces', 'Namespace', false);
const definitions = of('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition', false);
const widgets = of('example.com', 'widgets', 'Widget');
const deployments = of('apps', 'deployments', 'Deployment');
const replicaSets = of('apps', 'replicasets', 'ReplicaSet');

type Result = ActionOutcome['result'];
interface Journaled {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Undefined: the run was cut off in its batch. */
  readonly result?: Result | undefined;
}

const item = (resource: Resource, name: string, { body = {}, metadata = {}, result = 'deleted' }: Journaled = {}): JournalItem => {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  const manifest = journaled(apiVersion, resource.kind, name, body, {
    ...(resource.namespaced ? {} : { namespace: undefined }),
    ...metadata,
  });
  const { namespace, uid } = manifest.metadata;
  const seen = { name, ...(namespace !== undefined && { namespace }), uid: String(uid), resourceVersion: '42' };
  return { action: actionOn(resource, { metadata: seen }), manifest, begunAt: at, outcome: { result, at } };
};
const cutOff = ({ outcome: _, ...rest }: JournalItem): JournalItem => rest;

const journalOf = (items: readonly JournalItem[], header: Partial<Journal['header']> = {}): Journal => ({
  header: {
    schemaVersion: 1,
    id: '20261124T173000Z-00000000000000bb',
    plan: '20261124T173000Z-00000000000000aa',
    cluster: 'prod',
    clusterUid: 'this-cluster',
    kind: 'cleanup',
    runId: '00000000000000bb',
    startedAt: at,
    nightshift: 'test',
    ...header,
  },
  items,
  lastBatch: 1,
  failures: 0,
});
const undo = (items: readonly JournalItem[], live: Live = liveWith(), more: Partial<UndoInput> = {}) =>
  planUndo({
    journal: journalOf(items),
    identity: { cluster: 'prod', clusterUid: 'this-cluster', configuration: 'c0ffee' },
    live,
    options: { restoreJobs: false },
    limits: { number: 200, percent: 10, atLeast: 5 },
    now: Date.UTC(2026, 10, 24, 18),
    runId: '00000000000000cc',
    ...more,
  });
const namesOf = (actions: readonly { readonly object: { readonly name: string } }[] = []) => actions.map(({ object }) => object.name);
const whyNot = async (...given: Parameters<typeof undo>) => {
  const { actions, plan } = await undo(...given);
  assert.equal(plan, undefined);
  return actions.map(({ heldBy, state }) => `${state} by ${heldBy?.guard}: ${heldBy?.because}`);
};

describe('planUndo', () => {
  test('a plan names the journal, its own cluster, and where each manifest lies', async () => {
    const one = item(resources.configMap, 'settings');
    const { plan } = await undo([one]);
    const {
      actions: [action],
      ...rest
    } = plan ?? assert.fail('no plan');
    const { id: _, ...says } = plan ?? assert.fail('no plan');
    assert.deepEqual(rest, {
      schemaVersion: 1,
      cluster: 'prod',
      clusterUid: 'this-cluster',
      configuration: 'c0ffee',
      id: planIdOf(says),
      operation: 'cleanup',
      kind: 'undo',
      runId: '00000000000000cc',
      undoes: '20261124T173000Z-00000000000000bb',
      createdAt: '2026-11-24T18:00:00.000Z',
      expiresAt: '2026-11-25T18:00:00.000Z',
      options: { undo: { restoreJobs: false } },
    });
    assert.deepEqual(action, {
      id: 'undo/unneeded-configmaps/shop/settings',
      kind: 'create',
      object: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings', uid: 'uid-settings', resourceVersion: '42' },
      rule: 'unneeded-configmaps',
      reason: `was deleted at ${at}`,
      risk: 'low',
      state: 'planned',
      resource: resources.configMap,
      manifest: {
        journal: '20261124T173000Z-00000000000000bb',
        action: 'unneeded-configmaps/shop/settings',
        digest: manifestDigest(one.manifest ?? {}),
      },
    });
  });

  test('a manifest of another object in the journal gives nothing back', async () => {
    const own = item(resources.configMap, 'settings');
    for (const change of [{ name: 'other' }, { namespace: 'kube-system' }, { uid: 'another' }]) {
      const manifest = { ...own.manifest, metadata: { ...(own.manifest?.metadata as object), ...change } };
      assert.deepEqual(await whyNot([{ ...own, manifest }]), ['held by undo: the manifest in the journal is not its own']);
    }
    const manifest = { ...own.manifest, kind: 'ClusterRoleBinding', apiVersion: 'rbac.authorization.k8s.io/v1' };
    assert.deepEqual(await whyNot([{ ...own, manifest }]), ['held by undo: the manifest in the journal is not its own']);
  });

  test('only what may have been written to is taken back', async () => {
    const results: readonly Result[] = [
      'deleted',
      'pending-finalizers',
      'unknown',
      'gone-before',
      'changed',
      'conflict',
      'refused',
      'forbidden',
      'held',
    ];
    const items = results.map((result) => item(resources.configMap, result, { result }));
    const { begunAt: _, ...notBegun } = cutOff(item(resources.configMap, 'not-begun'));
    const { plan } = await undo([...items, cutOff(item(resources.configMap, 'cut-off')), notBegun]);
    assert.deepEqual(namesOf(plan?.actions), ['cut-off', 'deleted', 'pending-finalizers', 'unknown']);
    assert.equal(plan?.actions[0]?.reason, 'was to be deleted, and it is not known whether it was');
  });

  test('what is there, and what cannot be told to be gone, is held', async () => {
    const [settings] = [item(resources.configMap, 'settings')];
    const live = (metadata: object) => liveWith([journaled('v1', 'ConfigMap', 'settings', {}, { ...metadata })]);
    assert.deepEqual(await whyNot([settings], live({ uid: 'other' })), ['held by undo: it exists again, with another uid']);
    assert.deepEqual(await whyNot([settings], live({})), ['held by undo: it was not deleted']);
    assert.deepEqual(await whyNot([settings], live({ deletionTimestamp: 'x' })), ['held by undo: it is not gone yet']);
    assert.deepEqual(await whyNot([settings], live({ deletionTimestamp: 'x', finalizers: ['a', 'b'] })), [
      'held by undo: it is not gone yet: it waits for a, b',
    ]);
    assert.deepEqual(
      await whyNot(
        [settings],
        liveWith([], (kind) => kind === 'ConfigMap'),
      ),
      ['held by undo: it could not be looked up: the server is busy'],
    );
    assert.deepEqual(
      await whyNot(
        [settings],
        liveWith([], (kind) => kind === 'Namespace'),
      ),
      ['held by undo: it could not be looked up: the server is busy'],
    );
    const { manifest: _, ...lost } = settings;
    assert.deepEqual(await whyNot([lost]), ['held by undo: the journal holds no manifest of it']);
  });

  test('a run that is aborted ends here, and does not say that things could not be looked up', async () => {
    const aborted: Live = { get: () => Promise.reject(new ClusterError('aborted', 'the time is spent', '')) };
    await assert.rejects(undo([item(resources.configMap, 'settings')], aborted), /time is spent/);
  });

  test('a journal of another cluster, or of an undo, is refused', async () => {
    await assert.rejects(undo([], liveWith(), { journal: journalOf([], { clusterUid: 'other' }) }), {
      name: 'EventError',
      message: /another cluster.*other.*this-cluster/,
    });
    await assert.rejects(undo([], liveWith(), { journal: journalOf([], { kind: 'undo' }) }), {
      name: 'EventError',
      message: /itself of an undo/,
    });
  });

  test('what is needed comes first, and knows what comes with it', async () => {
    const token = { type: 'kubernetes.io/service-account-token' };
    const annotations = { 'kubernetes.io/service-account.name': 'robot', 'kubernetes.io/service-account.uid': 'uid-robot' };
    const items = [
      item(deployments, 'web'),
      item(resources.service, 'web'),
      item(replicaSets, 'web-1'),
      item(resources.secret, 'robot-key', { body: token, metadata: { annotations } }),
      item(accounts, 'robot'),
      item(claims, 'data', { body: { spec: { volumeName: 'pv' } } }),
      item(resources.volume, 'pv', { body: { spec: { persistentVolumeReclaimPolicy: 'Retain' }, status: { phase: 'Bound' } } }),
    ];
    const expected = ['pv', 'data', 'robot', 'robot-key', 'web-1', 'web', 'web'];
    const whole = await undo(items);
    assert.deepEqual(namesOf(whole.plan?.actions), expected);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(items, { minLength: items.length }), async (shuffled) =>
        assert.deepEqual(await undo(shuffled), whole),
      ),
      { numRuns: 20 },
    );
    // What comes back before it is not there: refused itself, it takes the others with it.
    const { actions } = await undo(
      items,
      liveWith([journaled('v1', 'ServiceAccount', 'robot', {}, { uid: 'uid-robot', deletionTimestamp: 'x' })]),
    );
    assert.deepEqual(namesOf(actions.filter(({ state }) => state === 'held')), ['robot']);
    const noDisk = item(resources.volume, 'pv', { body: { spec: { persistentVolumeReclaimPolicy: 'Delete' } } });
    assert.deepEqual(namesOf((await undo([...items.slice(0, -1), noDisk])).actions.filter(({ state }) => state === 'held')), [
      'pv',
      'data',
    ]);
  });

  test('a namespace or a definition comes back alone at first', async () => {
    const items = [
      item(namespaces, 'gone'),
      item(resources.configMap, 'settings', { metadata: { namespace: 'gone' } }),
      item(definitions, 'widgets.example.com'),
      item(widgets, 'wheel'),
    ];
    const { actions, plan } = await undo(items);
    assert.deepEqual(namesOf(plan?.actions), ['widgets.example.com', 'gone']);
    assert.deepEqual(
      actions.flatMap(({ heldBy }) => heldBy?.because ?? []),
      [
        'its namespace gone comes back first: undo once more after that',
        'its definition widgets.example.com comes back first: undo once more after that',
      ],
    );
  });

  test('more than may be written in one plan is not planned at all', async () => {
    const items = ['a', 'b', 'c'].map((name) => item(resources.configMap, name));
    const { actions, plan, limitsExceeded } = await undo(items, liveWith(), { limits: { number: 2, percent: 10, atLeast: 5 } });
    assert.equal(plan, undefined);
    assert.deepEqual(
      limitsExceeded.map(({ planned, limit }) => [planned, limit]),
      [[3, 2]],
    );
    assert.deepEqual(new Set(actions.map(({ heldBy }) => heldBy?.guard)), new Set(['limits']));
    assert.equal(
      (await undo(items, liveWith(), { limits: { number: 3, percent: 0, atLeast: 0 } })).plan?.actions.length,
      3,
      'there is no share of what is not there',
    );
    for (const number of [0, Number.NaN, -1])
      assert.equal((await undo(items, liveWith(), { limits: { number, percent: 100, atLeast: 5 } })).plan, undefined);
  });

  test('nothing of a Secret is in what it gives', async () => {
    const secret = item(resources.secret, 'hidden', {
      body: { type: 'Opaque', data: { password: 'aHVudGVyMg==' }, stringData: { other: 'hunter2' } },
    });
    for (const live of [liveWith(), liveWith([journaled('v1', 'Secret', 'hidden', secret.manifest)])])
      assert.doesNotMatch(JSON.stringify(await undo([secret], live)), /hunter2|aHVudGVyMg/);
  });

  test('what cannot be looked up is never planned, and the rest is', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const items = names.map((name) =>
      item(resources.configMap, name, {
        metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: `of-${name}`, uid: 'x' }] },
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.subarray(names), fc.subarray(names), async (objects, owners) => {
        const { plan } = await undo(
          items,
          liveWith([], (kind, name) => (kind === 'ConfigMap' ? objects : owners.map((owner) => `of-${owner}`)).includes(name)),
        );
        assert.deepEqual(
          namesOf(plan?.actions),
          names.filter((name) => !objects.includes(name) && !owners.includes(name)),
        );
      }),
    );
  });

  test('many objects of one namespace ask for it once', async () => {
    const live = liveWith();
    await undo(
      ['a', 'b', 'c'].map((name) => item(resources.configMap, name)),
      live,
    );
    assert.equal(live.asked.filter((asked) => asked === 'Namespace shop').length, 1);
  });

  test('the executor’s hooks go by the plan’s own options, and ask the cluster anew', async () => {
    const job = item(resources.job, 'job', { body: { spec: {} } });
    const { plan } = await undo([job], liveWith(), { options: { restoreJobs: true } });
    const [action] = plan?.actions ?? [];
    assert.ok(plan && action);
    const live = liveWith();
    assert.ok('manifest' in (await undoHooks(plan, live).prepare(action, job.manifest, false)));
    assert.deepEqual(live.asked, ['Namespace shop']);
    assert.ok('refused' in (await undoHooks({ ...plan, options: {} }, live).prepare(action, job.manifest, false)));
    assert.throws(() => undoHooks({ ...plan, options: { undo: { restoreJobs: 'yes' } } }, live));
  });

  test('in the dry run what comes before counts as there, at the write only what is', async () => {
    const items = [
      item(resources.volume, 'pv', { body: { spec: { persistentVolumeReclaimPolicy: 'Retain' } } }),
      item(claims, 'data', { body: { spec: { volumeName: 'pv' } } }),
    ];
    const { plan } = await undo(items);
    const [, action] = plan?.actions ?? [];
    assert.ok(plan && action);
    const { prepare } = undoHooks(plan, liveWith());
    assert.ok('manifest' in (await prepare(action, items[1]?.manifest, true)));
    assert.ok('refused' in (await prepare(action, items[1]?.manifest, false)));
  });
});

describe('patches', () => {
  const patch = { spec: { persistentVolumeReclaimPolicy: 'Delete' } };
  const patched = (outcome?: Result): JournalItem => {
    const { action, ...rest } = item(resources.volume, 'pv', { body: { spec: { persistentVolumeReclaimPolicy: 'Retain' } } });
    return { ...rest, action: { ...action, kind: 'patch', patch }, outcome: { result: outcome ?? 'patched', at } };
  };
  const live = (policy: string, metadata: object = {}) =>
    liveWith([
      journaled(
        'v1',
        'PersistentVolume',
        'pv',
        { spec: { persistentVolumeReclaimPolicy: policy } },
        { namespace: undefined, resourceVersion: '50', ...metadata },
      ),
    ]);

  test('are put back on the object as it is now', async () => {
    for (const result of ['patched', 'unknown'] as const) {
      const { plan } = await undo([patched(result)], live('Delete'));
      const [action] = plan?.actions ?? [];
      assert.deepEqual(
        [action?.kind, action?.patch, action?.object.resourceVersion],
        ['patch', { spec: { persistentVolumeReclaimPolicy: 'Retain' } }, '50'],
      );
      assert.equal(action?.manifest, undefined);
    }
  });
  test('are not where somebody has changed the value, or the object is another, going or gone', async () => {
    assert.deepEqual(await whyNot([patched()], live('Retain')), ['held by undo: it was changed since']);
    assert.deepEqual(await whyNot([patched('unknown')], live('Retain')), ['held by undo: it was not patched, or changed since']);
    assert.deepEqual(await whyNot([patched()], live('Delete', { uid: 'other' })), ['held by undo: it exists again, with another uid']);
    assert.deepEqual(await whyNot([patched()], live('Delete', { deletionTimestamp: 'x' })), ['held by undo: it is being deleted']);
    assert.deepEqual(await whyNot([patched()], liveWith()), ['held by undo: it is gone']);
  });
  test('a kept volume forgets the former claim before the claim comes back', async () => {
    const claimRef = { namespace: 'shop', name: 'data', uid: 'uid-data' };
    const spec = { persistentVolumeReclaimPolicy: 'Retain', claimRef };
    const volume = journaled('v1', 'PersistentVolume', 'pv', { spec }, { namespace: undefined, resourceVersion: '50' });
    const { plan } = await undo([item(claims, 'data', { body: { spec: { volumeName: 'pv' } } })], liveWith([volume]));
    assert.deepEqual(
      plan?.actions.map(({ kind, object, patch }) => [kind, object.kind, object.resourceVersion, patch]),
      [
        ['patch', 'PersistentVolume', '50', { spec: { claimRef: { uid: null, resourceVersion: null } } }],
        ['create', 'PersistentVolumeClaim', '42', undefined],
      ],
    );
  });
});
