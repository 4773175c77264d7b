import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { type Report, reportSchema } from '../../functions/report/model.ts';
import type { LaidOver } from '../../functions/runtime/overrides-in-force.ts';
import { readOverrides } from '../../functions/runtime/read-overrides.ts';
import { type ClusterRun, runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import type { Source } from '../../functions/scan/contracts.ts';
import { memorySource } from '../scan/memory-source.ts';

const runWith = ({ open, signal, ...more }: Pick<ClusterRun, 'open' | 'signal'> & Partial<ClusterRun>) =>
  runOnCluster({
    operation: healthCheck,
    cluster: 'prod',
    options: {},
    own: {},
    runId: '0123456789abcdef',
    eventTime: '2026-11-24T06:00:00.000Z',
    open,
    previous: undefined,
    signal,
    ...more,
  });
const run = (open: ClusterRun['open'], signal: AbortSignal) => runWith({ open, signal });

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

const waiting = (name: string, annotations: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: name, creationTimestamp: '2026-11-01T00:00:00Z', annotations },
  spec: { nodeName: 'n1', containers: [{ name: 'app' }] },
  status: {
    phase: 'Pending',
    startTime: '2026-11-01T00:00:00Z',
    containerStatuses: [{ name: 'app', restartCount: 0, ready: false, state: { waiting: { reason: 'ImagePullBackOff', message: 'no' } } }],
  },
});
const file = 's3://reports/config/overrides.yaml';
const objects = [waiting('a'), waiting('b'), waiting('c', { 'nightshift.dev/ignore': 'pod-*' })];
const runOnObjects = (more: Partial<ClusterRun>) =>
  runWith({ open: async () => memorySource({ objects }), signal: AbortSignal.timeout(30_000), ...more });
const waitingPods = ({ findings }: Report) => findings.filter(({ check }) => check === 'pod-waiting').map(({ object }) => object.name);
const overrides = (text: string): LaidOver => ({
  overrides: readOverrides(text, 'config/overrides.yaml', healthCheck, undefined),
  facts: { file, inForce: { file, since: '2026-11-20T06:00:00.000Z', says: ['ignore rules: 1'] } },
});

describe('what is laid over the options', () => {
  test('counts, is told beside the rules of the configuration, and the report is of full scope', async () => {
    const report = await runOnObjects({
      options: { ignore: [{ check: 'pod-*', name: 'a', reason: 'deployed' }] },
      laidOver: overrides(`
options: { health-check: { checks: { off: [warning-events], pod-waiting: { graceMinutes: 1 } } } }
clusters: { prod: { options: { health-check: { ignore: [{ check: "pod-*", name: b, until: 2999-12-31, reason: tonight }] } } } }`),
    });
    assert.deepEqual(waitingPods(report), []);
    assert.deepEqual(
      report.ignored.map(({ rule, reason, from, until, note }) => [rule, reason, from, until, note]),
      [
        ['pod-*, named a', 'deployed', 'nightshift.yaml', undefined, undefined],
        ['pod-*, named b, until 2999-12-31', 'tonight', 'config/overrides.yaml', '2999-12-31', undefined],
        ['pod-* on Pod shop/c', 'no reason given', 'annotation', undefined, undefined],
      ],
    );
    assert.equal(report.checks.find(({ check }) => check === 'warning-events')?.reason, 'turned off in config/overrides.yaml');
    assert.equal(report.checks.find(({ check }) => check === 'configuration-overrides')?.ran, true);
    assert.deepEqual([report.fullScope, report.overrides?.says], [true, ['ignore rules: 1']]);
    assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
  });

  test('is no part of a report where there is no place for it', async () => {
    const report = await runOnObjects({});
    assert.equal(
      report.checks.some(({ check }) => check === 'configuration-overrides'),
      false,
    );
    assert.equal(report.overrides, undefined);
    assert.deepEqual(waitingPods(report), ['a', 'b']);
  });

  test('a broken file is a warning that no rule takes away, goes on as the same one, and is resolved when mended', async () => {
    const everything = { ignore: [{ check: '*', reason: 'all of it' }] };
    const problem = { message: 'is not understood', remedy: 'mend it' };
    const seen = (report: Report) =>
      report.findings.map(({ check, severity, object, change }) => [check, severity, object.kind, object.name, change]);
    const first = await runOnObjects({ options: everything, laidOver: { facts: { file, problem } } });
    assert.deepEqual(seen(first), [['configuration-overrides', 'warning', 'File', file, 'new']]);
    assert.deepEqual([first.status, first.complete], ['degraded', true]);
    const unread = { facts: { file, problem: { ...problem, message: 'could not be read' }, unread: 'AccessDenied' } };
    const second = await runOnObjects({ runId: 'b', options: everything, laidOver: unread, previous: first });
    assert.deepEqual(seen(second), [['configuration-overrides', 'warning', 'File', file, 'ongoing']]);
    const check = second.checks.find(({ check: id }) => id === 'configuration-overrides');
    assert.deepEqual([check?.ran, check?.reason], [false, 'AccessDenied']);
    const third = await runOnObjects({ runId: 'c', options: everything, laidOver: { facts: { file } }, previous: second });
    assert.deepEqual([third.findings.length, third.resolved.map(({ check: id }) => id)], [0, ['configuration-overrides']]);
  });

  test('is told of a cluster that cannot be reached too', async () => {
    const report = await runOnObjects({
      open: () => Promise.reject(new ClusterError('timeout', 'no answer', 'look')),
      laidOver: { facts: { file, problem: { message: 'is not understood', remedy: 'mend it' } } },
    });
    assert.deepEqual(
      report.findings.map(({ check }) => check),
      ['cluster-access', 'configuration-overrides'],
    );
  });

  test('a mute takes a finding away without calling it resolved; when it ends, the finding is new again', async () => {
    const before = await runOnObjects({});
    const muted = await runOnObjects({
      runId: 'b',
      previous: before,
      laidOver: overrides('options: { health-check: { ignore: [{ name: a, reason: tonight }] } }'),
    });
    assert.deepEqual([waitingPods(muted), muted.resolved], [['b'], []]);
    const after = await runOnObjects({ runId: 'c', previous: muted, laidOver: { facts: { file } } });
    assert.deepEqual(
      after.findings.filter(({ check }) => check === 'pod-waiting').map(({ object, change }) => [object.name, change]),
      [
        ['a', 'new'],
        ['b', 'ongoing'],
      ],
    );
  });
});

test('Namespaces that may not be listed: the report is complete, and says that their annotations were not seen', async () => {
  const refused = { state: 'failed', reason: 'forbidden', message: 'namespaces is forbidden', remedy: 'grant it' } as const;
  const report = await runOnObjects({
    own: { only: ['pod-waiting'] },
    open: async () => memorySource({ objects, endings: { namespaces: refused } }),
  });
  assert.equal(report.complete, true);
  assert.deepEqual(
    report.checks.find(({ check }) => check === 'ignore-annotations'),
    {
      check: 'ignore-annotations',
      title: 'Annotations that mute findings',
      ran: false,
      objects: 0,
      reason: 'those of kind Namespace were not seen: namespaces is forbidden',
    },
  );
});
