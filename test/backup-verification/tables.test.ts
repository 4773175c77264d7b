import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nothingSaid } from '../../functions/backup-verification/said.ts';
import { backupTables, costTable, marksByBackup, scheduleLines, size, verdictOf } from '../../functions/backup-verification/tables.ts';
import type { LocationResult } from '../../functions/backup-verification/verify-location.ts';
import { isOverdue } from '../../functions/runtime/measure.ts';
import type { Backup } from '../../functions/velero/backup.ts';
import { backupOf, hour, locationOf, now, scheduleOf } from './sample-location.ts';

type Known = LocationResult['verified'];
const nothing: Known = new Map();
const verified = (
  backup: Backup,
  verdict: 'ok' | 'warning' | 'error' | 'unknown' = 'ok',
  level: 'content' | 'inventory' = 'content',
): Known => new Map([[backup.name, { at: '2026-11-24T05:00:00Z', level, verdict, etag: backup.files.contents?.etag ?? '' }]]);
const resultOf = (backups: readonly Backup[], more: Partial<LocationResult> = {}): LocationResult => ({
  location: locationOf([scheduleOf('nightly', backups)]),
  said: nothingSaid(),
  costs: [],
  chosen: [],
  left: [],
  unseen: [],
  verified: nothing,
  objects: 0,
  ...more,
});
const [tonight, before] = [backupOf('nightly-2', 3.5), backupOf('nightly-1', 27.5)];

describe('the verdict of a backup', () => {
  test('is what the listing says where it was not looked into, and the gravest of what was said', () => {
    assert.equal(verdictOf(tonight, [], nothing), 'listed');
    const mark = (verdict: 'ok' | 'warning' | 'error' | 'unknown') => ({ backup: 'nightly-2', verdict, what: '', check: 'a' });
    assert.equal(verdictOf(tonight, [mark('ok'), mark('warning')], nothing), 'warning');
    assert.equal(verdictOf(tonight, [mark('warning'), mark('unknown')], nothing), 'unknown');
    assert.equal(verdictOf(tonight, [mark('unknown'), mark('error')], nothing), 'error');
  });

  test('of last night stands, unless the tarball is another one now', () => {
    assert.equal(verdictOf(before, [], verified(before, 'error')), 'error');
    const rewritten = { ...before, files: { contents: { key: 'k', size: 1, etag: 'other', lastModified: 0 } } };
    assert.equal(verdictOf(rewritten, [], verified(before, 'error')), 'listed');
  });

  test('is in progress while Velero works on it, and not when something is wrong with it', () => {
    const running = backupOf('nightly-3', 0.1, { phase: 'Finalizing' });
    assert.equal(verdictOf(running, [], nothing), 'in-progress');
    assert.equal(verdictOf(running, [{ backup: 'nightly-3', verdict: 'error', what: 'stuck', check: 'backup-phase' }], nothing), 'error');
  });

  test('is unknown where a check could not look', () => {
    const said = { ...nothingSaid(), unknowns: [{ check: 'archive', backup: 'nightly-2', reason: 'denied', remedy: 'allow it' }] };
    const marks = marksByBackup(resultOf([tonight], { said }));
    assert.equal(verdictOf(tonight, marks.get('nightly-2') ?? [], verified(tonight)), 'unknown');
  });
});

describe('the tables', () => {
  test('have a row a backup, the newest first, and count those beyond a month', () => {
    const many = Array.from({ length: 40 }, (_, index) => backupOf(`nightly-${40 - index}`, 3 + 24 * index));
    const [table, ...more] = backupTables(resultOf(many));
    assert.deepEqual(more, []);
    assert.equal(table?.title, 'Schedule nightly, s3://velero/prod');
    assert.equal(table?.rows.length, 32);
    assert.deepEqual(table?.rows[0]?.slice(0, 5), [
      'nightly-40',
      'listed',
      '2026-11-24 02:30 UTC',
      'not yet',
      'Completed, 10 items; 2.7 MB',
    ]);
    assert.equal(table?.rows.at(-1)?.[0], 'and 9 older ones');
    assert.ok(table?.rows.every((row) => row.length === table.columns.length));
  });

  test('say what was found, the gravest first, and what was proved where nothing was', () => {
    const marks = [
      { backup: 'nightly-2', verdict: 'warning' as const, what: 'two warnings', check: 'a' },
      { backup: 'nightly-2', verdict: 'error' as const, what: 'cut short', check: 'b' },
      { backup: 'nightly-1', verdict: 'ok' as const, what: 'all items are there', check: 'b' },
    ];
    const [table] = backupTables(
      resultOf([tonight, before], { said: { ...nothingSaid(), marks }, verified: verified(before), chosen: ['nightly-1'] }),
    );
    assert.equal(table?.rows[0]?.at(-1), 'cut short; two warnings');
    assert.equal(table?.rows[1]?.at(-1), 'all items are there');
    assert.equal(table?.rows[1]?.at(3), 'content, 2026-11-24 05:00 UTC');
  });

  test('state what it took in requests and bytes', () => {
    const { rows } = costTable([resultOf([], { costs: [{ what: 'listing', requests: 91, bytes: 40_000_000 }] })]);
    assert.deepEqual(rows, [['s3://velero/prod', 'listing', 91, '40.0 MB']]);
    assert.deepEqual([size(0), size(999), size(1000), size(2_677_634), size(5e15)], ['0 B', '999 B', '1.0 KB', '2.7 MB', '5000.0 TB']);
  });
});

