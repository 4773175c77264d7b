import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Backup } from '../../../functions/velero/backup.ts';
import type { Companion, Companions } from '../../../functions/velero/companions/companion-files.ts';
import { probeCompanion, readCompanions } from '../../../functions/velero/companions/read-companions.ts';
import { backupFileKinds, backupKey } from '../../../functions/velero/layout.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { bucketFiles, type Faults, memoryObjectStore } from '../memory-object-store.ts';

const signal = new AbortController().signal;
type Kind = Exclude<keyof Companions, 'hashes'>;
const kinds: readonly Kind[] = ['resourceList', 'results', 'volumeInfo', 'podVolumeBackups', 'volumeSnapshots', 'itemOperations'];
const none: Readonly<Record<Kind, unknown>> = {
  resourceList: {},
  results: { errors: { velero: [], cluster: [], namespaces: {} }, warnings: { velero: [], cluster: [], namespaces: {} } },
  volumeInfo: [],
  podVolumeBackups: [],
  volumeSnapshots: [],
  itemOperations: [],
};

const opened = (name: string, files: Readonly<Record<string, Uint8Array | string>>, faults: Faults = {}) => {
  const store = memoryObjectStore(files, { faults });
  const listed = store.objects.flatMap((object) => {
    const kind = backupFileKinds.find((each) => backupKey(name, each) === object.key);
    return kind ? [[kind, object] as const] : [];
  });
  const backup: Backup = { name, files: Object.fromEntries(listed), strangers: [], bytes: 0, lastModified: 0 };
  return { store, backup, companions: readCompanions(store, backup, signal) };
};
/** One file alone, with this content packed. */
const withFile = (kind: Kind, content: Uint8Array | string, faults: Faults = {}) =>
  opened('b', { [backupKey('b', kind)]: content }, faults);
const answer = (kind: Kind, content: Uint8Array | string, faults: Faults = {}): Promise<Companion<unknown>> =>
  withFile(kind, content, faults).companions[kind]();
const packed = (value: unknown) => gzipSync(JSON.stringify(value));

/** A shape that no version of Velero writes there. */
const wrongShapes: Readonly<Record<Kind, readonly unknown[]>> = {
  resourceList: ['x', 1, [['a']], { 'v1/Pod': 'a' }, { 'v1/Pod': [1] }, ['v1/Pod']],
  results: ['x', 1, [1], { errors: [] }, { errors: { velero: 'x' } }, { errors: { namespaces: { a: ['x', 1] } } }],
  volumeInfo: ['x', { pvcName: 'a' }, ['x'], [{ pvcName: 1 }], [{ skipped: 'yes' }], [{ pvbInfo: 'x' }]],
  podVolumeBackups: ['x', { items: [] }, [1], [{}], [{ metadata: { name: 'a' }, status: { progress: { bytesDone: '1' } } }]],
  volumeSnapshots: ['x', [1], [{ spec: 'x' }], [{ status: { phase: 1 } }]],
  itemOperations: ['x', [1], [{ spec: { postOperationItems: 'x' } }], [{ spec: { resourceIdentifier: [] } }]],
};

describe('the genuine files', () => {
  const files = bucketFiles();

  test('are read, each once, with their hashes', async () => {
    const { companions, store } = opened('full-1', files);
    const list = await companions.resourceList();
    assert.equal(list.state, 'read');
    if (list.state === 'read') assert.equal(Object.values(list.value).flat().length, 20_136);
    for (const kind of kinds) {
      const read = await companions[kind]();
      assert.equal(read.state, 'read', kind);
      if (kind !== 'resourceList' && read.state === 'read') assert.deepEqual(read.value, none[kind]);
      await companions[kind]();
    }
    assert.equal(store.requests.length, kinds.length);
    assert.deepEqual(Object.keys(companions.hashes?.() ?? {}).toSorted(), [...kinds].toSorted());
    assert.match(companions.hashes?.().results ?? '', /^[0-9a-f]{64}$/);
  });
});

