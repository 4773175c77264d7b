import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-storage-class.ts';
import { assertSilent, assertSound, type Manifest, manifest, theFinding } from '../archive-of.ts';
import { deployment, ofShop } from '../samples.ts';

const claim = (spec: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): Manifest =>
  manifest('v1', 'PersistentVolumeClaim', 'shop/data', { spec, status: { phase: 'Bound' }, ...more });
const volume = (reclaimPolicy: string): Manifest =>
  manifest('v1', 'PersistentVolume', 'pv-1', { spec: { persistentVolumeReclaimPolicy: reclaimPolicy, storageClassName: 'fast' } });
const storageClass = (name: string, isDefault = false): Manifest =>
  manifest('storage.k8s.io/v1', 'StorageClass', name, {
    metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
  });
const fast = claim({ storageClassName: 'fast', volumeName: 'pv-1' });

describe('missing-storage-class', () => {
  test('a claim whose class is not in the backup', async () => {
    const finding = await theFinding(check, { objects: [fast, volume('Delete')] });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.subject, 'StorageClass fast');
    assert.match(finding.message, /^PersistentVolumeClaim shop\/data \(storageClassName\) needs StorageClass fast/);
  });
  test('it is there', () => assertSilent(check, { objects: [fast, volume('Delete'), storageClass('fast')] }));
  test('a static claim needs none', () => assertSilent(check, { objects: [claim({ storageClassName: '', volumeName: 'pv-1' })] }));
  test('a claim without a class needs a default one', async () => {
    const finding = await theFinding(check, { objects: [claim({}), storageClass('fast')] });
    assert.match(finding.message, /the backup has no StorageClass that is marked as the default/);
    await assertSilent(check, { objects: [claim({}), storageClass('fast', true)] });
    const inCluster = { storageclasses: [storageClass('fast', true)] };
    await assertSilent(check, { objects: [claim({})], spec: ofShop, cluster: inCluster });
  });
  test('by the old annotation', async () => {
    const old = claim({}, { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'fast' } } });
    assert.equal((await theFinding(check, { objects: [old] })).subject, 'StorageClass fast');
  });
  test('a volume that is restored as it is needs no class, whatever its name', async () => {
    await assertSilent(check, { objects: [fast, volume('Retain')] });
    await assertSilent(check, { objects: [fast, volume('Delete')], volumeInfo: [{ pvName: 'pv-1', backupMethod: 'NativeSnapshot' }] });
    for (const backupMethod of ['PodVolumeBackup', 'CSISnapshot'])
      await theFinding(check, { objects: [fast, volume('Retain')], volumeInfo: [{ pvName: 'pv-1', backupMethod }] });
  });
  test('the templates of StatefulSets, where there are no claims of them yet', async () => {
    const set = manifest('apps/v1', 'StatefulSet', 'shop/db', {
      spec: { replicas: 1, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { storageClassName: 'fast' } }] },
      status: { readyReplicas: 1 },
    });
    const finding = await theFinding(check, { objects: [set] });
    assert.equal(finding.severity, 'critical');
    assert.match(finding.message, /^StatefulSet shop\/db \(volumeClaimTemplate data\) needs/);
    await assertSilent(check, { objects: [set, storageClass('fast')] });
    const made = { ...fast, metadata: { name: 'data-db-0', namespace: 'shop' } };
    assert.match((await theFinding(check, { objects: [set, made, volume('Delete')] })).message, /^PersistentVolumeClaim shop\/data-db-0/);
    // A static volume under the name of a class that never was: what is there needs none.
    await assertSilent(check, { objects: [set, made, volume('Retain')] });
  });
  test('the templates of ephemeral volumes', async () => {
    const volumeClaimTemplate = { spec: { storageClassName: 'fast' } };
    const web = deployment('shop/web', { volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate } }] });
    const finding = await theFinding(check, { objects: [web] });
    assert.match(finding.message, /^Deployment shop\/web \(ephemeral volume scratch\) needs StorageClass fast/);
    await assertSilent(check, { objects: [web, storageClass('fast')] });
    await assertSilent(check, { objects: [deployment('shop/web', {}, { spec: { ...(web.spec as object), replicas: 0 } })] });
  });
  test('gp2 is there on EKS', async () => {
    const old = claim({ storageClassName: 'gp2' });
    await assertSilent(check, { objects: [old], metadata: { kubernetesVersion: 'v1.33.1-eks-595af52' } });
    await theFinding(check, { objects: [old] });
  });
  test('a class that Velero is told to change', async () => {
    const mapping = manifest('v1', 'ConfigMap', 'velero/change', {
      metadata: { labels: { 'velero.io/plugin-config': '', 'velero.io/change-storage-class': 'RestoreItemAction' } },
      data: { fast: 'gp3' },
    });
    const finding = await theFinding(check, { objects: [fast, volume('Delete'), mapping] });
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /turns it into gp3/);
  });
  test('a backup of one namespace has no classes by design', async () => {
    const objects = [fast, volume('Delete')];
    assert.equal((await theFinding(check, { objects, spec: ofShop })).severity, 'info');
    assert.equal((await theFinding(check, { objects, spec: ofShop, cluster: {} })).severity, 'warning');
    await assertSilent(check, { objects, spec: ofShop, cluster: { storageclasses: [storageClass('fast')] } });
  });
  test('sound', () => assertSound(check, { objects: [fast, volume('Delete'), storageClass('slow')] }));
});
