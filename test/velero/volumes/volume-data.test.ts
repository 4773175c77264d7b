import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Companion, PodVolumeBackup, VolumeInfo } from '../../../functions/velero/companions/companion-files.ts';
import { type VolumeVerdict, volumeVerdicts } from '../../../functions/velero/volumes/volume-data.ts';
import { volumeObjectCollector } from '../../../functions/velero/volumes/volume-objects.ts';
import { archived, type Manifest, manifest } from '../../backup-verification/archive-of.ts';
import { backupName, claim, dataUpload, podOf, snapshotObjects } from '../../backup-verification/volume-records.ts';
import fc from '../../fuzz.ts';

const read = <T>(value: readonly T[]): Companion<readonly T[]> => ({ state: 'read', value });
interface Given {
  readonly objects: readonly Manifest[];
  readonly infos?: readonly VolumeInfo[];
  readonly podVolumeBackups?: readonly PodVolumeBackup[];
  readonly whole?: boolean;
  readonly backup?: string;
}
const judge = ({ objects, infos = [], podVolumeBackups = [], whole = true, backup = 'nightly-1' }: Given) => {
  const collector = volumeObjectCollector();
  for (const object of objects.map(archived)) collector.see(object);
  return volumeVerdicts({
    backup,
    objects: collector.objects(),
    whole,
    volumeInfo: read(infos),
    podVolumeBackups: read(podVolumeBackups),
    volumeSnapshots: read([]),
    itemOperations: read([]),
  });
};
const verdictOf = (given: Given): VolumeVerdict | undefined => judge(given)[0]?.verdict;

test('every claim of the archive gets one verdict, by namespace and name, whatever the order', () => {
  const objects = ['b/one', 'a/two', 'a/one'].map((place) => claim(place));
  fc.assert(
    fc.property(fc.shuffledSubarray([...objects], { minLength: 3 }), (some) => {
      const names = judge({ objects: some }).map(({ claim: { namespace, name } }) => `${namespace}/${name}`);
      assert.deepEqual(names, ['a/one', 'a/two', 'b/one']);
    }),
  );
});

test('of several records of one claim the best counts: a copy that failed beside one that is there', () => {
  const failed: VolumeInfo = {
    pvcNamespace: 'shop',
    pvcName: 'db',
    backupMethod: 'PodVolumeBackup',
    snapshotDataMoved: false,
    skipped: false,
    result: 'failed',
    podVolume: { phase: 'Failed' },
  };
  const snapshot: VolumeInfo = {
    pvcNamespace: 'shop',
    pvcName: 'db',
    backupMethod: 'CSISnapshot',
    snapshotDataMoved: false,
    skipped: false,
    csi: { snapshotHandle: 'snap-1', driver: 'ebs.csi.aws.com' },
  };
  const objects = [claim('shop/db'), ...snapshotObjects('shop/db')];
  assert.equal(verdictOf({ objects, infos: [failed, snapshot], backup: backupName })?.state, 'snapshot');
  assert.equal(verdictOf({ objects: [claim('shop/db')], infos: [failed] })?.state, 'failed');
});

test('a claim of the same name in another namespace is another claim', () => {
  const backup: PodVolumeBackup = {
    name: 'b',
    podNamespace: 'shop',
    podName: 'db-0',
    volume: 'data',
    phase: 'Completed',
    snapshotId: '1a2b3c4d',
  };
  const objects = [claim('shop/db'), claim('data/db'), podOf('shop/db-0', 'db'), podOf('data/db-0', 'db')];
  const states = judge({ objects, podVolumeBackups: [backup] }).map(({ claim: { namespace }, verdict }) => [namespace, verdict.state]);
  assert.deepEqual(states, [
    ['data', 'none'],
    ['shop', 'moved'],
  ]);
});

test('where another data mover has the data, or restic elsewhere, no repository is claimed', () => {
  const upload = dataUpload('shop/db', {}, { datamover: 'acme' }, { labels: { 'velero.io/backup-name': 'nightly-1' } });
  const moved = verdictOf({ objects: [claim('shop/db'), upload] });
  assert.ok(moved?.state === 'moved');
  assert.deepEqual([moved.repository, moved.dataMover], [undefined, 'acme']);
  const backup: PodVolumeBackup = {
    name: 'b',
    podNamespace: 'shop',
    podName: 'db-0',
    volume: 'data',
    phase: 'Completed',
    snapshotId: '1a2b3c4d',
  };
  const at = (repoIdentifier: string) =>
    verdictOf({ objects: [claim('shop/db'), podOf('shop/db-0', 'db')], podVolumeBackups: [{ ...backup, repoIdentifier }] });
  const here = at('s3:s3-eu-central-1.amazonaws.com/velero/prod/restic/shop');
  const there = at('s3:s3-eu-central-1.amazonaws.com/velero/else/shop');
  assert.ok(here?.state === 'moved' && there?.state === 'moved');
  assert.deepEqual(here.repository, { type: 'restic', namespace: 'shop' });
  assert.equal(there.repository, undefined);
});

test('odd objects never throw, and never become data', () => {
  const odd: fc.Arbitrary<unknown> = fc.oneof(fc.constantFrom(null, '', 7, true, [], {}, [null]), fc.jsonValue({ maxDepth: 2 }));
  const kinds = ['PersistentVolumeClaim', 'PersistentVolume', 'Pod', 'DataUpload', 'VolumeSnapshot', 'VolumeSnapshotContent'] as const;
  const groups = {
    DataUpload: 'velero.io/v2alpha1',
    VolumeSnapshot: 'snapshot.storage.k8s.io/v1',
    VolumeSnapshotContent: 'snapshot.storage.k8s.io/v1',
  };
  const objects = fc.array(
    fc
      .record({ kind: fc.constantFrom(...kinds), spec: odd, status: odd, labels: odd })
      .map(({ kind, spec, status, labels }) =>
        manifest(kind in groups ? groups[kind as keyof typeof groups] : 'v1', kind, 'shop/x', { spec, status, metadata: { labels } }),
      ),
  );
  fc.assert(
    fc.property(objects, (some) => {
      for (const { verdict } of judge({ objects: some })) assert.ok(!['moved', 'snapshot'].includes(verdict.state), verdict.state);
    }),
  );
});
