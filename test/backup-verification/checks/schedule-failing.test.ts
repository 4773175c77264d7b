import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import check from '../../../functions/backup-verification/checks/schedule-failing.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { memoryObjectStore } from '../../velero/memory-object-store.ts';
import { factsOf, lookAt } from '../look-at.ts';
import { backupOf } from '../sample-location.ts';

const nightly = (name: string, hoursAgo: number, more = {}) => backupOf(name, hoursAgo, { schedule: 'nightly', ...more });

test('the newest finished backup decides: failed is critical, and says what can be restored from', async () => {
  const { lines, findings, rows } = await lookAt(
    check,
    factsOf([nightly('n-3', 2, { phase: 'Failed', failureReason: 'etcd is down' }), nightly('n-2', 26)]),
  );
  assert.deepEqual(lines, [
    'critical: its newest backup n-3 failed and cannot be restored from: etcd is down; the newest that can be restored from is n-2',
  ]);
  assert.deepEqual([findings[0]?.object.kind, findings[0]?.startedAt?.slice(0, 13), rows.length], ['Schedule', '2026-11-24T03', 1]);
  const alone = await lookAt(check, factsOf([nightly('n-1', 2, { phase: 'Failed' })]));
  assert.match(alone.lines[0] ?? '', /there is none that can be restored from/);
});

test('failed in part is a warning, since the first in a row, with Velero’s own first messages', async () => {
  const results = { errors: { namespaces: { shop: ['hook failed in pod web', 'no'] }, cluster: ['second.'] }, warnings: {} };
  const store = memoryObjectStore({ [backupKey('n-3', 'results')]: gzipSync(JSON.stringify(results)) });
  const [object] = store.objects;
  const newest = nightly('n-3', 2, { phase: 'PartiallyFailed', errors: 3 });
  assert.ok(object);
  const withResults = { ...newest, files: { ...newest.files, results: object } };
  const backups = [
    withResults,
    nightly('n-2', 26, { phase: 'PartiallyFailed' }),
    nightly('n-1', 50),
    nightly('n-0', 74, { phase: 'Failed' }),
  ];
  const { lines, findings, rows } = await lookAt(check, factsOf(backups, { store }), { options: { messages: 2 } });
  assert.deepEqual(lines, [
    'warning: its newest backup n-3 failed in part, with 3 errors: what they name is missing or incomplete in it; Velero says: second, shop: hook failed in pod web and 1 more',
  ]);
  assert.equal(findings[0]?.startedAt, '2026-11-23T03:30:00.000Z');
  assert.deepEqual(
    rows.map((row) => row.slice(0, 11)),
    ['n-2 warning', 'n-0 error: ', 'n-3 warning'],
  );
});

test('no alarm: older failures are history once a newer one is good, and one that is being made decides nothing', async () => {
  const { lines, rows } = await lookAt(
    check,
    factsOf([
      nightly('n-3', 1, { phase: 'Finalizing' }),
      nightly('n-2', 25),
      nightly('n-1', 49, { phase: 'Failed' }),
      nightly('n-0', 73, { phase: 'PartiallyFailed', errors: 1 }),
    ]),
  );
  assert.deepEqual([lines, rows], [[], ['n-1 error: failed', 'n-0 warning: failed in part, with 1 error']]);
});

test('one by hand is none of its business', async () => {
  assert.deepEqual((await lookAt(check, factsOf([backupOf('b', 2, { phase: 'Failed' })]))).lines, []);
});
