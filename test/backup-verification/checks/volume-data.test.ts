import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/volume-data.ts';
import type { BackupSpec } from '../../../functions/velero/backup.ts';
import { type Manifest, manifest } from '../archive-of.ts';
import { lookAtVolumes, type VolumeRun } from '../volume-backup.ts';
import {
  backupName,
  claim,
  dataUpload,
  movedInfo,
  nativeInfo,
  nativeSnapshot,
  operation,
  operationId,
  podOf,
  podVolumeBackup,
  podVolumeInfo,
  skippedInfo,
  snapshotInfo,
  snapshotObjects,
  volume,
} from '../volume-records.ts';

const db = 'shop/db';
const base: readonly Manifest[] = [claim(db), volume(db), podOf('shop/db-0', 'db')];
const moved: VolumeRun = { objects: [...base, dataUpload(db)], volumeInfo: [movedInfo(db)], itemOperations: [operation(db)] };
const podVolume: VolumeRun = {
  objects: base,
  volumeInfo: [podVolumeInfo(db, 'shop/db-0')],
  podVolumeBackups: [podVolumeBackup(db, 'shop/db-0')],
};

const silent = async (run: VolumeRun): Promise<readonly string[]> => {
  const { lines, unknowns, proved } = await lookAtVolumes(check, run);
  assert.deepEqual([lines, unknowns], [[], []]);
  return proved;
};
const one = async (run: VolumeRun): Promise<string> => {
  const { lines, unknowns } = await lookAtVolumes(check, run);
  assert.deepEqual(unknowns, []);
  assert.equal(lines.length, 1, lines.join('\n'));
  return lines[0] ?? '';
};

test('data that a DataUpload moved is there: the object in the archive and volumeinfo name one snapshot', async () => {
  assert.deepEqual(await silent(moved), ['1 claim: 1 moved into the bucket']);
});

test('an operation and its DataUpload belong together by the first 57 characters: a label cuts the rest', async () => {
  const other = dataUpload(db, { snapshotID: 'f'.repeat(32) }, {}, { name: 'x', labels: { 'velero.io/backup-name': 'another' } });
  assert.deepEqual(await silent({ ...moved, objects: [...moved.objects, { ...other, metadata: { ...other.metadata, name: 'x' } }] }), [
    '1 claim: 1 moved into the bucket',
  ]);
});

