import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiLife, apiLives, apiVersionOf, kubernetesMinor, replacementFor, servedBy } from '../../functions/cluster/api-lifecycle.ts';
import fc from '../fuzz.ts';

const minorOf = (minor: string | undefined): number | undefined => (minor === undefined ? undefined : kubernetesMinor(minor));
const newest = minorOf(apiLives.newest) ?? 0;
const oldest = minorOf(apiLives.oldest) ?? 0;

/** What the table says of a kind: "introduced-deprecated-removed replacement at its removal". */
const lifeText = (apiVersion: string, kind: string): string => {
  const { introduced, deprecated, removed } = apiLife(apiVersion, kind) ?? {};
  const { replacement } = servedBy(apiVersion, kind, minorOf(removed) ?? newest);
  const instead = replacement ? ` ${apiVersionOf(replacement)} ${replacement.kind}` : '';
  return `${introduced ?? '?'} ${deprecated ?? 'never'} ${removed ?? 'never'}${instead}`;
};

// From the deprecation guide, https://kubernetes.io/docs/reference/using-api/deprecation-guide/, and the release notes of each minor.
const known: readonly (readonly [string, string])[] = [
  ['extensions/v1beta1 Deployment', '1.1 1.8 1.16 apps/v1 Deployment'],
  ['extensions/v1beta1 DaemonSet', '1.1 1.8 1.16 apps/v1 DaemonSet'],
  ['extensions/v1beta1 NetworkPolicy', '1.3 1.9 1.16 networking.k8s.io/v1 NetworkPolicy'],
  ['extensions/v1beta1 PodSecurityPolicy', '1.2 1.11 1.16 policy/v1beta1 PodSecurityPolicy'],
  ['extensions/v1beta1 Ingress', '1.1 1.14 1.22 networking.k8s.io/v1 Ingress'],
  ['apps/v1beta1 StatefulSet', '1.5 1.8 1.16 apps/v1 StatefulSet'],
  ['apps/v1beta2 ReplicaSet', '1.8 1.9 1.16 apps/v1 ReplicaSet'],
  [
    'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration',
    '1.9 1.16 1.22 admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration',
  ],
  ['apiextensions.k8s.io/v1beta1 CustomResourceDefinition', '1.7 1.16 1.22 apiextensions.k8s.io/v1 CustomResourceDefinition'],
  ['apiregistration.k8s.io/v1beta1 APIService', '1.7 1.19 1.22 apiregistration.k8s.io/v1 APIService'],
  ['authentication.k8s.io/v1beta1 TokenReview', '1.4 1.19 1.22 authentication.k8s.io/v1 TokenReview'],
  ['authorization.k8s.io/v1beta1 SubjectAccessReview', '1.2 1.19 1.22 authorization.k8s.io/v1 SubjectAccessReview'],
  ['certificates.k8s.io/v1beta1 CertificateSigningRequest', '1.12 1.19 1.22 certificates.k8s.io/v1 CertificateSigningRequest'],
  ['coordination.k8s.io/v1beta1 Lease', '1.12 1.19 1.22 coordination.k8s.io/v1 Lease'],
  ['networking.k8s.io/v1beta1 Ingress', '1.14 1.19 1.22 networking.k8s.io/v1 Ingress'],
  // The marker names IngressClassList.
  ['networking.k8s.io/v1beta1 IngressClass', '1.18 1.19 1.22 networking.k8s.io/v1 IngressClass'],
  ['rbac.authorization.k8s.io/v1beta1 RoleBinding', '1.6 1.17 1.22 rbac.authorization.k8s.io/v1 RoleBinding'],
  ['scheduling.k8s.io/v1beta1 PriorityClass', '1.11 1.14 1.22 scheduling.k8s.io/v1 PriorityClass'],
  ['storage.k8s.io/v1beta1 StorageClass', '1.4 1.19 1.22 storage.k8s.io/v1 StorageClass'],
  ['storage.k8s.io/v1beta1 CSIDriver', '1.14 1.19 1.22 storage.k8s.io/v1 CSIDriver'],
  ['batch/v1beta1 CronJob', '1.8 1.21 1.25 batch/v1 CronJob'],
  ['discovery.k8s.io/v1beta1 EndpointSlice', '1.16 1.21 1.25 discovery.k8s.io/v1 EndpointSlice'],
  ['events.k8s.io/v1beta1 Event', '1.8 1.22 1.25 events.k8s.io/v1 Event'],
  ['autoscaling/v2beta1 HorizontalPodAutoscaler', '1.8 1.22 1.25 autoscaling/v2 HorizontalPodAutoscaler'],
  ['policy/v1beta1 PodDisruptionBudget', '1.5 1.21 1.25 policy/v1 PodDisruptionBudget'],
  ['policy/v1beta1 PodSecurityPolicy', '1.10 1.21 1.25'],
  // No document lists it after 1.21, and the server took it until 1.25 all the same.
  ['policy/v1beta1 Eviction', '1.5 1.22 1.25 policy/v1 Eviction'],
  ['node.k8s.io/v1beta1 RuntimeClass', '1.13 1.22 1.25 node.k8s.io/v1 RuntimeClass'],
  ['autoscaling/v2beta2 HorizontalPodAutoscaler', '1.12 1.23 1.26 autoscaling/v2 HorizontalPodAutoscaler'],
  ['flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema', '1.20 1.23 1.26 flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema'],
  ['storage.k8s.io/v1beta1 CSIStorageCapacity', '1.21 1.24 1.27 storage.k8s.io/v1 CSIStorageCapacity'],
  [
    'flowcontrol.apiserver.k8s.io/v1beta2 PriorityLevelConfiguration',
    '1.23 1.26 1.29 flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration',
  ],
  ['flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema', '1.26 1.29 1.32 flowcontrol.apiserver.k8s.io/v1 FlowSchema'],
  [
    'admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy',
    '1.28 1.31 1.34 admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy',
  ],
  ['storage.k8s.io/v1beta1 VolumeAttributesClass', '1.31 1.34 1.37 storage.k8s.io/v1 VolumeAttributesClass'],
  ['v1 Endpoints', '1.0 1.33 never discovery.k8s.io/v1 EndpointSlice'],
  ['v1 ComponentStatus', '1.0 1.19 never'],
];

