import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { type ClusterRun, runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import type { Source } from '../../functions/scan/contracts.ts';
import { memorySource } from '../scan/memory-source.ts';

const run = (open: ClusterRun['open'], signal: AbortSignal) =>
  runOnCluster({
    operation: healthCheck,
    cluster: 'prod',
    options: {},
    selection: {},
    runId: '0123456789abcdef',
    eventTime: '2026-11-24T06:00:00.000Z',
    open,
    previous: undefined,
    signal,
  });

test('a way to the cluster that hangs and does not listen: a report in time, and what opens later is closed', async () => {
  const opening = Promise.withResolvers<Source>();
  const closed = Promise.withResolvers<void>();
  const startedAt = performance.now();
  const report = await run(() => opening.promise, AbortSignal.timeout(50));
  assert.ok(performance.now() - startedAt < 3_000);
  assert.equal(report.complete, false);
  assert.deepEqual(
    report.findings.map(({ check, severity, message }) => [check, severity, message]),
    [['cluster-access', 'critical', 'the way to prod was still not open when the time budget was spent']],
  );
  opening.resolve({ ...memorySource(), close: async () => closed.resolve() });
  await closed.promise;
});

test('what is no state of the cluster is thrown on', async () => {
  const broken = async (): Promise<Source> => {
    throw new TypeError('a fault of ours');
  };
  await assert.rejects(run(broken, AbortSignal.timeout(5_000)), /a fault of ours/);
});
