import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/bucket-encryption.ts';
import { assertHonest, lookAtBucket, set, unset } from '../sample-bucket.ts';

const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/abc';
const encryption = set({ algorithm: 'aws:kms', keyArn });
const inState = (state: string, deletionDate?: string) =>
  lookAtBucket(check, { encryption, keyState: set({ state, ...(deletionDate && { deletionDate }) }) });

test('a folder has none, and an answer that was denied is unknown', () => assertHonest(check, ['encryption', 'keyState']));

describe('the key', () => {
  for (const [state, remedy] of [
    ['Disabled', /^aws kms enable-key --key-id arn:aws:kms:eu-west-1:111122223333:key\/abc --region eu-west-1$/],
    ['PendingDeletion', /cancel-key-deletion .* && aws kms enable-key/],
    ['NotFound', /lost/],
    ['Unavailable', /describe-key/],
    ['SomethingNew', /describe-key/],
  ] as const) {
    test(`${state} is critical`, async () => {
      const { findings, lines } = await inState(state, '2026-12-01T00:00:00.000Z');
      assert.match(
        lines.join(),
        /^critical key: the key of its default encryption, arn:aws:kms:eu-west-1:111122223333:key\/abc, .* on 2026-12-01: no backup under it can be read/,
      );
      assert.match(findings[0]?.remedy ?? '', remedy);
    });
  }

  for (const state of ['Enabled', 'Creating', 'Updating']) {
    test(`${state} is fine`, async () => assert.deepEqual((await inState(state)).lines, []));
  }
});

test('without a key of KMS nothing is said, unless one is required', async () => {
  assert.deepEqual((await lookAtBucket(check, { encryption: unset })).lines, []);
  const options = { requireKms: true };
  assert.match((await lookAtBucket(check, { encryption: unset }, { options })).lines.join(), /^warning algorithm: .*nothing by default/);
  assert.match((await lookAtBucket(check, {}, { options })).lines.join(), /^warning algorithm: .*AES256/);
  assert.deepEqual((await lookAtBucket(check, { encryption, keyState: set({ state: 'Enabled' }) }, { options })).lines, []);
  assert.deepEqual((await lookAtBucket(check, { encryption: set({ algorithm: 'aws:kms:dsse' }) }, { options })).lines, []);
});
