import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/snapshot-elsewhere.ts';
import { lookAtVolumes } from '../volume-backup.ts';
import { claim, dataUpload, movedInfo, nativeInfo, nativeSnapshot, operation, snapshotInfo, snapshotObjects } from '../volume-records.ts';

test('snapshots are told by who keeps them, with their handles', async () => {
  const { lines, findings } = await lookAtVolumes(check, {
    objects: [...['shop/a', 'shop/b', 'shop/c'].map((place) => claim(place)), ...snapshotObjects('shop/a'), ...snapshotObjects('shop/b')],
    volumeInfo: [snapshotInfo('shop/a'), snapshotInfo('shop/b', { snapshotHandle: 'snap-2' }), nativeInfo('shop/c')],
    volumeSnapshots: [nativeSnapshot('shop/c')],
  });
  assert.deepEqual(lines, [
    'info ebs.csi.aws.com: the data of 2 claims lies in provider snapshots (ebs.csi.aws.com), not in the bucket: shop/a (snap-0a1b2c3d) and shop/b (snap-2)',
    'info native, in eu-central-1a: the data of 1 claim lies in provider snapshots (native, in eu-central-1a), not in the bucket: shop/c (snap-9f8e)',
  ]);
  assert.equal(findings[0]?.members?.length, 2);
});

test('data that was moved is in the bucket: its snapshot handle is `unknown`', async () => {
  const moved = {
    objects: [claim('shop/db'), dataUpload('shop/db')],
    volumeInfo: [movedInfo('shop/db')],
    itemOperations: [operation('shop/db')],
  };
  const { lines, unknowns } = await lookAtVolumes(check, moved);
  assert.deepEqual([lines, unknowns], [[], []]);
});

test('files that cannot be read leave it unknown', async () => {
  const { lines, unknowns } = await lookAtVolumes(check, { objects: [claim('shop/db')], volumeInfo: 'damaged' });
  assert.deepEqual(lines, []);
  assert.match(unknowns[0]?.reason ?? '', /where the data of its volumes lies is not known/);
});
