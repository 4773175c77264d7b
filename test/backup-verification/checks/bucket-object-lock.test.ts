import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/bucket-object-lock.ts';
import { assertHonest, lookAtBucket, set, unset } from '../sample-bucket.ts';
import { backupOf } from '../sample-location.ts';

const backups = [backupOf('nightly-1', 4)];
const locked = (mode?: string, days?: number) => set({ ...(mode && { mode }), ...(days !== undefined && { days }) });

test('a folder has none, and an answer that was denied is unknown', () => assertHonest(check, ['objectLock']));

test('a lock for as long as backups are kept is good news, in either mode', async () => {
  for (const lock of [locked('COMPLIANCE', 30), locked('GOVERNANCE', 365)])
    assert.deepEqual((await lookAtBucket(check, { objectLock: lock }, { backups, options: { required: true } })).lines, []);
});

test('none is nobody’s business, unless one is required', async () => {
  assert.deepEqual((await lookAtBucket(check, { objectLock: unset }, { backups })).lines, []);
  const { lines } = await lookAtBucket(check, { objectLock: unset }, { backups, options: { required: true } });
  assert.match(lines.join(), /^warning: object lock is off/);
});

test('one that locks nothing, or not long enough, is an info', async () => {
  const { lines, findings } = await lookAtBucket(check, { objectLock: locked() }, { backups });
  assert.match(lines.join(), /^info: object lock is on without a default retention/);
  assert.match(findings[0]?.remedy ?? '', /"Days":30/);
  const short = await lookAtBucket(check, { objectLock: locked('GOVERNANCE', 7) }, { backups });
  assert.deepEqual(short.lines, [
    'info: versions are locked for 7 days, but backups are kept for up to 30 days: the older ones are not locked',
  ]);
});
