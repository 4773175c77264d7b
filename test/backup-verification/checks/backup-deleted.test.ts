import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-deleted.ts';
import type { Backup } from '../../../functions/velero/backup.ts';
import type { PreviousVersion } from '../../../functions/velero/bucket/bucket-facts.ts';
import { assertHonest, denied, lookAtBucket, ruleOf, set, unset } from '../sample-bucket.ts';
import { backupOf, day, now } from '../sample-location.ts';

const version: PreviousVersion = {
  versionId: 'v1',
  markerVersionId: 'm1',
  deletedAt: '2026-11-23T12:00:00.000Z',
  lastModified: '2026-11-23T01:31:00.000Z',
  size: 2700,
};
const without = (backup: Backup, ...kinds: ('metadata' | 'contents')[]): Backup => {
  const files = Object.fromEntries(Object.entries(backup.files).filter(([kind]) => !kinds.some((each) => each === kind)));
  const { metadata, ...rest } = backup;
  return { ...rest, files, ...(metadata && !kinds.includes('metadata') && { metadata }) };
};
const nightly = (name: string, hoursAgo: number, more = {}) => backupOf(name, hoursAgo, { schedule: 'nightly', ...more });
/** Behind these keys lies a version; which keys were asked for is told. */
function bucketWith(...keys: string[]) {
  const asked: string[] = [];
  const previousVersion = async (key: string) => {
    asked.push(key);
    return keys.includes(key) ? set(version) : unset;
  };
  return { asked, over: { previousVersion } };
}
const tarball = 'backups/nightly-2/nightly-2.tar.gz';

test('a folder has none', () => assertHonest(check, []));

describe('a tarball that was deleted', () => {
  test('of the newest backup can be brought back, and is said to be with the command', async () => {
    const { over } = bucketWith(tarball);
    const { lines, findings } = await lookAtBucket(check, over, {
      backups: [without(nightly('nightly-2', 4), 'contents'), nightly('nightly-1', 28)],
    });
    assert.deepEqual(lines, [
      `warning contents deleted: nightly-2 has ${tarball} behind a delete marker: it was deleted at 2026-11-23T12:00:00.000Z, and its version of 2026-11-23T01:31:00.000Z (2700 bytes) is still there`,
    ]);
    assert.match(
      findings[0]?.remedy ?? '',
      /aws s3api delete-object --bucket velero --key 'prod\/backups\/nightly-2\/nightly-2\.tar\.gz' --version-id m1$/,
    );
  });
  test('twice lies behind two markers, which go both', async () => {
    const previousVersion = async () => set({ ...version, olderMarkerVersionIds: ['m0'] });
    const { findings } = await lookAtBucket(check, { previousVersion }, { backups: [without(nightly('nightly-2', 4), 'contents')] });
    assert.match(findings[0]?.remedy ?? '', /--version-id m1 && aws s3api delete-object .* --version-id m0$/);
  });
  test('of an older backup is a mark in its row', async () => {
    const { over } = bucketWith('backups/nightly-1/nightly-1.tar.gz');
    const { lines, rows } = await lookAtBucket(check, over, {
      backups: [nightly('nightly-2', 4), without(nightly('nightly-1', 28), 'contents')],
    });
    assert.deepEqual(lines, []);
    assert.match(rows.join(), /^nightly-1 warning: .*still there$/);
  });
  test('goes for good when the lifecycle says', async () => {
    const { over } = bucketWith(tarball);
    const lifecycle = set([ruleOf({ noncurrentExpirationDays: 7 }), ruleOf({ noncurrentExpirationDays: 1, prefix: 'logs/' })]);
    const { lines } = await lookAtBucket(check, { ...over, lifecycle }, { backups: [without(nightly('nightly-2', 4), 'contents')] });
    assert.match(lines.join(), /still there, until a lifecycle rule removes it about 2026-11-30$/);
  });
});

test('a folder whose velero-backup.json was deleted is no backup any more, and can be one again', async () => {
  const { over, asked } = bucketWith('backups/old/velero-backup.json');
  const { lines, alarms } = await lookAtBucket(check, over, { backups: [without(backupOf('old', 90), 'metadata')] });
  assert.match(lines.join(), /^info metadata deleted: has backups\/old\/velero-backup\.json behind a delete marker: it was deleted at/);
  assert.deepEqual(alarms, []);
  assert.deepEqual(asked, ['backups/old/velero-backup.json']);
});

describe('nothing is said', () => {
  test('of what has no version behind a marker', async () => {
    const { over } = bucketWith();
    const { lines, rows, unknowns } = await lookAtBucket(check, over, {
      backups: [without(nightly('nightly-2', 4), 'contents', 'metadata')],
    });
    assert.deepEqual([lines, rows, unknowns], [[], [], []]);
  });
  test('of whole backups, of those being written, and of those whose time is up; they are not asked for', async () => {
    const { over, asked } = bucketWith(tarball);
    const expired = nightly('nightly-0', 800, { expiration: new Date(now - day).toISOString() });
    const backups = [
      nightly('nightly-3', 1),
      without(nightly('nightly-2', 4, { phase: 'Finalizing' }), 'contents'),
      without(expired, 'contents'),
    ];
    assert.deepEqual((await lookAtBucket(check, over, { backups })).lines, []);
    assert.deepEqual(asked, []);
  });
  test('where there never were versions', async () => {
    const { over, asked } = bucketWith(tarball);
    const { lines } = await lookAtBucket(
      check,
      { ...over, versioning: unset },
      { backups: [without(nightly('nightly-2', 4), 'contents')] },
    );
    assert.deepEqual([lines, asked], [[], []]);
  });
});

test('what may not be asked is unknown, once', async () => {
  const backups = [without(nightly('nightly-2', 4), 'contents'), without(backupOf('old', 90), 'metadata')];
  const { lines, unknowns } = await lookAtBucket(check, { previousVersion: async () => denied }, { backups });
  assert.deepEqual(lines, []);
  assert.deepEqual(
    unknowns.map(({ reason }) => reason),
    ['of 2 missing files nobody knows whether they can be brought back: AccessDenied'],
  );
});

test('beyond so many files it stops, and says so', async () => {
  const { over, asked } = bucketWith();
  const backups = Array.from({ length: 5 }, (_, index) => without(backupOf(`b-${index}`, index + 4), 'contents'));
  const { unknowns } = await lookAtBucket(check, over, { backups, options: { mostFiles: 2 } });
  assert.equal(asked.length, 2);
  assert.match(unknowns[0]?.reason ?? '', /^5 files are missing, and only the 2 of the newest backups/);
});
