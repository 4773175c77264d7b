/** The data of volumes as the real Velero leaves it in the bucket: in a kopia repository, or told of snapshots elsewhere. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answered } from '../parts/faulty-proxy.ts';
import type { Repeated } from '../parts/repeatedly.ts';
import { startNodeAgent } from '../parts/velero-node-agent.ts';
import type { VeleroObject } from '../parts/velero-objects.ts';
import { startVeleroScene, type VeleroScene } from '../parts/velero-scene.ts';
import { installSnapshots, startSnapshotController } from '../parts/velero-snapshots.ts';

const files = { 'dump.sql': 'select 1;\n'.repeat(1000) };
const claim = { pvcNamespace: 'data', pvcName: 'data-postgres-0', skipped: false };

describe('the data of volumes in backups of a real Velero', { timeout: 600_000 }, () => {
  let scene: VeleroScene;
  const played: Repeated[] = [];
  before(async () => {
    scene = await startVeleroScene();
    await installSnapshots(scene.plane);
    played.push(startSnapshotController(scene.plane));
    await scene.restarted(['--features=EnableCSI']);
  });
  after(async () => {
    for (const part of played) await part.stop();
    await scene?.stop();
  });

  const key = (name: string, file: string) => `${scene.prefix}/backups/${name}/${file}`;
  const companion = (name: string, part: string) => scene.bucket.json(key(name, `${name}-${part}`));
  const inArchive = async (name: string) =>
    (await scene.bucket.text(key(name, `${name}.tar.gz`))).match(/(?<=resources\/)(datauploads|volumesnapshot)[^/]*/g);
  const whileAgentRuns = async <T>(work: () => Promise<T>): Promise<T> => {
    const agent = await startNodeAgent(scene.plane, { files });
    return work().finally(() => agent.stop());
  };

  test('a pod volume backup: its data is in a kopia repository of its namespace', async () => {
    const spec = { includedNamespaces: ['data'], defaultVolumesToFsBackup: true, snapshotVolumes: false };
    const { status } = await whileAgentRuns(() => scene.velero().backup('moved-1', spec));
    assert.equal(status?.phase, 'Completed');
    const [moved] = (await companion('moved-1', 'podvolumebackups.json.gz')) as readonly VeleroObject[];
    assert.partialDeepStrictEqual(moved?.status, { phase: 'Completed', progress: { totalBytes: 10_000, bytesDone: 10_000 } });
    assert.match(String(moved?.status?.snapshotID), /^[0-9a-f]{32}$/);
    assert.partialDeepStrictEqual(await companion('moved-1', 'volumeinfo.json.gz'), [
      { ...claim, backupMethod: 'PodVolumeBackup', result: 'succeeded', pvbInfo: { uploaderType: 'kopia', size: 10_000 } },
    ]);
    assert.deepEqual(await companion('moved-1', 'itemoperations.json.gz'), []);
    const blobs = (await scene.bucket.keys(`${scene.prefix}/kopia/data/`)).map((each) => each.split('/').at(-1) ?? '');
    for (const name of ['kopia.repository', 'kopia.blobcfg', 'udmrepo.Repository']) assert(blobs.includes(name), name);
    for (const start of [/^p[0-9a-f]{32}-s/, /^q[0-9a-f]{32}-s/, /^xn0_/])
      assert(
        blobs.some((name) => start.test(name)),
        String(start),
      );
    // It comes with the first full maintenance.
    assert(!blobs.includes('kopia.maintenance'));
  });

  test('a snapshot whose data is moved: the archive is uploaded twice, and holds the DataUpload in the end', async () => {
    const spec = { includedNamespaces: ['data'], snapshotMoveData: true };
    const { status } = await whileAgentRuns(() => scene.velero().backup('uploaded-1', spec));
    assert.partialDeepStrictEqual(status, { phase: 'Completed', backupItemOperationsAttempted: 1, backupItemOperationsCompleted: 1 });
    assert.equal(putsOf('uploaded-1.tar.gz'), 2);
    assert.deepEqual(new Set(await inArchive('uploaded-1')), new Set(['datauploads.velero.io']));
    const [info] = (await companion('uploaded-1', 'volumeinfo.json.gz')) as readonly { readonly snapshotDataMovementInfo: object }[];
    assert.partialDeepStrictEqual(info, {
      ...claim,
      backupMethod: 'CSISnapshot',
      snapshotDataMoved: true,
      result: 'succeeded',
      csiSnapshotInfo: { snapshotHandle: 'unknown', vscName: 'unknown', ReadyToUse: null },
      snapshotDataMovementInfo: { dataMover: 'velero', uploaderType: 'kopia', Phase: 'Completed', size: 10_000 },
    });
    assert.partialDeepStrictEqual(await companion('uploaded-1', 'itemoperations.json.gz'), [
      {
        spec: { backupItemAction: 'velero.io/csi-pvc-backupper', postOperationItems: [{ Group: 'velero.io', Resource: 'datauploads' }] },
        status: { phase: 'Completed' },
      },
    ]);
    const listed = Object.keys((await companion('uploaded-1', 'resource-list.json.gz')) as object);
    assert.deepEqual(
      listed.filter((kind) => /DataUpload|VolumeSnapshot/.test(kind)),
      [],
      'it is in the archive and not in the list',
    );
  });

  test('a snapshot that stays where it is: told by its handle, its objects are in the archive and in the list', async () => {
    const { status } = await scene.velero().backup('csi-1', { includedNamespaces: ['data'] });
    assert.partialDeepStrictEqual(status, { phase: 'Completed', csiVolumeSnapshotsAttempted: 1, csiVolumeSnapshotsCompleted: 1 });
    const [info] = (await companion('csi-1', 'volumeinfo.json.gz')) as readonly {
      readonly csiSnapshotInfo: { readonly snapshotHandle: string };
    }[];
    assert.partialDeepStrictEqual(info, { ...claim, backupMethod: 'CSISnapshot', snapshotDataMoved: false, result: 'succeeded' });
    assert.match(info?.csiSnapshotInfo.snapshotHandle ?? '', /^snap-/);
    const listed = Object.keys((await companion('csi-1', 'resource-list.json.gz')) as object);
    for (const kind of ['VolumeSnapshot', 'VolumeSnapshotContent', 'VolumeSnapshotClass']) {
      assert(listed.includes(`snapshot.storage.k8s.io/v1/${kind}`), kind);
    }
    assert((await inArchive('csi-1'))?.some((resource) => resource.startsWith('volumesnapshots.')));
  });

  test('while the data is on its way: WaitingForPluginOperations, an archive that lacks the DataUpload, no result', async () => {
    const agent = await startNodeAgent(scene.plane, { idle: true });
    await scene.velero().create('backups', 'waiting-1', { includedNamespaces: ['data'], snapshotMoveData: true });
    await scene.velero().until('backups', 'waiting-1', (backup) => backup?.status?.phase === 'WaitingForPluginOperations');
    await agent.stop();
    assert.partialDeepStrictEqual(await scene.bucket.json(key('waiting-1', 'velero-backup.json')), {
      status: { phase: 'WaitingForPluginOperations', backupItemOperationsAttempted: 1 },
    });
    assert.equal(await inArchive('waiting-1'), null);
    const [info] = (await companion('waiting-1', 'volumeinfo.json.gz')) as readonly object[];
    assert.partialDeepStrictEqual(info, { ...claim, snapshotDataMovementInfo: { snapshotHandle: '', Phase: '' } });
    assert(info !== undefined && !('result' in info));
  });

  test('the final archive cannot be uploaded, once: all say Completed, and nothing that the volume could be restored by is there', async () => {
    // Velero writes the phase into the metadata and the cluster before it uploads the archive, and does not try again.
    const refused = scene.proxy.plant({ when: isPutOf('waiting-1.tar.gz') }, answered(403, '<Error><Code>AccessDenied</Code></Error>'));
    await whileAgentRuns(() => scene.velero().until('backups', 'waiting-1', (backup) => backup?.status?.phase === 'Completed'));
    refused.remove();
    assert.equal(refused.struck.length, 1);
    assert.partialDeepStrictEqual(await scene.bucket.json(key('waiting-1', 'velero-backup.json')), { status: { phase: 'Completed' } });
    assert.partialDeepStrictEqual(await companion('waiting-1', 'volumeinfo.json.gz'), [{ result: 'succeeded' }]);
    assert.equal(await inArchive('waiting-1'), null);
    assert.match(scene.velero().lastLines(), /error uploading backup final contents/);
    await scene.restarted(['--features=EnableCSI']);
    await scene.velero().backup('later-1', { includedNamespaces: ['shop'] });
    assert.equal(await inArchive('waiting-1'), null, 'nor does another server');
  });

  const isPutOf = (file: string) => (asked: { readonly method: string; readonly path: string }) =>
    asked.method === 'PUT' && asked.path.endsWith(`/${file}`);
  const putsOf = (file: string) => scene.proxy.requests.filter(isPutOf(file)).length;
});
