/** The data of volumes: not taken, lost on the way, or its repository damaged. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operationOptions } from '../../../functions/runtime/configuration.ts';
import { type Manifest, manifest } from '../archive-of.ts';
import {
  claim,
  dataUpload,
  movedInfo,
  operation,
  podOf,
  podVolumeBackup,
  podVolumeInfo,
  repositoryFiles,
  skippedInfo,
  snapshotIds,
  snapshotInfo,
  snapshotObjects,
  volume,
} from '../volume-records.ts';
import { beside, type Night, newest, nights } from './planted-nights.ts';
import type { Files } from './played-objects.ts';
import { assertReport, clusterOf, type Expected, needWhole, playing, storageLocation, type Verification, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const db = 'shop/db';
const error = { rows: { [newest]: 'error' }, newestVerified: { nightly: null } } as const;
const sound = { newestVerified: { nightly: newest } } as const;
const repositories = beside(repositoryFiles);
const without = (pattern: RegExp): Files => Object.fromEntries(Object.entries(repositories).filter(([key]) => !pattern.test(key)));

/** What a restore needs beside the volume itself. */
const common: readonly Manifest[] = [
  podOf('shop/db-0', 'db'),
  manifest('v1', 'Secret', 'velero/velero-repo-credentials', { data: { 'repository-password': 'c3RhdGljLXBhc3N3MHJk' } }),
  manifest('storage.k8s.io/v1', 'StorageClass', 'gp3', { provisioner: 'ebs.csi.aws.com' }),
];
/** A night whose only claim was not moved, snapshotted or else. */
const bare: Night = { objects: [claim(db), volume(db), ...common], spec: { includedNamespaces: ['shop', 'velero'] } };
/** Its CSI snapshot was moved into the bucket. */
const moved: Night = {
  ...bare,
  objects: [...(bare.objects ?? []), dataUpload(db)],
  spec: { ...bare.spec, snapshotMoveData: true },
  status: { backupItemOperationsAttempted: 1, backupItemOperationsCompleted: 1 },
  files: { volumeInfo: [movedInfo(db)], itemOperations: [operation(db)] },
  written: { metadata: 4.49, contents: 4.48, itemOperations: 4.48, volumeInfo: 4.48 },
};
const withUpload = (upload: Manifest | undefined, more: Night = {}): Night => ({
  ...moved,
  objects: [...(bare.objects ?? []), ...(upload ? [upload] : [])],
  ...more,
});

const judge = async (night: Night, expected: Expected, files: Files = repositories, more: Verification = {}) =>
  assertReport(await verified({ ...(await nights(night)), ...files }, more), expected);