test('without the DataUpload in the archive moved data cannot be restored', async () => {
  assert.match(await one({ ...moved, objects: base }), /^critical failed: .*shop\/db \(its DataUpload is not in the archive/);
});

test('a DataUpload of another backup is none of this one', async () => {
  const others = dataUpload(db, {}, {}, { labels: { 'velero.io/backup-name': 'weekly-1' } });
  const renamed = { ...others, metadata: { ...others.metadata, name: 'weekly-1-db' } };
  assert.match(await one({ ...moved, objects: [...base, renamed], itemOperations: [] }), /its DataUpload is not in the archive/);
});

test('a DataUpload that did not complete has no data, whatever the phase of the backup', async () => {
  const status = { phase: 'Failed', snapshotID: '', message: 'timeout on preparing data upload' };
  const info = movedInfo(db, { Phase: 'Failed', snapshotHandle: '' }, { result: 'failed' });
  const line = await one({ ...moved, objects: [...base, dataUpload(db, status)], volumeInfo: [info] });
  assert.match(line, /its data upload is Failed in the archive \(timeout on preparing data upload\)/);
});

test('volumeinfo and DataUpload that name two snapshots are of two uploads', async () => {
  assert.match(
    await one({ ...moved, volumeInfo: [movedInfo(db, { snapshotHandle: 'a'.repeat(32) })] }),
    /critical failed.*names the snapshot a{32}/,
  );
});

test('a volumeinfo that was not completed is a doubt: restores go by the DataUpload', async () => {
  assert.match(
    await one({ ...moved, volumeInfo: [movedInfo(db, { snapshotHandle: '' })] }),
    /^warning doubtful: .*volumeinfo was not completed/,
  );
});

test('Velero 1.13 names no snapshot in volumeinfo, and no phase anywhere: the DataUpload tells', async () => {
  const { snapshotDataMovementInfo: _, result: __, ...info } = movedInfo(db);
  const old = {
    ...info,
    snapshotDataMovementInfo: {
      dataMover: 'velero',
      uploaderType: 'kopia',
      retainedSnapshot: '',
      snapshotHandle: '',
      operationID: operationId(db),
    },
  };
  assert.deepEqual(await silent({ ...moved, volumeInfo: [old] }), ['1 claim: 1 moved into the bucket']);
  const failed = dataUpload(db, { phase: 'Failed', snapshotID: '' });
  assert.match(await one({ ...moved, objects: [...base, failed], volumeInfo: [old] }), /its data upload is Failed in the archive/);
});

test('uploads that never ended well, in every phase that a restore finds in the archive', async () => {
  for (const phase of ['New', 'Accepted', 'Prepared', 'InProgress', 'Canceling', 'Canceled', 'Failed']) {
    const info = movedInfo(db, { Phase: phase, snapshotHandle: '' }, { result: 'failed' });
    const objects = [...base, dataUpload(db, { phase, snapshotID: '' })];
    assert.match(
      await one({ ...moved, objects, volumeInfo: [info] }),
      new RegExp(`^critical failed: .*its data upload is ${phase} in the archive`),
    );
  }
});

test('file-system backups of real life: one claim of many pods, no bytes, a block volume, a finished Job', async () => {
  const many = ['shop/web-1', 'shop/web-2', 'shop/web-3'].map((place) => podOf(place, 'db'));
  const shared = { objects: [claim(db), volume(db), ...many], volumeInfo: [podVolumeInfo(db, 'shop/web-2')] };
  assert.deepEqual(await silent({ ...shared, podVolumeBackups: [podVolumeBackup(db, 'shop/web-2')] }), [
    '1 claim: 1 moved into the bucket',
  ]);
  const noBytes = podVolumeBackup(db, 'shop/db-0', { progress: {} });
  await silent({ ...podVolume, volumeInfo: [podVolumeInfo(db, 'shop/db-0', { size: 0 })], podVolumeBackups: [noBytes] });
  const block =
    'podvolume: volume data declared in pod shop/db-0 is a block volume. Block volumes are not supported for fs backup, skipping;';
  assert.match(await one({ objects: base, volumeInfo: [skippedInfo(db, block)] }), /^critical left out: .*is a block volume/);
  const finished = 'podvolume: pod is not in the expected status, name=db-0, namespace=shop, phase=Succeeded: pod is not running;';
  const objects = [claim(db), volume(db), podOf('shop/db-0', 'db', 'Succeeded')];
  assert.match(await one({ objects, volumeInfo: [skippedInfo(db, finished)] }), /^critical left out: .*phase=Succeeded/);
});

test('an upload that was canceled shows in the operations, where the archive has no DataUpload', async () => {
  const itemOperations = [operation(db, { phase: 'Failed', error: 'canceled' })];
  assert.match(await one({ ...moved, objects: base, itemOperations }), /its data upload is Failed \(canceled\)/);
});

test('a volume that was empty has no snapshot, and nothing is missing', async () => {
  const upload = dataUpload(db, { snapshotID: undefined, message: 'volume was empty so no data was upload', progress: {} });
  await silent({ ...moved, objects: [...base, upload], volumeInfo: [movedInfo(db, { snapshotHandle: '', size: 0 })] });
  const status = { snapshotID: undefined, message: 'volume was empty so no snapshot was taken', progress: {} };
  const info = podVolumeInfo(db, 'shop/db-0', { snapshotHandle: undefined, size: undefined });
  await silent({ ...podVolume, volumeInfo: [info], podVolumeBackups: [podVolumeBackup(db, 'shop/db-0', status)] });
  const without = podVolumeBackup(db, 'shop/db-0', { snapshotID: undefined });
  assert.match(await one({ ...podVolume, volumeInfo: [info], podVolumeBackups: [without] }), /Completed without a snapshot/);
});

test('data of a pod volume backup is there, with its pod', async () => {
  assert.deepEqual(await silent(podVolume), ['1 claim: 1 moved into the bucket']);
});

test('a pod volume backup without its pod in the archive is out of reach', async () => {
  assert.match(
    await one({ ...podVolume, objects: [claim(db), volume(db)] }),
    /restored through the pod shop\/db-0, which is not in the archive/,
  );
});

test('a pod volume backup that is not in its file is out of reach: restores go by it', async () => {
  assert.match(await one({ ...podVolume, podVolumeBackups: [] }), /its PodVolumeBackup is missing in podvolumebackups/);
});

test('a pod volume backup that failed, or was cut short, is told apart', async () => {
  const failed = podVolumeBackup(db, 'shop/db-0', { phase: 'Failed', message: 'node-agent is gone', snapshotID: undefined });
  const info = podVolumeInfo(db, 'shop/db-0', { Phase: 'Failed', snapshotHandle: undefined }, { result: 'failed' });
  assert.match(
    await one({ ...podVolume, volumeInfo: [info], podVolumeBackups: [failed] }),
    /^critical failed: .*is Failed \(node-agent is gone\)/,
  );
  const cut = podVolumeBackup(db, 'shop/db-0', { progress: { totalBytes: 2260, bytesDone: 100 } });
  assert.match(await one({ ...podVolume, podVolumeBackups: [cut] }), /^warning doubtful: .*it counts 100 of 2260 bytes/);
});

test('snapshots at the provider are data, and where they are is told elsewhere', async () => {
  const objects = [...base, ...snapshotObjects(db)];
  assert.deepEqual(await silent({ objects, volumeInfo: [snapshotInfo(db)] }), ['1 claim: 1 in snapshots outside the bucket']);
  const native = { objects: base, volumeInfo: [nativeInfo(db)], volumeSnapshots: [nativeSnapshot(db)] };
  assert.deepEqual(await silent(native), ['1 claim: 1 in snapshots outside the bucket']);
  assert.match(await one({ ...native, volumeSnapshots: [] }), /native snapshot snap-9f8e of pv-shop-db is missing in volumesnapshots/);
  const failed = nativeInfo(db, { snapshotHandle: '', Phase: 'Failed' }, { result: 'failed' });
  assert.match(await one({ ...native, volumeInfo: [failed] }), /its native snapshot failed/);
  assert.match(await one({ objects: base, volumeInfo: [snapshotInfo(db, { snapshotHandle: '' })] }), /CSI snapshot has no handle/);
  assert.match(await one({ objects: base, volumeInfo: [snapshotInfo(db, {}, { result: 'failed' })] }), /its CSI snapshot failed/);
  // Its result stays empty where no operation waited for it.
  await silent({ objects, volumeInfo: [snapshotInfo(db, {}, { result: undefined })] });
});

test('a CSI snapshot is restored through its objects in the archive: without them the claim stays Pending', async () => {
  const volumeInfo = [snapshotInfo(db)];
  const [snapshot, content] = snapshotObjects(db);
  assert.ok(snapshot && content);
  assert.match(await one({ objects: [...base, content], volumeInfo }), /^critical failed: .*its VolumeSnapshot is not in the archive/);
  assert.match(await one({ objects: [...base, snapshot], volumeInfo }), /the VolumeSnapshotContent snapcontent-1 is not in the archive/);
  const others = { ...snapshot, metadata: { ...snapshot.metadata, labels: { 'velero.io/backup-name': 'another' } } };
  assert.match(await one({ objects: [...base, others, content], volumeInfo }), /its VolumeSnapshot is not in the archive/);
  const empty = snapshotObjects(db, { status: {} });
  assert.match(await one({ objects: [...base, ...empty], volumeInfo }), /or has no snapshotHandle/);
  // Its status was not written yet: a restore goes by what the content says of it.
  const unbound = { ...snapshot, status: {} };
  const spec = { driver: 'ebs.csi.aws.com', volumeSnapshotRef: { namespace: 'shop', name: snapshot.metadata.name } };
  await silent({ objects: [...base, unbound, { ...content, spec }], volumeInfo });
  assert.deepEqual((await lookAtVolumes(check, { objects: base, volumeInfo, whole: false })).lines, []);
});

test('an ephemeral volume begins empty whatever was tried of it', async () => {
  const owner = { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'db-0', uid: 'u', controller: true }] };
  const objects = [claim(db, { metadata: owner }), volume(db)];
  await silent({ objects, volumeInfo: [skippedInfo(db, 'volumeSnapshot: no applicable volumesnapshotter found;')] });
  await silent({ objects, volumeInfo: [podVolumeInfo(db, 'shop/db-0', { Phase: 'Failed' }, { result: 'failed' })] });
});

