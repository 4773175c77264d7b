import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-configmap.ts';
import { assertSilent, assertSound, lookInto, manifest, theFinding } from '../archive-of.ts';
import { deployment, inPart, ofShop, pod } from '../samples.ts';

const settings = manifest('v1', 'ConfigMap', 'shop/settings');
const using = { volumes: [{ name: 'config', configMap: { name: 'settings' } }] };
const web = deployment('shop/web', using);

describe('missing-configmap', () => {
  test('a ConfigMap that what ran needs is not in a backup of everything', async () => {
    const finding = await theFinding(check, { objects: [web, pod('shop/web-5d8-1', using), pod('shop/web-5d8-2', using)] });
    assert.equal(finding.severity, 'critical');
    assert.deepEqual(finding.object, { apiVersion: 'velero.io/v1', kind: 'Schedule', namespace: 'velero', name: 'nightly' });
    assert.equal(finding.subject, 'ConfigMap shop/settings');
    assert.equal(
      finding.message,
      'Deployment shop/web (volume config) needs ConfigMap shop/settings, and the backup has no resources/configmaps/namespaces/shop/settings.json: its pods would not start',
    );
    // The Deployment stands for its pods.
    assert.deepEqual(
      finding.members?.map(({ kind, name }) => `${kind} ${name}`),
      ['Deployment web'],
    );
    assert.equal(finding.details?.neededBy, 1);
  });
  test('pods are named where nothing else needs it', async () => {
    const finding = await theFinding(check, { objects: [pod('shop/web-2', using), pod('shop/web-1', using)] });
    assert.deepEqual(
      finding.members?.map(({ name }) => name),
      ['web-1', 'web-2'],
    );
    assert.match(finding.message, /^Pod shop\/web-1 \(volume config\) and 1 more need ConfigMap/);
  });
  test('it is there', () => assertSilent(check, { objects: [settings, web] }));
  test('one of the same name elsewhere does not help', async () => {
    await theFinding(check, { objects: [manifest('v1', 'ConfigMap', 'data/settings'), web] });
  });
  test('optional ones, and those that Kubernetes makes', () =>
    assertSilent(check, {
      objects: [
        deployment('shop/web', {
          volumes: [
            { name: 'a', configMap: { name: 'maybe', optional: true } },
            { name: 'b', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
          ],
        }),
      ],
    }));
  test('finished pods are not restored, and need nothing', () =>
    assertSilent(check, { objects: [pod('shop/import-1', using, { status: { phase: 'Succeeded' } })] }));
  test('what did not run is no worse than before, and what is scaled to zero waits', async () => {
    const broken = deployment('shop/web', using, { status: { unavailableReplicas: 1 } });
    const finding = await theFinding(check, { objects: [broken] });
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /as it was not ready either/);
    assert.equal((await theFinding(check, { objects: [broken], metadata: inPart })).severity, 'warning');
    const idle = manifest('apps/v1', 'Deployment', 'shop/web', { spec: { replicas: 0, template: { spec: using } } });
    assert.equal((await theFinding(check, { objects: [idle] })).severity, 'info');
  });
  test('the gravest of those that need it decides, in whatever order they come', async () => {
    const broken = deployment('shop/broken', using, { status: {} });
    const idle = manifest('apps/v1', 'Deployment', 'shop/idle', { spec: { replicas: 0, template: { spec: using } } });
    for (const objects of [
      [broken, idle, web],
      [web, idle, broken],
      [idle, web, broken],
    ]) {
      const finding = await theFinding(check, { objects });
      assert.equal(finding.severity, 'critical');
      assert.equal(finding.details?.neededBy, 3);
    }
    assert.equal((await theFinding(check, { objects: [idle, broken], metadata: inPart })).severity, 'warning');
    assert.equal((await theFinding(check, { objects: [broken, idle], metadata: inPart })).severity, 'warning');
  });
  test('an older backup, and one of this namespace alone', async () => {
    assert.equal((await theFinding(check, { objects: [web], isOld: true })).severity, 'warning');
    assert.equal((await theFinding(check, { objects: [web], spec: ofShop })).severity, 'warning');
  });
  test('where filters leave ConfigMaps out it is one finding', async () => {
    const other = deployment('shop/api', { volumes: [{ name: 'c', configMap: { name: 'others' } }] });
    const finding = await theFinding(check, { objects: [web, other], spec: { excludedResources: ['configmaps'] } });
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.subject, 'left out: ConfigMap');
    assert.match(finding.message, /^the backup’s filters leave out configmaps, also 2 that are needed/);
    const selected = await theFinding(check, { objects: [web, other], spec: { includedResources: ['deployments'] } });
    assert.equal(selected.severity, 'info');
  });
  test('many share one finding at the end', async () => {
    const many = Array.from({ length: 45 }, (_, index) =>
      deployment(`shop/web-${index}`, { volumes: [{ name: 'c', configMap: { name: `config-${index}` } }] }),
    );
    const { findings } = await lookInto(check, { objects: many });
    assert.equal(findings.length, 31);
    const last = findings.at(-1);
    assert.equal(last?.subject, 'more: ConfigMap');
    assert.equal(last?.details?.missing, 15);
    assert.equal(last?.members?.length, 15);
  });
  test('of many that need it the first are named, and all are counted', async () => {
    const many = Array.from({ length: 25 }, (_, index) => deployment(`shop/web-${String(25 - index).padStart(2, '0')}`, using));
    const finding = await theFinding(check, { objects: many });
    assert.equal(finding.members?.length, 20);
    assert.deepEqual([finding.members?.at(0)?.name, finding.members?.at(-1)?.name], ['web-01', 'web-20']);
    assert.equal(finding.details?.neededBy, 25);
    assert.match(finding.message, /and 24 more need/);
  });
  test('sound', () =>
    assertSound(check, {
      objects: [
        web,
        pod('shop/web-1', using),
        deployment('shop/api', { containers: [{ name: 'a', envFrom: [{ configMapRef: { name: 'x' } }] }] }),
      ],
    }));
});
