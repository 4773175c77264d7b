/** What is sent when something comes back, and what is not sent at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fields, Live, PrepareOptions } from '../../../functions/actions/undo/contracts.ts';
import { withoutAllocated } from '../../../functions/actions/undo/kinds/service.ts';
import { prepareForCreate } from '../../../functions/actions/undo/prepare-for-create.ts';
import fc from '../../fuzz.ts';
import { frozen, journaled, liveWith, namespaceNamed } from './live-objects.ts';

const asIs: PrepareOptions = { restoreJobs: false };
const manifestOf = async (manifest: unknown, live: Live = liveWith(), options = asIs) => {
  const prepared = await prepareForCreate(frozen(manifest), live, options);
  if ('refused' in prepared) assert.fail(`refused: ${prepared.refused}`);
  return prepared;
};
const refusalOf = async (manifest: unknown, live: Live = liveWith(), options = asIs) => {
  const prepared = await prepareForCreate(frozen(manifest), live, options);
  return 'refused' in prepared ? prepared.refused : assert.fail('not refused');
};

describe('prepareForCreate', () => {
  test('drops what the server sets, and nothing else', async () => {
    const manifest = journaled(
      'v1',
      'ConfigMap',
      'settings',
      { data: { key: 'value' }, status: { odd: true } },
      {
        labels: { a: 'b' },
        annotations: { 'deployment.kubernetes.io/revision': '3' },
        managedFields: [{}],
        deletionTimestamp: 'x',
        deletionGracePeriodSeconds: 0,
      },
    );
    assert.deepEqual(await manifestOf(manifest), {
      manifest: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: { key: 'value' },
        metadata: { name: 'settings', namespace: 'shop', labels: { a: 'b' }, annotations: { 'deployment.kubernetes.io/revision': '3' } },
      },
      notes: [],
    });
  });

  test('what is no manifest is refused, whatever it is', async () => {
    const arbitrary = fc.oneof(fc.jsonValue(), fc.record({ apiVersion: fc.jsonValue(), kind: fc.jsonValue(), metadata: fc.jsonValue() }));
    await fc.assert(
      fc.asyncProperty(arbitrary, async (manifest) => {
        const whole = typeof (manifest as Fields | null)?.apiVersion === 'string' && typeof (manifest as Fields)?.kind === 'string';
        if (!whole) await refusalOf(manifest);
      }),
    );
  });

  test('odd shapes of the kinds that are looked into never throw, and what was given is not written to', async () => {
    const kind = fc.constantFrom(
      'v1/Pod',
      'v1/Service',
      'v1/Secret',
      'v1/ServiceAccount',
      'v1/PersistentVolume',
      'v1/PersistentVolumeClaim',
      'batch/v1/Job',
      'example.com/v1/Run',
    );
    const keys = fc.constantFrom(
      'spec',
      'status',
      'volumes',
      'containers',
      'claimRef',
      'template',
      'selector',
      'secrets',
      'ports',
      'metadata',
      'ownerReferences',
      'annotations',
      'name',
      'volumeName',
    );
    const odd = fc.dictionary(
      keys,
      fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(keys, fc.jsonValue()))))),
    );
    await fc.assert(
      fc.asyncProperty(kind, odd, odd, fc.boolean(), async (named, body, metadata, restoreJobs) => {
        const [own, ...rest] = named.split('/').toReversed();
        const manifest = { ...body, apiVersion: rest.toReversed().join('/'), kind: own, metadata: { ...metadata, name: 'odd' } };
        const prepared = await prepareForCreate(frozen(manifest), liveWith(), { restoreJobs });
        if ('manifest' in prepared) assert.equal((prepared.manifest.metadata as Fields).name, 'odd');
      }),
    );
  });

  test('prepared twice is prepared once', async () => {
    const manifest = journaled('batch/v1', 'Job', 'job', { spec: { selector: { matchLabels: { 'controller-uid': 'x' } }, template: {} } });
    const once = await manifestOf(manifest, liveWith(), { restoreJobs: true });
    assert.deepEqual(await manifestOf(once.manifest, liveWith(), { restoreJobs: true }), once);
  });

  test('a namespace that is gone or going refuses; what is in none is not asked for one', async () => {
    const config = (namespace: string) => journaled('v1', 'ConfigMap', 'settings', {}, { namespace });
    assert.equal(await refusalOf(config('elsewhere')), 'its namespace elsewhere is gone');
    const going = [
      namespaceNamed('phase', { status: { phase: 'Terminating' } }),
      { ...namespaceNamed('time'), metadata: { name: 'time', deletionTimestamp: 'now' } },
    ];
    for (const { metadata } of going)
      assert.equal(await refusalOf(config(metadata.name), liveWith(going)), `its namespace ${metadata.name} is being deleted`);
    const live = liveWith();
    await manifestOf({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } }, live);
    assert.deepEqual(live.asked, []);
  });

  test('what could not be looked up throws: it is neither there nor gone', async () => {
    const owned = journaled(
      'v1',
      'ConfigMap',
      'settings',
      {},
      { ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'owner', uid: 'x' }] },
    );
    for (const broken of ['Namespace', 'Secret'])
      await assert.rejects(
        prepareForCreate(
          owned,
          liveWith([], (kind) => kind === broken),
          asIs,
        ),
        /busy/,
      );
  });
});

describe('owners and finalizers', () => {
  const owner = journaled('apps/v1', 'Deployment', 'web');
  const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web', controller: true, blockOwnerDeletion: true };
  const owned = (...ownerReferences: unknown[]) => journaled('apps/v1', 'ReplicaSet', 'web-1', {}, { ownerReferences });

  test('an owner with the same uid is kept, and others are dropped and told', async () => {
    const { manifest, notes } = await manifestOf(
      owned(reference, { ...reference, uid: 'stale' }, { ...reference, name: 'gone' }, { kind: 'Deployment' }),
      liveWith([owner]),
    );
    assert.deepEqual((manifest.metadata as Fields).ownerReferences, [reference]);
    assert.deepEqual(notes, [
      'without its owner Deployment web, which is gone',
      'without its owner Deployment gone, which is gone',
      'without an owner that is not named whole',
    ]);
  });
  test('an owner in another namespace is none', async () => {
    const elsewhere = journaled('apps/v1', 'Deployment', 'web', {}, { namespace: 'other' });
    assert.equal(
      Object.hasOwn((await manifestOf(owned(reference), liveWith([elsewhere]))).manifest.metadata as Fields, 'ownerReferences'),
      false,
    );
  });
  test('an owner that is being deleted would take it along', async () => {
    const going = journaled('apps/v1', 'Deployment', 'web', {}, { deletionTimestamp: 'now' });
    assert.equal(
      await refusalOf(owned(reference), liveWith([going])),
      'its owner Deployment web is being deleted, and it would go with it',
    );
  });
  test('finalizers of a deletion that is over go, others stay and are told', async () => {
    const finalizers = [
      'foregroundDeletion',
      'orphan',
      'batch.kubernetes.io/job-tracking',
      'kubernetes.io/pvc-protection',
      'example.com/mine',
    ];
    const { manifest, notes } = await manifestOf(journaled('v1', 'ConfigMap', 'settings', {}, { finalizers }));
    assert.deepEqual((manifest.metadata as Fields).finalizers, ['kubernetes.io/pvc-protection', 'example.com/mine']);
    assert.deepEqual(notes, ['with the finalizer example.com/mine']);
  });
});

describe('pods', () => {
  const token = { name: 'old', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  const spec = {
    nodeName: 'node-1',
    priority: 0,
    preemptionPolicy: 'PreemptLowerPriority',
    serviceAccountName: 'web',
    ephemeralContainers: [{ name: 'debug' }],
    containers: [{ name: 'main', volumeMounts: [token, { name: 'data', mountPath: '/data' }] }],
    volumes: [
      { name: 'old', secret: { secretName: 'web-token-x7k2p' } },
      { name: 'data', emptyDir: {} },
      { name: 'kube-api-access-1', projected: {} },
    ],
  };
  test('come back for any node, with the token of today', async () => {
    const { manifest, notes } = await manifestOf(journaled('v1', 'Pod', 'bare', { spec, status: { phase: 'Running' } }));
    assert.deepEqual(manifest.spec, {
      serviceAccountName: 'web',
      containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'kube-api-access-1', projected: {} },
      ],
    });
    assert.deepEqual(notes, ['starts anew, on whichever node', 'without its ephemeral containers']);
  });
  test('a token Secret that is mounted elsewhere is the user’s own', async () => {
    const own = { ...spec, containers: [{ name: 'main', volumeMounts: [{ name: 'old', mountPath: '/token' }] }] };
    const { manifest } = await manifestOf(journaled('v1', 'Pod', 'bare', { spec: own }));
    assert.equal((manifest.spec as { volumes: unknown[] }).volumes.length, 3);
  });
  test('do not where they are over, mirrored, or made by a controller that is there', async () => {
    for (const phase of ['Succeeded', 'Failed'])
      assert.match(await refusalOf(journaled('v1', 'Pod', 'done', { status: { phase } })), /would run again/);
    assert.match(
      await refusalOf(journaled('v1', 'Pod', 'static', {}, { annotations: { 'kubernetes.io/config.mirror': 'x' } })),
      /static pod/,
    );
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'uid-web-1', controller: true }];
    const owned = journaled('v1', 'Pod', 'web-1-a', {}, { ownerReferences });
    assert.equal(
      await refusalOf(owned, liveWith([journaled('apps/v1', 'ReplicaSet', 'web-1')])),
      'its ReplicaSet web-1 makes its pods itself',
    );
    assert.match((await manifestOf(owned)).notes.join(), /without its owner/);
  });
});

describe('runs and records', () => {
  const labels = { 'controller-uid': 'x', 'batch.kubernetes.io/controller-uid': 'x', 'job-name': 'job' };
  const job = (spec: Fields = {}) =>
    journaled(
      'batch/v1',
      'Job',
      'job',
      { spec: { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'x' } }, template: { metadata: { labels } }, ...spec } },
      { labels },
    );
  test('a Job comes back on request, suspended and without its former uid', async () => {
    assert.match(await refusalOf(job()), /only on request/);
    const { manifest } = await manifestOf(job(), liveWith(), { restoreJobs: true });
    assert.deepEqual(manifest.spec, { template: { metadata: { labels: { 'job-name': 'job' } } }, suspend: true });
    assert.deepEqual((manifest.metadata as Fields).labels, { 'job-name': 'job' });
  });
  test('a selector of the user’s own stays', async () => {
    const own = { manualSelector: true, selector: { matchLabels: { app: 'x' } } };
    assert.deepEqual((await manifestOf(job(own), liveWith(), { restoreJobs: true })).manifest.spec, {
      ...own,
      template: { metadata: { labels } },
      suspend: true,
    });
  });
  const never: readonly (readonly [string, string, Fields])[] = [
    ['v1', 'Event', {}],
    ['events.k8s.io/v1', 'Event', {}],
    ['certificates.k8s.io/v1', 'CertificateSigningRequest', {}],
    ['storage.k8s.io/v1', 'VolumeAttachment', {}],
    ['snapshot.storage.k8s.io/v1', 'VolumeSnapshot', { spec: { source: { persistentVolumeClaimName: 'data' } } }],
    ['snapshot.storage.k8s.io/v1', 'VolumeSnapshotContent', { spec: { deletionPolicy: 'Delete' } }],
    ['tekton.dev/v1', 'TaskRun', { status: { completionTime: '2026-11-24T10:00:00Z' } }],
    ['argoproj.io/v1alpha1', 'Workflow', { status: { finishedAt: '2026-11-24T10:00:00Z' } }],
    ['velero.io/v1', 'Backup', { status: { completionTimestamp: '2026-11-24T10:00:00Z' } }],
  ];
  for (const [apiVersion, kind, body] of never)
    test(`${kind} of ${apiVersion} does not come back`, async () => assert.ok(await refusalOf(journaled(apiVersion, kind, 'it', body))));
  test('those of the same kinds that can, do', async () => {
    await manifestOf(journaled('snapshot.storage.k8s.io/v1', 'VolumeSnapshotContent', 'it', { spec: { deletionPolicy: 'Retain' } }));
    await manifestOf(
      journaled('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'it', { spec: { source: { volumeSnapshotContentName: 'kept' } } }),
    );
  });
  test('a custom resource keeps its status, which the server drops where it is a subresource', async () => {
    const status = { phase: 'Ready' };
    assert.deepEqual((await manifestOf(journaled('example.com/v1', 'Widget', 'it', { status }))).manifest.status, status);
    assert.equal((await manifestOf(journaled('apps/v1', 'Deployment', 'it', { status }))).manifest.status, undefined);
  });
});

describe('volumes', () => {
  const volume = (spec: Fields, phase = 'Bound') =>
    journaled(
      'v1',
      'PersistentVolume',
      'pv',
      { spec: { persistentVolumeReclaimPolicy: 'Retain', ...spec }, status: { phase } },
      { namespace: undefined, annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes', 'pv.kubernetes.io/provisioned-by': 'csi' } },
    );
  const claimRef = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    namespace: 'shop',
    name: 'data',
    uid: 'uid-data',
    resourceVersion: '7',
  };
  const claim = (metadata: Fields = {}, spec: Fields = { volumeName: 'pv' }) =>
    journaled(
      'v1',
      'PersistentVolumeClaim',
      'data',
      { spec },
      { annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'volume.kubernetes.io/selected-node': 'node-1' }, ...metadata },
    );
  const refOf = async (live: Live, phase = 'Bound') => {
    const { manifest, notes } = await manifestOf(volume({ claimRef }, phase), live);
    return [(manifest.spec as { claimRef: Fields }).claimRef, notes] as const;
  };

  test('a volume that was bound waits for its claim, by name alone', async () => {
    const { uid: _, resourceVersion: __, ...byName } = claimRef;
    assert.deepEqual(await refOf(liveWith()), [byName, ['kept for the claim shop/data']]);
    const { metadata } = (await manifestOf(volume({ claimRef }))).manifest;
    assert.deepEqual((metadata as Fields).annotations, { 'pv.kubernetes.io/provisioned-by': 'csi' });
  });
  test('it stays bound to a claim that is there, and is not given to another of the same name', async () => {
    assert.deepEqual(await refOf(liveWith([claim()])), [claimRef, []]);
    assert.deepEqual(await refOf(liveWith([claim({ uid: 'other' })])), [claimRef, ['Released: its claim shop/data is another one now']]);
  });
  test('one that was Released stays so', async () => assert.deepEqual(await refOf(liveWith(), 'Released'), [claimRef, []]));
  test('only a disk that was kept comes back', async () => {
    for (const policy of ['Delete', 'Recycle', undefined])
      assert.match(await refusalOf(volume({ persistentVolumeReclaimPolicy: policy })), /disk went with it/);
  });

  const kept = (spec: Fields = {}, metadata: Fields = {}) => ({
    ...volume({ claimRef, ...spec }),
    metadata: { name: 'pv', uid: 'uid-pv', resourceVersion: '9', ...metadata },
  });
  test('a claim comes back where its volume is there for it', async () => {
    for (const spec of [{ claimRef: undefined }, { claimRef: { ...claimRef, uid: undefined } }]) {
      const { manifest, notes } = await manifestOf(claim(), liveWith([kept(spec)]));
      assert.deepEqual(notes, ['bound again to its volume pv']);
      assert.deepEqual([(manifest.metadata as Fields).annotations, manifest.spec], [undefined, { volumeName: 'pv' }]);
    }
  });
  test('a claim that never had a volume asks for one again', async () => assert.deepEqual((await manifestOf(claim({}, {}))).notes, []));
  const refusals: readonly (readonly [string, Live, RegExp])[] = [
    ['is gone', liveWith(), /is gone: it would come back empty/],
    ['is another claim’s', liveWith([kept({ claimRef: { ...claimRef, name: 'other' } })]), /belongs to the claim shop\/other now/],
    ['is bound to a claim of the same name', liveWith([kept({ claimRef: { ...claimRef, uid: 'new' } })]), /another claim of this name/],
    ['is going', liveWith([kept({}, { deletionTimestamp: 'now' })]), /is being deleted/],
    ['loses its disk', liveWith([kept({ persistentVolumeReclaimPolicy: 'Delete' })]), /is being deleted with its disk/],
    ['still names the former claim', liveWith([kept()]), /still belongs to the former claim/],
  ];
  for (const [what, live, expected] of refusals)
    test(`a claim whose volume ${what} does not`, async () => assert.match(await refusalOf(claim(), live), expected));
  test('a claim whose volume comes back before it does', async () => {
    const alsoRestored = new Set(['/PersistentVolume//pv']);
    for (const live of [liveWith(), liveWith([kept()])]) await manifestOf(claim(), live, { ...asIs, alsoRestored });
  });
});

describe('ServiceAccounts and their tokens', () => {
  const secret = (name: string) =>
    journaled(
      'v1',
      'Secret',
      name,
      { type: 'kubernetes.io/service-account-token', data: { token: 'dG9w', 'ca.crt': 'Y2E=', own: 'eA==' } },
      {
        annotations: { 'kubernetes.io/service-account.name': 'robot', 'kubernetes.io/service-account.uid': 'uid-robot' },
      },
    );
  test('a ServiceAccount forgets the Secrets that went with it', async () => {
    const secrets = [{ name: 'robot-token-x7k2p' }, { name: 'mine' }];
    assert.deepEqual((await manifestOf(journaled('v1', 'ServiceAccount', 'robot', { secrets }))).manifest.secrets, [{ name: 'mine' }]);
    const none = (await manifestOf(journaled('v1', 'ServiceAccount', 'robot', { secrets: secrets.slice(0, 1) }))).manifest;
    assert.equal(Object.hasOwn(none, 'secrets'), false);
  });
  test('a token stays good while its ServiceAccount is the same', async () => {
    const former = secret('robot-token-x7k2p');
    assert.deepEqual((await manifestOf(former, liveWith([journaled('v1', 'ServiceAccount', 'robot')]))).manifest.data, former.data);
  });
  test('with another ServiceAccount it is made anew, unless a controller had made it', async () => {
    const live = liveWith([journaled('v1', 'ServiceAccount', 'robot', {}, { uid: 'other' })]);
    const { manifest } = await manifestOf(secret('robot-key'), live);
    assert.deepEqual(
      [manifest.data, (manifest.metadata as Fields).annotations],
      [{ own: 'eA==' }, { 'kubernetes.io/service-account.name': 'robot' }],
    );
    assert.match(await refusalOf(secret('robot-token-x7k2p'), live), /former ServiceAccount/);
  });
  test('without one it would be deleted at once; one that comes back before it will do', async () => {
    assert.match(await refusalOf(secret('robot-key')), /is gone/);
    await manifestOf(secret('robot-key'), liveWith(), { ...asIs, alsoRestored: new Set(['/ServiceAccount/shop/robot']) });
  });
});

describe('withoutAllocated', () => {
  const service = (spec: Fields) => frozen({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'front' }, spec });
  const spec = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], healthCheckNodePort: 31000, ports: [{ port: 80, nodePort: 30080 }] };
  const noIp =
    'Service "front" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.7"]: failed to allocate IP 10.96.0.7: provided IP is already allocated';
  const noPort = 'Service "front" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated';
  test('does without what is taken, and nothing else', () => {
    const { clusterIP: _, clusterIPs: __, ...withoutIp } = spec;
    assert.deepEqual((withoutAllocated(service(spec), noIp) as { spec: Fields }).spec, withoutIp);
    const { healthCheckNodePort: ___, ...withoutPort } = spec;
    assert.deepEqual((withoutAllocated(service(spec), noPort) as { spec: Fields }).spec, { ...withoutPort, ports: [{ port: 80 }] });
  });
  test('ends: without anything to do without, and for any other refusal, there is nothing to try', () => {
    const headless = service({ clusterIP: 'None', clusterIPs: ['None'], ports: [{ port: 80 }] });
    assert.equal(withoutAllocated(headless, noIp), undefined);
    assert.equal(withoutAllocated(headless, noPort), undefined);
    assert.equal(withoutAllocated(service(spec), 'spec.ports[0].port: Required value'), undefined);
    assert.equal(withoutAllocated({ ...service(spec), kind: 'ConfigMap' }, noIp), undefined);
    const once = withoutAllocated(service(spec), noIp) ?? assert.fail();
    const twice = withoutAllocated(once, noPort) ?? assert.fail();
    assert.equal(withoutAllocated(twice, `${noIp}; ${noPort}`), undefined);
  });
});