for (const kind of kinds) {
  describe(kind, () => {
    const key = backupKey('b', kind);
    test('not listed: absent, without a request; gone between listing and reading: absent', async () => {
      const { companions, store } = opened('b', {});
      assert.deepEqual([await companions[kind](), store.requests.length], [{ state: 'absent' }, 0]);
      const gone = await answer(kind, packed([]), { [key]: () => new StoreError('missing', 'it is not there', '') });
      assert.deepEqual(gone, { state: 'absent' });
    });

    test('null, [] and {} are none', async () => {
      for (const value of [null, [], {}]) assert.deepEqual(await answer(kind, packed(value)), { state: 'read', value: none[kind] });
    });

    test('empty, cut, not gzip, not JSON, of another shape: damaged, and no content is quoted', async () => {
      const whole = packed({ secret: 'hunter2'.repeat(20) });
      const wrongCrc = Buffer.from(packed(null));
      wrongCrc[wrongCrc.length - 8] = ~(wrongCrc.at(-8) ?? 0) & 0xff;
      const faulty: [Uint8Array | string, RegExp][] = [
        ['', /is empty$/],
        [whole.subarray(0, 20), /is cut/],
        [whole.subarray(0, -4), /is cut/],
        ['{"secret":"hunter2"}', /cannot be unpacked/],
        [wrongCrc, /cannot be unpacked/],
        [gzipSync('hunter2 {'), /is not JSON/],
        [gzipSync('{"secret":"hunter2"'), /is not JSON/],
        [gzipSync(''), /is not JSON/],
        ...wrongShapes[kind].map((value): [Uint8Array, RegExp] => [packed(value), /not what Velero writes there/]),
      ];
      for (const [content, message] of faulty) {
        const read = await answer(kind, content);
        assert.equal(read.state, 'damaged', `${content}`);
        if (read.state !== 'damaged') continue;
        assert.equal(read.kind, kind);
        assert.match(read.message, message);
        assert.ok(read.message.startsWith(key) && read.remedy.includes(key) && !read.message.includes('hunter2'));
      }
    });

    test('what the store does not give is unknown', async () => {
      for (const reason of ['denied', 'key', 'customer-key', 'archived', 'throttled', 'budget', 'changed', 'unreachable'] as const) {
        const read = await answer(kind, packed([]), { [key]: () => new StoreError(reason, `no: ${reason}`, 'do this') });
        assert.deepEqual(read, { state: 'unknown', kind, message: `no: ${reason}`, remedy: 'do this' });
      }
    });
  });
}

