import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import unbound from '../../../functions/cleanup/rules/services-without-target.ts';
import { NotReadable, type Read } from '../../../functions/scan/contracts.ts';
import { ago, controlledBy, endpointSlice, service } from '../../health-check/objects.ts';
import { namesProposed, runRule, theProposal } from './run-rule.ts';
import { podMakers, podWith } from './workload-objects.ts';

const customRead = (group: string, resource: string, kind: string): Read => ({ group, resource, kind, versions: ['v1'] });
/** As withCustomResources gives it the cluster's. */
const rule = unbound.over([
  customRead('gateway.networking.k8s.io', 'httproutes', 'HTTPRoute'),
  customRead('networking.istio.io', 'virtualservices', 'VirtualService'),
  customRead('monitoring.coreos.com', 'servicemonitors', 'ServiceMonitor'),
  customRead('argoproj.io', 'rollouts', 'Rollout'),
  customRead('postgresql.cnpg.io', 'clusters', 'Cluster'),
  customRead('example.com', 'meshes', 'Mesh'),
]);
const custom = (group: string, kind: string, spec: object, metadata: object = {}) => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name: 'r', namespace: 'shop', ...metadata },
  spec,
});

/** That of the API server: a cluster always has one. */
const anySlice = endpointSlice([{}], 'kubernetes', 'default');
const empty = endpointSlice(null);
const webhook = { name: 'w.example.com', clientConfig: { service: { namespace: 'shop', name: 'web' } } };
const definition = (plural: string, group: string, spec: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: { group, ...spec },
});
const ingress = (spec: object, annotations: object = {}, namespace = 'shop') => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'i', namespace, annotations },
  spec,
});
const backend = { service: { name: 'web', port: { number: 80 } } };

