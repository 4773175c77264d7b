import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/bucket-versioning.ts';
import { assertHonest, lookAtBucket, set, unset } from '../sample-bucket.ts';

test('a folder has none, and an answer that was denied is unknown', () => assertHonest(check, ['versioning']));

test('a bucket with versions is fine', async () => {
  assert.deepEqual((await lookAtBucket(check, { versioning: set('Enabled') })).lines, []);
});

test('one without is an info, and a warning where they are required', async () => {
  const { lines, findings } = await lookAtBucket(check, { versioning: unset });
  assert.deepEqual(lines, ['info: versioning is off: what is deleted or written over is gone']);
  assert.match(findings[0]?.remedy ?? '', /put-bucket-versioning --bucket velero/);
  const { lines: required } = await lookAtBucket(check, { versioning: set('Suspended') }, { options: { required: true } });
  assert.deepEqual(required, ['warning: versioning is suspended: what is deleted or written over from now on is gone']);
});
