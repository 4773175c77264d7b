/** What the checks of volumes say of backups that a real Velero made, of a StatefulSet with a volume of EBS. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Enabled, lookIntoArchive } from '../../../functions/backup-verification/archives.ts';
import repositoryMaintenance from '../../../functions/backup-verification/checks/repository-maintenance.ts';
import repositoryPassword from '../../../functions/backup-verification/checks/repository-password.ts';
import snapshotElsewhere from '../../../functions/backup-verification/checks/snapshot-elsewhere.ts';
import volumeData from '../../../functions/backup-verification/checks/volume-data.ts';
import volumeRepository from '../../../functions/backup-verification/checks/volume-repository.ts';
import type { ArchiveCheck, LocationFacts, OperationCheck } from '../../../functions/backup-verification/contracts.ts';
import { readInventory } from '../../../functions/velero/inventory/read-inventory.ts';
import { backupRepositories, backupStorageLocations } from '../../../functions/velero/kinds.ts';
import { readClusterFacts } from '../../../functions/velero/read-cluster-facts.ts';
import { factsOf, lookAt } from '../../backup-verification/look-at.ts';
import { memoryObjectStore } from '../../velero/memory-object-store.ts';
import { sourceOf } from '../checks/live-scan.ts';
import { startNodeAgent } from '../parts/velero-node-agent.ts';
import { startVeleroScene, type VeleroScene } from '../parts/velero-scene.ts';
import { installSnapshots, startSnapshotController } from '../parts/velero-snapshots.ts';

const enabled = (check: OperationCheck): Enabled<ArchiveCheck> => {
  assert.ok('start' in check);
  return { check, options: check.options.parse({}) };
};
const checks = [volumeData, volumeRepository, repositoryPassword, snapshotElsewhere].map(enabled);

const files = { 'dump.sql': 'select 1;\n'.repeat(1000) };

describe('volumes in backups of a real Velero', { timeout: 600_000 }, () => {
  let scene: VeleroScene;
  before(async () => {
    scene = await startVeleroScene();
  });
  after(() => scene?.stop());

  /** The bucket as it is now, but for the keys that `left` leaves out. */
  const locationNow = async (left: RegExp): Promise<LocationFacts> => {
    const files: Record<string, Uint8Array> = {};
    for (const key of await scene.bucket.keys(`${scene.prefix}/`)) {
      const below = key.slice(scene.prefix.length + 1);
      if (!left.test(below)) files[below] = await scene.bucket.read(key);
    }
    const store = memoryObjectStore(files, { lastModified: Date.now() });
    const { backups } = await readInventory(store, { known: undefined, signal: AbortSignal.timeout(60_000) });
    return factsOf(backups, { store });
  };
  const look = async (name: string, left = /^$/) => {
    const location = await locationNow(left);
    const backup = location.backups.find((each) => each.name === name);
    assert.ok(backup, name);
    const request = { level: 'restorability', namespaceMapping: {} } as const;
    const voice = { location, request, now: Date.now(), memory: {}, subjectPrefix: '', signal: AbortSignal.timeout(60_000) };
    const done = await lookIntoArchive(backup, checks, voice);
    assert.ok(done);
    const { findings, unknowns, marks } = done.said;
    return {
      lines: findings.map(({ observer, severity, message }) => `${observer} ${severity}: ${message}`),
      proved: marks.filter(({ verdict }) => verdict === 'ok').map(({ what }) => what),
      unknowns,
    };
  };

  const data = { includedNamespaces: ['data'] };
  const byFiles = { ...data, defaultVolumesToFsBackup: true, snapshotVolumes: false };
  const secret = 'the Secret velero/velero-repo-credentials';
  const needsPassword = `repository-password warning: the data of its volumes needs ${secret}, which is not in the backup`;

  test('a snapshot of EBS is data, outside the bucket', async () => {
    await scene.velero().backup('native-1', data);
    const { lines, proved, unknowns } = await look('native-1');
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(
      lines[0] ?? '',
      /^snapshot-elsewhere info: the data of 1 claim lies in provider snapshots \(native, in eu-central-1a\), .*: data\/data-postgres-0 \(snap-/,
    );
    assert.equal(proved[0], '1 claim: 1 in snapshots outside the bucket');
    assert.deepEqual(unknowns, []);
  });

  test('no snapshots and no file-system backup: Completed, and without the data', async () => {
    assert.equal((await scene.velero().backup('none-1', { ...data, snapshotVolumes: false })).status?.phase, 'Completed');
    const { lines } = await look('none-1');
    // Velero says so of every volume, whether or not there is an annotation.
    assert.match(
      lines.join(),
      /^volume-data warning: .*takes no snapshots.*: data\/data-postgres-0 \(podvolume: opted out due to annotation in pod postgres-0; /,
    );
  });

  test('what Velero could not do nobody asked for', async () => {
    assert.equal((await scene.velero().backup('no-agent-1', byFiles)).status?.phase, 'PartiallyFailed');
    assert.match(
      (await look('no-agent-1')).lines.join(),
      /^volume-data critical: .*left out by Velero, though nobody asked for that: .*node-1/,
    );
  });

  test('a file-system backup is in a kopia repository, whose password is to be kept', async () => {
    const agent = await startNodeAgent(scene.plane, { files });
    try {
      await scene.velero().backup('moved-1', byFiles);
      await scene.velero().backup('moved-2', { ...byFiles, includedNamespaces: ['data', 'velero'] });
    } finally {
      await agent.stop();
    }
    const moved = await look('moved-1');
    assert.deepEqual([moved.lines, moved.unknowns], [[needsPassword], []]);
    assert.equal(moved.proved[0], '1 claim: 1 moved into the bucket');
    assert.match(moved.proved[1] ?? '', /^kopia\/data\/ is whole by its listing \(\d+ objects, last written/);
    const whole = await look('moved-2');
    assert.deepEqual([whole.lines, whole.unknowns], [[], []]);
    assert.equal(whole.proved.at(-1), `the password of its repositories is in it (${secret})`);
    for (const [left, fault] of [
      [/^kopia\//, /the repository with the data of its volumes is not in the bucket: kopia\/data\/$/],
      [/^kopia\/data\/q/, /kopia\/data\/ has no q blob/],
      [/^kopia\/data\/x/, /kopia\/data\/ has no index blob/],
      [/kopia\.repository$/, /kopia\/data\/kopia\.repository is missing/],
      [/-podvolumebackups\.json\.gz$/, /its PodVolumeBackup is missing in podvolumebackups/],
    ] as const) {
      const [first = ''] = (await look('moved-2', left)).lines;
      assert.match(first, / critical: /);
      assert.match(first, fault);
    }
  });

  test('CSI snapshots stay where they are, or are moved by a DataUpload that the archive has', async () => {
    await installSnapshots(scene.plane);
    await scene.restarted(['--features=EnableCSI']);
    const snapshots = startSnapshotController(scene.plane);
    const agent = await startNodeAgent(scene.plane, { files });
    try {
      await scene.velero().backup('csi-1', data);
      await scene.velero().backup('csi-moved-1', { ...data, snapshotMoveData: true });
    } finally {
      await agent.stop();
      await snapshots.stop();
    }
    const { lines: stays, proved } = await look('csi-1');
    assert.match(stays.join(), /^snapshot-elsewhere info: .*\(ebs\.csi\.aws\.com\), .*: data\/data-postgres-0 \(snap-[0-9a-f]{8}\)$/);
    assert.equal(proved[0], '1 claim: 1 in snapshots outside the bucket');
    const moved = await look('csi-moved-1');
    assert.deepEqual([moved.lines, moved.unknowns], [[needsPassword], []]);
    assert.equal(moved.proved[0], '1 claim: 1 moved into the bucket');
    assert.match(
      (await look('csi-moved-1', /^kopia\//)).lines[0] ?? '',
      /^volume-repository critical: .*not in the bucket: kopia\/data\/$/,
    );
  });

  test('the repository is Ready and was maintained when it was made', async () => {
    const source = await sourceOf(scene.plane);
    try {
      const cluster = await readClusterFacts(source, [backupRepositories, backupStorageLocations], AbortSignal.timeout(30_000));
      const facts = factsOf([], { name: `s3://${scene.bucket.name}/${scene.prefix}`, cluster });
      assert.equal(cluster.of(backupRepositories).state, 'read');
      assert.deepEqual((await lookAt(repositoryMaintenance, facts, { clock: Date.now() })).lines, []);
      const later = await lookAt(repositoryMaintenance, facts, { clock: Date.now() + 3 * 86_400_000 });
      assert.match(later.lines.join(), /^warning stale: its last maintenance was 3 days ago/);
    } finally {
      await source.close();
    }
  });
});
