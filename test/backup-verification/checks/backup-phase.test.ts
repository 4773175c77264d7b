import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-phase.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf, metadataOf } from '../sample-location.ts';

const scheduled = (name: string, hoursAgo: number, more = {}) => backupOf(name, hoursAgo, { schedule: 'nightly', ...more });
const looked = (...backups: readonly ReturnType<typeof backupOf>[]) => lookAt(check, factsOf(backups));

test('stuck: past its itemOperationTimeout and an hour', async () => {
  const { findings, lines } = await looked(
    scheduled('n-2', 6, { phase: 'WaitingForPluginOperations', operationsAttempted: 3, operationsCompleted: 1 }),
    scheduled('n-1', 30),
  );
  assert.deepEqual(lines, [
    'warning stuck: n-2 is in the phase WaitingForPluginOperations for 6 hours, 1 of 3 operations done: it will not be finished any more, and cannot be restored from',
  ]);
  assert.deepEqual([findings[0]?.object.kind, findings[0]?.object.name], ['Schedule', 'nightly']);
});

test('no alarm: Velero still works on it, also with a longer timeout', async () => {
  for (const phase of [
    'WaitingForPluginOperations',
    'WaitingForPluginOperationsPartiallyFailed',
    'Finalizing',
    'FinalizingPartiallyFailed',
  ])
    assert.deepEqual((await looked(scheduled('n-1', 4.9, { phase }))).lines, []);
  const { spec } = metadataOf('x', 0);
  assert.deepEqual(
    (await looked(scheduled('n-1', 10, { phase: 'Finalizing', spec: { ...spec, itemOperationTimeout: '12h0m0s' } }))).lines,
    [],
  );
});

test('one that was stuck is history once a newer one is finished', async () => {
  const { lines, rows } = await looked(scheduled('n-2', 2), scheduled('n-1', 26, { phase: 'Finalizing' }));
  assert.deepEqual(lines, []);
  assert.match(rows.join(), /^n-1 warning: is in the phase Finalizing for 26 hours/);
});

test('of several that are stuck the newest is told, the others are marked', async () => {
  const { lines, rows } = await looked(...[6, 30, 54].map((age) => scheduled(`n-${age}`, age, { phase: 'Finalizing' })));
  assert.deepEqual([lines.length, rows.length], [1, 3]);
});

test('by hand: failed, and failed in part; each is told of itself', async () => {
  const { lines, findings } = await looked(
    backupOf('a', 2, { phase: 'Failed', failureReason: 'no space left.' }),
    backupOf('b', 3, { phase: 'PartiallyFailed', errors: 1 }),
    backupOf('c', 4, { phase: 'PartiallyFailed', errors: 7 }),
  );
  assert.deepEqual(lines, [
    'warning failed: failed and cannot be restored from: no space left',
    'warning failed: failed in part, with 1 error: what they name is missing or incomplete in it',
    'warning failed: failed in part, with 7 errors: what they name is missing or incomplete in it',
  ]);
  assert.deepEqual(
    findings.map(({ object }) => `${object.kind} ${object.name}`),
    ['Backup a', 'Backup b', 'Backup c'],
  );
});

test('what became of a schedule’s backups is for schedule-failing to say', async () => {
  assert.deepEqual((await looked(scheduled('n-1', 2, { phase: 'Failed' }), scheduled('n-0', 26, { phase: 'PartiallyFailed' }))).lines, []);
});

test('damaged metadata is an error; what could not be had, or is of another version, is unknown', async () => {
  const { metadata, ...unread } = backupOf('by-hand', 2);
  assert.ok(metadata);
  const trouble = (unknown: boolean) => ({ ...unread, trouble: { unknown, message: 'velero-backup.json is odd', remedy: 'do this' } });
  const damaged = await looked(trouble(false));
  assert.deepEqual(damaged.lines, ['critical metadata: cannot be restored from: its velero-backup.json is odd']);
  const denied = await looked(trouble(true));
  assert.deepEqual(
    [denied.lines, denied.unknowns],
    [[], [{ check: 'backup-phase', backup: 'by-hand', reason: 'velero-backup.json is odd', remedy: 'do this' }]],
  );
  // Of an old one of a schedule nobody waits for the answer, and the row says it.
  const old = { ...trouble(true), name: 'nightly-20261101030000', lastModified: 0 };
  const history = await looked(scheduled('nightly-20261124030000', 2), old);
  assert.deepEqual([history.unknowns, history.rows], [[], ['nightly-20261101030000 unknown: velero-backup.json is odd']]);
});

test('a phase that Velero never leaves in a bucket is unknown', async () => {
  for (const phase of ['InProgress', 'Deleting', 'Queued', '', 'Verified']) {
    const { unknowns, lines } = await looked(scheduled('n-1', 2, { phase }));
    assert.deepEqual([unknowns.length, unknowns[0]?.backup, lines], [1, 'n-1', []]);
  }
});
