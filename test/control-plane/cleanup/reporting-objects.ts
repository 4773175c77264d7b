/** What the reporting rules look for, and what only looks like it, written to a real API server with its controllers. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { customResource, deployment, namespace, node, service, statefulSet } from '../checks/live-objects.ts';
import { namesOf, read, until } from '../checks/live-scan.ts';
import { privateKey } from '../parts/certificates.ts';
import type { ControlPlane } from '../parts/control-plane.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'app', image: 'registry.example/app:1.0' }] } };

/** A Deployment that went without its ReplicaSet, beside one of zero, its own history, and what runs. */
export const makeReplicaSets = async (plane: ControlPlane) => {
  await plane.apply(namespace('shop'));
  await plane.apply(deployment('shop', 'web', 0));
  await plane.apply(deployment('shop', 'orphaning', 0));
  const bare = (name: string, replicas: number) => ({ ...deployment('shop', name, replicas), kind: 'ReplicaSet' });
  await plane.apply(bare('left', 0));
  await plane.apply(bare('at-work', 1));
  const sets = '/apis/apps/v1/namespaces/shop/replicasets';
  const made = async (prefix: string) => (await namesOf(plane, sets)).find((name) => name.startsWith(prefix));
  await until('both have a ReplicaSet', async () => (await made('web-')) !== undefined && (await made('orphaning-')) !== undefined);
  await plane.request('DELETE', '/apis/apps/v1/namespaces/shop/deployments/orphaning', { propagationPolicy: 'Orphan' });
  const orphan = await made('orphaning-');
  assert.ok(orphan);
  await until(
    'the garbage collector lets it go',
    async () => !JSON.stringify(await read(plane, `${sets}/${orphan}`)).includes('ownerReferences'),
  );
  return { orphan };
};

export const makeHelmRecords = async (plane: ControlPlane) => {
  for (let version = 1; version <= 12; version += 1) {
    const labels = {
      owner: 'helm',
      name: 'web',
      status: version === 12 ? 'deployed' : version === 1 ? 'failed' : 'superseded',
      version: `${version}`,
    };
    const metadata = { namespace: 'shop', name: `sh.helm.release.v1.web.v${version}`, labels };
    await plane.apply({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'helm.sh/release.v1', data: { release: encoded('payload') } });
    if (version > 11) continue;
    const inConfigMap = { ...metadata, name: `sh.helm.release.v1.cm.v${version}`, labels: { ...labels, name: 'cm', status: 'superseded' } };
    await plane.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: inConfigMap, data: { release: encoded('payload') } });
  }
};

const selecting = (name: string, selector: object | undefined, spec: object = {}) => {
  const made = service('shop', name);
  return { ...made, spec: { ...made.spec, selector, ...spec } };
};

/** A Rollout that is scaled to zero, and a route to a Service: kinds that no declaration names. */
const makeCustomResources = async (plane: ControlPlane) => {
  await plane.apply(customResource('argoproj.io', 'v1alpha1', 'Rollout', 'rollouts', false));
  await plane.apply(customResource('example.com', 'v1', 'Route', 'routes', false));
  const custom = (apiVersion: string, kind: string, spec: object) => ({
    apiVersion,
    kind,
    metadata: { namespace: 'shop', name: 'c' },
    spec,
  });
  await plane.apply(custom('argoproj.io/v1alpha1', 'Rollout', { replicas: 0, template: { metadata: { labels: { app: 'rolled' } } } }));
  await plane.apply(custom('example.com/v1', 'Route', { to: 'http://routed.shop.svc:8080' }));
};

export const makeServices = async (plane: ControlPlane) => {
  await makeCustomResources(plane);
  await plane.apply({ ...statefulSet('shop', 'db', 0), spec: { ...statefulSet('shop', 'db', 0).spec, serviceName: 'db-names' } });
  await plane.apply({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { namespace: 'shop', name: 'report' },
    spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { ...template, metadata: { labels: { app: 'report' } } } } } },
  });
  await plane.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'policy' },
    webhooks: [
      {
        name: 'policy.example.com',
        clientConfig: { service: { namespace: 'shop', name: 'hook' } },
        rules: [{ apiGroups: ['example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['widgets'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Ignore',
      },
    ],
  });
  const backend = { service: { name: 'behind', port: { number: 80 } } };
  await plane.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { namespace: 'shop', name: 'front' },
    spec: { defaultBackend: backend },
  });
  const services = [
    selecting('gone', { app: 'gone' }),
    selecting('half', { app: 'web', tier: 'gone' }),
    selecting('web', { app: 'web' }),
    selecting('report', { app: 'report' }),
    selecting('db-0', { 'statefulset.kubernetes.io/pod-name': 'db-0' }),
    selecting('db-names', { app: 'names' }, { clusterIP: 'None' }),
    selecting('hook', { app: 'hook' }),
    selecting('behind', { app: 'behind' }),
    selecting('rolled', { app: 'rolled' }),
    selecting('routed', { app: 'routed' }),
    selecting('manual', undefined),
    selecting('elsewhere', undefined, { type: 'ExternalName', externalName: 'example.com' }),
    selecting('running', { app: 'running' }),
  ];
  await plane.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'running', labels: { app: 'running' } },
    spec: template.spec,
  });
  for (const each of services) await plane.apply(each);
  await until('every Service with a selector has a slice', async () => {
    const text = JSON.stringify(await read(plane, '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices'));
    return services.every(({ metadata, spec }) => !spec.selector || text.includes(`"kubernetes.io/service-name":"${metadata.name}"`));
  });
};