for (const [name, life] of known) {
  test(`${name} lives ${life}`, () => {
    const [apiVersion = '', kind = ''] = name.split(' ');
    assert.equal(lifeText(apiVersion, kind), life);
  });
}

// What the markers of the Go types do not tell, from upgrade-anchors.md section 2: gone without a marker, or before the marker's minor.
const goneUnmarked = [
  'resource.k8s.io/v1alpha2 ResourceClaim 1.31',
  'resource.k8s.io/v1alpha2 ResourceClassParameters 1.31',
  'resource.k8s.io/v1alpha3 PodSchedulingContext 1.32',
  'coordination.k8s.io/v1alpha1 LeaseCandidate 1.32',
  'certificates.k8s.io/v1alpha1 PodCertificateRequest 1.35',
  'scheduling.k8s.io/v1alpha1 Workload 1.36',
  'scheduling.k8s.io/v1alpha2 Workload 1.37',
  'scheduling.k8s.io/v1alpha2 PodGroup 1.37',
  'networking.k8s.io/v1alpha1 ClusterCIDR 1.29',
  'networking.k8s.io/v1alpha1 IPAddress 1.31',
  'networking.k8s.io/v1alpha1 ServiceCIDR 1.31',
  'resource.k8s.io/v1alpha3 DeviceClass 1.34',
  'resource.k8s.io/v1alpha3 ResourceSlice 1.34',
  'storagemigration.k8s.io/v1alpha1 StorageVersionMigration 1.35',
  'batch/v2alpha1 CronJob 1.21',
  'rbac.authorization.k8s.io/v1alpha1 ClusterRole 1.23',
  'settings.k8s.io/v1alpha1 PodPreset 1.20',
];

