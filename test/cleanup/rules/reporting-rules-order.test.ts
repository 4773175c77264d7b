/** The order in which objects come, and the size of pages, never change what the reporting rules propose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import expiredBootstrapTokens from '../../../functions/cleanup/rules/expired-bootstrap-tokens.ts';
import expiredNamespaces from '../../../functions/cleanup/rules/expired-namespaces.ts';
import autoscalersWithoutTarget from '../../../functions/cleanup/rules/horizontal-pod-autoscalers-without-target.ts';
import budgetsWithoutTarget from '../../../functions/cleanup/rules/pod-disruption-budgets-without-target.ts';
import servicesWithoutTarget from '../../../functions/cleanup/rules/services-without-target.ts';
import staleNodeLeases from '../../../functions/cleanup/rules/stale-node-leases.ts';
import staleVolumeAttachments from '../../../functions/cleanup/rules/stale-volume-attachments.ts';
import supersededHelmReleases from '../../../functions/cleanup/rules/superseded-helm-releases.ts';
import terminatingNamespaces from '../../../functions/cleanup/rules/terminating-namespaces.ts';
import unissuedRequests from '../../../functions/cleanup/rules/unissued-certificate-signing-requests.ts';
import unusedReplicaSets from '../../../functions/cleanup/rules/unused-replica-sets.ts';
import type { Read } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import fc from '../../fuzz.ts';
import { ago, endpointSlice, helmRevision, lease, namespace, node, now, pod, replicaSet, service } from '../../health-check/objects.ts';
import { memorySource } from '../../scan/memory-source.ts';
import { stored } from './run-rule.ts';
import { podMakers, podWith } from './workload-objects.ts';

const widgets: Read = { group: 'example.com', resource: 'widgets', kind: 'Widget', versions: ['v1'] };

const rules: readonly Rule[] = [
  expiredBootstrapTokens,
  expiredNamespaces,
  autoscalersWithoutTarget,
  budgetsWithoutTarget.over([widgets]),
  servicesWithoutTarget.over([widgets]),
  staleNodeLeases,
  staleVolumeAttachments,
  supersededHelmReleases,
  terminatingNamespaces,
  unissuedRequests,
  unusedReplicaSets,
];

const object = (apiVersion: string, kind: string, name: string, rest: object, place: string | undefined = 'shop') => ({
  apiVersion,
  kind,
  metadata: { name, ...(place && { namespace: place }), creationTimestamp: ago({ days: 30 }) },
  ...rest,
});
const nodeLease = (name: string) => {
  const { metadata, ...rest } = lease(name, ago({ days: 4 }), { holderIdentity: name });
  return { ...rest, metadata: { ...metadata, namespace: 'kube-node-lease' } };
};
const autoscaler = (name: string) =>
  object('autoscaling/v2', 'HorizontalPodAutoscaler', `of-${name}`, {
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name } },
  });
const budget = (app: string) => object('policy/v1', 'PodDisruptionBudget', app, { spec: { selector: { matchLabels: { app } } } });
const attachment = (name: string, nodeName: string) =>
  object('storage.k8s.io/v1', 'VolumeAttachment', name, { spec: { nodeName, attacher: 'ebs.csi.aws.com', source: {} } }, '');
const serviceOf = (app: string) => service({ name: app, spec: { selector: { app } } });
const twin = endpointSlice([{}], 'twin');

const objects: readonly object[] = [
  ...Array.from({ length: 14 }, (_, index) =>
    helmRevision('web', index + 1, index === 13 ? 'deployed' : 'superseded', ago({ days: 40 - index })),
  ),
  ...['gone', 'node-1'].map(nodeLease),
  node(),
  attachment('a', 'gone'),
  attachment('b', 'node-1'),
  object('example.com/v1', 'Widget', 'made', { spec: { template: { metadata: { labels: { app: 'made' } } }, host: 'named.shop' } }),
  ...['made', 'named'].map(serviceOf),
  budget('made'),
  ...['web', 'gone'].flatMap((app) => [autoscaler(app), budget(app), serviceOf(app)]),
  serviceOf('twin'),
  { ...endpointSlice(null, 'twin'), metadata: { ...endpointSlice(null, 'twin').metadata, name: 'twin-v6' } },
  twin,
  endpointSlice(null, 'gone'),
  endpointSlice(null, 'web'),
  ...Object.values(podMakers({ app: 'web' })),
  podWith({ app: 'other' }),
  { ...replicaSet('left'), metadata: { ...replicaSet('left').metadata, ownerReferences: [] }, spec: { replicas: 0 } },
  namespace({ name: 'past', metadata: { annotations: { 'nightshift.dev/expires': '2026-03-01' } } }),
  namespace({ name: 'odd', metadata: { annotations: { 'janitor/ttl': 'soon' } } }),
  namespace({ name: 'held', metadata: { deletionTimestamp: ago({ days: 1 }) } }),
  pod({ namespace: 'past' }),
  object(
    'certificates.k8s.io/v1',
    'CertificateSigningRequest',
    'csr',
    { spec: {}, status: { conditions: [{ type: 'Approved', status: 'True' }] } },
    '',
  ),
  object('v1', 'Secret', 'bootstrap-token-a', {
    metadata: { name: 'bootstrap-token-a', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: { expiration: Buffer.from(ago({ days: 1 })).toString('base64') },
  }),
].map((each) => stored(each));

const proposedIn = async (order: readonly object[], pageSize: number): Promise<readonly string[]> => {
  const result = await scan(memorySource({ objects: order, now, pageSize }), rules, { signal: AbortSignal.timeout(60_000) });
  for (const { id, outcome, reason } of result.observers) assert.equal(outcome, 'ran', `${id}: ${reason}`);
  return result.out.map((proposal) => JSON.stringify(proposal)).toSorted();
};

test('every reporting rule proposes the same whatever comes first', async () => {
  const expected = await proposedIn(objects, 250);
  assert.deepEqual(
    [...new Set(expected.map((text): unknown => JSON.parse(text).observer))].toSorted(),
    rules.map(({ id }) => id).toSorted(),
    'each of them has something to say',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...objects.keys()], { minLength: objects.length, maxLength: objects.length }),
      fc.integer({ min: 1, max: 20 }),
      async (order, pageSize) => {
        const shuffled = order.flatMap((index) => objects[index] ?? []);
        assert.deepEqual(await proposedIn(shuffled, pageSize), expected);
      },
    ),
  );
});
