import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openManifests } from '../../functions/cluster/source-manifests.ts';
import { checks } from '../../functions/health-check/checks/index.ts';
import { refKey } from '../../functions/scan/contracts.ts';
import { scan } from '../../functions/scan/scan.ts';

const example = new URL('../../functions/cli/example', import.meta.url).pathname;
const scanExample = async () => {
  const source = await openManifests(example);
  return { source, result: await scan(source, checks, { signal: AbortSignal.timeout(60_000) }) };
};

describe('the embedded example', () => {
  test('its clock is the newest time in it, so that it does not age', async () => {
    const { source } = await scanExample();
    assert.equal(new Date(source.now).toISOString(), '2026-03-18T09:00:00.218Z');
    assert.equal(source.stateless, undefined);
  });

  test('every check that a folder can answer ran, and saw objects', async () => {
    const { result } = await scanExample();
    const notRun = result.observers.filter(({ outcome }) => outcome !== 'ran').map(({ id }) => id);
    assert.deepEqual(notRun, ['api-server-certificate', 'api-server-health', 'eks-cluster-health']);
    assert.deepEqual(
      result.observers.filter(({ outcome, objects }) => outcome === 'ran' && objects === 0).map(({ id }) => id),
      [],
    );
  });

  test('what is planted is found, and nothing else', async () => {
    const { result } = await scanExample();
    const said = result.out
      .filter(({ observer }) => observer !== 'warning-events')
      .map(({ observer, object, severity }) => `${observer} ${severity} ${refKey(object)}`);
    assert.deepEqual(said.toSorted(), [
      'argocd-application-unhealthy warning argoproj.io/Application/argocd/recommendations',
      'cronjob-missed-schedule warning batch/CronJob/payments/settlement',
      'daemonset-unavailable warning apps/DaemonSet/kube-system/kube-proxy',
      'daemonset-unavailable warning apps/DaemonSet/monitoring/node-exporter',
      'deployment-unavailable critical apps/Deployment/payments/fraud-model',
      'deployment-unavailable critical apps/Deployment/shop/cart',
      'deployment-unavailable critical apps/Deployment/shop/checkout',
      'deployment-unavailable critical apps/Deployment/shop/recommendations',
      'deployment-unavailable warning apps/Deployment/kube-system/coredns',
      'deployment-unavailable warning apps/Deployment/payments/ledger',
      'deployment-unavailable warning apps/Deployment/shop/frontend',
      'deployment-unavailable warning apps/Deployment/shop/search',
      'flux-kustomization-unhealthy warning kustomize.toolkit.fluxcd.io/Kustomization/flux-system/alerting',
      'helm-release-failed warning helm.sh/HelmRelease/monitoring/loki',
      'namespace-terminating warning /Namespace//preview-142',
      'node-not-ready critical /Node//ip-10-0-2-94.eu-central-1.compute.internal',
      'pod-failed warning batch/Job/payments/schema-migration-31',
      'pod-not-ready critical apps/Deployment/shop/cart',
      'pod-not-ready critical apps/Deployment/shop/checkout',
      'pod-not-ready warning apps/DaemonSet/kube-system/kube-proxy',
      'pod-not-ready warning apps/DaemonSet/monitoring/node-exporter',
      'pod-not-ready warning apps/Deployment/kube-system/coredns',
      'pod-not-ready warning apps/Deployment/payments/ledger',
      'pod-not-ready warning apps/Deployment/shop/frontend',
      'pod-pending critical apps/Deployment/payments/fraud-model',
      'pod-waiting critical apps/Deployment/shop/recommendations',
      'pod-waiting warning apps/Deployment/shop/search',
      'service-without-endpoints critical /Service/payments/fraud-model',
      'service-without-endpoints critical /Service/shop/cart',
      'service-without-endpoints critical /Service/shop/checkout',
      'service-without-endpoints critical /Service/shop/recommendations',
    ]);
    const events = result.out
      .filter(({ observer }) => observer === 'warning-events')
      .map(({ object, subject }) => `${object.name} ${subject}`);
    assert.deepEqual(events.toSorted(), [
      'catalog Unhealthy',
      'fraud-model FailedScheduling',
      'ip-10-0-2-94.eu-central-1.compute.internal NodeNotReady',
      'recommendations BackOff',
      'search Failed',
    ]);
  });
});
