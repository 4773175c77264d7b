/** No false alarm on the backups of a real cluster, however they are filtered; and each thing that is taken out of it is missed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checks } from '../../functions/backup-verification/checks/index.ts';
import type { OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { type ArchiveRun, lookInto, type Manifest } from './archive-of.ts';
import { inNamespaces, ofCluster, ofShopAlone, platform } from './real-cluster.ts';

// These look at the companions: their runs are volume-data.test.ts and others.
const ofVolumes = ['volume-data', 'volume-repository', 'restic-uploader', 'repository-password', 'snapshot-elsewhere'];
const isOfObjects = ({ id, level }: OperationCheck): boolean => level === 'restorability' && !ofVolumes.includes(id);
const looking = checks.filter((check) => 'start' in check && isOfObjects(check));

const everything = [...ofCluster, ...inNamespaces];
const byOldFilters = { includeClusterResources: true } as const;
/** As Velero 1.17 and later default every spec. */
const byServer = {
  excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'],
  excludedNamespaceScopedResources: ['volumesnapshots.snapshot.storage.k8s.io'],
} as const;

async function saidOf(run: ArchiveRun): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const check of looking) {
    const { findings, unknowns } = await lookInto(check, { metadata: platform, ...run });
    assert.deepEqual(unknowns, []);
    for (const { severity, subject = '', message } of findings) {
      assert.doesNotMatch(`${message}`, /undefined|\bnull\b|NaN|\[object|bWFya2Vk/);
      lines.push(`${severity} ${check.id} ${subject}`);
    }
  }
  return lines.toSorted();
}
const alarmsOf = async (run: ArchiveRun): Promise<readonly string[]> => (await saidOf(run)).filter((line) => !line.startsWith('info'));

const kindIs =
  (...kinds: readonly string[]) =>
  ({ kind }: Manifest): boolean =>
    kinds.includes(kind);
const without = (objects: readonly Manifest[], isOut: (object: Manifest) => boolean) => objects.filter((object) => !isOut(object));

