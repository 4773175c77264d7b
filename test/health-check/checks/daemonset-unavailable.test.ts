import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/daemonset-unavailable.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, changed, daemonSet } from '../objects.ts';
import { assertSilent, theFinding } from '../run-check.ts';

const since = (time: object) => ({ metadata: changed('status', ago(time)) });
const old = since({ minutes: 40 });

describe('daemonset-unavailable', () => {
  test('is critical where no node has it, a warning where some have', async () => {
    const one = await theFinding(check, { objects: [daemonSet({ ...old, status: { numberAvailable: 3 } })] });
    assert.deepEqual([one.severity, one.message], ['warning', 'only 3 of 4 nodes have an available pod, unchanged for 40 minutes']);
    assert.equal((await theFinding(check, { objects: [daemonSet({ ...old, status: { numberAvailable: 0 } })] })).severity, 'critical');
  });

  test('a rollout that does not come further is told, unless updates are made by hand', async () => {
    const status = { updatedNumberScheduled: 1 };
    assert.match(
      (await theFinding(check, { objects: [daemonSet({ ...old, status })] })).message,
      /^its rollout is stuck: 1 of 4 nodes have its newest pod/,
    );
    await assertSilent(check, { objects: [daemonSet({ ...old, status, spec: { updateStrategy: { type: 'OnDelete' } } })] });
  });

  test('one that comes further, has no node to run on, goes away or is well is left alone', async () => {
    await assertSilent(check, {
      objects: [
        daemonSet({ ...since({ minutes: 14 }), status: { numberAvailable: 1 } }),
        daemonSet({ name: 'nowhere', status: { desiredNumberScheduled: 0, numberAvailable: 0, updatedNumberScheduled: 0 } }),
        daemonSet({ name: 'going', metadata: { deletionTimestamp: ago({ minutes: 1 }) }, status: { numberAvailable: 0 } }),
        daemonSet({ name: 'well', ...old }),
      ],
    });
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      daemonSet({ ...old, status: { numberAvailable: 0 } }),
      daemonSet({ name: 'b', ...old, status: { updatedNumberScheduled: 1 } }),
    ]));
});
