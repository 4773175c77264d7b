import assert from 'node:assert/strict';
import { test } from 'node:test';
import check from '../../../functions/backup-verification/checks/schedule-refused.ts';
import { NotApplicable } from '../../../functions/scan/contracts.ts';
import { clusterOf, factsOf, lookAt } from '../look-at.ts';

const withStatus = (status: object) =>
  clusterOf({ schedules: [{ metadata: { name: 'nightly', namespace: 'velero' }, spec: { schedule: '99 * * * *' }, status }] });

test('a schedule that Velero refuses makes no backups', async () => {
  const status = { phase: 'FailedValidation', validationErrors: ['invalid schedule: end of range (99) above maximum (59): 99'] };
  assert.deepEqual((await lookAt(check, factsOf([], { cluster: withStatus(status) }))).lines, [
    'critical: Velero refuses it and makes no backups: invalid schedule: end of range (99) above maximum (59): 99',
  ]);
});

test('no alarm: enabled, not yet looked at, or no cluster', async () => {
  for (const status of [{ phase: 'Enabled' }, { phase: 'New' }, {}])
    assert.deepEqual((await lookAt(check, factsOf([], { cluster: withStatus(status) }))).lines, []);
  await assert.rejects(lookAt(check, factsOf([])), NotApplicable);
});
