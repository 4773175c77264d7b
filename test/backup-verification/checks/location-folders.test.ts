import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/location-folders.ts';
import { factsOf, lookAt } from '../look-at.ts';

test('an alien folder makes the location Unavailable', async () => {
  const { lines } = await lookAt(check, factsOf([], { topFolders: ['backups', 'reports', 'kopia'] }));
  assert.deepEqual(lines, [
    'critical: at the top of s3://velero/prod is a folder that Velero does not know: reports; it calls such a location Unavailable and refuses backups and restores',
  ]);
  const several = await lookAt(check, factsOf([], { topFolders: ['a', 'b', 'backups'] }));
  assert.match(several.lines[0] ?? '', /are folders that Velero does not know: a and b;/);
});

test('no alarm: Velero’s own folders, all of them, and none', async () => {
  for (const topFolders of [['backups', 'restores', 'restic', 'kopia', 'metadata', 'plugins'], []])
    assert.deepEqual((await lookAt(check, factsOf([], { topFolders }))).lines, []);
});
