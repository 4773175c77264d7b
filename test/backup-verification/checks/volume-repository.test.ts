import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/volume-repository.ts';
import type { BucketFacts } from '../../../functions/velero/bucket/bucket-facts.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { bucketOf } from '../sample-bucket.ts';
import { now } from '../sample-location.ts';
import { lookAtVolumes, type VolumeRun } from '../volume-backup.ts';
import {
  claim,
  dataUpload,
  movedInfo,
  operation,
  podOf,
  podVolumeBackup,
  podVolumeInfo,
  repositoryFiles,
  snapshotIds,
  snapshotInfo,
} from '../volume-records.ts';

const db = 'shop/db';
const moved: VolumeRun = {
  objects: [claim(db), podOf('shop/db-0', 'db'), dataUpload(db)],
  volumeInfo: [movedInfo(db)],
  itemOperations: [operation(db)],
};
const legacy: VolumeRun = {
  objects: [claim('legacy/db'), podOf('legacy/db-0', 'db')],
  volumeInfo: [podVolumeInfo('legacy/db', 'legacy/db-0', { uploaderType: 'restic', snapshotHandle: snapshotIds.restic })],
  podVolumeBackups: [
    podVolumeBackup(
      'legacy/db',
      'legacy/db-0',
      { snapshotID: snapshotIds.restic },
      { uploaderType: 'restic', repoIdentifier: 's3:host/velero/restic/legacy' },
    ),
  ],
};
const without = (pattern: RegExp) => Object.fromEntries(Object.entries(repositoryFiles).filter(([key]) => !pattern.test(key)));
const emptied = (pattern: RegExp) =>
  Object.fromEntries(Object.entries(repositoryFiles).map(([key, content]) => [key, pattern.test(key) ? '' : content]));

const proved = async (run: VolumeRun): Promise<readonly string[]> => {
  const { lines, unknowns, proved: what } = await lookAtVolumes(check, run);
  assert.deepEqual([lines, unknowns], [[], []]);
  return what;
};
const one = async (run: VolumeRun): Promise<string> => {
  const { lines, unknowns } = await lookAtVolumes(check, run);
  assert.deepEqual(unknowns, []);
  assert.equal(lines.length, 1, lines.join('\n'));
  return lines[0] ?? '';
};

test('genuine repositories are whole, and it is said what a listing proves', async () => {
  assert.deepEqual(await proved(moved), ['kopia/shop/ is whole by its listing (14 objects, last written 0 seconds ago)']);
  assert.deepEqual(await proved(legacy), ['restic/legacy/ is whole by its listing and has all 1 snapshots by name']);
});

test('a repository that was maintained and shrank, or was not written this night, is none that is damaged', async () => {
  const old = { lastModified: now - 90 * 86_400_000 };
  assert.deepEqual(await proved({ ...moved, store: old }), ['kopia/shop/ is whole by its listing (14 objects)']);
  await proved({ ...moved, files: without(/_log_|kopia\.maintenance|udmrepo/) });
});

test('without a data pack the files of volumes that held bytes are gone; folders and empty files need none', async () => {
  const files = without(/kopia\/shop\/p/);
  assert.match(await one({ ...moved, files }), /^critical kopia\/shop\/: .* kopia\/shop\/ has no p blob: .* moved 2260 bytes$/);
  const nothing = dataUpload(db, { progress: { bytesDone: 0, totalBytes: 0 } });
  await proved({ ...moved, objects: [...moved.objects.filter(({ kind }) => kind !== 'DataUpload'), nothing], files });
});

test('a repository that is gone is an error, and one finding however many are', async () => {
  assert.match(
    await one({ ...moved, files: {} }),
    /^critical missing: the repository with the data of its volumes is not in the bucket: kopia\/shop\/$/,
  );
  const places = Array.from({ length: 30 }, (_, index) => `ns-${index}/db`);
  const line = await one({
    objects: places
      .flatMap((place) => [
        claim(place),
        dataUpload(place, {}, {}, { name: 'x', labels: { 'velero.io/backup-name': 'nightly-20261124010000' } }),
      ])
      .map((object, index) =>
        object.kind === 'DataUpload' ? { ...object, metadata: { ...object.metadata, name: `du-${index}` } } : object,
      ),
    volumeInfo: places.map((place) => movedInfo(place)),
    files: {},
  });
  assert.match(line, /^critical missing: 30 repositories with the data of its volumes are not in the bucket: .* and 27 more$/);
});

test('each thing that kopia cannot do without is named where it lacks', async () => {
  const damaged = (files: Readonly<Record<string, Uint8Array | string>>) => one({ ...moved, files });
  assert.match(await damaged(without(/kopia\.repository$/)), /^critical kopia\/shop\/: .*kopia\/shop\/kopia\.repository is missing/);
  assert.match(await damaged(without(/kopia\/shop\/q/)), /kopia\/shop\/ has no q blob/);
  assert.match(await damaged(without(/kopia\/shop\/x/)), /has no index blob/);
  assert.match(await damaged(emptied(/kopia\/shop\/p/)), /1 of its objects have no bytes: kopia\/shop\/p/);
  const format = 'kopia/shop/kopia.repository';
  assert.match(await damaged({ ...repositoryFiles, [format]: '<html>' }), /kopia\.repository is not JSON/);
  const other = { ...repositoryFiles, 'kopia/shop/udmrepo.Repository': '{"uniqueID":"YW5vdGhlcg=="}' };
  assert.match(await damaged(other), /udmrepo\.Repository belongs to repository YW5vdGhlcg==, kopia\.repository to /);
  assert.match(await damaged(without(/blobcfg/)), /^warning kopia\/shop\/: kopia\/shop\/kopia\.blobcfg is missing/);
});