test('a file system outside the cluster is mounted again: no copy, and nothing lost with the cluster', async () => {
  const skips = [skippedInfo(db, "csiSnapshot: skipped b/c it's not a CSI volume;")];
  const efs = { csi: { driver: 'efs.csi.aws.com', volumeHandle: 'fs-1' }, persistentVolumeReclaimPolicy: 'Retain' };
  const nfs = { nfs: { server: '10.0.0.1', path: '/' }, persistentVolumeReclaimPolicy: 'Retain' };
  for (const spec of [efs, nfs]) {
    const objects = [claim(db), volume(db, spec), podOf('shop/db-0', 'db')];
    assert.match(
      await one({ objects, volumeInfo: skips }),
      /^warning shared file system: .*mounts the file system outside the cluster again/,
    );
    assert.match(await one({ objects }), /^warning shared file system: /);
    await silent({ objects, options: { withoutData: ['shop/db'] } });
  }
  // An access point that goes with its volume, a disk: what comes is empty, or a disk that nobody copied.
  for (const spec of [
    { ...efs, persistentVolumeReclaimPolicy: 'Delete' },
    { csi: { driver: 'ebs.csi.aws.com' }, persistentVolumeReclaimPolicy: 'Retain' },
  ])
    assert.match(
      await one({ objects: [claim(db), volume(db, spec), podOf('shop/db-0', 'db')], volumeInfo: skips }),
      /^critical left out: /,
    );
});

