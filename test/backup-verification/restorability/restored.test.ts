import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRestored, isRestoredAfter } from '../../../functions/backup-verification/restorability/restored.ts';
import { archived, manifest } from '../archive-of.ts';
import { pod } from '../samples.ts';

describe('what a restore brings', () => {
  const automanaged = { metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } } };
  const cases: readonly [string, Parameters<typeof archived>[0], boolean][] = [
    ['a running pod', pod('shop/web-1', {}), true],
    ['a finished pod', pod('shop/web-1', {}, { status: { phase: 'Succeeded' } }), false],
    ['a failed pod', pod('shop/web-1', {}, { status: { phase: 'Failed' } }), false],
    ['a mirror pod', pod('kube-system/etcd', {}, { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }), false],
    ['a Job that goes on', manifest('batch/v1', 'Job', 'shop/import', { status: { active: 1 } }), true],
    ['a Job that is complete', manifest('batch/v1', 'Job', 'shop/import', { status: { completionTime: '2026-11-23T00:00:00Z' } }), false],
    ['a Node', manifest('v1', 'Node', 'node-1'), false],
    ['an event', manifest('v1', 'Event', 'shop/e'), false],
    ['a Backup of Velero', manifest('velero.io/v1', 'Backup', 'velero/nightly-1'), false],
    ['a Schedule of Velero', manifest('velero.io/v1', 'Schedule', 'velero/nightly'), true],
    ['an APIService of Kubernetes’ own', manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.apps', automanaged), false],
    ['an APIService of somebody’s', manifest('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io'), true],
  ];
  for (const [what, object, restored] of cases) test(`${what}: ${restored}`, () => assert.equal(isRestored(archived(object)), restored));
});

test('the order of Velero’s default priorities', () => {
  const validating = 'validatingwebhookconfigurations.admissionregistration.k8s.io';
  const mutating = 'mutatingwebhookconfigurations.admissionregistration.k8s.io';
  assert.ok(!isRestoredAfter('pods', validating), 'pods go first');
  assert.ok(!isRestoredAfter('deployments.apps', mutating), 'by name');
  assert.ok(isRestoredAfter('prometheusrules.monitoring.coreos.com', mutating));
  assert.ok(!isRestoredAfter('prometheusrules.monitoring.coreos.com', validating));
  assert.ok(isRestoredAfter('virtualservices.networking.istio.io', validating));
  assert.ok(isRestoredAfter('clusters.cluster.x-k8s.io', validating), 'the last ones');
  assert.ok(isRestoredAfter('secrets', 'serviceaccounts'));
  assert.ok(!isRestoredAfter('secrets', 'secrets'));
});