describe('what is in them', () => {
  test('a bomb is unknown, not damaged', async () => {
    const read = await answer('results', gzipSync(Buffer.alloc(129 << 20, 0x20)));
    assert.deepEqual(
      [read.state, 'message' in read && read.message],
      ['unknown', `${backupKey('b', 'results')} has more than ${128 << 20} bytes`],
    );
  });

  test('volumes, in whatever case their keys are', async () => {
    const info = [
      {
        pvcName: 'data',
        pvcNamespace: 'shop',
        pvName: 'pv-1',
        backupMethod: 'CSISnapshot',
        snapshotDataMoved: true,
        skipped: false,
        result: 'succeeded',
        csiSnapshotInfo: { snapshotHandle: 'unknown', driver: 'ebs.csi.aws.com', ReadyToUse: true, vscName: '' },
        snapshotDataMovementInfo: { uploaderType: 'kopia', snapshotHandle: 'abc', operationID: 'du-1', size: 7, Phase: 'Completed' },
      },
      { skipped: true, skippedReason: 'by policy', pvName: 'pv-2', nativeSnapshotInfo: null },
      {
        backupMethod: 'PodVolumeBackup',
        pvbInfo: { uploaderType: 'kopia', volumeName: 'v', podName: 'p', podNamespace: 'shop', phase: 'Completed' },
      },
      { nativeSnapshotInfo: { snapshotHandle: 'snap-1', volumeAZ: 'eu-west-1a', Phase: 'Completed' } },
      null,
    ];
    const read = await answer('volumeInfo', packed(info));
    assert.deepEqual(read, {
      state: 'read',
      value: [
        {
          pvcName: 'data',
          pvcNamespace: 'shop',
          pvName: 'pv-1',
          backupMethod: 'CSISnapshot',
          snapshotDataMoved: true,
          skipped: false,
          result: 'succeeded',
          csi: { snapshotHandle: 'unknown', driver: 'ebs.csi.aws.com', readyToUse: true },
          dataMovement: { uploaderType: 'kopia', snapshotHandle: 'abc', operationId: 'du-1', size: 7, phase: 'Completed' },
        },
        { skipped: true, skippedReason: 'by policy', pvName: 'pv-2', snapshotDataMoved: false },
        {
          backupMethod: 'PodVolumeBackup',
          snapshotDataMoved: false,
          skipped: false,
          podVolume: { uploaderType: 'kopia', volumeName: 'v', podName: 'p', podNamespace: 'shop', phase: 'Completed' },
        },
        { snapshotDataMoved: false, skipped: false, native: { snapshotHandle: 'snap-1', volumeAz: 'eu-west-1a', phase: 'Completed' } },
      ],
    });
  });

  test('pod volume backups, snapshots, operations, messages', async () => {
    const pvb = {
      metadata: { name: 'b-x1', labels: { 'velero.io/backup-name': 'b' } },
      spec: {
        pod: { namespace: 'shop', name: 'web' },
        volume: 'data',
        uploaderType: 'kopia',
        repoIdentifier: 's3:...',
        tags: { 'pvc-uid': 'u' },
      },
      status: {
        phase: 'Completed',
        snapshotID: 'abc',
        message: '',
        progress: { bytesDone: 5, totalBytes: 5 },
        completionTimestamp: '2026-11-23T19:41:17Z',
      },
    };
    assert.deepEqual(await answer('podVolumeBackups', packed([pvb])), {
      state: 'read',
      value: [
        {
          name: 'b-x1',
          podNamespace: 'shop',
          podName: 'web',
          volume: 'data',
          uploaderType: 'kopia',
          pvcUid: 'u',
          repoIdentifier: 's3:...',
          phase: 'Completed',
          snapshotId: 'abc',
          bytesDone: 5,
          totalBytes: 5,
          completionTimestamp: '2026-11-23T19:41:17Z',
        },
      ],
    });
    const snapshot = { spec: { backupName: 'b', persistentVolumeName: 'pv' }, status: { providerSnapshotID: 'snap', phase: 'Completed' } };
    assert.deepEqual(await answer('volumeSnapshots', packed([snapshot])), {
      state: 'read',
      value: [{ persistentVolumeName: 'pv', providerSnapshotId: 'snap', phase: 'Completed' }],
    });
    const operation = {
      spec: {
        backupName: 'b',
        backupItemAction: 'velero.io/csi-pvc-backupper',
        operationID: 'du-1',
        resourceIdentifier: { Group: '', Resource: 'persistentvolumeclaims', Namespace: 'shop', Name: 'data' },
        postOperationItems: [{ Group: 'velero.io', Resource: 'datauploads', Namespace: 'velero', Name: 'b-1' }],
      },
      status: { phase: 'Failed', error: 'no space' },
    };
    assert.deepEqual(await answer('itemOperations', packed([operation])), {
      state: 'read',
      value: [
        {
          operationId: 'du-1',
          backupItemAction: 'velero.io/csi-pvc-backupper',
          phase: 'Failed',
          error: 'no space',
          item: { group: '', resource: 'persistentvolumeclaims', namespace: 'shop', name: 'data' },
          postOperationItems: [{ group: 'velero.io', resource: 'datauploads', namespace: 'velero', name: 'b-1' }],
        },
      ],
    });
    const results = await answer('results', packed({ errors: { namespaces: { shop: ['x'] } }, warnings: { velero: ['y'] } }));
    assert.deepEqual(results, {
      state: 'read',
      value: { errors: { velero: [], cluster: [], namespaces: { shop: ['x'] } }, warnings: { velero: ['y'], cluster: [], namespaces: {} } },
    });
  });

  test('a file of another backup is damaged; a name that a label cuts is the same', async () => {
    const operation = { spec: { backupName: 'other' }, status: {} };
    const read = await answer('itemOperations', packed([operation]));
    assert.match(read.state === 'damaged' ? read.message : '', /is another backup’s: it is of the backup other$/);
    const name = 'n'.repeat(70);
    // sha256 of 70 n begins with these 6 digits: velero pkg/label/label.go.
    const { createHash } = await import('node:crypto');
    const cut = `${'n'.repeat(57)}${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
    const pvb = { metadata: { name: 'x', labels: { 'velero.io/backup-name': cut } } };
    const { companions } = opened(name, { [backupKey(name, 'podVolumeBackups')]: packed([pvb]) });
    assert.equal((await companions.podVolumeBackups()).state, 'read');
  });

  test('a list of 200,000 items takes little memory', async () => {
    const items = Array.from({ length: 200_000 }, (_, index) => `namespace-${index % 500}/deployment-with-a-name-${index}`);
    const content = packed({ 'v1/Pod': items });
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    const read = await answer('resourceList', content);
    assert.equal(read.state === 'read' && Object.values(read.value as object).flat().length, 200_000);
    assert.ok(process.memoryUsage().rss - before < 120 << 20);
  });

  test('the other files are looked at for being whole alone', async () => {
    const key = backupKey('b', 'csiVolumeSnapshots');
    const { store, backup } = opened('b', { [key]: packed(null) });
    assert.deepEqual(await probeCompanion(store, backup, 'csiVolumeSnapshots', signal), { state: 'read', value: null });
    const cut = opened('b', { [key]: packed([1, 2, 3]).subarray(0, -9) });
    assert.equal((await probeCompanion(cut.store, cut.backup, 'csiVolumeSnapshots', signal)).state, 'damaged');
    assert.equal((await probeCompanion(store, backup, 'itemSnapshots', signal)).state, 'absent');
  });
});
