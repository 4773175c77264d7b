import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasBuiltInGroup, isBuiltIn, platformOf } from '../../../functions/backup-verification/restorability/baseline.ts';
import { metadataOf } from '../sample-location.ts';

test('what every cluster has, and what it has not', () => {
  const isThere = (kind: Parameters<typeof isBuiltIn>[0], name: string, namespace?: string) =>
    isBuiltIn(kind, { name, namespace }, 'kubernetes');
  assert.ok(isThere('ServiceAccount', 'default', 'shop'));
  assert.ok(isThere('ConfigMap', 'kube-root-ca.crt', 'shop'));
  assert.ok(isThere('ConfigMap', 'extension-apiserver-authentication', 'kube-system'));
  assert.ok(isThere('PriorityClass', 'system-node-critical'));
  assert.ok(isThere('ClusterRole', 'view') && isThere('ClusterRole', 'system:auth-delegator'));
  assert.ok(isThere('Role', 'extension-apiserver-authentication-reader', 'kube-system'));
  assert.ok(!isThere('ConfigMap', 'extension-apiserver-authentication', 'shop'));
  assert.ok(!isThere('ServiceAccount', 'web', 'shop'));
  assert.ok(!isThere('StorageClass', 'gp2'));
  assert.ok(!isThere('Role', 'view', 'shop'), 'view is a ClusterRole');
});

test('EKS adds some, where the cluster that was backed up was one', () => {
  const eks = platformOf({ metadata: metadataOf('b', 1, { kubernetesVersion: 'v1.33.1-eks-595af52' }) });
  assert.equal(eks, 'eks');
  assert.equal(platformOf({ metadata: metadataOf('b', 1, { kubernetesVersion: 'v1.36.3' }) }), 'kubernetes');
  assert.equal(platformOf({ metadata: metadataOf('b', 1) }), 'kubernetes');
  assert.ok(isBuiltIn('StorageClass', { name: 'gp2' }, eks));
  assert.ok(!isBuiltIn('StorageClass', { name: 'gp3' }, eks));
  assert.ok(isBuiltIn('ServiceAccount', { namespace: 'kube-system', name: 'aws-node' }, eks));
  assert.ok(isBuiltIn('ClusterRole', { name: 'eks:addon-manager' }, eks));
});

test('groups that no CRD stands behind', () => {
  for (const group of [
    '',
    'apps',
    'batch',
    'extensions',
    'networking.k8s.io',
    'flowcontrol.apiserver.k8s.io',
    'metrics.k8s.io',
    'velero.io',
  ])
    assert.ok(hasBuiltInGroup(group, 'kubernetes'), group);
  for (const group of ['example.com', 'snapshot.storage.k8s.io', 'gateway.networking.k8s.io', 'cert-manager.io', 'vpcresources.k8s.aws'])
    assert.ok(!hasBuiltInGroup(group, 'kubernetes'), group);
  assert.ok(hasBuiltInGroup('vpcresources.k8s.aws', 'eks'));
});
