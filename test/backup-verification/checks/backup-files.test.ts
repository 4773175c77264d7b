import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-files.ts';
import type { Backup, BackupMetadata } from '../../../functions/velero/backup.ts';
import { type BackupFileKind, backupKey } from '../../../functions/velero/layout.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf, metadataOf } from '../sample-location.ts';

/** What each version wrote beside velero-backup.json, as PutBackup at its tag has it. */
const v15: readonly BackupFileKind[] = [
  'contents',
  'logs',
  'podVolumeBackups',
  'volumeSnapshots',
  'resourceList',
  'csiVolumeSnapshots',
  'csiVolumeSnapshotContents',
];
const v110: readonly BackupFileKind[] = [...v15, 'csiVolumeSnapshotClasses', 'itemSnapshots', 'results'];
const v112: readonly BackupFileKind[] = [...v15, 'csiVolumeSnapshotClasses', 'results', 'itemOperations'];
const v116: readonly BackupFileKind[] = [...v112, 'volumeInfo'];
const v118: readonly BackupFileKind[] = [
  'contents',
  'logs',
  'podVolumeBackups',
  'volumeSnapshots',
  'resourceList',
  'results',
  'itemOperations',
  'volumeInfo',
];

const withFiles = (backup: Backup, kinds: readonly BackupFileKind[], empty: readonly BackupFileKind[] = []): Backup => {
  const file = (kind: BackupFileKind) => ({
    key: backupKey(backup.name, kind),
    size: empty.includes(kind) ? 0 : 100,
    etag: kind,
    lastModified: backup.lastModified,
  });
  return { ...backup, files: Object.fromEntries([...new Set<BackupFileKind>(['metadata', ...kinds])].map((kind) => [kind, file(kind)])) };
};
const nightly = (name: string, hoursAgo: number, kinds = v118, more: Partial<BackupMetadata> = {}, empty: readonly BackupFileKind[] = []) =>
  withFiles(backupOf(name, hoursAgo, { schedule: 'nightly', ...more }), kinds, empty);
const without = (...kinds: readonly BackupFileKind[]) => v118.filter((kind) => !kinds.includes(kind));
const looked = (...backups: readonly Backup[]) => lookAt(check, factsOf(backups));

test('Completed without its tarball: a delete was interrupted', async () => {
  const { lines, rows, findings } = await looked(nightly('n-2', 2, without('contents')), nightly('n-1', 26));
  assert.deepEqual(lines, [
    'critical contents: n-2 is Completed, but its tarball is gone: backups/n-2/n-2.tar.gz; a delete was interrupted, or somebody deleted it',
  ]);
  assert.deepEqual([findings[0]?.object.kind, findings[0]?.object.name], ['Schedule', 'nightly']);
  assert.match(rows[0] ?? '', /^n-2 error: /);
});

test('a tarball of no bytes, and one that was left under another name', async () => {
  assert.match(
    (await looked(nightly('n-2', 2, v118, {}, ['contents']))).lines[0] ?? '',
    /^critical contents: n-2 is Completed, but its tarball is empty: /,
  );
  const renamed: Backup = {
    ...nightly('n-2', 2, without('contents')),
    strangers: [{ key: 'backups/n-2/n-1.tar.gz', size: 5, etag: '', lastModified: 0 }],
  };
  assert.match((await looked(renamed)).lines[0] ?? '', /there is backups\/n-2\/n-1.tar.gz, which Velero does not look at/);
});

test('an older backup without its tarball is history, and its row says so', async () => {
  const { lines, rows } = await looked(nightly('n-2', 2), nightly('n-1', 26, without('contents')));
  assert.deepEqual(lines, []);
  assert.ok(rows.some((row) => row.startsWith('n-1 error: is Completed, but its tarball is gone')));
});

test('a failed one may have no tarball', async () => {
  assert.deepEqual((await looked(nightly('n-1', 2, ['logs'], { phase: 'Failed' }))).lines, []);
});

test('killed during the upload: Finalizing without a tarball; one that is being uploaded is left alone', async () => {
  const killed = await looked(nightly('n-1', 4, ['logs'], { phase: 'Finalizing' }));
  assert.deepEqual(killed.lines, [
    'warning contents: n-1 has no tarball 3 hours after its velero-backup.json was written: the upload was cut off, expected backups/n-1/n-1.tar.gz',
  ]);
  assert.deepEqual((await looked(nightly('n-1', 1.5, ['logs'], { phase: 'Finalizing' }))).lines, []);
  assert.deepEqual((await looked(nightly('n-1', 4, v118, { phase: 'WaitingForPluginOperations' }))).lines, []);
});

test('no alarm: what each version of Velero wrote is whole', async () => {
  for (const kinds of [v15, v110, v112, v116, v118]) {
    const { lines, rows } = await looked(nightly('n-1', 2, kinds));
    assert.deepEqual([lines, rows.length], [[], 1]);
  }
  // Logs are uploaded as well as it goes.
  assert.deepEqual((await looked(nightly('n-1', 2, without('logs')))).lines, []);
});

test('no alarm: older backups that an older version wrote, beside newer ones', async () => {
  const { alarms, rows } = await looked(nightly('n-3', 2, v118), nightly('n-2', 26, v112), nightly('n-1', 50, v15));
  assert.deepEqual([alarms, rows.filter((row) => !row.includes(' ok: '))], [[], []]);
});

