import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/missing-role.ts';
import { assertSilent, assertSound, lookInto, type Manifest, manifest, theFinding } from '../archive-of.ts';
import { inPart, ofShop } from '../samples.ts';

const group = 'rbac.authorization.k8s.io';
const binding = (kind: string, place: string, roleKind: string, name: string): Manifest =>
  manifest(`${group}/v1`, kind, place, { roleRef: { apiGroup: group, kind: roleKind, name }, subjects: [{ kind: 'User', name: 'a' }] });
const reader = binding('RoleBinding', 'shop/web', 'Role', 'reader');
const clusterWide = binding('ClusterRoleBinding', 'web', 'ClusterRole', 'widget-reader');

describe('missing-role', () => {
  test('a Role and a ClusterRole that are not in the backup', async () => {
    const { lines, findings } = await lookInto(check, { objects: [reader, clusterWide], metadata: inPart });
    assert.deepEqual(lines, ['warning ClusterRole widget-reader', 'warning Role shop/reader']);
    assert.match(findings[0]?.message ?? '', /the binding comes, and gives no rights$/);
  });
  test('a binding to a role that the cluster lacked too is no loss', async () => {
    const { lines, findings } = await lookInto(check, { objects: [reader, clusterWide] });
    assert.deepEqual(lines, ['info ClusterRole widget-reader', 'info Role shop/reader']);
    assert.match(findings[0]?.message ?? '', /gives no rights, as before: the cluster had none either when it was backed up$/);
  });
  test('they are there', () =>
    assertSilent(check, {
      objects: [
        reader,
        clusterWide,
        manifest(`${group}/v1`, 'Role', 'shop/reader'),
        manifest(`${group}/v1`, 'ClusterRole', 'widget-reader'),
      ],
    }));
  test('a Role of the same name elsewhere, or a ClusterRole, does not help', async () => {
    const others = [manifest(`${group}/v1`, 'Role', 'data/reader'), manifest(`${group}/v1`, 'ClusterRole', 'reader')];
    await theFinding(check, { objects: [reader, ...others] });
  });
  test('Kubernetes’ own', () =>
    assertSilent(check, {
      objects: [
        binding('RoleBinding', 'shop/edit', 'ClusterRole', 'edit'),
        binding('ClusterRoleBinding', 'a', 'ClusterRole', 'system:auth-delegator'),
        binding('RoleBinding', 'kube-system/b', 'Role', 'extension-apiserver-authentication-reader'),
      ],
    }));
  test('a backup of one namespace is to hold its Roles, not the ClusterRoles', async () => {
    const { lines } = await lookInto(check, { objects: [reader, clusterWide], spec: ofShop });
    assert.deepEqual(lines, ['info Role shop/reader', 'info left out: ClusterRole']);
    const present = { clusterroles: [manifest(`${group}/v1`, 'ClusterRole', 'widget-reader')] };
    assert.deepEqual((await lookInto(check, { objects: [reader, clusterWide], spec: ofShop, cluster: present })).lines, [
      'info Role shop/reader',
    ]);
  });
  test('sound', () =>
    assertSound(check, { objects: [reader, clusterWide, binding('RoleBinding', 'data/x', 'ClusterRole', 'widget-reader')] }));
});