test('no endpoint in any slice, and nothing that could become one', async () => {
  const slice = {
    ...empty,
    metadata: { ...empty.metadata, annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': ago({ days: 9 }) } },
  };
  const objects = [
    service({ spec: { type: 'LoadBalancer' } }),
    slice,
    anySlice,
    podWith({ app: 'other' }),
    podWith({ app: 'web' }, 'other'),
  ];
  const proposal = await theProposal(rule, { objects });
  assert.equal(proposal.reason, 'no endpoint for 9 days: no pod and nothing that makes pods matches its selector');
  assert.equal(proposal.since, Date.parse(ago({ days: 9 })));
  assert.deepEqual(proposal.facts, { type: 'LoadBalancer', selector: 'app=web' });
});

test('no slice at all is no endpoint either', async () => {
  const { since } = await theProposal(rule, { objects: [service(), anySlice] });
  assert.equal(since, Date.parse(ago({ days: 30 })));
});

describe('look-alikes stay', () => {
  const looks: Readonly<Record<string, readonly object[]>> = {
    'kor: one of two address families has an empty slice': [
      endpointSlice([{}]),
      { ...empty, metadata: { ...empty.metadata, name: 'web-v6' }, addressType: 'IPv6' },
    ],
    'the same, the other way round': [{ ...empty, metadata: { ...empty.metadata, name: 'web-v6' } }, endpointSlice([{}])],
    'an endpoint that is not ready': [endpointSlice([{ ready: false }])],
    'an endpoint that somebody wrote by hand beside the selector': [
      { ...empty, endpoints: [{ addresses: ['192.0.2.7'], conditions: { ready: false } }] },
    ],
    'a pod that is pending is in no slice': [empty, podWith({ app: 'web', tier: 'a' }, 'shop', 'Pending')],
    'a pod that ended': [empty, podWith({ app: 'web' }, 'shop', 'Succeeded')],
    ...Object.fromEntries(Object.entries(podMakers({ app: 'web', tier: 'a' })).map(([what, maker]) => [what, [empty, maker]])),
    'a validating webhook calls it': [
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'v' },
        webhooks: [webhook],
      },
    ],
    'a mutating webhook calls it': [
      { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata: { name: 'm' }, webhooks: [webhook] },
    ],
    'an APIService is served by it': [
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.x.io' },
        spec: { service: { namespace: 'shop', name: 'web' } },
      },
    ],
    'a definition is converted by it': [definition('widgets', 'example.com', { conversion: { strategy: 'Webhook', webhook } })],
    'an Ingress leads to it': [ingress({ rules: [{ http: { paths: [{ path: '/', backend }] } }] })],
    'an Ingress leads everything else to it': [ingress({ defaultBackend: backend })],
    'an Ingress names it in an annotation': [ingress({}, { 'nginx.ingress.kubernetes.io/default-backend': 'web' })],
    'an Ingress names it in an annotation with its namespace': [ingress({}, { 'example.com/auth-service': 'shop/web' }, 'other')],
    'a StatefulSet has it for its pods’ names': [
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'db', namespace: 'shop' },
        spec: { serviceName: 'web', replicas: 0, template: { metadata: { labels: { app: 'db' } } } },
      },
    ],
    'another Service is a name for it': [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'alias', namespace: 'other' },
        spec: { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' },
      },
    ],
    'an HTTPRoute leads to it': [
      custom('gateway.networking.k8s.io', 'HTTPRoute', { rules: [{}, { backendRefs: [{ name: 'other' }, { name: 'web', port: 80 }] }] }),
    ],
    'an HTTPRoute of another namespace leads to it': [
      custom(
        'gateway.networking.k8s.io',
        'HTTPRoute',
        { rules: [{ backendRefs: [{ name: 'web', namespace: 'shop' }] }] },
        { namespace: 'other' },
      ),
    ],
    'a VirtualService of another namespace has it as a host': [
      custom(
        'networking.istio.io',
        'VirtualService',
        { http: [{ route: [{ destination: { host: 'web.shop.svc.cluster.local' } }] }] },
        { namespace: 'other' },
      ),
    ],
    'a resource in no namespace has it in a URL': [
      custom('example.com', 'Mesh', { upstream: 'http://web.shop:8080/path' }, { namespace: undefined }),
    ],
    'a resource in no namespace names it': [custom('example.com', 'Mesh', { service: 'web' }, { namespace: undefined })],
    'a resource names it with its namespace': [custom('example.com', 'Mesh', { target: 'shop/web' }, { namespace: 'other' })],
    'an annotation of a resource names it': [custom('example.com', 'Mesh', {}, { annotations: { 'example.com/for': 'web' } })],
    'a ServiceMonitor picks it': [custom('monitoring.coreos.com', 'ServiceMonitor', { selector: { matchLabels: { team: 'core' } } })],
    'a ServiceMonitor picks it from another namespace': [
      custom(
        'monitoring.coreos.com',
        'ServiceMonitor',
        { namespaceSelector: { matchNames: ['shop'] }, selector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } },
        { namespace: 'monitoring' },
      ),
    ],
    'a ServiceMonitor of all namespaces picks it': [
      custom(
        'monitoring.coreos.com',
        'ServiceMonitor',
        { namespaceSelector: { any: true }, selector: { matchLabels: { team: 'core' } } },
        { namespace: 'monitoring' },
      ),
    ],
    'a Rollout that is scaled to zero': [
      custom('argoproj.io', 'Rollout', {
        replicas: 0,
        template: { metadata: { labels: { app: 'web', tier: 'a' } }, spec: { containers: [] } },
      }),
    ],
  };
  for (const [what, objects] of Object.entries(looks)) {
    test(what, async () =>
      assert.deepEqual(
        await namesProposed(rule, { objects: [service({ metadata: { labels: { team: 'core' } } }), anySlice, ...objects] }),
        [],
      ),
    );
  }

  const services: Readonly<Record<string, object>> = {
    'an ExternalName, whatever its selector': service({ spec: { type: 'ExternalName', externalName: 'example.com' } }),
    'no selector: somebody writes its endpoints': service({ spec: { selector: undefined } }),
    'an empty selector': service({ spec: { selector: {} } }),
    'its owner takes it away': service({ metadata: { ownerReferences: [controlledBy('Kafka', 'bus')] } }),
  };
  for (const [what, look] of Object.entries(services)) {
    test(what, async () => assert.deepEqual(await namesProposed(rule, { objects: [look, anySlice] }), []));
  }
});

test('custom resources that speak of something else keep nothing', async () => {
  const objects = [
    custom('networking.istio.io', 'VirtualService', { host: 'web', hosts: ['web.other.svc'] }, { namespace: 'other' }),
    custom(
      'example.com',
      'Mesh',
      { text: 'the website of web2' },
      { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'web' } },
    ),
    custom('monitoring.coreos.com', 'ServiceMonitor', { selector: { matchLabels: { team: 'other' } } }),
    custom('monitoring.coreos.com', 'ServiceMonitor', { selector: {} }, { name: 's' }),
    custom('argoproj.io', 'Rollout', { template: { metadata: { labels: { app: 'other' } } } }, { name: 'o' }),
    custom('argoproj.io', 'Rollout', { template: { metadata: { labels: { app: 'web' } } } }, { name: 'p', namespace: 'other' }),
  ];
  assert.deepEqual(await namesProposed(rule, { objects: [service({ metadata: { labels: { team: 'core' } } }), anySlice, ...objects] }), [
    'web',
  ]);
});

