/** Rot, hand-made deletions and alien folders in the bucket of a real Velero: what the operation says, and what Velero then does. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startVeleroScene, type VeleroCluster, type VeleroScene } from '../parts/velero-scene.ts';
import { type Verify, verifyBackups } from '../parts/verify-backups.ts';

describe('a damaged location of a real Velero', { timeout: 600_000 }, () => {
  let scene: VeleroScene;
  let other: VeleroCluster;
  const key = (name: string, file: string) => `${scene.prefix}/backups/${name}/${file}`;
  const spoil = async (name: string, change: (archive: Buffer) => Buffer) => {
    await scene.velero().backup(name, { includedNamespaces: ['platform'] });
    await scene.bucket.write(key(name, `${name}.tar.gz`), change(await scene.bucket.read(key(name, `${name}.tar.gz`))));
  };
  const flipped = (archive: Buffer, at: number) => {
    const changed = Buffer.from(archive);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at);
    return changed;
  };
  before(async () => {
    scene = await startVeleroScene();
    await spoil('sound-1', (archive) => archive);
    await spoil('cut-1', (archive) => archive.subarray(0, archive.length / 2));
    await spoil('flipped-1', (archive) => flipped(archive, Math.floor(archive.length / 2)));
    await spoil('checksum-1', (archive) => flipped(archive, archive.length - 8));
    other = await scene.elsewhere(['sound-1', 'cut-1', 'checksum-1']);
  });
  after(() => scene?.stop());

  const verify: Verify = (...asked) => verifyBackups(scene, ...asked);
  const restored = async (backupName: string) => (await other.velero.restore(backupName, { backupName })).status?.phase;

  test('a sound archive: nothing is said, and it is restored', async () => {
    const { said } = await verify([], { named: 'sound-1' });
    assert.equal(said('archive-damaged', 'sound-1'), undefined);
    assert.equal(await restored('sound-1'), 'Completed');
  });

  test('an archive cut at its half: said with its place, and a real restore fails at it', async () => {
    const { code, said } = await verify([], { named: 'cut-1' });
    assert.equal(code, 1);
    assert.partialDeepStrictEqual(said('archive-damaged', 'cut-1'), { severity: 'critical' });
    assert.match(said('archive-damaged', 'cut-1')?.message ?? '', /cut at byte \d+ of the packed file/);
    assert.equal(await restored('cut-1'), 'PartiallyFailed');
  });

  test('one flipped bit in the middle is said', async () => {
    const { said } = await verify([], { named: 'flipped-1' });
    assert.partialDeepStrictEqual(said('archive-damaged', 'flipped-1'), { severity: 'critical' });
  });

  test('a wrong checksum at its end is said, where Velero reads past it and restores as if nothing were wrong', async () => {
    const { said } = await verify([], { named: 'checksum-1' });
    assert.partialDeepStrictEqual(said('archive-damaged', 'checksum-1'), { severity: 'critical' });
    assert.equal(await restored('checksum-1'), 'Completed');
  });

  test('a backup that is gone from the bucket while the cluster lists it: said, until Velero forgets it too', async () => {
    await scene.velero().backup('vanished-1', { includedNamespaces: ['platform'] });
    await scene.velero().stop();
    for (const each of await scene.bucket.keys(key('vanished-1', ''))) await scene.bucket.remove(each);
    const { said } = await verify(['--kubeconfig', await scene.plane.kubeconfig()], { hoursLater: 1 });
    // Its next sync takes the object away without a word.
    const velero = await scene.restarted([]);
    assert.match(said('backup-gone-from-bucket', 'vanished-1')?.message ?? '', /^the cluster lists 1 backup as finished .*: vanished-1$/);
    assert.equal(said('backup-gone-from-bucket', 'sound-1'), undefined);
    await velero.until('backups', 'vanished-1', (backup) => backup === undefined);
  });

  test('an alien folder beside backups/: said beforehand, and Velero refuses the location', async () => {
    assert.equal(
      (await verify()).report.findings.some(({ check }) => check === 'location-folders'),
      false,
    );
    await scene.bucket.write(`${scene.prefix}/reports/latest.json`, '{}');
    const { report } = await verify();
    assert.match(report.findings.find(({ check }) => check === 'location-folders')?.message ?? '', /reports/);
    const velero = scene.velero();
    await velero.until('backupstoragelocations', 'default', (location) => location?.status?.phase === 'Unavailable');
    const { said } = await verify(['--kubeconfig', await scene.plane.kubeconfig()]);
    assert.match(said('location-available', 'default')?.message ?? '', /./);
    const { status } = await velero.restore('refused-1', { backupName: 'sound-1' });
    assert.equal(status?.phase, 'FailedValidation');
  });
});
