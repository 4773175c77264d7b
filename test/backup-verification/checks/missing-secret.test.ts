import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-secret.ts';
import { assertSilent, assertSound, lookInto, manifest, theFinding } from '../archive-of.ts';
import { deployment, inPart } from '../samples.ts';

const web = deployment('shop/web', { containers: [{ name: 'web', envFrom: [{ secretRef: { name: 'credentials' } }] }] });
const ingress = (annotations: Readonly<Record<string, string>> = {}) =>
  manifest('networking.k8s.io/v1', 'Ingress', 'shop/web', {
    metadata: { annotations },
    spec: { tls: [{ hosts: ['shop.example.com'], secretName: 'web-tls' }] },
  });

describe('missing-secret', () => {
  test('a Secret that what ran needs is not in the backup', async () => {
    const finding = await theFinding(check, { objects: [web] });
    assert.equal(finding.severity, 'critical');
    assert.match(
      finding.message,
      /needs Secret shop\/credentials, and the backup has no resources\/secrets\/namespaces\/shop\/credentials\.json/,
    );
  });
  test('it is there, and nothing of it is told', async () => {
    const secret = manifest('v1', 'Secret', 'shop/credentials', { data: { password: 'aHVudGVyMg==' } });
    await assertSilent(check, { objects: [secret, web] });
    const { findings } = await lookInto(check, { objects: [secret, web, ingress()] });
    assert.doesNotMatch(JSON.stringify(findings), /aHVudGVyMg/);
  });
  test('a pull secret, a ServiceAccount’s and an Ingress’s: what needs them comes up all the same', async () => {
    const account = manifest('v1', 'ServiceAccount', 'shop/web', { imagePullSecrets: [{ name: 'registry' }] });
    for (const object of [account, deployment('shop/web', { imagePullSecrets: [{ name: 'r' }] }), ingress()]) {
      assert.equal((await theFinding(check, { objects: [object], metadata: inPart })).severity, 'warning');
      // A chart's default for a private registry, in each of a hundred namespaces.
      assert.equal((await theFinding(check, { objects: [object] })).severity, 'info');
    }
  });
  test('the token of a ServiceAccount is made again', () =>
    assertSilent(check, {
      objects: [
        deployment('shop/web', { serviceAccountName: 'web', volumes: [{ name: 't', secret: { secretName: 'web-token-x7k2p' } }] }),
        manifest('v1', 'ServiceAccount', 'shop/web', { secrets: [{ name: 'web-token-x7k2p' }] }),
      ],
    }));
  const makers = [
    manifest('cert-manager.io/v1', 'Certificate', 'shop/web', { spec: { secretName: 'credentials' } }),
    manifest('external-secrets.io/v1', 'ExternalSecret', 'shop/web', { spec: { target: { name: 'credentials' } } }),
    manifest('external-secrets.io/v1', 'ExternalSecret', 'shop/credentials', { spec: {} }),
    manifest('bitnami.com/v1alpha1', 'SealedSecret', 'shop/credentials', { spec: { encryptedData: { a: 'AgBy' } } }),
    manifest('secrets-store.csi.x-k8s.io/v1', 'SecretProviderClass', 'shop/aws', {
      spec: { secretObjects: [{ secretName: 'credentials' }] },
    }),
    manifest('secrets.hashicorp.com/v1beta1', 'VaultStaticSecret', 'shop/v', { spec: { destination: { name: 'credentials' } } }),
    manifest('onepassword.com/v1', 'OnePasswordItem', 'shop/credentials'),
    manifest('secrets.doppler.com/v1alpha1', 'DopplerSecret', 'shop/d', { spec: { managedSecret: { name: 'credentials' } } }),
    manifest('secrets.infisical.com/v1alpha1', 'InfisicalSecret', 'shop/i', {
      spec: { managedSecretReference: { secretName: 'credentials', secretNamespace: 'shop' } },
    }),
    manifest('kafka.strimzi.io/v1beta2', 'KafkaUser', 'shop/credentials'),
    manifest('database.example.org/v1', 'PostgreSQLInstance', 'shop/db', {
      spec: { writeConnectionSecretToRef: { name: 'credentials' } },
    }),
  ];
  for (const maker of makers)
    test(`one that a ${maker.kind} makes again is no loss`, async () => {
      const finding = await theFinding(check, { objects: [web, maker] });
      assert.equal(finding.severity, 'info');
      assert.match(
        finding.message,
        new RegExp(`${maker.kind} ${maker.metadata.name}, which is in the backup, has its controller make it again`),
      );
    });
  for (const [maker, secretName] of [
    [manifest('postgresql.cnpg.io/v1', 'Cluster', 'shop/db'), 'db-app'],
    [manifest('monitoring.coreos.com/v1', 'Alertmanager', 'shop/main'), 'alertmanager-main-generated'],
    [manifest('kafka.strimzi.io/v1beta2', 'Kafka', 'shop/events'), 'events-cluster-ca-cert'],
  ] as const)
    test(`one that the operator of a ${maker.kind} makes: ${secretName}`, async () => {
      const using = deployment('shop/web', { volumes: [{ name: 'v', secret: { secretName } }] });
      const spec = { excludedResources: ['secrets'] };
      assert.equal((await theFinding(check, { objects: [using, maker], spec })).severity, 'info');
      assert.equal((await theFinding(check, { objects: [using], spec })).severity, 'warning');
    });
  test('in another namespace it makes another', async () => {
    const elsewhere = manifest('cert-manager.io/v1', 'Certificate', 'data/web', { spec: { secretName: 'credentials' } });
    assert.equal((await theFinding(check, { objects: [web, elsewhere] })).severity, 'critical');
  });
  test('an Ingress that cert-manager looks after', async () => {
    const finding = await theFinding(check, { objects: [ingress({ 'cert-manager.io/cluster-issuer': 'letsencrypt' })] });
    assert.equal(finding.severity, 'info');
  });
  test('sound', () =>
    assertSound(check, {
      objects: [
        web,
        ingress(),
        ...makers.slice(1, 2),
        manifest('v1', 'ServiceAccount', 'shop/a', { imagePullSecrets: [{ name: 'registry' }] }),
      ],
    }));
});
