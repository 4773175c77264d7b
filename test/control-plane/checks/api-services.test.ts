/** An APIService whose Service is not there, as the real aggregator tells it, and the namespace that cannot go because of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Finding, ScanResult } from '../../../functions/scan/contracts.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { findingsOf, read, saidBy, scanPlane, until } from './live-scan.ts';

const name = 'v1beta1.metrics.k8s.io';
const spec = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  service: { namespace: 'kube-system', name: 'metrics-server' },
  insecureSkipTLSVerify: true,
  groupPriorityMinimum: 100,
  versionPriority: 100,
};

const conditionsAt = async (plane: ControlPlane, path: string) => {
  const { status } = (await read(plane, path)) as { status?: { conditions?: { type: string; status: string }[] } };
  return (type: string) => status?.conditions?.find((condition) => condition.type === type)?.status;
};

describe('an API service that is down', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let young: ScanResult<Finding>;
  let old: ScanResult<Finding>;
  before(async () => {
    plane = await startControlPlane({ controllers: ['namespace-controller'] });
    const path = '/apis/apiregistration.k8s.io/v1/apiservices';
    const created = await plane.request('POST', path, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec,
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    await until('the aggregator notices', async () => (await conditionsAt(plane, `${path}/${name}`))('Available') === 'False');
    await plane.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } });
    await plane.request('DELETE', '/api/v1/namespaces/leaving');
    await until(
      'the namespace controller gives up',
      async () => (await conditionsAt(plane, '/api/v1/namespaces/leaving'))('NamespaceDeletionDiscoveryFailure') === 'True',
    );
    young = await scanPlane(plane);
    old = await scanPlane(plane, 60);
  });
  after(() => plane?.stop());

  test('is found, and the server’s own API services are not', () => {
    assert.deepEqual(saidBy(young, 'api-service-unavailable'), []);
    assert.deepEqual(saidBy(old, 'api-service-unavailable'), [`warning APIService ${name}`]);
    const [finding] = findingsOf(old, 'api-service-unavailable');
    assert.match(finding?.message ?? '', /^does not answer for .*: service\/metrics-server in "kube-system" is not present$/);
    assert.equal(finding?.remedy, `if what served it was removed: kubectl delete apiservice ${name}`);
  });

  test('explains the namespace that does not go away', () => {
    assert.deepEqual(saidBy(old, 'namespace-terminating'), ['warning Namespace leaving']);
    assert.ok(old.links.some(({ effect, cause }) => effect.name === 'leaving' && cause.kind === 'APIService' && cause.name === name));
  });
});
