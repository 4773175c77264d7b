/** The rules that only report, against a real API server whose controllers make, orphan and hold what they look for. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Proposal } from '../../../functions/actions/contracts.ts';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import { withCustomResources } from '../../../functions/cleanup/references/with-custom-resources.ts';
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
import type { ScanResult } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { sourceOf } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import {
  makeAutoscalersAndBudgets,
  makeHelmRecords,
  makeNamespaces,
  makeNodesAndWhatTheyLeave,
  makeReplicaSets,
  makeRequests,
  makeServices,
  makeTokens,
  tokenSecret,
} from './reporting-objects.ts';

const rules: readonly Rule[] = [
  expiredBootstrapTokens,
  expiredNamespaces,
  autoscalersWithoutTarget,
  budgetsWithoutTarget,
  servicesWithoutTarget,
  staleNodeLeases,
  staleVolumeAttachments,
  supersededHelmReleases,
  terminatingNamespaces,
  unissuedRequests,
  unusedReplicaSets,
];
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'endpointslice-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
  'namespace-controller',
  'garbage-collector-controller',
];
const minutesLater = 180;

describe('rules that only report', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let orphan = '';
  let result: ScanResult<Proposal>;

  const scanLater = async (minutes: number, memory: ScanResult<Proposal>['memory'] = {}): Promise<ScanResult<Proposal>> => {
    const source = await sourceOf(plane, minutes);
    try {
      return await scan(source, await withCustomResources(rules, source, AbortSignal.timeout(30_000)), {
        memory,
        signal: AbortSignal.timeout(60_000),
      });
    } finally {
      await source.close();
    }
  };

  before(async () => {
    plane = await startControlPlane({ controllers });
    ({ orphan } = await makeReplicaSets(plane));
    await makeHelmRecords(plane);
    await makeServices(plane);
    await makeAutoscalersAndBudgets(plane);
    await makeRequests(plane);
    await makeTokens(plane);
    await makeNodesAndWhatTheyLeave(plane);
    await makeNamespaces(plane);
    const first = await scanLater(0);
    result = await scanLater(minutesLater, first.memory);
  });
  after(() => plane?.stop());

  const proposalsOf = (id: string) => {
    const end = result.observers.find((each) => each.id === id);
    assert.equal(end?.outcome, 'ran', `${id}: ${end?.reason}`);
    return result.out.filter(({ observer }) => observer === id);
  };
  const theOne = (id: string, name: string): Proposal => {
    const found = proposalsOf(id).find(({ object }) => object.name === name);
    assert.ok(found, `${id} proposes ${name}`);
    return found;
  };

  const expected: Readonly<Record<string, () => readonly string[]>> = {
    'expired-bootstrap-tokens': () => ['Secret kube-system/bootstrap-token-aaaaa1'],
    'expired-namespaces': () => ['Namespace odd', 'Namespace past', 'Namespace short'],
    'horizontal-pod-autoscalers-without-target': () => [
      'HorizontalPodAutoscaler shop/deployment-gone',
      'HorizontalPodAutoscaler shop/statefulset-web',
    ],
    'pod-disruption-budgets-without-target': () => ['gone', 'in-gone', 'none'].map((name) => `PodDisruptionBudget shop/${name}`),
    'services-without-target': () => ['Service shop/gone', 'Service shop/half'],
    'stale-node-leases': () => ['Lease kube-node-lease/node-gone'],
    'stale-volume-attachments': () => ['VolumeAttachment left'],
    'superseded-helm-releases': () => ['ConfigMap shop/sh.helm.release.v1.cm.v1', 'Secret shop/sh.helm.release.v1.web.v2'],
    'terminating-namespaces': () => ['Namespace held'],
    'unissued-certificate-signing-requests': () => ['CertificateSigningRequest waiting'],
    'unused-replica-sets': () => ['ReplicaSet shop/left', `ReplicaSet shop/${orphan}`],
  };
  for (const { id } of rules) {
    test(`${id} proposes what is planted and nothing else`, () => {
      const names = proposalsOf(id).map(({ object: { kind, namespace, name } }) => `${kind} ${namespace ? `${namespace}/` : ''}${name}`);
      assert.deepEqual(names.toSorted(), expected[id]?.());
    });
  }

  test('every proposal names the object as it is, by uid and resourceVersion, and tells since when', async () => {
    for (const { object, since, metadata, observer } of result.out) {
      assert.match(object.uid, /^[0-9a-f-]{36}$/, observer);
      assert.match(object.resourceVersion, /^\d+$/, observer);
      assert.equal(metadata.namespace, object.namespace, observer);
      assert.ok(since !== undefined, `${observer}: since when`);
    }
  });

  test('since when: not before it was so', () => {
    const minutesAgo = (proposal: Proposal) => (Date.now() + minutesLater * 60_000 - (proposal.since ?? 0)) / 60_000;
    for (const [id, name, minutes] of [
      ['services-without-target', 'gone', minutesLater],
      ['horizontal-pod-autoscalers-without-target', 'deployment-gone', minutesLater],
      ['pod-disruption-budgets-without-target', 'gone', minutesLater],
      ['unissued-certificate-signing-requests', 'waiting', minutesLater],
      ['stale-volume-attachments', 'left', minutesLater],
      ['stale-node-leases', 'node-gone', minutesLater],
      ['unused-replica-sets', 'left', minutesLater],
      ['terminating-namespaces', 'held', minutesLater],
      ['expired-bootstrap-tokens', 'bootstrap-token-aaaaa1', minutesLater + 90],
      ['expired-namespaces', 'short', minutesLater - 120],
    ] as const) {
      const ago = minutesAgo(theOne(id, name));
      assert.ok(Math.abs(ago - minutes) < 3, `${id}: ${ago} minutes ago, of ${minutes}`);
    }
  });

  test('a namespace says what holds it, in the words of its controller', () => {
    const { reason } = theOne('terminating-namespaces', 'held');
    assert.match(reason, /^has been going away for 3 hours: what is in it waits for example\.com\/cleanup; configmaps left in it$/);
  });

  test('the autoscaler’s own condition is told', () => {
    const { reason } = theOne('horizontal-pod-autoscalers-without-target', 'deployment-gone');
    assert.equal(reason, 'its target Deployment gone does not exist, and it could not scale for 3 hours');
  });

  test('what is in an expired namespace is counted', () => {
    assert.deepEqual(theOne('expired-namespaces', 'past').facts, {
      annotations: 'nightshift.dev/expires: 2020-01-31',
      expired: '2020-02-01T00:00:00.000Z',
      pods: 1,
      persistentVolumeClaims: 0,
    });
    assert.equal(theOne('expired-namespaces', 'odd').reportOnly, 'what is not understood never expires');
  });

  test('of Secrets the server is asked for tokens and for the metadata of Helm’s alone, and nothing of them is told', () => {
    const reads = result.ends.filter(({ read }) => read.resource === 'secrets');
    assert.deepEqual(reads.map(({ read, objects }) => [read.part, read.namespace, read.fields, read.labels, objects]).toSorted(), [
      [undefined, 'kube-system', 'type=bootstrap.kubernetes.io/token', undefined, 3],
      ['metadata', undefined, undefined, 'owner=helm', 12],
    ]);
    const said = JSON.stringify(result.out);
    assert.ok(!said.includes(tokenSecret) && !said.includes(Buffer.from(tokenSecret).toString('base64')));
  });

  test('without the right to read Secrets the two rules that need it did not run, and say so', async () => {
    const source = await sourceOf(plane, minutesLater, 'nobody');
    try {
      const { observers, out } = await scan(source, await withCustomResources(rules, source, AbortSignal.timeout(30_000)), {
        signal: AbortSignal.timeout(60_000),
      });
      assert.deepEqual(out, []);
      const endOf = (id: string) => observers.find((each) => each.id === id);
      assert.equal(endOf('expired-bootstrap-tokens')?.outcome, 'not-run');
      assert.equal(endOf('services-without-target')?.outcome, 'incomplete');
    } finally {
      await source.close();
    }
  });
});