test('of 1,000 schedules 20 have a table, the gravest, and the others a row each', () => {
  const backups = Array.from({ length: 1000 }, (_, index) => backupOf(`s${index}-1`, 3));
  const schedules = backups.map((backup, index) => scheduleOf(`s${index}`, [backup]));
  const marks = [{ backup: 's777-1', verdict: 'error' as const, what: 'cut short', check: 'a' }];
  const result = { ...resultOf([], { said: { ...nothingSaid(), marks } }), location: locationOf(schedules) };
  const tables = backupTables(result);
  assert.equal(tables.length, 21);
  assert.equal(tables[0]?.title, 'Schedule s777, s3://velero/prod');
  assert.equal(tables.at(-1)?.rows.length, 980);
});

test('what is no backup to restore from is not well, whatever checks are on', () => {
  const failed = backupOf('nightly-3', 1, { phase: 'Failed' });
  const { metadata: _, ...debris } = backupOf('nightly-4', 1);
  const unread = { ...debris, trouble: { unknown: true, message: 'denied', remedy: '' } };
  const withoutTarball = { ...tonight, files: {} };
  const of = (backup: Backup) => verdictOf(backup, [], nothing);
  assert.deepEqual([failed, debris, unread, withoutTarball].map(of), ['error', 'warning', 'unknown', 'error']);
});

describe('the line of a schedule', () => {
  const linesOf = (result: LocationResult) => scheduleLines(result, now, () => 49.04 * hour);

  test('names the newest backup that was looked into and is not broken today', () => {
    const [line] = linesOf(resultOf([tonight, before], { verified: new Map([...verified(before), ...verified(tonight, 'error')]) }));
    assert.equal(line?.newestVerified?.backup, 'nightly-1');
    assert.equal(line?.hoursSinceVerified, 27.5);
    assert.equal(line?.allowedHours, 49);
  });

  test('has none where none was looked into, only listed, or could not be looked into', () => {
    for (const known of [nothing, verified(tonight, 'ok', 'inventory'), verified(tonight, 'unknown'), verified(tonight, 'error')]) {
      const [line] = linesOf(resultOf([tonight], { verified: known }));
      assert.equal(line?.newestVerified, undefined);
      assert.equal(line?.hoursSinceVerified, undefined);
    }
  });

  const clusterWith = (read: boolean): LocationResult['location']['cluster'] => ({
    of: () => (read ? { state: 'read', objects: [] } : { state: 'unread', unknown: true, reason: '', remedy: '' }),
  });
  const silentOf = (schedule: Partial<ReturnType<typeof scheduleOf>>, known: Known, read = true) => {
    const result = resultOf([tonight], { verified: known });
    const facts = { ...scheduleOf('nightly', [tonight]), ...schedule };
    const [line] = linesOf({ ...result, location: { ...result.location, schedules: [facts], cluster: clusterWith(read) } });
    return [line?.silent, line && isOverdue(line)];
  };

  test('says why no backup is expected of it: paused, gone from the cluster, or not yet due', () => {
    assert.deepEqual(silentOf({ cron: '@daily', paused: true }, nothing), ['paused', false]);
    assert.deepEqual(silentOf({}, nothing), ['gone', false]);
    assert.deepEqual(silentOf({}, nothing, false), [undefined, true], 'whether it is gone is not known');
    const createdAt = new Date(now - 5 * hour).toISOString();
    assert.deepEqual(silentOf({ cron: '@daily', createdAt }, nothing), ['new', false]);
    const longAgo = new Date(now - 500 * hour).toISOString();
    assert.deepEqual(silentOf({ cron: '@daily', createdAt: longAgo }, nothing), [undefined, true]);
    assert.deepEqual(silentOf({ cron: '@daily', createdAt: longAgo }, verified(tonight)), [undefined, false]);
    assert.deepEqual(silentOf({ cron: '@daily', createdAt, backups: [] }, nothing), ['new', false]);
  });

  test('takes no backup from tomorrow for a proof of today, and a clock that is a little ahead for no age below 0', () => {
    const [tomorrow, ahead] = [backupOf('nightly-9', -20), backupOf('nightly-3', -0.1)];
    const [line] = linesOf(resultOf([tomorrow, ahead, before], { verified: new Map([...verified(tomorrow), ...verified(ahead)]) }));
    assert.equal(line?.newestVerified?.backup, 'nightly-3');
    assert.equal(line?.hoursSinceVerified, 0);
    const [behind] = linesOf(resultOf([tomorrow, before], { verified: new Map([...verified(tomorrow), ...verified(before)]) }));
    assert.equal(behind?.newestVerified?.backup, 'nightly-1');
  });

  test('has a calendar of 30 days to today, the gravest of each day', () => {
    const marks = [{ backup: 'nightly-1', verdict: 'error' as const, what: 'cut', check: 'a' }];
    const second = backupOf('nightly-1b', 26);
    const old = backupOf('nightly-0', 24 * 40);
    const [line] = linesOf(resultOf([tonight, second, before, old], { said: { ...nothingSaid(), marks } }));
    assert.equal(line?.calendar.length, 30);
    assert.deepEqual(line?.calendar.at(-1), { date: '2026-11-24', verdict: 'listed', backups: 1 });
    assert.deepEqual(line?.calendar.at(-2), { date: '2026-11-23', verdict: 'error', backups: 2 });
    assert.deepEqual(line?.calendar[0], { date: '2026-10-26', verdict: 'none', backups: 0 });
  });
});