test('a resource policy with the action custom leaves the volume to another tool', async () => {
  const reason =
    'podvolume: opted out due to annotation in pod db-0;volumeSnapshot: not satisfy the criteria for VolumePolicy or the legacy snapshot way;';
  const volumeInfo = [skippedInfo(db, reason)];
  assert.match(
    await one({ objects: base, volumeInfo, spec: { resourcePolicy: 'volumes' } }),
    /^info left out on request: .*resource policy volumes/,
  );
  assert.match(await one({ objects: base, volumeInfo }), /^critical left out: /);
});

test('what was left out on request is to know; what nobody asked to be left out is an error', async () => {
  const of = (reason: string, spec: Partial<BackupSpec> = {}) =>
    lookAtVolumes(check, { objects: base, volumeInfo: [skippedInfo(db, reason)], spec }).then(({ lines }) => lines.join());
  assert.match(await of("podvolume: matched action is 'skip' in chosen resource policies;"), /^info left out on request: /);
  assert.match(await of('any: item has label velero.io/exclude-from-backup=true;'), /^info /);
  assert.match(await of("csiSnapshot: skipped b/c it's not a CSI volume;"), /^critical left out: .*not a CSI volume/);
  assert.match(await of('volumeSnapshot: no applicable volumesnapshotter found;'), /^critical /);
  assert.match(await of(''), /^critical .*Velero gives no reason/);
  const { lines } = await lookAtVolumes(check, {
    objects: base,
    volumeInfo: [skippedInfo(db, "csiSnapshot: skipped b/c it's not a CSI volume;")],
    options: { withoutData: ['shop/*'] },
  });
  assert.deepEqual(lines, []);
});

test('Velero speaks of an annotation where there is none: whose wish it was is told by the spec and all reasons together', async () => {
  // As a real 1.18 wrote them: test/control-plane/velero/volumes.test.ts.
  const out = 'podvolume: opted out due to annotation in pod db-0;';
  const notMet = 'volumeSnapshot: not satisfy the criteria for VolumePolicy or the legacy snapshot way;';
  const of = (reason: string, spec: Partial<BackupSpec> = {}) =>
    lookAtVolumes(check, { objects: base, volumeInfo: [skippedInfo(db, reason)], spec }).then(({ lines }) => lines.join());
  assert.match(await of(out + notMet, { snapshotVolumes: false }), /^warning no snapshots: /);
  assert.match(await of(notMet, { snapshotVolumes: false }), /^warning no snapshots: /);
  const until13 = 'volumeSnapshot: backup has volume snapshots disabled;';
  assert.match(await of(out + until13, { snapshotVolumes: false }), /^warning no snapshots: /);
  assert.match(await of(out + notMet, { snapshotVolumes: false, defaultVolumesToFsBackup: true }), /^info left out on request: /);
  assert.match(await of(out + notMet), /^critical left out: /);
  const problem =
    'podvolume: encountered a problem with backing up the PVC of pod data/db-0: daemonset pod not found in running state in node node-1;';
  assert.match(
    await of(problem + notMet, { snapshotVolumes: false, defaultVolumesToFsBackup: true }),
    /^critical left out: .*daemonset pod not found/,
  );
});

