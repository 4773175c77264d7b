import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-final-upload.ts';
import type { Backup } from '../../../functions/velero/backup.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf, hour, now } from '../sample-location.ts';

/** Completed three hours ago; its files written so many seconds after that. */
const written = (metadataAfter: number, tarballAfter: number, more = {}): Backup => {
  const completed = now - 3 * hour;
  const backup = backupOf('b', 5, { operationsAttempted: 2, completionTimestamp: new Date(completed).toISOString(), ...more });
  const { metadata, contents } = backup.files;
  assert.ok(metadata && contents);
  const at = (seconds: number) => completed + seconds * 1000;
  return {
    ...backup,
    files: { metadata: { ...metadata, lastModified: at(metadataAfter) }, contents: { ...contents, lastModified: at(tarballAfter) } },
  };
};
const looked = (backup: Backup) => lookAt(check, factsOf([backup]));

test('operations, and a tarball that is older than its metadata: the final one was never uploaded', async () => {
  const { lines, findings } = await looked(written(1, -3000));
  assert.match(lines[0] ?? '', /^critical: has 2 operations, and a tarball that is 50 minutes older than its velero-backup.json/);
  assert.equal(findings[0]?.details?.key, 'backups/b/b.tar.gz');
});

test('no alarm: without operations that order is the normal one, and with them the tarball comes last', async () => {
  assert.deepEqual((await looked(written(1, -60, { operationsAttempted: 0 }))).lines, []);
  assert.deepEqual((await looked(written(1, 2))).lines, []);
  assert.deepEqual((await looked(written(1, 1))).lines, []);
  assert.deepEqual((await looked(written(1, -3000, { phase: 'Finalizing' }))).lines, []);
});

test('a copied bucket has the copy’s times: unknown', async () => {
  const { lines, rows } = await looked(written(7300, 7000));
  assert.deepEqual([lines, rows.length], [[], 1]);
  assert.match(rows[0] ?? '', /^b unknown: its files were not written when it was completed/);
});

test('the second upload may still be on its way', async () => {
  const justNow = new Date(now - 60_000).toISOString();
  const backup = backupOf('b', 2, { operationsAttempted: 2, completionTimestamp: justNow });
  const { metadata, contents } = backup.files;
  assert.ok(metadata && contents);
  const files = { metadata: { ...metadata, lastModified: now - 60_000 }, contents: { ...contents, lastModified: now - hour } };
  const { lines, rows } = await looked({ ...backup, files });
  assert.deepEqual([lines, rows], [[], ['b unknown: its final tarball may still be on its way']]);
});