describe('a claim’s data', () => {
  const failed = 'critical volume-data Schedule nightly failed';
  const none = 'critical volume-data Schedule nightly no data';
  test('no alarm: it was moved, and all of it is there', () => judge(moved, sound));
  test('was not taken at all, though the backup is Completed', () =>
    judge(bare, { alarms: { [none]: /the data of 1 claim is not in the backup, expected .*: shop\/db/ }, ...error }));
  test('was skipped, though nobody asked for that', () =>
    judge(
      { ...bare, files: { volumeInfo: [skippedInfo(db, 'csiSnapshot: no snapshotter for the driver;')] } },
      {
        alarms: { 'critical volume-data Schedule nightly left out': /was left out by Velero, though nobody asked for that: shop\/db/ },
        ...error,
      },
    ));
  test('was moved, and its DataUpload is not in the archive: no restore finds it', () =>
    judge(withUpload(undefined), { alarms: { [failed]: /shop\/db \(its DataUpload is not in the archive/ }, ...error }));
  test('was not moved: the upload failed', () =>
    judge(
      withUpload(dataUpload(db, { phase: 'Failed', snapshotID: '' }), {
        files: {
          volumeInfo: [movedInfo(db, { Phase: 'Failed', snapshotHandle: '' }, { result: 'failed' })],
          itemOperations: [operation(db, { phase: 'Failed' })],
        },
      }),
      { alarms: { [failed]: /shop\/db \(its data upload is Failed/ }, ...error },
    ));
  test('is another snapshot by the DataUpload than by volumeinfo', () =>
    judge(withUpload(dataUpload(db, { snapshotID: 'f'.repeat(32) })), {
      alarms: { [failed]: /shop\/db \(volumeinfo names the snapshot/ },
      ...error,
    }));
  test('came from a pod that is not in the archive', () => {
    const files = { volumeInfo: [podVolumeInfo(db, 'shop/db-0')], podVolumeBackups: [podVolumeBackup(db, 'shop/db-0')] };
    const objects = bare.objects?.filter(({ kind }) => kind !== 'Pod') ?? [];
    return judge(
      { ...bare, objects, files },
      { alarms: { [failed]: /through the pod shop\/db-0, which is not in the archive/ }, ...error },
    );
  });
  test('no alarm: a claim that never had a volume, an emptyDir, one on the list of those that may lack it', async () => {
    const pending = claim(db, { status: { phase: 'Pending' }, spec: { storageClassName: 'gp3' } });
    await judge({ ...bare, objects: [pending, ...common] }, sound);
    await judge({ ...bare, objects: common, files: { podVolumeBackups: [podVolumeBackup(undefined, 'shop/db-0')] } }, sound);
    const options = operationOptions.parse({ checks: { 'volume-data': { withoutData: ['shop/*'] } } });
    await judge(bare, sound, repositories, { run: { options } });
  });
  test('is not known where the archive is cut, and nothing is called lost', () => {
    const what = /its archive could not be read to its end/;
    return judge(
      { ...moved, packed: (packed) => packed.subarray(0, 700) },
      {
        alarms: { 'critical archive-damaged Schedule nightly truncated': /cut at byte 700 of the packed file/ },
        unknown: needWhole(what),
        ...error,
      },
    );
  });
});

describe('a snapshot outside the bucket', () => {
  const elsewhere: Night = {
    ...bare,
    objects: [...(bare.objects ?? []), ...snapshotObjects(db)],
    files: { volumeInfo: [snapshotInfo(db)] },
  };
  test('is told of, with its handle: whether the provider still has it no bucket tells', () =>
    judge(elsewhere, {
      infos: { 'info snapshot-elsewhere Schedule nightly ebs.csi.aws.com': /not in the bucket: shop\/db \(snap-0a1b2c3d\)/ },
      ...sound,
    }));
  test('without the VolumeSnapshot that restores go through', () =>
    judge(
      { ...elsewhere, objects: bare.objects ?? [] },
      {
        alarms: { 'critical volume-data Schedule nightly failed': /shop\/db \(its VolumeSnapshot is not in the archive/ },
        ...error,
      },
    ));
  test('without a handle can be found by no restore', () =>
    judge(
      { ...bare, files: { volumeInfo: [snapshotInfo(db, { snapshotHandle: 'unknown' })] } },
      { alarms: { 'critical volume-data Schedule nightly failed': /CSI snapshot has no handle/ }, ...error },
    ));
  test('no alarm, and no word: moved data has the handle `unknown`', async () => {
    const report = await verified({ ...(await nights(moved)), ...repositories });
    assert.ok(!report.findings.some(({ check }) => check === 'snapshot-elsewhere'));
  });
});

describe('a volume that is restored as it is (Retain)', () => {
  const retained = volume(db, { nfs: { server: 'nfs.example', path: '/' }, persistentVolumeReclaimPolicy: 'Retain' });
  test('and has no copy, from a block device: it comes back only where that device still is', () => {
    const block = volume(db, { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' }, persistentVolumeReclaimPolicy: 'Retain' });
    return judge(
      { ...bare, objects: [claim(db), block, ...common] },
      { alarms: { 'critical volume-data Schedule nightly no data': /shop\/db/ }, ...error },
    );
  });
  test('no alarm beyond a warning: a file system outside the cluster is mounted again, with what is on it then', () =>
    judge(
      { ...bare, objects: [claim(db), retained, ...common] },
      {
        alarms: { 'warning volume-data Schedule nightly shared file system': /shop\/db \(nfs\)/ },
        rows: { [newest]: 'warning' },
        ...sound,
      },
    ));
});

describe('a repository', () => {
  const damaged = 'critical volume-repository Schedule nightly kopia/shop/';
  test('is gone', () =>
    judge(
      moved,
      { alarms: { 'critical volume-repository Schedule nightly missing': /not in the bucket: kopia\/shop\/$/ }, ...error },
      without(/^kopia/),
    ));
  test('lacks what it is opened by, its manifests, its indexes, or its data', async () => {
    const parts: readonly (readonly [RegExp, RegExp])[] = [
      [/kopia\.repository$/, /kopia\/shop\/kopia\.repository is missing: the repository cannot be opened/],
      [/\/shop\/q/, /kopia\/shop\/ has no q blob/],
      [/\/shop\/x/, /kopia\/shop\/ has no index blob/],
      [/\/shop\/p/, /kopia\/shop\/ has no p blob: the files' content is gone, of which this backup moved 2260 bytes/],
    ];
    for (const [pattern, what] of parts) await judge(moved, { alarms: { [damaged]: what }, ...error }, without(pattern));
  });
  test('has blobs without a byte', async () => {
    const emptied = Object.entries(repositories).map(([key, file]) => [
      key,
      /\/shop\/q/.test(key) ? { ...file, body: new Uint8Array() } : file,
    ]);
    await judge(moved, { alarms: { [damaged]: /3 of its objects have no bytes: kopia\/shop\/q/ }, ...error }, Object.fromEntries(emptied));
  });
  test('is another one than Velero initialised', async () => {
    const key = 'kopia/shop/udmrepo.Repository';
    const file = repositories[key];
    assert.ok(file);
    const other = { ...file, body: Buffer.from('{"uniqueID":"AAAA"}') };
    await judge(
      moved,
      { alarms: { [damaged]: /udmrepo\.Repository belongs to repository AAAA/ }, ...error },
      { ...repositories, [key]: other },
    );
  });
  test('of restic lacks a snapshot that a backup claims', async () => {
    const night = (snapshotID: string): Night => ({
      ...bare,
      files: {
        volumeInfo: [podVolumeInfo(db, 'shop/db-0', { uploaderType: 'restic', snapshotHandle: snapshotID })],
        podVolumeBackups: [
          podVolumeBackup(db, 'shop/db-0', { snapshotID }, { uploaderType: 'restic', repoIdentifier: 's3:x/velero/prod/restic/shop' }),
        ],
      },
    });
    const restic: Files = Object.fromEntries(
      Object.entries(repositories).map(([key, file]) => [key.replace('restic/legacy/', 'restic/shop/'), file]),
    );
    const old = { 'warning restic-uploader Schedule nightly restic': /was written by restic \(restic\/shop\/\)/ };
    await judge(night(snapshotIds.restic), { alarms: old, rows: { [newest]: 'warning' }, ...sound }, restic);
    await judge(
      night('abcdef01'),
      {
        alarms: {
          ...old,
          'critical volume-repository Schedule nightly restic/shop/': /claimed snapshots are not in restic\/shop\/snapshots\/: abcdef01/,
        },
        ...error,
      },
      restic,
    );
  });
  test('of restic has a file that rotted', async () => {
    const index = Object.keys(repositories).find((key) => key.startsWith('restic/legacy/index/')) ?? '';
    const file = repositories[index];
    assert.ok(file);
    const rotten = { ...file, body: new Uint8Array(file.body.map((byte, at) => (at === 7 ? byte ^ 1 : byte))) };
    // Its name is the SHA-256 of what it held. Which objects a run hashes is its share of a round: here all of them.
    const options = operationOptions.parse({ checks: { 'restic-rot': { runs: 1 } } });
    await judge(
      moved,
      { alarms: { 'critical restic-rot Bucket restic/legacy/': new RegExp(index) }, ...sound },
      { ...repositories, [index]: rotten },
      { run: { options } },
    );
  });
  test('no alarm: maintained, shrunk, its logs gone; not written this night; without the file of 1.18', async () => {
    await judge(moved, sound, without(/_log_|kopia\.maintenance|udmrepo/));
    const old = Object.fromEntries(
      Object.entries(repositories).map(([key, file]) => [key, { ...file, lastModified: file.lastModified - 90 * 86_400_000 }]),
    );
    await judge(moved, sound, old);
  });
  test('whose listing is denied is unknown: neither there nor lost', () => {
    const refuse = (asked: string) =>
      asked.startsWith('list kopia/') ? { status: 403, code: 'AccessDenied', message: 'Access Denied' } : undefined;
    return judge(
      moved,
      {
        unknown: { 'volume-repository': /kopia\/shop\/ could not be looked at: s3:ListBucket .*AccessDenied/ },
        rows: { [newest]: 'unknown' },
        newestVerified: { nightly: null },
      },
      repositories,
      { refuse },
    );
  });
  test('that is no longer maintained (cl)', async () => {
    const repository = {
      metadata: { name: 'shop-default-kopia', namespace: 'velero' },
      spec: { volumeNamespace: 'shop', backupStorageLocation: 'default', repositoryType: 'kopia', maintenanceFrequency: '1h0m0s' },
      status: { phase: 'Ready', lastMaintenanceTime: '2026-11-10T00:00:00Z' },
    };
    const open = clusterOf({ backupstoragelocations: [storageLocation], backuprepositories: [repository] });
    await judge(
      moved,
      {
        alarms: { 'warning repository-maintenance BackupRepository shop-default-kopia stale': /last maintenance was 14 days ago/ },
        ...sound,
      },
      repositories,
      { run: { open } },
    );
  });
});
