import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-debris.ts';
import type { Backup } from '../../../functions/velero/backup.ts';
import { type BackupFileKind, backupKey } from '../../../functions/velero/layout.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf, hour, now } from '../sample-location.ts';

const folder = (name: string, hoursAgo: number, ...kinds: readonly BackupFileKind[]): Backup => {
  const lastModified = now - hoursAgo * hour;
  const files = Object.fromEntries(kinds.map((kind) => [kind, { key: backupKey(name, kind), size: 1_000_000, etag: '', lastModified }]));
  return { name, files, strangers: [], bytes: kinds.length * 1_000_000, lastModified };
};

test('a folder without velero-backup.json is debris, with its size; many are one finding', async () => {
  const debris = [folder('a', 50, 'results', 'volumeInfo'), folder('b', 30, 'results')];
  const { lines, findings, rows } = await lookAt(check, factsOf([...debris, backupOf('good', 5)]));
  assert.deepEqual(lines, [
    'warning debris: 2 folders hold files without velero-backup.json and tarball, left by a delete that was interrupted: nothing ever removes them (3.0 MB, the newest 30 hours old): a and b',
  ]);
  assert.deepEqual(
    findings[0]?.members?.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.equal(findings[0]?.remedy, 'aws s3 rm --recursive s3://velero/prod/backups/b/');
  assert.deepEqual(rows, [
    'a warning: has no velero-backup.json: it is no backup',
    'b warning: has no velero-backup.json: it is no backup',
  ]);
});

test('a tarball without velero-backup.json, and a log alone, are told apart', async () => {
  const { findings } = await lookAt(
    check,
    factsOf([folder('tar', 30, 'contents', 'logs'), folder('log', 30, 'logs'), folder('log-2', 30, 'logs', 'podVolumeBackups')]),
  );
  assert.deepEqual(
    findings.map(({ subject, severity, details }) => [subject, severity, details?.folders]),
    [
      ['tarball', 'warning', 1],
      ['not-encoded', 'warning', 2],
    ],
  );
});

test('no alarm: a young folder is being made or deleted, which is not ok either', async () => {
  const { lines, rows } = await lookAt(check, factsOf([folder('young', 0.9, 'logs')]));
  assert.deepEqual([lines, rows], [[], ['young unknown: has no velero-backup.json yet: it is being made or deleted']]);
  assert.equal((await lookAt(check, factsOf([folder('young', 0.9, 'logs')]), { options: { graceHours: 0.5 } })).alarms.length, 1);
});

test('no alarm: one whose velero-backup.json could not be had is no debris', async () => {
  const denied = { ...folder('denied', 30, 'metadata', 'contents'), trouble: { unknown: true, message: 'denied', remedy: '' } };
  assert.deepEqual((await lookAt(check, factsOf([denied]))).lines, []);
});
