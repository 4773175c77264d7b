import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/namespace-mapping.ts';
import { assertSilent, assertSound, lookInto, type Manifest, manifest, theFinding } from '../archive-of.ts';
import { deployment } from '../samples.ts';

const settings = (namespace: string): Manifest => manifest('v1', 'ConfigMap', `${namespace}/settings`);
const toStaging = { production: 'staging' };

describe('namespace-mapping', () => {
  test('nothing is mapped', () => assertSilent(check, { objects: [settings('production'), settings('staging')] }));
  test('a mapping that hurts nobody', () => assertSilent(check, { objects: [settings('production')], namespaceMapping: toStaging }));
  test('two namespaces become one', async () => {
    const objects = [settings('production'), settings('preview'), manifest('v1', 'ConfigMap', 'preview/other')];
    const finding = await theFinding(check, { objects, namespaceMapping: { ...toStaging, preview: 'staging' } });
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.subject, 'conflicts in staging');
    assert.match(
      finding.message,
      /^preview and production both become staging, and 1 object is in more than one of them \(ConfigMap settings\)/,
    );
    await assertSilent(check, { objects, namespaceMapping: { ...toStaging, preview: 'preview-2' } });
  });
  test('the target is in the backup itself', async () => {
    const finding = await theFinding(check, { objects: [settings('production'), settings('staging')], namespaceMapping: toStaging });
    assert.equal(finding.subject, 'conflicts in staging');
  });
  test('what every namespace has is no conflict, nor what is made again', () => {
    const both = (make: (namespace: string) => Manifest) => ['production', 'staging'].map(make);
    return assertSilent(check, {
      objects: [
        ...both((namespace) => manifest('v1', 'ServiceAccount', `${namespace}/default`)),
        ...both((namespace) => manifest('v1', 'ConfigMap', `${namespace}/kube-root-ca.crt`)),
        ...both((namespace) => manifest('v1', 'Endpoints', `${namespace}/web`)),
      ],
      namespaceMapping: toStaging,
    });
  });
  test('a namespace that is not there: a slip of the pen', async () => {
    const finding = await theFinding(check, { objects: [settings('production')], namespaceMapping: { prodution: 'staging' } });
    assert.equal(finding.subject, 'no prodution');
    assert.match(finding.remedy, /the backup has production/);
  });

  const env = (value: string) => deployment('production/web', { containers: [{ name: 'web', env: [{ name: 'API', value }] }] });
  const naming: readonly [string, Manifest][] = [
    ['an environment variable', env('http://api.production.svc.cluster.local:80')],
    ['a ConfigMap', manifest('v1', 'ConfigMap', 'production/web', { data: { url: 'http://api.production.svc/v1' } })],
    [
      'an ExternalName Service',
      manifest('v1', 'Service', 'production/alias', { spec: { externalName: 'api.production.svc.cluster.local' } }),
    ],
    [
      'a webhook',
      manifest('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'hook', {
        webhooks: [{ clientConfig: { service: { namespace: 'production', name: 'hook' } } }],
      }),
    ],
    [
      'a ServiceMonitor',
      manifest('monitoring.coreos.com/v1', 'ServiceMonitor', 'monitoring/web', {
        spec: { namespaceSelector: { matchNames: ['production'] } },
      }),
    ],
    [
      'a NetworkPolicy',
      manifest('networking.k8s.io/v1', 'NetworkPolicy', 'data/db', {
        spec: { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'production' } } }] }] },
      }),
    ],
    [
      'an Application',
      manifest('argoproj.io/v1alpha1', 'Application', 'argocd/shop', { spec: { destination: { namespace: 'production' } } }),
    ],
  ];
  for (const [what, object] of naming)
    test(`${what} names the old namespace`, async () => {
      const finding = await theFinding(check, { objects: [settings('production'), object], namespaceMapping: toStaging });
      assert.equal(finding.subject, 'references to production');
      assert.deepEqual(
        finding.members?.map(({ kind }) => kind),
        [object.kind],
      );
    });
  test('what Velero rewrites, and what is none of it', () =>
    assertSilent(check, {
      objects: [
        env('http://api.data.svc'),
        env('http://production.example.com'),
        manifest('v1', 'PersistentVolume', 'pv-1', { spec: { claimRef: { namespace: 'production', name: 'data' } } }),
        manifest('rbac.authorization.k8s.io/v1', 'RoleBinding', 'production/web', {
          subjects: [{ kind: 'ServiceAccount', namespace: 'production', name: 'web' }],
        }),
        manifest('v1', 'Secret', 'production/url', { stringData: { url: 'http://api.production.svc' } }),
        // Records, in a backup that also holds Velero's and Kyverno's namespaces.
        manifest('velero.io/v1', 'PodVolumeBackup', 'velero/nightly-1-x', { spec: { pod: { namespace: 'production', name: 'db-0' } } }),
        manifest('snapshot.storage.k8s.io/v1', 'VolumeSnapshotContent', 'c', { spec: { volumeSnapshotRef: { namespace: 'production' } } }),
        manifest('wgpolicyk8s.io/v1alpha2', 'ClusterPolicyReport', 'r', { results: [{ resources: [{ namespace: 'production' }] }] }),
      ],
      namespaceMapping: toStaging,
    }));
  test('the certificate of a mesh, which is in every namespace, is no conflict', () => {
    const inEach = ['production', 'staging'].map((place) => manifest('v1', 'ConfigMap', `${place}/istio-ca-root-cert`));
    return assertSilent(check, { objects: inEach, namespaceMapping: toStaging });
  });
  test('a SealedSecret that only its own namespace can open', async () => {
    const sealed = (annotations: object) =>
      manifest('bitnami.com/v1alpha1', 'SealedSecret', 'production/db', {
        metadata: { annotations },
        spec: { encryptedData: { a: 'AgBy' } },
      });
    const finding = await theFinding(check, { objects: [sealed({})], namespaceMapping: toStaging });
    assert.equal(finding.subject, 'sealed for production');
    assert.match(finding.message, /^1 SealedSecret is sealed for namespace production \(db\), and under staging/);
    const anywhere = sealed({ 'sealedsecrets.bitnami.com/cluster-wide': 'true' });
    await assertSilent(check, { objects: [anywhere], namespaceMapping: toStaging });
  });
  test('one finding for all that name it', async () => {
    const { lines, findings } = await lookInto(check, {
      objects: [settings('production'), ...naming.map(([, object]) => object)],
      namespaceMapping: toStaging,
    });
    assert.deepEqual(lines, ['warning references to production']);
    assert.equal(findings[0]?.details?.objects, naming.length);
  });
  test('sound', () =>
    assertSound(check, {
      objects: [settings('production'), settings('staging'), ...naming.map(([, object]) => object)],
      namespaceMapping: toStaging,
    }));
});
