import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/bucket-replication.ts';
import { assertHonest, lookAtBucket, set, unset } from '../sample-bucket.ts';

const topFolders = ['backups', 'kopia'];
const rulesFor = (...prefixes: string[]) => ({ replication: set({ rules: prefixes.length, prefixes }) });

test('a folder has none, and an answer that was denied is unknown', () => assertHonest(check, ['replication']));

test('none is nobody’s business, unless one is required', async () => {
  assert.deepEqual((await lookAtBucket(check, { replication: unset }, { topFolders })).lines, []);
  const { lines } = await lookAtBucket(check, { replication: unset }, { topFolders, options: { required: true } });
  assert.match(lines.join(), /^warning: it is not replicated/);
});

test('a replica without the volumes’ data is a warning', async () => {
  for (const prefix of ['prod/backups', 'prod/backups/']) {
    const { lines } = await lookAtBucket(check, rulesFor(prefix), { topFolders });
    assert.match(lines.join(), new RegExp(`^warning: its rules replicate ${prefix}, which leaves out prod/kopia/`));
  }
  const { lines } = await lookAtBucket(check, rulesFor('prod/backups/', 'prod/kopia/shop/'), { topFolders });
  assert.match(lines.join(), /leaves out prod\/kopia\/ in part/);
});

test('all of it, by one rule or several, is fine; so is backups/ alone where there are no repositories', async () => {
  for (const rules of [rulesFor(''), rulesFor('prod/'), rulesFor('prod'), rulesFor('prod/backups/', 'prod/kopia/')])
    assert.deepEqual((await lookAtBucket(check, rules, { topFolders })).lines, []);
  assert.deepEqual((await lookAtBucket(check, rulesFor('prod/backups/'), { topFolders: ['backups'] })).lines, []);
});

test('rules for something else in the bucket are none for backups', async () => {
  assert.deepEqual((await lookAtBucket(check, rulesFor('logs/'), { topFolders })).lines, []);
  const { lines } = await lookAtBucket(check, rulesFor('logs/'), { topFolders, options: { required: true } });
  assert.match(lines.join(), /leaves out prod\/backups\/ and prod\/kopia\//);
});
