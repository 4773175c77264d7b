import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/restic-uploader.ts';
import { lookAtVolumes } from '../volume-backup.ts';
import { claim, dataUpload, movedInfo, operation, podOf, podVolumeBackup, podVolumeInfo, snapshotIds } from '../volume-records.ts';

const db = 'legacy/db';
const restic = {
  objects: [claim(db), podOf('legacy/db-0', 'db')],
  volumeInfo: [podVolumeInfo(db, 'legacy/db-0', { uploaderType: 'restic', snapshotHandle: snapshotIds.restic })],
  podVolumeBackups: [podVolumeBackup(db, 'legacy/db-0', { snapshotID: snapshotIds.restic }, { uploaderType: 'restic' })],
};

test('data that restic wrote needs an old Velero', async () => {
  const { lines, findings } = await lookAtVolumes(check, restic);
  assert.deepEqual(lines, [
    'warning restic: the data of its volumes was written by restic (restic/legacy/), which Velero after 1.18 cannot restore',
  ]);
  assert.deepEqual(findings[0]?.members, [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'legacy', name: 'db' }]);
});

test('before there was a choice it was restic: no field for it', async () => {
  const backup = podVolumeBackup(db, 'legacy/db-0', { snapshotID: snapshotIds.restic }, { uploaderType: undefined });
  const old = { ...restic, volumeInfo: 'absent' as const, podVolumeBackups: [backup] };
  assert.equal((await lookAtVolumes(check, old)).lines.length, 1);
});

test('kopia, and a restic backup that failed, are nothing to say of', async () => {
  const kopia = { objects: [claim(db), dataUpload(db)], volumeInfo: [movedInfo(db)], itemOperations: [operation(db)] };
  assert.deepEqual((await lookAtVolumes(check, kopia)).lines, []);
  const failed = podVolumeBackup(db, 'legacy/db-0', { phase: 'Failed', snapshotID: undefined }, { uploaderType: 'restic' });
  assert.deepEqual((await lookAtVolumes(check, { ...restic, podVolumeBackups: [failed] })).lines, []);
});

test('files that cannot be read leave it unknown', async () => {
  const { lines, unknowns } = await lookAtVolumes(check, { ...restic, podVolumeBackups: 'damaged' });
  assert.deepEqual(lines, []);
  assert.match(unknowns[0]?.reason ?? '', /what wrote the data of its volumes is not known: .*podvolumebackups/);
});