test('a bound claim without any data is an error, with why', async () => {
  const none = (objects: readonly Manifest[]) => one({ objects });
  assert.match(await none(base), /^critical no data: the data of 1 claim is not in the backup.*shop\/db \(no snapshot, data upload/);
  assert.match(await none([claim(db), volume(db)]), /no pod uses it/);
  assert.match(await none([claim(db), volume(db), podOf('shop/db-0', 'db', 'Pending')]), /no pod that uses it was running/);
  assert.match(await none([claim(db), volume(db, { hostPath: { path: '/data' } })]), /its volume is a hostPath/);
});

test('no false alarm: claims without a volume, volumes of one pod, allowed ones, emptyDirs', async () => {
  const pending = claim('shop/new', { spec: { storageClassName: 'gp3' }, status: { phase: 'Pending' } });
  const lost = claim('shop/old', { status: { phase: 'Lost' } });
  assert.deepEqual(await silent({ objects: [pending, lost] }), ['2 claims: 2 have nothing to back up']);
  const owner = { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'db-0', uid: 'u', controller: true }] };
  await silent({ objects: [claim(db, { metadata: owner }), volume(db)] });
  assert.deepEqual(await silent({ objects: base, options: { withoutData: ['*/db'] } }), ['1 claim: 1 without data (1 allowed)']);
  const emptyDir = {
    objects: [podOf('shop/web-0', 'none')],
    podVolumeBackups: [podVolumeBackup(undefined, 'shop/web-0', { phase: 'Failed' })],
  };
  assert.deepEqual(await silent(emptyDir), ['there are no volume claims in it']);
});

test('500 claims without data are one finding of their schedule', async () => {
  const objects = Array.from({ length: 500 }, (_, index) => claim(`shop/db-${index}`));
  const { findings } = await lookAtVolumes(check, { objects });
  assert.equal(findings.length, 1);
  assert.deepEqual(findings[0]?.object, { apiVersion: 'velero.io/v1', kind: 'Schedule', namespace: 'velero', name: 'nightly' });
  assert.equal(findings[0]?.members?.length, 500);
  assert.match(findings[0]?.message ?? '', /^the data of 500 claims is not in the backup.* and 497 more$/);
});

test('before 1.13 there is no volumeinfo: the older files and the archive tell', async () => {
  const old = { objects: base, volumeInfo: 'absent' } as const;
  await silent({ ...old, podVolumeBackups: [podVolumeBackup(db, 'shop/db-0', {}, { uploaderType: 'restic' })] });
  await silent({ ...old, volumeSnapshots: [nativeSnapshot(db)] });
  assert.match(await one({ ...old, volumeSnapshots: [nativeSnapshot(db, { phase: 'Failed' })] }), /its native snapshot is Failed/);
  const snapshot = manifest('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'shop/velero-db-x', {
    metadata: { labels: { 'velero.io/backup-name': backupName } },
    spec: { source: { persistentVolumeClaimName: 'db' } },
    status: { boundVolumeSnapshotContentName: 'snapcontent-1', readyToUse: true },
  });
  const content = manifest('snapshot.storage.k8s.io/v1', 'VolumeSnapshotContent', 'snapcontent-1', {
    spec: { driver: 'ebs.csi.aws.com', source: { volumeHandle: 'vol-1' } },
    status: { snapshotHandle: 'snap-0a' },
  });
  assert.deepEqual(await silent({ ...old, objects: [...base, snapshot, content] }), ['1 claim: 1 in snapshots outside the bucket']);
  assert.match(await one({ ...old, objects: [...base, snapshot] }), /CSI snapshot has no handle/);
  assert.match(await one(old), /^critical no data/);
});

test('what could not be read is unknown: neither there nor lost', async () => {
  const damaged = await lookAtVolumes(check, { objects: base, volumeInfo: 'damaged' });
  assert.deepEqual(damaged.lines, []);
  assert.match(damaged.unknowns[0]?.reason ?? '', /data of 1 claim is there is not known: .*volumeinfo.json.gz is damaged/);
  const cut = await lookAtVolumes(check, { ...moved, objects: base, whole: false });
  assert.deepEqual(cut.lines, []);
  assert.match(cut.unknowns[0]?.reason ?? '', /archive could not be read to its end/);
  // What was seen is seen, all the same; what lies behind is not known.
  const seen = await lookAtVolumes(check, { ...moved, whole: false });
  assert.deepEqual([seen.lines, seen.unknowns.length, seen.proved], [[], 1, []]);
  const strange = await lookAtVolumes(check, { objects: base, volumeInfo: [snapshotInfo(db, {}, { backupMethod: 'Telepathy' })] });
  assert.match(strange.unknowns[0]?.reason ?? '', /backup method Telepathy, which is not known/);
});
