import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/repository-password.ts';
import { manifest } from '../archive-of.ts';
import { lookAtVolumes, type VolumeRun } from '../volume-backup.ts';
import { claim, dataUpload, movedInfo, operation, podOf, podVolumeBackup, snapshotInfo } from '../volume-records.ts';

const db = 'shop/db';
const moved: VolumeRun = { objects: [claim(db), dataUpload(db)], volumeInfo: [movedInfo(db)], itemOperations: [operation(db)] };
const data = { 'repository-password': Buffer.from('correct horse').toString('base64') };
const secret = (place: string) => manifest('v1', 'Secret', place, { type: 'Opaque', data });

test('moved data without the Secret of its password: it belongs into the recovery kit', async () => {
  const { findings, unknowns } = await lookAtVolumes(check, moved);
  assert.deepEqual(unknowns, []);
  assert.equal(findings[0]?.severity, 'warning');
  assert.equal(findings[0]?.message, 'the data of its volumes needs the Secret velero/velero-repo-credentials, which is not in the backup');
  assert.match(findings[0]?.remedy ?? '', /^keep it outside the cluster: kubectl -n velero get secret velero-repo-credentials -o yaml/);
});

test('it is in the backup, or kept elsewhere: nothing but evidence, and never its content', async () => {
  const inIt = await lookAtVolumes(check, { ...moved, objects: [...moved.objects, secret('velero/velero-repo-credentials')] });
  assert.deepEqual([inIt.lines, inIt.unknowns], [[], []]);
  assert.deepEqual(inIt.proved, ['the password of its repositories is in it (the Secret velero/velero-repo-credentials)']);
  assert.doesNotMatch(JSON.stringify(inIt), /correct horse|Y29ycmVjd/);
  assert.deepEqual((await lookAtVolumes(check, { ...moved, options: { inRecoveryKit: true } })).lines, []);
});

test('a Secret of that name in another namespace opens nothing', async () => {
  const { lines } = await lookAtVolumes(check, { ...moved, objects: [...moved.objects, secret('shop/velero-repo-credentials')] });
  assert.equal(lines.length, 1);
});

test('Velero runs where velero-backup.json says', async () => {
  const objects = [...moved.objects, secret('backup-system/velero-repo-credentials')];
  assert.deepEqual((await lookAtVolumes(check, { ...moved, objects, metadata: { namespace: 'backup-system' } })).lines, []);
});

test('no data in a repository needs no password', async () => {
  const { lines, unknowns } = await lookAtVolumes(check, { objects: [claim(db)], volumeInfo: [snapshotInfo(db)] });
  assert.deepEqual([lines, unknowns], [[], []]);
});

test('volumes that are no claims need it too', async () => {
  const emptyDir = { objects: [podOf('shop/web-0', 'none')], podVolumeBackups: [podVolumeBackup(undefined, 'shop/web-0')] };
  assert.equal((await lookAtVolumes(check, emptyDir)).lines.length, 1);
});

test('what was not seen to its end, or cannot be read, is unknown', async () => {
  const cut = await lookAtVolumes(check, { ...moved, whole: false });
  assert.deepEqual([cut.lines, cut.unknowns.length], [[], 1]);
  const damaged = await lookAtVolumes(check, { objects: [claim(db)], volumeInfo: 'damaged', podVolumeBackups: 'damaged' });
  assert.deepEqual(damaged.lines, []);
  assert.match(damaged.unknowns[0]?.reason ?? '', /whether the Secret velero\/velero-repo-credentials is needed is not known/);
});