test('labels in a custom resource are those of pods', async () => {
  const rollout = custom('argoproj.io', 'Rollout', { template: { metadata: { labels: { app: 'front', tier: 'a' } } } });
  const named = (selector: object) => service({ spec: { selector } });
  assert.deepEqual(await namesProposed(rule, { objects: [named({ app: 'front', tier: 'a' }), anySlice, rollout] }), []);
  assert.deepEqual(await namesProposed(rule, { objects: [named({ app: 'front', tier: 'b' }), anySlice, rollout] }), ['web']);
});

test('an operator makes pods by its resource’s name', async () => {
  const named = service({ spec: { selector: { 'cnpg.io/cluster': 'db', 'cnpg.io/podRole': 'instance' } } });
  const cluster = custom('postgresql.cnpg.io', 'Cluster', { instances: 3 }, { name: 'db' });
  assert.deepEqual(await namesProposed(rule, { objects: [named, anySlice, cluster] }), []);
  const elsewhere = custom('postgresql.cnpg.io', 'Cluster', { instances: 3 }, { name: 'db', namespace: 'other' });
  assert.deepEqual(await namesProposed(rule, { objects: [named, anySlice, elsewhere] }), ['web']);
});

describe('labels that a template does not have', () => {
  const proposedFor = (selector: Readonly<Record<string, string>>, ...objects: readonly object[]) =>
    namesProposed(rule, { objects: [service({ spec: { selector } }), anySlice, ...objects] });
  const makers = podMakers({ app: 'db' }, 'db');
  const makerOf = (what: string): object => {
    const maker = makers[what];
    assert.ok(maker);
    return maker;
  };
  const statefulSet = makerOf('a StatefulSet that is scaled to zero');
  const cronJob = makerOf('a CronJob between two runs');

  test('its controller adds them: one pod of a StatefulSet that is scaled to zero', async () => {
    const first = { 'statefulset.kubernetes.io/pod-name': 'db-0' };
    assert.deepEqual(await proposedFor(first, statefulSet), []);
    assert.deepEqual(await proposedFor({ app: 'db', ...first, 'apps.kubernetes.io/pod-index': '0' }, statefulSet), []);
    assert.deepEqual(await proposedFor({ 'statefulset.kubernetes.io/pod-name': 'old-0' }, statefulSet), ['web']);
    assert.deepEqual(await proposedFor({ app: 'old', ...first }, statefulSet), ['web']);
    assert.deepEqual(await proposedFor(first, makerOf('a Deployment that is scaled to zero')), ['web']);
  });

  test('the pods of a CronJob’s next Job', async () => {
    assert.deepEqual(await proposedFor({ 'job-name': 'db-29000000' }, cronJob), []);
    assert.deepEqual(await proposedFor({ 'job-name': 'report-29000000' }, cronJob), ['web']);
  });

  test('an operator moves them: which pod is the primary', async () => {
    for (const label of ['role', 'spilo-role', 'cnpg.io/instanceRole', 'postgres-operator.crunchydata.com/role']) {
      assert.deepEqual(await proposedFor({ app: 'db', [label]: 'replica' }, podWith({ app: 'db', [label]: 'primary' })), [], label);
      assert.deepEqual(await proposedFor({ app: 'old', [label]: 'replica' }, podWith({ app: 'db', [label]: 'replica' })), ['web'], label);
    }
    assert.deepEqual(await proposedFor({ app: 'db', payroll: 'x' }, podWith({ app: 'db' })), ['web'], 'no word of its own');
  });
});

describe('an error is never an absence', () => {
  const failed = { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' } as const;
  const void_ = async (run: Parameters<typeof runRule>[1]) => {
    const { proposals, end } = await runRule(rule, run);
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
  };
  for (const resource of [
    'endpointslices',
    'pods',
    'deployments',
    'cronjobs',
    'ingresses',
    'validatingwebhookconfigurations',
    'apiservices',
    'customresourcedefinitions',
  ]) {
    test(resource, () => void_({ objects: [service(), anySlice], endings: { [resource]: failed } }));
  }

  test('custom resources that the cluster has and that did not come', () =>
    void_({ objects: [service(), anySlice], endings: { httproutes: failed } }));

  test('nobody told what custom resources there are', async () => {
    const run = { objects: [service(), anySlice] };
    const { proposals, end } = await runRule(unbound, run);
    assert.deepEqual([proposals, end.outcome], [[], 'not-run']);
    const unreadable = await runRule(unbound.over(new NotReadable('discovery failed', 'unavailable', 'run again')), run);
    assert.deepEqual([unreadable.proposals, unreadable.end.outcome, unreadable.end.reason], [[], 'incomplete', 'discovery failed']);
    assert.deepEqual(await namesProposed(unbound.over([]), run), ['web'], 'none is an answer');
  });

  test('a cluster without any slice has no such controller', async () => {
    const { proposals, end } = await runRule(rule, { objects: [service()] });
    assert.deepEqual([proposals, end.outcome], [[], 'not-run']);
  });
});