test('each thing that restic cannot do without is named where it lacks', async () => {
  const damaged = (files: Readonly<Record<string, Uint8Array | string>>) => one({ ...legacy, files });
  assert.match(await damaged(without(/legacy\/config$/)), /^critical restic\/legacy\/: .*restic\/legacy\/config is missing/);
  assert.match(await damaged(without(/legacy\/keys/)), /keys\/ is empty/);
  assert.match(await damaged(without(/legacy\/index/)), /index\/ is empty/);
  assert.match(await damaged(without(/legacy\/data/)), /data\/ is empty/);
  assert.match(
    await damaged(without(/legacy\/snapshots/)),
    new RegExp(`1 of 1 claimed snapshots are not in restic/legacy/snapshots/: ${snapshotIds.restic}`),
  );
  assert.match(await damaged(emptied(/legacy\/index\//)), /1 of its objects have no bytes: restic\/legacy\/index\//);
});

test('volumes that are no claims have their repository too', async () => {
  const emptyDir = { objects: [podOf('shop/web-0', 'none')], podVolumeBackups: [podVolumeBackup(undefined, 'shop/web-0')] };
  assert.match(await one({ ...emptyDir, files: {} }), /kopia\/shop\/$/);
});

test('nothing is claimed of a repository: none is looked at', async () => {
  const { lines, unknowns, requests } = await lookAtVolumes(check, { objects: [claim(db)], volumeInfo: [snapshotInfo(db)], files: {} });
  assert.deepEqual([lines, unknowns], [[], []]);
  assert.equal(
    requests.some((request) => request.includes('kopia')),
    false,
  );
  const empty = dataUpload(db, { snapshotID: undefined, message: 'volume was empty so no data was upload' });
  assert.deepEqual(
    await proved({ ...moved, objects: [claim(db), empty], volumeInfo: [movedInfo(db, { snapshotHandle: '' })], files: {} }),
    [],
  );
});

test('a delete marker that hides it is told, with what to do', async () => {
  const hidden: BucketFacts = {
    ...bucketOf(),
    previousVersion: async (key) =>
      key === 'kopia/shop/kopia.repository'
        ? { state: 'set', value: { versionId: 'v1', markerVersionId: 'm1', lastModified: '2026-11-23T01:00:00Z', size: 1087 } }
        : { state: 'unset' },
  };
  for (const files of [{}, without(/kopia\.repository/)]) {
    const { findings } = await lookAtVolumes(check, { ...moved, files, bucket: hidden });
    assert.match(findings[0]?.message ?? '', /kopia\/shop\/kopia\.repository is still there behind a delete marker \(version v1\)/);
    assert.match(findings[0]?.remedy ?? '', /delete the delete markers/);
  }
});

test('what is denied, archived or out of time is unknown', async () => {
  const unknown = async (run: VolumeRun): Promise<string> => {
    const { lines, unknowns, proved: what } = await lookAtVolumes(check, { ...moved, ...run });
    assert.deepEqual([lines, what], [[], []]);
    return unknowns.map(({ reason }) => reason).join('; ');
  };
  const fault = (key: string, error: StoreError) => ({ store: { lastModified: now, faults: { [key]: () => error } } });
  const denied = new StoreError('denied', 's3:ListBucket is denied', 'allow it');
  assert.match(
    await unknown({ ...moved, ...fault('kopia/shop/', denied) }),
    /kopia\/shop\/ could not be looked at: s3:ListBucket is denied/,
  );
  assert.match(await unknown({ ...moved, ...fault('kopia/shop/kopia.repository', denied) }), /s3:ListBucket is denied/);
  const [pack = ''] = Object.keys(repositoryFiles).filter((key) => key.startsWith('kopia/shop/p'));
  assert.match(await unknown({ ...moved, store: { storageClass: { [pack]: 'GLACIER' } } }), /1 objects of kopia\/shop\/ are archived/);
  const { unknowns, lines } = await lookAtVolumes(check, { objects: [claim(db)], volumeInfo: 'damaged', files: {} });
  assert.deepEqual(lines, []);
  assert.match(unknowns[0]?.reason ?? '', /which repositories have the data of its volumes is not known/);
});

test('another data mover keeps its data where nobody can look', async () => {
  const objects = [claim(db), dataUpload(db, {}, { datamover: 'acme' })];
  const { lines, unknowns } = await lookAtVolumes(check, { ...moved, objects, files: {} });
  assert.deepEqual(lines, []);
  assert.match(unknowns[0]?.reason ?? '', /shop\/db was moved by acme/);
});