test('each companion that is missing is named: by what the others of its version are', async () => {
  for (const kind of ['podVolumeBackups', 'volumeSnapshots', 'resourceList', 'results', 'itemOperations'] as const) {
    const { lines } = await looked(nightly('n-1', 2, without(kind)));
    assert.match(
      lines[0] ?? '',
      new RegExp(`^warning missing: n-1 has missing files that its version of Velero wrote: ${backupKey('n-1', kind)}`),
      kind,
    );
  }
});

test('the last that came to stay is missed by an older backup that has it, or by what only 1.17 adds to the specification', async () => {
  const gone = without('volumeInfo');
  assert.deepEqual((await looked(nightly('n-1', 2, gone))).alarms, []);
  assert.match(
    (await looked(nightly('n-2', 2, gone), nightly('n-1', 26))).alarms[0] ?? '',
    /backups\/n-2\/n-2-volumeinfo.json.gz; a restore into another cluster/,
  );
  const { spec } = metadataOf('x', 0);
  const of118 = { spec: { ...spec, excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'] } };
  assert.match((await looked(nightly('n-1', 2, gone, of118))).alarms[0] ?? '', /n-1-volumeinfo.json.gz/);
});

test('no alarm: Velero was set back to an older version; and only since 1.17 a specification tells its version', async () => {
  const back = await looked(nightly('n-4', 2, v112), nightly('n-3', 26, v112), nightly('n-2', 50, v116), nightly('n-1', 74, v116));
  assert.deepEqual([back.alarms, back.rows.filter((row) => !row.includes(' ok: '))], [[], []]);
  const { spec } = metadataOf('x', 0);
  const byHand = { spec: { ...spec, excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'] } };
  assert.deepEqual((await looked(nightly('n-1', 2, v112, byHand))).alarms, []);
});

test('no alarm: one by hand that expired, whose delete was interrupted; until then it is one', async () => {
  const byHand = (expiresIn: number) =>
    withFiles(backupOf('b', 900, { expiration: new Date(Date.now() + expiresIn).toISOString() }), without('contents'));
  const expired = backupOf('b', 900);
  const { lines, rows } = await looked(withFiles(expired, without('contents')));
  assert.deepEqual([lines, rows.length], [[], 1]);
  assert.equal((await looked(byHand(1e12))).alarms.length, 1);
  // What is whole may be all that is left of a cluster that is gone: what is wrong with it is told.
  assert.equal((await looked(withFiles(expired, without('results')))).alarms.length, 1);
});

test('the list of native snapshots is missing where there were some: volumes would not be restored', async () => {
  const { lines } = await looked(nightly('n-1', 2, without('volumeSnapshots'), { volumeSnapshotsAttempted: 2 }));
  assert.match(lines[0] ?? '', /^critical missing: .*n-1-volumesnapshots.json.gz; a restore takes that for no volumes at all$/);
});

test('each companion of no bytes: damage that a restore stops at, or not', async () => {
  for (const kind of v116.filter((each) => each !== 'contents')) {
    const grave = ['volumeSnapshots', 'csiVolumeSnapshots', 'volumeInfo'].includes(kind);
    const { lines } = await looked(nightly('n-1', 2, v116, {}, [kind]));
    assert.match(
      lines[0] ?? '',
      new RegExp(`^${grave ? 'critical' : 'warning'} empty: n-1 has empty files .*${backupKey('n-1', kind)}`),
      kind,
    );
  }
});

test('another backup’s velero-backup.json; one that came from another cluster is fine', async () => {
  const { lines } = await looked(withFiles(backupOf('copy', 2, { name: 'original' }), v118));
  assert.deepEqual(lines, [
    'critical name: holds the velero-backup.json of another backup, original: Velero would look for its files in backups/original/',
  ]);
  const { spec } = metadataOf('x', 0);
  const moved = backupOf('b', 2, { namespace: 'velero-dr', spec: { ...spec, storageLocation: 'other-bsl' } });
  assert.deepEqual((await looked(withFiles(moved, v118))).lines, []);
});

test('archived: unknown, not gone; classes that can be read are fine', async () => {
  const inClass = (storageClass: string, hoursAgo = 2): Backup => {
    const backup = nightly(`n-${hoursAgo}`, hoursAgo);
    const { contents } = backup.files;
    assert.ok(contents);
    return { ...backup, files: { ...backup.files, contents: { ...contents, storageClass } } };
  };
  for (const storageClass of ['GLACIER', 'DEEP_ARCHIVE']) {
    const { unknowns, lines } = await looked(inClass(storageClass));
    assert.deepEqual([lines, unknowns.length, unknowns[0]?.backup], [[], 1, 'n-2']);
    assert.match(unknowns[0]?.reason ?? '', new RegExp(`^backups/n-2/n-2.tar.gz lies? in the storage class ${storageClass}`));
  }
  const old = await looked(nightly('n-1', 1), inClass('GLACIER', 300));
  assert.deepEqual([old.unknowns, old.rows.filter((row) => row.startsWith('n-300 unknown')).length], [[], 1]);
  for (const storageClass of ['GLACIER_IR', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'REDUCED_REDUNDANCY'])
    assert.deepEqual((await looked(inClass(storageClass))).unknowns, []);
});

test('the newest usable backup keeps its own finding beside that of a newer one', async () => {
  const { findings } = await looked(nightly('n-2', 2, without('contents')), nightly('n-1', 26, without('results')));
  assert.deepEqual(
    findings.map(({ subject }) => subject),
    ['contents', 'newest usable missing'],
  );
});
