import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-changed.ts';
import type { Backup } from '../../../functions/velero/backup.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import type { ObjectStore } from '../../../functions/velero/store/object-store.ts';
import { archiveOf, configMapTwins, version } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { type Files, gzipped, type LookInto, lookInto, type Written, written } from '../look-into.ts';

const contents = backupKey('b', 'contents');
const files = (more: Partial<Written> = {}) => written({ name: 'b', entries: configMapTwins('a'), ...more });
const other = await archiveOf([version, ...configMapTwins('b')].map((entry) => ({ mtime: new Date('2026-11-24T05:05:00Z'), ...entry })));

/** Looks twice: at `before`, then at `after`. */
async function twice(before: Files, after: Files, settings: LookInto = {}) {
  const first = await lookInto(check, before, { backup: 'b' });
  assert.deepEqual(first.lines, []);
  return lookInto(check, after, { backup: 'b', memory: JSON.parse(JSON.stringify(first.memory ?? null)), ...settings });
}

/** The store gives the new bytes under the old ETag, and the listing says the old version: what rot and a tampered store look like. */
const underOldVersion = (before: Files, ...keys: readonly string[]): LookInto => {
  const old = new Map<string, { etag: string; size: number }>();
  return {
    store: (store: ObjectStore) => ({
      ...store,
      read: (key, { etag: _etag, ...options }) => store.read(key, options),
      open: (key, { etag: _etag, ...options }) => store.open(key, options),
    }),
    listed: (backup: Backup): Backup => ({
      ...backup,
      files: Object.fromEntries(
        Object.entries(backup.files).map(([kind, file]) => {
          const content = before[file.key];
          if (!keys.includes(file.key) || content === undefined) return [kind, file];
          const known = old.get(file.key) ?? { etag: tagOf(content), size: content.length };
          old.set(file.key, known);
          return [kind, { ...file, ...known }];
        }),
      ),
    }),
  };
};
const { createHash } = await import('node:crypto');
const tagOf = (content: Uint8Array | string): string => createHash('md5').update(content).digest('hex');

