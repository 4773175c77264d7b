import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/bucket-public.ts';
import { assertHonest, denied, lookAtBucket, set, unset } from '../sample-bucket.ts';

test('a folder has none, and an answer that was denied is unknown', () => assertHonest(check, ['isPublic', 'publicAccessBlock']));

test('a policy for everybody is critical, and a warning while the block keeps them out', async () => {
  for (const publicAccessBlock of [unset, denied, set({ missing: ['RestrictPublicBuckets'] })]) {
    const { lines } = await lookAtBucket(check, { isPublic: set(true), publicAccessBlock });
    assert.match(lines[0] ?? '', /^critical policy: its policy allows everybody in: all Secrets/);
  }
  for (const missing of [[], ['BlockPublicAcls']]) {
    const { alarms } = await lookAtBucket(check, { isPublic: set(true), publicAccessBlock: set({ missing }) });
    assert.deepEqual(alarms, ['warning policy: its policy allows everybody in; only the public access block keeps them out']);
  }
  const { lines } = await lookAtBucket(check, { isPublic: set(true), publicAccessBlock: unset }, { options: { accountBlocks: true } });
  assert.match(lines.join(), /^warning policy/);
});

test('a policy for some, or none at all, is fine', async () => {
  for (const isPublic of [set(false), unset]) assert.deepEqual((await lookAtBucket(check, { isPublic })).lines, []);
});

test('what is not blocked is an info, unless the account blocks it', async () => {
  const { lines } = await lookAtBucket(check, { publicAccessBlock: set({ missing: ['BlockPublicAcls', 'IgnorePublicAcls'] }) });
  assert.match(lines.join(), /^info block: public access is not blocked in full \(BlockPublicAcls, IgnorePublicAcls\)/);
  assert.match((await lookAtBucket(check, { publicAccessBlock: unset })).lines.join(), /^info block: public access is not blocked: /);
  assert.deepEqual((await lookAtBucket(check, { publicAccessBlock: unset }, { options: { accountBlocks: true } })).lines, []);
});
