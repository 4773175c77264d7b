import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/webhook-without-service.ts';
import { assertSilent, assertSound, lookInto, type Manifest, manifest, theFinding } from '../archive-of.ts';
import { definition, deployment, inPart, namespace, ofShop, pod } from '../samples.ts';

const rule = (group: string, resource: string, more: object = {}) => ({
  apiGroups: [group],
  apiVersions: ['*'],
  resources: [resource],
  operations: ['CREATE', 'UPDATE'],
  ...more,
});
const webhook = (more: Readonly<Record<string, unknown>> = {}, kind = 'ValidatingWebhookConfiguration', version = 'v1'): Manifest =>
  manifest(`admissionregistration.k8s.io/${version}`, kind, 'policy', {
    webhooks: [
      {
        name: 'check.policy.io',
        clientConfig: { service: { namespace: 'policy', name: 'hook' } },
        rules: [rule('apps', 'deployments')],
        ...more,
      },
    ],
  });
const service = manifest('v1', 'Service', 'policy/hook');
const web = deployment('shop/web', {});
const route = manifest('networking.istio.io/v1', 'VirtualService', 'shop/web');
const routes = definition('virtualservices', 'networking.istio.io', 'VirtualService', [{ name: 'v1', served: true, storage: true }]);

describe('webhook-without-service: the Service is not in the backup', () => {
  test('what it is asked about is refused', async () => {
    const finding = await theFinding(check, { objects: [webhook(), web, namespace('policy')] });
    assert.equal(finding.severity, 'critical');
    assert.equal(finding.subject, 'Service policy/hook');
    assert.match(finding.message, /^ValidatingWebhookConfiguration policy \(webhook check\.policy\.io\) needs Service policy\/hook/);
    assert.match(finding.message, /what it is asked about is refused/);
  });
  test('it asks about nothing that is in the backup', async () => {
    for (const more of [
      { rules: [rule('apps', 'statefulsets')] },
      { rules: [rule('apps', 'deployments', { operations: ['DELETE'] })] },
      { rules: [rule('apps', 'deployments', { scope: 'Cluster' })] },
      { namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }] } },
      { namespaceSelector: { matchLabels: { policy: 'on' } } },
    ]) {
      const objects = [webhook(more), web, namespace('shop')];
      assert.equal((await theFinding(check, { objects, metadata: inPart })).severity, 'warning');
      assert.equal((await theFinding(check, { objects })).severity, 'info');
    }
    const labelled = namespace('shop', { policy: 'on' });
    const selecting = webhook({ namespaceSelector: { matchLabels: { policy: 'on' } } });
    assert.equal((await theFinding(check, { objects: [selecting, web, labelled] })).severity, 'critical');
  });
  test('what is not restored is not asked about', async () => {
    const onPods = webhook({ rules: [rule('', 'pods')] });
    assert.equal((await theFinding(check, { objects: [onPods, pod('shop/web-1', {})] })).severity, 'critical');
    const finished = pod('shop/web-1', {}, { status: { phase: 'Succeeded' } });
    assert.equal((await theFinding(check, { objects: [onPods, finished], metadata: inPart })).severity, 'warning');
  });
  test('it is there, it fails open, or it calls a URL', async () => {
    await assertSilent(check, { objects: [webhook(), web, service] });
    await assertSilent(check, { objects: [webhook({ failurePolicy: 'Ignore' }), web] });
    await assertSilent(check, { objects: [webhook({}, 'ValidatingWebhookConfiguration', 'v1beta1'), web] });
    await assertSilent(check, { objects: [webhook({ clientConfig: { url: 'https://127.0.0.1:23443/mutate' } }), web] });
  });
  test('it asks about some objects by their labels or by CEL: which ones is not known, so no more is said than that it dangles', async () => {
    const everythingElse = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['hook'] }] };
    assert.equal((await theFinding(check, { objects: [webhook({ objectSelector: everythingElse }), web] })).severity, 'critical');
    for (const more of [
      { objectSelector: { matchLabels: { inject: 'true' } } },
      { objectSelector: { matchExpressions: [{ key: 'inject', operator: 'Exists' }] } },
      { matchConditions: [{ name: 'mine', expression: 'object.metadata.name == "x"' }] },
    ])
      assert.equal((await theFinding(check, { objects: [webhook(more), web], metadata: inPart })).severity, 'warning');
  });
  test('whoever leaves out its namespace has the tool elsewhere (Git), and is told', async () => {
    const spec = { excludedNamespaces: ['policy'], includeClusterResources: true };
    assert.equal((await theFinding(check, { objects: [webhook(), web], spec })).severity, 'warning');
    assert.equal((await theFinding(check, { objects: [webhook({ rules: [] }), web], spec })).severity, 'info');
  });
  test('the cluster has it, or lacks it too', async () => {
    const objects = [webhook(), web];
    assert.equal((await theFinding(check, { objects, cluster: { services: [service] } })).severity, 'info');
    await assertSilent(check, { objects, spec: ofShop, cluster: { services: [service] } });
    assert.equal((await theFinding(check, { objects, spec: ofShop, cluster: {} })).severity, 'warning');
    assert.equal((await theFinding(check, { objects, spec: ofShop })).severity, 'info');
  });
  test('an API service, but not Kubernetes’ own', async () => {
    const metrics = manifest('apiregistration.k8s.io/v1', 'APIService', 'v1beta1.metrics.k8s.io', {
      spec: { group: 'metrics.k8s.io', service: { namespace: 'kube-system', name: 'metrics-server' } },
    });
    assert.equal((await theFinding(check, { objects: [metrics] })).subject, 'Service kube-system/metrics-server');
    await assertSilent(check, { objects: [metrics, manifest('v1', 'Service', 'kube-system/metrics-server')] });
    await assertSilent(check, { objects: [manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.apps', { spec: { group: 'apps' } })] });
  });
  test('EKS brings its own', async () => {
    const metrics = manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.metrics.eks.amazonaws.com', {
      spec: { service: { namespace: 'kube-system', name: 'eks-extension-metrics-api' } },
    });
    await assertSilent(check, { objects: [metrics], metadata: { kubernetesVersion: 'v1.33.1-eks-595af52' } });
  });
  test('a conversion: objects in another version than the stored one are refused', async () => {
    const converting = (version: string): readonly Manifest[] => [
      {
        ...definition('widgets', 'example.com', 'Widget', []),
        spec: {
          versions: [{ name: 'v1', storage: true }, { name: 'v2' }],
          conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: { namespace: 'platform', name: 'convert' } } } },
        },
      },
      manifest(`example.com/${version}`, 'Widget', 'shop/blue'),
    ];
    assert.equal((await theFinding(check, { objects: converting('v2') })).severity, 'critical');
    assert.equal((await theFinding(check, { objects: converting('v1'), metadata: inPart })).severity, 'warning');
    const convert = manifest('v1', 'Service', 'platform/convert');
    await assertSilent(check, { objects: [...converting('v1'), convert] });
    const early = await theFinding(check, { objects: [...converting('v2'), convert] });
    assert.deepEqual([early.severity, early.subject], ['info', 'conversion by platform/convert']);
    assert.match(early.message, /^objects of widgets\.example\.com are in another version/);
  });
  test('sound', () =>
    assertSound(check, {
      objects: [webhook(), webhook({}, 'MutatingWebhookConfiguration'), web, namespace('shop'), route, routes],
    }));
});