test('versions that went without a marker, or before it, are gone in the minor that stopped to serve them', () => {
  const told = goneUnmarked.map((line) => {
    const [apiVersion = '', kind = ''] = line.split(' ');
    const { removed, lastServed } = apiLife(apiVersion, kind) ?? {};
    assert.equal(minorOf(lastServed), (minorOf(removed) ?? 0) - 1, line);
    return `${apiVersion} ${kind} ${removed}`;
  });
  assert.deepEqual(told, goneUnmarked);
});

test('one version through its life', () => {
  const at = (minor: number) => servedBy('networking.k8s.io/v1beta1', 'Ingress', minor);
  assert.deepEqual(at(13), { state: 'not-yet', since: '1.14' });
  assert.deepEqual(at(14), { state: 'served', since: '1.14' });
  assert.deepEqual(at(19), {
    state: 'deprecated',
    since: '1.19',
    replacement: { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
  });
  assert.equal(at(21).state, 'deprecated');
  assert.deepEqual(at(22), {
    state: 'removed',
    since: '1.22',
    replacement: { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
  });
  assert.equal(at(99).state, 'removed');
});

test('the replacement is one that the target serves', () => {
  const ingress = (minor: number): string | undefined => {
    const { replacement } = servedBy('extensions/v1beta1', 'Ingress', minor);
    return replacement && apiVersionOf(replacement);
  };
  // 1.13 serves it undeprecated: nothing is to be replaced.
  const beta = 'networking.k8s.io/v1beta1';
  const stable = 'networking.k8s.io/v1';
  assert.deepEqual([13, 14, 18, 19, 22, 37].map(ingress), [undefined, beta, beta, stable, stable, stable]);
});

test('the kinds of everyday are served by the newest minor and by ones to come', () => {
  const names = [
    'v1 Pod',
    'v1 Secret',
    'v1 List',
    'apps/v1 Deployment',
    'apps/v1 DeploymentList',
    'batch/v1 CronJob',
    'autoscaling/v2 HorizontalPodAutoscaler',
  ];
  const more = [
    'policy/v1 PodDisruptionBudget',
    'networking.k8s.io/v1 Ingress',
    'storage.k8s.io/v1 StorageClass',
    'flowcontrol.apiserver.k8s.io/v1 FlowSchema',
  ];
  for (const name of [...names, ...more]) {
    const [apiVersion = '', kind = ''] = name.split(' ');
    for (const minor of [newest, newest + 5]) assert.equal(servedBy(apiVersion, kind, minor).state, 'served', name);
  }
});

test('what is not Kubernetes’ own is unknown, also where the group or the kind is', () => {
  assert.deepEqual(servedBy('monitoring.coreos.com/v1', 'Prometheus', 30), { state: 'unknown' });
  assert.deepEqual(servedBy('snapshot.storage.k8s.io/v1beta1', 'VolumeSnapshot', 30), { state: 'unknown' });
  assert.deepEqual(servedBy('metrics.k8s.io/v1beta1', 'PodMetrics', 30), { state: 'unknown' });
  assert.deepEqual(servedBy('apps/v1', 'Ingress', 30), { state: 'unknown' });
  assert.deepEqual(servedBy('networking.k8s.io/v7', 'Ingress', 30), { state: 'unknown' });
  assert.deepEqual(servedBy('', '', 30), { state: 'unknown' });
});

test('of minors that were not read no more is said than is promised', () => {
  assert.equal(servedBy('internal.apiserver.k8s.io/v1alpha1', 'StorageVersion', newest).state, 'served');
  assert.equal(servedBy('internal.apiserver.k8s.io/v1alpha1', 'StorageVersion', newest + 1).state, 'unknown');
  assert.equal(servedBy('batch/v2alpha1', 'CronJob', oldest - 1).state, 'unknown');
});

test('alphas, and betas since 1.24, are served only where they are turned on', () => {
  assert.equal(servedBy('resource.k8s.io/v1beta1', 'ResourceClaim', 33).offByDefault, true);
  assert.equal(servedBy('internal.apiserver.k8s.io/v1alpha1', 'StorageVersion', 30).offByDefault, true);
  // Betas from before 1.24 stayed on.
  assert.equal(servedBy('flowcontrol.apiserver.k8s.io/v1beta3', 'FlowSchema', 31).offByDefault, undefined);
  assert.equal(servedBy('policy/v1beta1', 'PodSecurityPolicy', 24).offByDefault, undefined);
  assert.equal(servedBy('networking.k8s.io/v1', 'Ingress', 31).offByDefault, undefined);
});

test('the minor of a version as clusters and people write it', () => {
  const written = {
    'v1.29.4-eks-036c24b': 29,
    'v1.30.5+k3s1': 30,
    'v1.28.11+6f5e6ab': 28,
    'v1.29.4-gke.1234000': 29,
    'v1.31.0-rc.1': 31,
    'v1.36.0-alpha.0.123+abc-dirty': 36,
    '1.29+': 29,
    '1.37': 37,
    ' v1.9.0 ': 9,
  };
  for (const [version, minor] of Object.entries(written)) assert.equal(kubernetesMinor(version), minor, version);
  for (const version of ['', 'v1', '2.1', 'v1.x', 'latest', '1.29 or so', 'v0.29.0', '11.29', '1.29.4\nx']) {
    assert.equal(kubernetesMinor(version), undefined, version);
  }
});

test('each life is in order, named once, and its source is said', () => {
  const names = apiLives.lives.map((life) => `${apiVersionOf(life)} ${life.kind}`);
  assert.equal(new Set(names).size, names.length);
  for (const life of apiLives.lives) {
    const name = `${apiVersionOf(life)} ${life.kind}`;
    const [introduced = 0, deprecated = introduced, removed = 1_000] = [life.introduced, life.deprecated, life.removed].map(minorOf);
    assert.ok(introduced <= deprecated, `${name} is introduced in ${life.introduced} and deprecated in ${life.deprecated}`);
    assert.ok(deprecated < removed, `${name} is deprecated in ${life.deprecated} and removed in ${life.removed}`);
    assert.ok(life.markers !== undefined || life.firstServed !== undefined, `${name} has no source`);
    assert.ok(!/^v\d+$/.test(life.version) || life.removed === undefined || life.resource?.includes('/'), `${name} is stable and removed`);
  }
  for (let minor = oldest; minor <= newest; minor++)
    assert.match(apiLives.sources[`1.${minor}`] ?? '', new RegExp(`^k8s.io/kubernetes@v1\\.${minor}\\.`));
});

test('whatever the kind and minor: states follow in order, and a replacement is served and another', () => {
  const order = ['not-yet', 'served', 'deprecated', 'removed'];
  fc.assert(
    fc.property(fc.constantFrom(...apiLives.lives), fc.integer({ min: oldest, max: newest }), (life, minor) => {
      const [now, next] = [minor, minor + 1].map((each) => servedBy(apiVersionOf(life), life.kind, each));
      if (now === undefined || next === undefined) return assert.fail();
      assert.ok(now.state !== 'unknown');
      if (next.state !== 'unknown') assert.ok(order.indexOf(now.state) <= order.indexOf(next.state), `${now.state} then ${next.state}`);
      const replacement = replacementFor(life, minor);
      if (replacement === undefined) return;
      const { state } = servedBy(apiVersionOf(replacement), replacement.kind, minor);
      assert.ok(state === 'served' || state === 'deprecated');
      assert.notDeepEqual(replacement, { group: life.group, version: life.version, kind: life.kind });
    }),
  );
});