describe('backup-changed', () => {
  test('nothing changed: said, with the time of the first look', async () => {
    for (const backup of ['full-1', 'shop-1']) {
      const first = await lookInto(check, bucketFiles(), { backup });
      const { lines, rows, memory } = await lookInto(check, bucketFiles(), { backup, memory: first.memory });
      assert.deepEqual([lines, rows], [[], [`${backup} ok: its files are those that were verified at 2026-11-24T05:30:00.000Z`]]);
      assert.deepEqual(memory, first.memory);
      assert.ok(JSON.stringify(memory).length < 2000);
    }
  });

  test('a bucket that was encrypted anew, or copied in place: the same bytes under new versions are no change, and known by them', async () => {
    const before = await files();
    const copied = (backup: Backup): Backup => ({
      ...backup,
      files: Object.fromEntries(
        Object.entries(backup.files).map(([kind, file]) => [
          kind,
          { ...file, lastModified: file.lastModified + 1000, etag: `${file.etag}-2` },
        ]),
      ),
    });
    const anyVersion = (store: ObjectStore): ObjectStore => ({
      ...store,
      read: (key, { etag: _etag, ...options }) => store.read(key, options),
      open: (key, { etag: _etag, ...options }) => store.open(key, options),
    });
    const { lines, rows, memory } = await twice(before, before, { listed: copied, store: anyVersion });
    assert.deepEqual([lines, rows.filter((row) => !row.includes(' ok: '))], [[], []]);
    assert.match(JSON.stringify(memory), /"metadata":\{"etag":"[0-9a-f]+-2"/);
    const again = await lookInto(check, before, { backup: 'b', memory, listed: copied, store: anyVersion });
    assert.deepEqual([again.lines, again.memory], [[], memory]);
  });

  test('other bytes under the same version: critical, of the archive and of a file beside it', async () => {
    const before = await files();
    const rotten = await twice(before, { ...before, [contents]: other }, underOldVersion(before, contents));
    assert.equal(rotten.lines.length, 1);
    assert.match(
      rotten.lines[0] ?? '',
      /^critical contents changed: has a file that changed: backups\/b\/b\.tar\.gz has other content than when it was verified at \S+, and no newer time or ETag/,
    );
    assert.match(String(rotten.findings[0]?.details?.sha256Before), /^[0-9a-f]{64}$/);
    const key = backupKey('b', 'volumeInfo');
    const beside = await twice(before, { ...before, [key]: gzipped([{ pvName: 'x' }]) }, underOldVersion(before, key));
    assert.match(beside.lines.join(), /^critical volumeInfo changed: /);
  });

  test('other bytes under a new version: a warning, as Velero rewrites no finished backup', async () => {
    const before = await files();
    const { lines } = await twice(before, { ...before, [contents]: other }, { lastModified: { [contents]: 5000 } });
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /^warning contents changed: .*b\.tar\.gz was rewritten at 1970-01-01T00:00:05\.000Z, after it was verified at/,
    );
  });

  test('copied in place: a new version of the same bytes is no change', async () => {
    const before = await files();
    assert.deepEqual((await twice(before, before, { lastModified: { [contents]: 5000, [backupKey('b', 'results')]: 5000 } })).lines, []);
  });

  test('velero-backup.json is never hashed here: a new version of it is told, as Velero writes it no more', async () => {
    const before = await files();
    const key = backupKey('b', 'metadata');
    const changed = await twice(before, { ...before, [key]: `${before[key]} ` }, { lastModified: { [key]: 5000 } });
    assert.match(changed.lines.join(), /^warning metadata changed: /);
  });

  test('the one rewriting at finalization: nothing is remembered before the tarball has come for the last time', async () => {
    const status = { backupItemOperationsAttempted: 1, backupItemOperationsCompleted: 1 };
    const before = await files({ status });
    const early = await lookInto(check, before, { lastModified: { [backupKey('b', 'metadata')]: 2000, [contents]: 1000 } });
    assert.deepEqual([early.lines, early.memory], [[], undefined]);
    const late = await lookInto(check, before, { lastModified: { [backupKey('b', 'metadata')]: 2000, [contents]: 3000 } });
    assert.equal(Array.isArray(late.memory) && late.memory.length, 1);
  });

  test('what is damaged or not finished is no measure', async () => {
    const whole = await files();
    const content = whole[contents];
    assert.ok(content instanceof Uint8Array);
    assert.equal((await lookInto(check, { ...whole, [contents]: content.subarray(0, -9) })).memory, undefined);
    assert.equal((await lookInto(check, { ...whole, [backupKey('b', 'results')]: 'x' })).memory, undefined);
    assert.equal((await lookInto(check, await files({ status: { phase: 'Finalizing' } }))).memory, undefined);
  });

  test('the first good look stays the measure', async () => {
    const before = await files();
    const after = { ...before, [contents]: other };
    const settings = { lastModified: { [contents]: 5000 } };
    const changed = await twice(before, after, settings);
    const again = await lookInto(check, after, { ...settings, memory: changed.memory });
    assert.equal(again.lines.length, 1);
  });

  test('backups that are not read this time are compared by the listing: their row says so', async () => {
    const before = { ...(await written({ schedule: 'nightly', day: 20, entries: configMapTwins('a') })) };
    const first = await lookInto(check, before, { backup: 'nightly-20261120050000' });
    const key = backupKey('nightly-20261120050000', 'contents');
    const after = { ...before, [key]: other, ...(await written({ schedule: 'nightly', day: 24, entries: configMapTwins('a') })) };
    const { lines, rows, memory } = await lookInto(check, after, {
      backup: 'nightly-20261124050000',
      memory: first.memory,
      lastModified: { [key]: 9000 },
    });
    assert.deepEqual(lines, []);
    assert.deepEqual(rows, [`nightly-20261120050000 warning: written since it was verified at 2026-11-24T05:30:00.000Z: ${key}`]);
    assert.equal(Array.isArray(memory) && memory.length, 2);
  });

  test('only so many are kept, and none that is gone from the bucket', async () => {
    const all = await Promise.all([20, 21, 22, 23].map((day) => written({ schedule: 'nightly', day, entries: configMapTwins('a') })));
    const location: Files = Object.assign({}, ...all);
    let memory: unknown;
    for (const day of [20, 21, 22])
      ({ memory } = await lookInto(check, location, { backup: `nightly-202611${day}050000`, memory, options: { keep: 2 } }));
    assert.deepEqual(Array.isArray(memory) && memory.map(({ backup }) => backup), ['nightly-20261122050000', 'nightly-20261121050000']);
    ({ memory } = await lookInto(check, { ...all[2], ...all[3] }, { backup: 'nightly-20261123050000', memory }));
    assert.deepEqual(Array.isArray(memory) && memory.map(({ backup }) => backup), ['nightly-20261123050000', 'nightly-20261122050000']);
  });
});