export const makeAutoscalersAndBudgets = async (plane: ControlPlane) => {
  const scaling = (name: string, apiVersion: string, kind: string) => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { namespace: 'shop', name: `${kind.toLowerCase()}-${name}` },
    spec: {
      scaleTargetRef: { apiVersion, kind, name },
      maxReplicas: 3,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
    },
  });
  await plane.apply(scaling('gone', 'apps/v1', 'Deployment'));
  await plane.apply(scaling('web', 'apps/v1', 'Deployment'));
  await plane.apply(scaling('web', 'apps/v1', 'StatefulSet'));
  await plane.apply(scaling('web', 'argoproj.io/v1alpha1', 'Rollout'));
  await until('the autoscaler finds no target', async () =>
    JSON.stringify(await read(plane, '/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/deployment-gone')).includes(
      'FailedGetScale',
    ),
  );
  const budget = (name: string, selector: object | undefined) => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { namespace: 'shop', name },
    spec: { minAvailable: 1, ...(selector && { selector }) },
  });
  const expression = (operator: string, ...values: string[]) => ({ matchExpressions: [{ key: 'app', operator, values }] });
  await plane.apply(budget('gone', { matchLabels: { app: 'gone' } }));
  await plane.apply(budget('in-gone', expression('In', 'gone', 'old')));
  await plane.apply(budget('rolled', { matchLabels: { app: 'rolled' } }));
  await plane.apply(budget('none', undefined));
  await plane.apply(budget('all', {}));
  await plane.apply(budget('web', { matchLabels: { app: 'web' } }));
  await plane.apply(budget('in-web', expression('In', 'web', 'old')));
  await plane.apply(budget('but-web', expression('NotIn', 'web')));
};

/** Signed by whoever takes example.com/mesh, and nobody does; the one is issued by hand. */
export const makeRequests = async (plane: ControlPlane) => {
  const base = join(plane.directory, 'request');
  writeFileSync(`${base}.key`, privateKey(), { mode: 0o600 });
  const request = execFileSync('openssl', ['req', '-new', '-key', `${base}.key`, '-subj', '/CN=mesh'], { encoding: 'utf8' });
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const approved = (type: string) => ({ status: { conditions: [{ type, status: 'True', reason: 'Test', lastUpdateTime: inMinutes(0) }] } });
  for (const [name, type] of [
    ['waiting', 'Approved'],
    ['issued', 'Approved'],
    ['denied', 'Denied'],
    ['pending', undefined],
  ] as const) {
    await plane.apply({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: { request: encoded(request), signerName: 'example.com/mesh', usages: ['client auth'] },
    });
    if (!type) continue;
    const { status, body } = await plane.request('PATCH', `${path}/${name}/approval`, approved(type), 'application/merge-patch+json');
    assert.equal(status, 200, JSON.stringify(body));
  }
  const issued = { status: { certificate: encoded(plane.clientCertificate('mesh').certificate) } };
  const { status, body } = await plane.request('PATCH', `${path}/issued/status`, issued, 'application/merge-patch+json');
  assert.equal(status, 200, JSON.stringify(body));
};

/** The one field of a Secret's content that a rule reads, and a text that must never be told. */
export const tokenSecret = 'f395accd246ae52d';
export const makeTokens = async (plane: ControlPlane) => {
  const token = (id: string, expiration: string | undefined, type = 'bootstrap.kubernetes.io/token') => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
    type,
    data: { 'token-id': encoded(id), 'token-secret': encoded(tokenSecret), ...(expiration && { expiration: encoded(expiration) }) },
  });
  await plane.apply(token('aaaaa1', inMinutes(-90)));
  await plane.apply(token('aaaaa2', inMinutes(60 * 24 * 30)));
  await plane.apply(token('aaaaa3', undefined));
  await plane.apply(token('aaaaa4', inMinutes(-90), 'Opaque'));
};

export const makeNodesAndWhatTheyLeave = async (plane: ControlPlane) => {
  await plane.apply(node('node-1'));
  const attachment = (name: string, nodeName: string, source: object) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    metadata: { name },
    spec: { attacher: 'ebs.csi.aws.com', nodeName, source },
  });
  await plane.apply(attachment('left', 'node-gone', { persistentVolumeName: 'pv-1' }));
  await plane.apply(attachment('at-work', 'node-1', { persistentVolumeName: 'pv-gone' }));
  const lease = (name: string, holderIdentity: string) => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: 'kube-node-lease', name },
    spec: { holderIdentity, leaseDurationSeconds: 40, renewTime: inMinutes(0).replace('Z', '000Z') },
  });
  for (const [name, holder] of [
    ['node-gone', 'node-gone'],
    ['node-1', 'node-1'],
    ['lock', 'operator-1'],
  ] as const) {
    await plane.apply(lease(name, holder));
  }
};

export const makeNamespaces = async (plane: ControlPlane) => {
  const carrying = (name: string, annotations: Readonly<Record<string, string>>) => ({
    ...namespace(name),
    metadata: { name, annotations },
  });
  await plane.apply(carrying('past', { 'nightshift.dev/expires': '2020-01-31' }));
  await plane.apply(carrying('short', { 'janitor/ttl': '2h' }));
  await plane.apply(carrying('odd', { 'janitor/expires': 'tomorrow' }));
  await plane.apply(carrying('for-ever', { 'janitor/ttl': 'forever', 'nightshift.dev/expires': '2020-01-31' }));
  await plane.apply(carrying('later', { 'nightshift.dev/expires': '2999-01-31' }));
  await plane.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'past', name: 'app' }, spec: template.spec });
  await plane.apply(namespace('held'));
  const metadata = { namespace: 'held', name: 'x', finalizers: ['example.com/cleanup'] };
  await plane.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  await plane.request('DELETE', '/api/v1/namespaces/held', {});
  await until('the namespace controller says what holds it', async () =>
    JSON.stringify(await read(plane, '/api/v1/namespaces/held')).includes('example.com/cleanup'),
  );
};
