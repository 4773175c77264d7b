import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/schedule-paused.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { clusterOf, factsOf, lookAt, unreachable } from '../look-at.ts';
import { backupOf } from '../sample-location.ts';

const schedules = (paused: boolean) => [
  { metadata: { name: 'nightly', namespace: 'velero', creationTimestamp: '2026-11-01T00:00:00Z' }, spec: { schedule: '@daily', paused } },
];
const nightly = (hoursAgo: number) => backupOf(`n-${hoursAgo}`, hoursAgo, { schedule: 'nightly' });

test('paused for long is a warning; for an upgrade tonight it is worth knowing', async () => {
  const cluster = clusterOf({ schedules: schedules(true) });
  const { lines, findings } = await lookAt(check, factsOf([nightly(100)], { cluster }));
  assert.deepEqual(lines, ['warning: is paused; its newest backup was begun 4 days ago, at 2026-11-20 01:30 UTC']);
  assert.equal(findings[0]?.remedy, 'velero -n velero schedule unpause nightly');
  assert.deepEqual((await lookAt(check, factsOf([nightly(50)], { cluster }))).alarms, []);
  assert.deepEqual((await lookAt(check, factsOf([], { cluster }))).lines, ['warning: is paused; it has no backup here']);
});

test('no alarm: it runs, or there is no cluster to ask', async () => {
  assert.deepEqual((await lookAt(check, factsOf([nightly(100)], { cluster: clusterOf({ schedules: schedules(false) }) }))).lines, []);
  await assert.rejects(lookAt(check, factsOf([nightly(100)])), NotApplicable);
  assert.equal((await lookAt(check, factsOf([nightly(100)], { cluster: unreachable }))).unknowns.length, 1);
});
