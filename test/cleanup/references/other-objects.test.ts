/** Where references hide, rows 7 to 25 of the list: Ingresses, custom resources, and what is used by name or label alone. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { claim, configMap, type Fields, type Made, made, ofCluster, secret } from './objects.ts';
import { rows } from './reference-rows.ts';
import { assertKeptOnlyBy, runUnused, unusedOf } from './run-unused.ts';

/** Asserts that of two objects of a kind the first is kept for what it is, and the second is not. */
const assertKnown = async (kept: Made, candidate: Made): Promise<void> => {
  const { kind, metadata } = candidate;
  assert.deepEqual(await unusedOf({ objects: [kept, candidate] }), [`${kind} ${metadata.namespace}/${metadata.name}`]);
};

describe('row 7: Ingresses', () => {
  const ingress = (spec: Fields, annotations: Fields = {}, namespace = 'shop') =>
    made('networking.k8s.io/v1', 'Ingress', 'front', { spec }, { in: namespace, annotations });
  test('tls', () => assertKeptOnlyBy(secret('wanted'), [ingress({ tls: [{ secretName: 'wanted' }] })], { instead: [ingress({})] }));
  for (const key of ['auth-secret', 'auth-tls-secret', 'proxy-ssl-secret']) {
    test(`${key}, in its own namespace`, () =>
      assertKeptOnlyBy(secret('wanted'), [ingress({}, { [`nginx.ingress.kubernetes.io/${key}`]: 'wanted' })]));
    test(`${key}, in another`, () =>
      assertKeptOnlyBy(secret('wanted'), [ingress({}, { [`nginx.ingress.kubernetes.io/${key}`]: 'shop/wanted' }, 'front')], {
        instead: [ingress({}, { [`nginx.ingress.kubernetes.io/${key}`]: 'other/wanted' }, 'front')],
      }));
  }
  test('ConfigMaps too', () =>
    assertKeptOnlyBy(configMap('wanted'), [ingress({}, { 'nginx.ingress.kubernetes.io/custom-headers': 'shop/wanted' }, 'front')]));
  test('the last applied manifest is no reference', () =>
    assertKeptOnlyBy(secret('wanted'), [ingress({ tls: [{ secretName: 'wanted' }] })], {
      instead: [ingress({}, { 'kubectl.kubernetes.io/last-applied-configuration': '{"tls":[{"secretName":"wanted"}]}' })],
    }));
  test('parameters of an IngressClass', () =>
    assertKeptOnlyBy(configMap('wanted'), [
      ofCluster('networking.k8s.io/v1', 'IngressClass', 'front', {
        spec: { parameters: { kind: 'ConfigMap', name: 'wanted', namespace: 'shop' } },
      }),
    ]));
});

const bindingOf = (policy: string): Made =>
  ofCluster('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 'b', {
    spec: { paramRef: { namespace: 'shop', selector: { matchLabels: { policy } } } },
  });

describe('rows 8 to 25: one reference each', () => {
  for (const [row, wanted, reference] of rows) test(row, () => assertKeptOnlyBy(wanted, [reference]));
  test('a custom resource in another namespace that speaks of none refers to nothing here', () =>
    assertKeptOnlyBy(secret('wanted'), [made('example.com/v1', 'Thing', 't', { spec: { ref: 'wanted' } })], {
      instead: [made('example.com/v1', 'Thing', 't', { spec: { ref: 'wanted' } }, { in: 'other' })],
    }));
  test('an admission policy’s parameters by other labels', () =>
    assertKeptOnlyBy(configMap('any', { labels: { policy: 'limits' } }), [bindingOf('limits')], {
      instead: [bindingOf('quotas')],
    }));
});

describe('row 25: Gatekeeper replicates whole kinds', () => {
  const config = made(
    'config.gatekeeper.sh/v1alpha1',
    'Config',
    'config',
    { spec: { sync: { syncOnly: [{ group: '', version: 'v1', kind: 'ConfigMap' }] } } },
    { in: 'gatekeeper-system' },
  );
  const set = ofCluster('syncset.gatekeeper.sh/v1alpha1', 'SyncSet', 'set', {
    spec: { gvks: [{ group: '', version: 'v1', kind: 'ConfigMap' }] },
  });
  for (const reference of [config, set])
    test(reference.kind, async () => {
      const { proposals, ends } = await runUnused({ objects: [configMap('a'), secret('b'), reference] });
      assert.deepEqual(
        proposals.map(({ object }) => object.kind),
        ['Secret'],
      );
      const end = ends.find(({ id }) => id === 'unused-config-maps');
      assert.deepEqual([end?.outcome, end?.reason], ['not-run', 'Gatekeeper replicates every ConfigMap for its policies']);
    });
});