describe('no alarm', () => {
  test('everything, with what has no namespace', async () => {
    assert.deepEqual(await alarmsOf({ objects: everything, spec: byOldFilters }), []);
    assert.deepEqual(await alarmsOf({ objects: everything }), []);
    assert.deepEqual(await alarmsOf({ objects: everything, spec: { ...byServer, includedClusterScopedResources: ['*'] } }), []);
  });
  test('one namespace, or some by a pattern: its volume and definitions come along', async () => {
    const definitions = ofCluster.filter(kindIs('CustomResourceDefinition'));
    for (const includedNamespaces of [['shop'], ['sh*']])
      for (const spec of [
        { includedNamespaces },
        { ...byServer, includedNamespaces },
        { includedNamespaces, excludedResources: ['events'] },
      ])
        assert.deepEqual(await alarmsOf({ objects: [...ofShopAlone, ...definitions], spec }), []);
  });
  test('some by label, whose references carry none', async () => {
    const selected = ofShopAlone.filter(kindIs('Deployment', 'StatefulSet', 'CronJob', 'Ingress', 'Pod'));
    const said = await saidOf({ objects: selected, spec: { ...byServer, labelSelector: { matchLabels: { app: 'web' } } } });
    assert.deepEqual(
      said.filter((line) => !line.startsWith('info')),
      [],
    );
    // One for each kind, however much is missing.
    assert.deepEqual(
      said.filter((line) => /missing-(secret|configmap|service-account) /.test(line)),
      [
        'info missing-configmap left out: ConfigMap',
        'info missing-secret left out: Secret',
        'info missing-service-account left out: ServiceAccount',
      ],
    );
  });
  test('all but the tools’ namespaces: what was left out on purpose is a warning at most, and named', async () => {
    const out = ['kube-system', 'istio-system', 'cert-manager', 'external-secrets'];
    const objects = without(everything, ({ kind, metadata }) =>
      out.includes(kind === 'Namespace' ? metadata.name : (metadata.namespace ?? '')),
    );
    assert.deepEqual(await alarmsOf({ objects, spec: { ...byOldFilters, excludedNamespaces: out } }), [
      'warning webhook-without-service Service cert-manager/cert-manager-webhook',
      'warning webhook-without-service Service external-secrets/external-secrets-webhook',
      'warning webhook-without-service Service istio-system/istiod',
      'warning webhook-without-service Service kube-system/aws-load-balancer-webhook-service',
    ]);
  });
  test('without Secrets, where operators make them again', async () => {
    const spec = { ...byOldFilters, excludedResources: ['secrets'] };
    const objects = without(
      [...ofCluster, ...ofShopAlone],
      kindIs('Secret', 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'APIService'),
    );
    assert.deepEqual(await alarmsOf({ objects, spec }), []);
    assert.deepEqual(await alarmsOf({ objects: without(objects, kindIs('ExternalSecret')), spec }), [
      'warning missing-secret left out: Secret',
    ]);
  });
  test('Velero 1.18 as it is installed: what has no namespace is left out, and what that breaks is told', async () => {
    const definitions = kindIs('CustomResourceDefinition', 'PersistentVolume');
    const objects = [...ofCluster.filter(definitions), ...inNamespaces];
    const calico = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata: { name: 'default.web', namespace: 'shop' } };
    const aggregated = { apiVersion: 'reports.example.org/v1', kind: 'Report', metadata: { name: 'a', namespace: 'shop' } };
    assert.deepEqual(await alarmsOf({ objects: [...objects, calico, aggregated], spec: byServer }), [
      'critical missing-priority-class left out: PriorityClass',
      'critical missing-storage-class left out: StorageClass',
      'warning cluster-scoped-left-out ',
      'warning missing-ingress-class left out: IngressClass',
    ]);
  });
  test('the odds and ends of a real cluster', async () => {
    const dangling: readonly Manifest[] = [
      // A chart's default for a registry that nobody uses, a binding to a role that was renamed, what helm uninstall kept, a claim without a volume.
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'chart', namespace: 'shop' }, imagePullSecrets: [{ name: 'regcred' }] },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'old', namespace: 'shop' },
        roleRef: { kind: 'Role', name: 'renamed' },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'kept',
          namespace: 'shop',
          labels: { 'app.kubernetes.io/managed-by': 'Helm' },
          annotations: { 'meta.helm.sh/release-name': 'gone', 'meta.helm.sh/release-namespace': 'shop', 'helm.sh/resource-policy': 'keep' },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'lost', namespace: 'shop' },
        spec: { volumeName: 'gone', storageClassName: 'gp3' },
        status: { phase: 'Lost' },
      },
      // In CreateContainerConfigError for a week.
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'broken', namespace: 'shop' },
        spec: { replicas: 1, template: { spec: { containers: [{ name: 'a', envFrom: [{ configMapRef: { name: 'never-was' } }] }] } } },
        status: { unavailableReplicas: 1 },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'dead', namespace: 'shop' },
        spec: { ingressClassName: 'traefik', tls: [{ secretName: 'never-issued' }] },
      },
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'uninstalled' },
        webhooks: [
          {
            name: 'a.b.c',
            clientConfig: { service: { namespace: 'shop', name: 'uninstalled' } },
            rules: [{ apiGroups: ['gone.io'], apiVersions: ['*'], resources: ['*'], operations: ['*'] }],
          },
        ],
      },
    ];
    assert.deepEqual(await alarmsOf({ objects: [...everything, ...dangling] }), []);
    assert.equal(
      (await saidOf({ objects: [...everything, ...dangling] })).filter((line) => /^info missing|helm|webhook.*uninstalled/.test(line))
        .length,
      8,
    );
  });
});

describe('each thing that is taken out of it is missed', () => {
  const taken: readonly [string, string, string][] = [
    ['Secret', 'web', 'info missing-secret Secret shop/web'],
    ['Secret', 'prometheus-k8s', 'info missing-secret Secret monitoring/prometheus-k8s'],
    ['Secret', 'aws-load-balancer-tls', 'critical missing-secret Secret kube-system/aws-load-balancer-tls'],
    ['ConfigMap', 'web', 'critical missing-configmap ConfigMap shop/web'],
    ['ServiceAccount', 'argocd-server', 'critical missing-service-account ServiceAccount argocd/argocd-server'],
    ['PriorityClass', 'business-critical', 'critical missing-priority-class PriorityClass business-critical'],
    ['StorageClass', 'gp3', 'critical missing-storage-class StorageClass gp3'],
    ['PersistentVolumeClaim', 'db-1', 'critical missing-volume PersistentVolumeClaim shop/db-1'],
    ['PersistentVolume', 'pvc-1', 'critical missing-volume PersistentVolume pvc-1'],
    [
      'CustomResourceDefinition',
      'clusters.postgresql.cnpg.io',
      'critical missing-crd CustomResourceDefinition clusters.postgresql.cnpg.io',
    ],
    ['Service', 'cert-manager-webhook', 'critical webhook-without-service Service cert-manager/cert-manager-webhook'],
    ['Service', 'istiod', 'critical webhook-without-service Service istio-system/istiod'],
    ['ClusterRole', 'argocd-server', 'info missing-role ClusterRole argocd-server'],
  ];
  for (const [kind, name, line] of taken)
    test(`${kind} ${name}`, async () => {
      const before = await saidOf({ objects: everything });
      const after = await saidOf({ objects: without(everything, (object) => object.kind === kind && object.metadata.name === name) });
      assert.deepEqual(
        after.filter((each) => !before.includes(each)),
        [line],
      );
    });
});
