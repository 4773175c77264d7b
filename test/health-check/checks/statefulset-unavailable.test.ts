import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/statefulset-unavailable.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, changed, statefulSet } from '../objects.ts';
import { assertSilent, theFinding } from '../run-check.ts';

const since = (time: object) => ({ metadata: changed('status', ago(time)) });
const old = since({ minutes: 40 });

describe('statefulset-unavailable', () => {
  test('is critical where nothing is available, a warning where something is', async () => {
    const one = await theFinding(check, { objects: [statefulSet({ ...old, status: { availableReplicas: 2 } })] });
    assert.deepEqual([one.severity, one.message], ['warning', 'only 2 of 3 pods are available, unchanged for 40 minutes']);
    assert.equal(one.startedAt, ago({ minutes: 40 }));
    assert.equal((await theFinding(check, { objects: [statefulSet({ ...old, status: { availableReplicas: 0 } })] })).severity, 'critical');
  });

  test('a rollout that does not come further is told', async () => {
    const status = { updateRevision: 'db-2', updatedReplicas: 1 };
    assert.match(
      (await theFinding(check, { objects: [statefulSet({ ...old, status })] })).message,
      /^its rollout is stuck: 1 of 3 pods are updated/,
    );
    // A partition, or updates by hand, hold the rest back on purpose.
    await assertSilent(check, {
      objects: [statefulSet({ ...old, status, spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } } })],
    });
    await assertSilent(check, { objects: [statefulSet({ ...old, status, spec: { updateStrategy: { type: 'OnDelete' } } })] });
  });

  test('one that comes further, is scaled to zero, goes away or is well is left alone', async () => {
    await assertSilent(check, {
      objects: [
        statefulSet({ ...since({ minutes: 14 }), status: { availableReplicas: 1 } }),
        statefulSet({ name: 'zero', ...old, spec: { replicas: 0 }, status: { availableReplicas: 0 } }),
        statefulSet({ name: 'going', metadata: { deletionTimestamp: ago({ minutes: 1 }) }, status: { availableReplicas: 0 } }),
        statefulSet({ name: 'well', ...old }),
      ],
    });
  });

  test('where managedFields are not told its own age is all there is', async () => {
    await theFinding(check, { objects: [statefulSet({ status: { availableReplicas: 1 } })] });
    await assertSilent(check, {
      objects: [statefulSet({ metadata: { creationTimestamp: ago({ minutes: 3 }) }, status: { availableReplicas: 1 } })],
    });
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      statefulSet({ ...old, status: { availableReplicas: 0 } }),
      statefulSet({ name: 'b', ...old, status: { updateRevision: 'db-2', updatedReplicas: 1 } }),
    ]));
});