describe('rows 11, 13, 14, 17 to 22 and 24: known by name, label, annotation or type', () => {
  const labelled = (key: string, value = 'x') => ({ labels: { [key]: value } });
  for (const type of ['repository', 'repo-creds', 'cluster'])
    test(`11: Argo CD’s ${type}`, () =>
      assertKnown(secret('a', 'Opaque', labelled('argocd.argoproj.io/secret-type', type)), secret('b', 'Opaque', labelled('team'))));
  test('11: Argo CD’s own Secret', () => assertKnown(secret('argocd-secret', 'Opaque', { in: 'argocd' }), secret('argocd-secret-2')));
  for (const name of ['cm', 'rbac-cm', 'cmd-params-cm', 'tls-certs-cm', 'ssh-known-hosts-cm'])
    test(`11: argocd-${name}`, () => assertKnown(configMap(`argocd-${name}`, { in: 'argocd' }), configMap(`my-${name}`, { in: 'argocd' })));
  test('13: a release by its type', () => assertKnown(secret('a', 'helm.sh/release.v1'), secret('b')));
  test('13: a release by its name', () => assertKnown(secret('sh.helm.release.v1.web.v3'), secret('sh.helm.web.v3')));
  test('13: ConfigMaps of Helm', async () => {
    await assertKnown(configMap('web.v3', labelled('owner', 'helm')), configMap('other', labelled('owner', 'core')));
    await assertKnown(configMap('web.v3', labelled('OWNER', 'TILLER')), configMap('other'));
  });
  test('14: a sealing key', () =>
    assertKnown(secret('a', 'kubernetes.io/tls', labelled('sealedsecrets.bitnami.com/sealed-secrets-key', 'active')), secret('b')));
  for (const key of ['grafana_dashboard', 'grafana_datasource', 'prometheus_rule', 'fluentd_config', 'openpolicyagent.org/policy'])
    test(`17: ${key}`, () => assertKnown(configMap('a', labelled(key, '1')), configMap('b', labelled(`${key}_not`, '1'))));
  for (const name of ['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'])
    test(`18: ${name}`, () => assertKnown(configMap(name), configMap('root-ca.crt')));
  test('18: cluster-info, in kube-public alone', () =>
    assertKnown(configMap('cluster-info', { in: 'kube-public' }), configMap('cluster-info')));
  for (const name of [
    'extension-apiserver-authentication',
    'aws-auth',
    'amazon-vpc-cni',
    'coredns',
    'kube-proxy',
    'kube-proxy-config',
    'kubeadm-config',
    'kubelet-config',
    'cluster-autoscaler-status',
    'kube-apiserver-legacy-service-account-token-tracking',
  ])
    test(`19: ${name}, in kube-system alone`, () => assertKnown(configMap(name, { in: 'kube-system' }), configMap(name)));
  test('20: a leader lock', () =>
    assertKnown(
      configMap('a', { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }),
      configMap('b', { annotations: { a: 'b' } }),
    ));
  test('21: bootstrap tokens', async () => {
    await assertKnown(secret('bootstrap-token-abcdef', 'Opaque', { in: 'kube-system' }), secret('token-abcdef'));
    await assertKnown(secret('a', 'bootstrap.kubernetes.io/token'), secret('b'));
  });
  test('21: k3s’ node passwords', () =>
    assertKnown(secret('n1.node-password.k3s', 'Opaque', { in: 'kube-system' }), secret('n1.password.k3s')));
  test('21: tokens of accounts', () => assertKnown(secret('a', 'kubernetes.io/service-account-token'), secret('b', 'kubernetes.io/tls')));
  for (const name of ['certs', 'csrf', 'key-holder'])
    test(`21: kubernetes-dashboard-${name}`, () =>
      assertKnown(secret(`kubernetes-dashboard-${name}`, 'Opaque', { in: 'kubernetes-dashboard' }), secret(`dashboard-${name}`)));
  test('22: Velero’s credentials', () => assertKnown(secret('cloud-credentials', 'Opaque', { in: 'velero' }), secret('credentials')));
  test('22: settings of Velero’s plugins', () => assertKnown(configMap('a', labelled('velero.io/plugin-config', '')), configMap('b')));
  test('21: a token by its annotation, which is all that its metadata tells', () =>
    assertKnown(secret('a', 'Opaque', { annotations: { 'kubernetes.io/service-account.name': 'x' } }), secret('b')));
  test('a claim of an operator, and one of nobody', () =>
    assertKnown(claim('a', {}, labelled('strimzi.io/cluster', 'main')), claim('b', {}, labelled('team', 'core'))));
});
