/** Where references hide, rows 29 to 31: ServiceAccounts. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, container, type Fields, made, ofCluster, podOf, secret } from './objects.ts';
import { assertKeptOnlyBy, unusedOf } from './run-unused.ts';

const binding = (subject: Fields, namespace = 'shop', role = 'edit') =>
  made(
    'rbac.authorization.k8s.io/v1',
    'RoleBinding',
    'b',
    { subjects: [subject], roleRef: { kind: 'ClusterRole', name: role } },
    { in: namespace },
  );
const clusterBinding = (subject: Fields) =>
  ofCluster('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'b', {
    subjects: [subject],
    roleRef: { kind: 'ClusterRole', name: 'edit' },
  });
const subject = (name: string, namespace?: string): Fields => ({ kind: 'ServiceAccount', name, ...(namespace && { namespace }) });
const wanted = account('wanted');

describe('row 29', () => {
  test('a pod’s', () => assertKeptOnlyBy(wanted, [podOf({ ...container({}), serviceAccountName: 'wanted' })]));
  test('a pod’s, in the old field', () => assertKeptOnlyBy(wanted, [podOf({ ...container({}), serviceAccount: 'wanted' })]));
  test('another namespace’s pod is none', () =>
    assertKeptOnlyBy(wanted, [podOf({ ...container({}), serviceAccountName: 'wanted' })], {
      instead: [podOf({ ...container({}), serviceAccountName: 'wanted' }, 'p', 'other')],
    }));
  test('a RoleBinding of its namespace', () => assertKeptOnlyBy(wanted, [binding(subject('wanted'))]));
  test('a RoleBinding of another namespace', () =>
    assertKeptOnlyBy(wanted, [binding(subject('wanted', 'shop'), 'other')], { instead: [binding(subject('wanted', 'other'))] }));
  test('a ClusterRoleBinding', () => assertKeptOnlyBy(wanted, [clusterBinding(subject('wanted', 'shop'))]));
  test('by its user name', () => assertKeptOnlyBy(wanted, [clusterBinding({ kind: 'User', name: 'system:serviceaccount:shop:wanted' })]));
  test('by its namespace’s group', () =>
    assertKeptOnlyBy(wanted, [clusterBinding({ kind: 'Group', name: 'system:serviceaccounts:shop' })], {
      instead: [clusterBinding({ kind: 'Group', name: 'system:serviceaccounts:other' })],
    }));
  test('the group of all accounts, and OpenShift’s pull right, name none', () =>
    assertKeptOnlyBy(wanted, [binding(subject('wanted'))], {
      others: [
        clusterBinding({ kind: 'Group', name: 'system:serviceaccounts' }),
        binding({ kind: 'Group', name: 'system:serviceaccounts:shop' }, 'shop', 'system:image-puller'),
      ],
    }));
  test('default is never a candidate', async () => {
    assert.deepEqual(await unusedOf({ objects: [account('default'), account('gone')] }), ['ServiceAccount shop/gone']);
  });
});

describe('row 30: identities of clouds', () => {
  for (const key of ['eks.amazonaws.com/role-arn', 'azure.workload.identity/client-id', 'iam.gke.io/gcp-service-account'])
    test(key, async () => {
      const objects = [account('kept', { annotations: { [key]: 'x' } }), account('gone', { annotations: { team: 'x' } })];
      assert.deepEqual(await unusedOf({ objects }), ['ServiceAccount shop/gone']);
    });
});

describe('row 31: custom resources, and tokens made by hand', () => {
  const resources = {
    'Flux’s serviceAccountName': made('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', 'k', { spec: { serviceAccountName: 'wanted' } }),
    'a Workflow’s': made('argoproj.io/v1alpha1', 'Workflow', 'w', { spec: { serviceAccountName: 'wanted' } }),
    'a TaskRun’s': made('tekton.dev/v1', 'TaskRun', 't', { spec: { serviceAccountName: 'wanted' } }),
    'KEDA’s': made('keda.sh/v1alpha1', 'TriggerAuthentication', 't', { spec: { podIdentity: { identityId: 'wanted' } } }),
    'a SecretStore’s serviceAccountRef': made('external-secrets.io/v1', 'SecretStore', 's', {
      spec: { provider: { aws: { auth: { jwt: { serviceAccountRef: { name: 'wanted' } } } } } },
    }),
    'a ClusterSecretStore’s': ofCluster('external-secrets.io/v1', 'ClusterSecretStore', 's', {
      spec: { provider: { aws: { auth: { jwt: { serviceAccountRef: { name: 'wanted', namespace: 'shop' } } } } } },
    }),
    'by its user name': made('example.com/v1', 'Thing', 't', { spec: { user: 'system:serviceaccount:shop:wanted' } }, { in: 'other' }),
    'a token Secret': secret('t', 'kubernetes.io/service-account-token', {
      annotations: { 'kubernetes.io/service-account.name': 'wanted' },
    }),
  };
  for (const [what, reference] of Object.entries(resources)) test(what, () => assertKeptOnlyBy(wanted, [reference]));
});
