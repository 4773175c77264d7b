import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-runtime-class.ts';
import { assertSilent, assertSound, manifest, theFinding } from '../archive-of.ts';
import { deployment, ofShop } from '../samples.ts';

const web = deployment('shop/web', { runtimeClassName: 'special' });
const special = manifest('node.k8s.io/v1', 'RuntimeClass', 'special');

describe('missing-runtime-class', () => {
  test('pods of such a workload are refused', async () => {
    const finding = await theFinding(check, { objects: [web] });
    assert.equal(finding.severity, 'critical');
    assert.match(
      finding.message,
      /needs RuntimeClass special, and the backup has no resources\/runtimeclasses\.node.k8s.io\/cluster\/special\.json/,
    );
    assert.match(finding.remedy, /special/);
    assert.equal(finding.details?.comparedWith, 'the backup and what every cluster has');
  });
  test('it is there', () => assertSilent(check, { objects: [special, web] }));
  test('Velero left it out of a backup of everything: the remedy is to have it in', async () => {
    const spec = { excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'] };
    const finding = await theFinding(check, { objects: [web], spec });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.subject, 'left out: RuntimeClass');
    assert.match(
      finding.message,
      /^Velero left out .*, also 1 that is needed: special by Deployment shop\/web: its pods would be refused$/,
    );
    assert.match(finding.remedy, /includedClusterScopedResources: \["\*"\] in the template of Schedule velero\/nightly/);
  });
  test('a backup of one namespace does not hold it by design', async () => {
    const finding = await theFinding(check, { objects: [web], spec: ofShop });
    assert.equal(finding.severity, 'info');
    assert.equal(finding.subject, 'left out: RuntimeClass');
  });
  test('nor has the cluster: then that namespace would not come up there', async () => {
    assert.equal((await theFinding(check, { objects: [web], spec: ofShop, cluster: {} })).severity, 'warning');
    await assertSilent(check, { objects: [web], spec: ofShop, cluster: { runtimeclasses: [special] } });
  });
  test('the cluster has it, and an empty one would not', async () => {
    const finding = await theFinding(check, { objects: [web], cluster: { runtimeclasses: [special] } });
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /the cluster has it today, an empty one would not/);
  });
  test('sound', () => assertSound(check, { objects: [web, deployment('shop/api', { runtimeClassName: 'other' })] }));
});
