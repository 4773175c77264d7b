import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-volume.ts';
import { assertSilent, assertSound, lookInto, manifest, theFinding } from '../archive-of.ts';
import { deployment, inPart, ofShop } from '../samples.ts';

const web = deployment('shop/web', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
const claim = manifest('v1', 'PersistentVolumeClaim', 'shop/data', { spec: { volumeName: 'pv-1' }, status: { phase: 'Bound' } });
const volume = manifest('v1', 'PersistentVolume', 'pv-1');

describe('missing-volume', () => {
  test('a claim that a workload names', async () => {
    const finding = await theFinding(check, { objects: [web] });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.subject, 'PersistentVolumeClaim shop/data');
  });
  test('the volume that a claim is bound to', async () => {
    const finding = await theFinding(check, { objects: [web, claim] });
    assert.match(finding.message, /the backup has no resources\/persistentvolumes\/cluster\/pv-1\.json/);
    const partial = { ...ofShop, includeClusterResources: false };
    assert.equal((await theFinding(check, { objects: [web, claim], spec: partial })).severity, 'warning');
  });
  test('the volume of a claim that lost it is in no cluster', async () => {
    const lost = { ...claim, status: { phase: 'Lost' } };
    for (const spec of [{}, ofShop]) {
      assert.equal((await theFinding(check, { objects: [lost], spec })).severity, 'info');
      const finding = await theFinding(check, { objects: [lost], spec, metadata: inPart });
      assert.equal(finding.severity, 'warning');
      assert.match(finding.remedy, /^see whether the cluster has it: kubectl get pv pv-1/);
    }
  });
  test('both are there', () => assertSilent(check, { objects: [web, claim, volume] }));
  test('a claim that is not bound yet needs no volume', () =>
    assertSilent(check, {
      objects: [manifest('v1', 'PersistentVolumeClaim', 'shop/data', { spec: {}, status: { phase: 'Pending' } }), web],
    }));
  test('of a CSI snapshot a new volume is made', async () => {
    const volumeInfo = [{ pvName: 'pv-1', backupMethod: 'CSISnapshot' }];
    await assertSilent(check, { objects: [web, claim], volumeInfo });
    await theFinding(check, { objects: [web, claim], volumeInfo: [{ pvName: 'pv-1', backupMethod: 'PodVolumeBackup' }] });
  });
  test('an ephemeral volume makes its own claim', () =>
    assertSilent(check, {
      objects: [deployment('shop/web', { volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } }] })],
    }));
  test('claims that filters leave out are one finding', async () => {
    const other = deployment('shop/api', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'other' } }] });
    const { lines } = await lookInto(check, { objects: [web, other], spec: { excludedResources: ['persistentvolumeclaims'] } });
    assert.deepEqual(lines, ['warning left out: PersistentVolumeClaim']);
  });
  test('sound', () =>
    assertSound(check, {
      objects: [web, claim, deployment('shop/api', { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'x' } }] })],
    }));
});
