import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/cluster-scoped-left-out.ts';
import { assertSilent, lookInto, manifest, theFinding } from '../archive-of.ts';
import { namespace, ofShop } from '../samples.ts';

/** As Velero 1.17 and later leave it in a backup that was asked for without filters: seen in full-1. */
const addedByServer = {
  excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'],
  excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
};
// What comes along all the same: namespaces, and what others bring with them.
const objects = [
  namespace('shop'),
  manifest('v1', 'ConfigMap', 'shop/settings'),
  manifest('scheduling.k8s.io/v1', 'PriorityClass', 'high'),
];
const apiService = manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.apps');

describe('cluster-scoped-left-out', () => {
  test('a backup of everything that holds nothing that has no namespace', async () => {
    const finding = await theFinding(check, { objects, spec: addedByServer });
    assert.equal(finding.severity, 'warning');
    assert.match(finding.remedy, /spec\.template\.includedClusterScopedResources: \["\*"\]/);
    assert.equal(finding.details?.clusterScoped, 2);
  });
  test('it holds some', () => assertSilent(check, { objects: [...objects, apiService], spec: addedByServer }));
  test('whoever made it wanted it so', async () => {
    for (const spec of [ofShop, { ...addedByServer, ...ofShop }, { includeClusterResources: false }, { includedResources: ['configmaps'] }])
      await assertSilent(check, { objects, spec });
    await assertSilent(check, { objects, spec: { ...addedByServer, includedClusterScopedResources: ['storageclasses'] } });
  });
  test('all namespaces but some, which a label on one of them is enough for: nothing of what has none comes along', async () => {
    const spec = { excludedNamespaces: ['kube-system'] };
    const finding = await theFinding(check, { objects, spec });
    assert.equal(finding.severity, 'warning');
    assert.match(finding.message, /^it was to hold all namespaces but some/);
    assert.match(finding.remedy, /includedClusterScopedResources: \["\*"\]/);
    const old = await theFinding(check, { objects, spec: { ...spec, excludedResources: ['events'] } });
    assert.match(old.remedy, /^set spec\.template\.includeClusterResources: true/);
    await theFinding(check, { objects, spec: { ...addedByServer, ...spec } });
    await assertSilent(check, { objects, spec: { ...spec, includeClusterResources: true } });
    await assertSilent(check, { objects, spec: { ...spec, excludedClusterScopedResources: ['clusterroles'] } });
  });
  test('an older Velero, which adds nothing', () => assertSilent(check, { objects, spec: {} }));
  test('an archive that could not be read to its end proves nothing', async () => {
    const { findings, unknowns } = await lookInto(check, { objects, spec: addedByServer, whole: false });
    assert.deepEqual([findings.length, unknowns.length], [0, 1]);
  });
});
