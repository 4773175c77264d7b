import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-crd.ts';
import { assertSilent, assertSound, lookInto, manifest, theFinding } from '../archive-of.ts';
import { definition, inPart, ofShop } from '../samples.ts';

const widget = (name: string, version = 'v1') => manifest(`example.com/${version}`, 'Widget', `shop/${name}`);
const widgets = (...versions: readonly Record<string, unknown>[]) => definition('widgets', 'example.com', 'Widget', versions);
const v1 = { name: 'v1', served: true, storage: true };

describe('missing-crd', () => {
  test('none of the objects is restored: one finding for all', async () => {
    const finding = await theFinding(check, { objects: [widget('blue'), widget('red')] });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.subject, 'CustomResourceDefinition widgets.example.com');
    assert.match(finding.message, /^Widget shop\/blue \(example\.com\/v1\) and 1 more need .*none of the 2 would be restored$/);
    assert.equal(finding.details?.neededBy, 2);
  });
  test('it is there', () => assertSilent(check, { objects: [widget('blue'), widgets(v1)] }));
  test('aggregated APIs have none', () =>
    assertSilent(check, {
      objects: [
        manifest('metrics.k8s.io/v1beta1', 'PodMetrics', 'shop/web-1'),
        manifest('custom.example.org/v1', 'Report', 'shop/a'),
        manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.custom.example.org', {
          spec: { group: 'custom.example.org', version: 'v1', service: { namespace: 'platform', name: 'reports' } },
        }),
      ],
    }));
  test('Kubernetes’ own kinds, Velero’s, and what is never restored', () =>
    assertSilent(check, {
      objects: [
        manifest('apps/v1', 'Deployment', 'shop/web'),
        manifest('networking.k8s.io/v1', 'Ingress', 'shop/web'),
        manifest('velero.io/v1', 'Schedule', 'velero/nightly'),
        manifest('velero.io/v1', 'Backup', 'velero/nightly-1'),
      ],
    }));
  test('CRDs of other groups that end in k8s.io are no part of Kubernetes', async () => {
    await theFinding(check, { objects: [manifest('gateway.networking.k8s.io/v1', 'HTTPRoute', 'shop/web')] });
  });
  test('those of EKS are there where the cluster was one', async () => {
    const objects = [manifest('vpcresources.k8s.aws/v1beta1', 'SecurityGroupPolicy', 'shop/db')];
    await assertSilent(check, { objects, metadata: { kubernetesVersion: 'v1.33.1-eks-595af52' } });
    await theFinding(check, { objects });
  });
  test('the version that they are stored in is not served', async () => {
    const old = { name: 'v1alpha1', served: false, storage: false };
    const finding = await theFinding(check, { objects: [widget('blue', 'v1alpha1'), widgets(v1, old)] });
    assert.equal(finding.subject, 'version v1alpha1 of widgets.example.com');
    assert.match(finding.message, /its definition serves v1 alone/);
    await assertSilent(check, { objects: [widget('blue', 'v1alpha1'), widgets(v1, { ...old, served: true })] });
  });
  test('a backup of one namespace holds them too, but the cluster may have them', async () => {
    const objects = [widget('blue')];
    assert.equal((await theFinding(check, { objects, spec: ofShop, metadata: inPart })).severity, 'info');
    assert.equal((await theFinding(check, { objects, spec: ofShop, metadata: inPart, cluster: {} })).severity, 'warning');
    await assertSilent(check, { objects, spec: ofShop, cluster: { customresourcedefinitions: [widgets(v1)] } });
  });
  test('Velero adds the definition of all that it keeps: where APIServices are left out, there was none', async () => {
    const addedByServer = { excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'] };
    const objects = [widget('blue')];
    for (const spec of [addedByServer, ofShop, { labelSelector: { matchLabels: { app: 'web' } } }]) {
      const finding = await theFinding(check, { objects, spec, cluster: {} });
      assert.equal(finding.severity, 'info');
      assert.match(finding.message, /an API server of its own must have served it/);
    }
    assert.equal((await theFinding(check, { objects, spec: addedByServer, metadata: inPart })).severity, 'critical');
    assert.equal((await theFinding(check, { objects, spec: { excludedResources: ['apiservices'] } })).severity, 'info');
    await assertSilent(check, { objects: [manifest('projectcalico.org/v3', 'NetworkPolicy', 'shop/web')] });
  });
  test('includeClusterResources: false leaves them out too: one finding', async () => {
    const objects = [widget('blue'), manifest('other.org/v1', 'Thing', 'shop/a')];
    const { lines, findings } = await lookInto(check, { objects, spec: { includeClusterResources: false } });
    assert.deepEqual(lines, ['info left out: CustomResourceDefinition']);
    assert.match(findings[0]?.message ?? '', /^the backup’s filters leave out customresourcedefinitions/);
  });
  test('where filters leave them out it is one finding', async () => {
    const objects = [widget('blue'), manifest('other.org/v1', 'Thing', 'shop/a')];
    const { lines } = await lookInto(check, { objects, spec: { excludedResources: ['customresourcedefinitions'] } });
    assert.deepEqual(lines, ['warning left out: CustomResourceDefinition']);
  });
  test('sound', () =>
    assertSound(check, { objects: [widget('blue'), widget('red', 'v2'), widgets(v1), manifest('other.org/v1', 'Thing', 'shop/a')] }));
});