describe('webhook-without-service: it is asked before its pods are ready', () => {
  const istio = webhook({ rules: [rule('networking.istio.io', '*')] });
  test('kinds that are restored after the configuration', async () => {
    const finding = await theFinding(check, { objects: [istio, service, route, routes] });
    assert.equal(finding.severity, 'info');
    assert.equal(finding.subject, 'order of ValidatingWebhookConfiguration policy');
    assert.match(finding.message, /fails closed and is restored before 1 virtualservices\.networking\.istio\.io/);
  });
  test('what is restored before it is not asked about', () => assertSilent(check, { objects: [webhook(), service, web] }));
  test('fails open, or leaves that namespace out', async () => {
    await assertSilent(check, { objects: [{ ...webhook({ failurePolicy: 'Ignore', rules: [rule('*', '*')] }) }, service, route, routes] });
    const selecting = webhook({ rules: [rule('*', '*', { scope: 'Namespaced' })], namespaceSelector: { matchLabels: { policy: 'on' } } });
    await assertSilent(check, { objects: [selecting, service, route, routes, namespace('shop')] });
  });
  test('one finding a configuration', async () => {
    const both = webhook({ rules: [rule('*', '*')] });
    const { lines } = await lookInto(check, {
      objects: [both, webhook({ rules: [rule('*', '*')] }, 'MutatingWebhookConfiguration'), service, route, routes],
    });
    assert.deepEqual(lines, ['info order of MutatingWebhookConfiguration policy', 'info order of ValidatingWebhookConfiguration policy']);
  });
  test('sound', () => assertSound(check, { objects: [istio, service, route, routes, namespace('shop')] }));
});
