/** A run that looks at some namespaces alone, and one on clusters of which some have no API server. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { leases, nodes, pods } from '../../functions/cluster/kinds.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import type { Report } from '../../functions/report/model.ts';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { perform } from '../../functions/runtime/perform.ts';
import { runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import { defineCheck } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';
import { memorySource } from '../scan/memory-source.ts';

const signal = new AbortController().signal;
const waiting = (namespace: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace, uid: namespace, creationTimestamp: '2026-11-01T00:00:00Z' },
  spec: { nodeName: 'n1', containers: [{ name: 'app' }] },
  status: {
    phase: 'Pending',
    startTime: '2026-11-01T00:00:00Z',
    containerStatuses: [{ name: 'app', restartCount: 0, ready: false, state: { waiting: { reason: 'ImagePullBackOff', message: 'no' } } }],
  },
});

describe('namespaces', () => {
  const run = (namespaces: readonly string[] | undefined, given: readonly string[], previous?: Report, narrowed = false): Promise<Report> =>
    runOnCluster({
      operation: healthCheck,
      cluster: 'prod',
      options: {},
      own: {},
      narrowed,
      runId: given.join(),
      eventTime: '2026-11-24T06:00:00.000Z',
      open: async () => ({ ...memorySource({ objects: given.map(waiting) }), ...(namespaces && { namespaces }) }),
      previous,
      signal,
    });
  const namesOf = (findings: Report['findings']) => findings.map(({ object }) => object.namespace);

  test('what is no longer looked at is neither resolved nor kept; within them all is as ever', async () => {
    const before = await run(undefined, ['shop', 'payments', 'ledger']);
    assert.deepEqual(namesOf(before.findings).toSorted(), ['ledger', 'payments', 'shop']);
    assert.equal(before.source.namespaces, undefined);
    const narrower = await run(['shop', 'payments'], ['shop'], before);
    assert.deepEqual(narrower.source.namespaces, ['shop', 'payments']);
    assert.deepEqual(
      narrower.findings.map(({ object, change }) => [object.namespace, change]),
      [['shop', 'ongoing']],
    );
    const gone = [...narrower.resolved, ...(narrower.settling ?? [])];
    assert.deepEqual(namesOf(gone), ['payments']);
  });

  test('of the configuration they are its full scope; of the command line not', async () => {
    assert.equal((await run(['shop'], ['shop'])).fullScope, true);
    assert.equal((await run(['shop'], ['shop'], undefined, true)).fullScope, false);
  });
});

test('a check that needs another namespace does not run, though a list that others read came whole', async () => {
  const check = (id: string, reads: Parameters<typeof defineCheck>[0]['reads']) =>
    defineCheck({
      id,
      title: id,
      why: id,
      upstream: id,
      reads,
      options: z.strictObject({}),
      start: () => ({ see: {}, finish: () => undefined }),
    });
  const source = { ...memorySource({ endings: { nodes: { state: 'off', reason: 'no namespace' } } }), namespaces: ['shop'] };
  const checks = [
    check('all', { leases }),
    check('elsewhere', { leases: { ...leases, namespace: 'kube-system' } }),
    check('here', { leases: { ...leases, namespace: 'shop' } }),
    check('besides', { pods, leases: { ...leases, namespace: 'kube-system', optional: true }, nodes: { ...nodes, optional: true } }),
    check('nodes', { pods, nodes }),
  ];
  const { observers } = await scan(source, checks, { signal });
  assert.deepEqual(
    observers.map(({ id, outcome, reason }) => [id, outcome, reason]),
    [
      ['all', 'ran', undefined],
      ['elsewhere', 'not-run', 'only the namespace shop is looked at; leases.coordination.k8s.io are read in kube-system'],
      ['here', 'ran', undefined],
      ['besides', 'ran', undefined],
      ['nodes', 'not-run', 'no namespace'],
    ],
  );
});

describe('a function’s event', () => {
  const configuration = configurationSchema.parse({ clusters: { 'lost-1': { backups: [{ bucket: 'velero', region: 'eu-central-1' }] } } });
  const surroundings = { operation: healthCheck, configuration, logger: new Logger(), metrics: new Metrics(), signal, requestId: '1' };
  for (const [what, clusters, message] of [
    ['names a cluster that is gone', ['lost-1'], /^the cluster lost-1 has no eks and no kubeconfig, which health-check needs/],
    ['names none, and all are gone', undefined, /^"\*" picks only lost-1, which has no eks/],
  ] as const) {
    test(`${what}: refused, and no mistake of the function’s`, async () => {
      const request = { clusters, own: {}, executionId: undefined, time: undefined };
      await assert.rejects(perform(request, surroundings), { name: 'EventError', message });
    });
  }
});
