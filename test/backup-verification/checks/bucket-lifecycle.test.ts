import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/bucket-lifecycle.ts';
import type { LifecycleRule } from '../../../functions/velero/bucket/bucket-facts.ts';
import { assertHonest, lookAtBucket, ruleOf, set, unset } from '../sample-bucket.ts';
import { backupOf, day, hour, now } from '../sample-location.ts';

/** Kept for 30 days each. */
const backups = [backupOf('nightly-2', 4, { schedule: 'nightly' }), backupOf('nightly-1', 28, { schedule: 'nightly' })];
const topFolders = ['backups', 'kopia'];
const linesFor = async (rule: Partial<LifecycleRule>, more: Parameters<typeof lookAtBucket>[2] = {}) =>
  (await lookAtBucket(check, { lifecycle: set([ruleOf(rule)]) }, { backups, topFolders, ...more })).lines;
const transitionTo = (storageClass: string, days = 90, more: Partial<LifecycleRule> = {}) => ({
  transitions: [{ days, storageClass }],
  ...more,
});

test('a folder has none, and an answer that was denied is unknown', () => assertHonest(check, ['lifecycle']));

describe('what takes repositories away is critical', () => {
  const faults: Readonly<Record<string, readonly [Partial<LifecycleRule>, RegExp]>> = {
    'expiry without a prefix': [
      { expirationDays: 365 },
      /^critical tidy deletes kopia: lifecycle rule tidy deletes kopia\/ 365 days after/,
    ],
    'expiry of the location': [{ expirationDays: 365, prefix: 'prod/' }, /^critical tidy deletes kopia/],
    'expiry of the repositories': [{ expirationDays: 1000, prefix: 'prod/kopia/' }, /^critical tidy deletes kopia/],
    'expiry of one repository': [
      { expirationDays: 90, prefix: 'prod/kopia/shop/' },
      /deletes what begins with prod\/kopia\/shop\/ 90 days/,
    ],
    'expiry on a day': [{ expirationDate: '2027-01-01T00:00:00.000Z', prefix: 'prod/kopia' }, /deletes kopia\/ on 2027-01-01/],
    GLACIER: [transitionTo('GLACIER'), /^critical tidy archives kopia: .*no volume is restored/],
    DEEP_ARCHIVE: [transitionTo('DEEP_ARCHIVE'), /^critical tidy archives kopia/],
    'tags may spare some': [{ expirationDays: 365, narrowed: true }, /^warning tidy deletes kopia: .*as far as its tags or sizes reach/],
  };
  for (const [what, [rule, expected]] of Object.entries(faults)) {
    test(what, async () => {
      const lines = await linesFor(rule);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', expected);
    });
  }
});

describe('what takes them away one day, or where somebody tags them', () => {
  test('in ten years, or on a day in ten years: to be mended, and no reason to wake anybody', async () => {
    for (const rule of [{ expirationDays: 3650 }, { expirationDate: '2036-01-01T00:00:00.000Z', prefix: 'prod/kopia' }]) {
      const lines = await linesFor(rule);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0] ?? '', /^warning tidy deletes kopia: /);
    }
  });
  test('tags that Velero’s repositories never have', async () => {
    assert.match(
      (await linesFor({ expirationDays: 30, narrowed: true, byTags: true })).join(),
      /^info tidy deletes kopia: .*as far as its tags/,
    );
  });
});

describe('what takes backups before their time', () => {
  const backupsAlone = { topFolders: ['backups'] };
  test('deleted sooner than Velero would is critical, as soon or later is fine', async () => {
    assert.match(
      (await linesFor({ expirationDays: 29 }, backupsAlone)).join(),
      /^critical tidy deletes backups: .* deletes backups\/ 29 days after it was written: nightly-2 is to be kept for 30 days$/,
    );
    assert.deepEqual(await linesFor({ expirationDays: 30 }, backupsAlone), []);
    assert.deepEqual(await linesFor({ expirationDays: 365, prefix: 'prod/backups/' }, backupsAlone), []);
  });
  test('a rule for some of them is judged by those', async () => {
    const yearly = backupOf('yearly-1', 4, { expiration: new Date(now - 4 * hour + 365 * day).toISOString() });
    const more = { topFolders: ['backups'], backups: [...backups, yearly] };
    assert.deepEqual(await linesFor({ expirationDays: 30, prefix: 'prod/backups/nightly-' }, more), []);
    assert.match(
      (await linesFor({ expirationDays: 30, prefix: 'prod/backups/yearly-' }, more)).join(),
      /yearly-1 is to be kept for 365 days/,
    );
  });
  test('deleted on a day', async () => {
    assert.match(
      (await linesFor({ expirationDate: '2027-01-01T00:00:00.000Z' }, backupsAlone)).join(),
      /^critical .* on 2027-01-01: from then on everything goes/,
    );
  });
  test('archived is a warning, and critical as soon as the newest is', async () => {
    assert.match((await linesFor(transitionTo('GLACIER', 7), backupsAlone)).join(), /^warning tidy archives backups: .*waits for hours/);
    assert.match((await linesFor(transitionTo('GLACIER', 0), backupsAlone)).join(), /^critical tidy archives backups/);
    assert.deepEqual(await linesFor(transitionTo('GLACIER', 30), backupsAlone), []);
  });
});

describe('false alarms', () => {
  for (const storageClass of ['GLACIER_IR', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING']) {
    test(`${storageClass} answers at once`, async () => assert.deepEqual(await linesFor(transitionTo(storageClass, 0)), []));
  }
  test('noncurrent versions alone', async () => assert.deepEqual(await linesFor({ noncurrentExpirationDays: 7 }), []));
  test('a rule that is off', async () => assert.deepEqual(await linesFor({ enabled: false, expirationDays: 1 }), []));
  test('another folder', async () => assert.deepEqual(await linesFor({ prefix: 'prod-2/', expirationDays: 1 }), []));
  test('a rule that is meant', async () => assert.deepEqual(await linesFor({ expirationDays: 1 }, { options: { allow: ['tidy'] } }), []));
  test('repositories that there are none of', async () =>
    assert.deepEqual(await linesFor({ prefix: 'prod/kopia/', expirationDays: 1 }, { topFolders: [] }), []));
  test('no rules at all', async () =>
    assert.deepEqual((await lookAtBucket(check, { lifecycle: unset }, { backups, topFolders })).lines, []));
  test('no backup that says how long it is kept', async () =>
    assert.deepEqual(await linesFor({ expirationDays: 1 }, { topFolders: ['backups'], backups: [] }), []));
});
