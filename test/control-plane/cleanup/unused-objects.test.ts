/**
 * Objects that nothing refers to, on a real API server: what its controllers make by themselves is kept, Secrets are selected by type without
 * being read, custom resources are found by discovery, and each right that is missing voids the verdicts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Proposal } from '../../../functions/actions/contracts.ts';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import { withCustomResources } from '../../../functions/cleanup/references/with-custom-resources.ts';
import unusedConfigMaps from '../../../functions/cleanup/rules/unused-config-maps.ts';
import unusedClaims from '../../../functions/cleanup/rules/unused-persistent-volume-claims.ts';
import unusedSecrets from '../../../functions/cleanup/rules/unused-secrets.ts';
import unusedAccounts from '../../../functions/cleanup/rules/unused-service-accounts.ts';
import type { Read, ScanResult } from '../../../functions/scan/contracts.ts';
import { readsOf } from '../../../functions/scan/reads-of.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { account, claim, configMap, container, type Fields, made, ofCluster, secret } from '../../cleanup/references/objects.ts';
import { customResource, deployment, namespace, statefulSet } from '../checks/live-objects.ts';
import { sourceOf, until } from '../checks/live-scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';

const rules: readonly Rule[] = [unusedConfigMaps, unusedClaims, unusedSecrets, unusedAccounts];
const controllers = [
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'namespace-controller',
  'garbage-collector-controller',
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
];

/** As the server takes it: what it sets itself is not sent. */
const plain = <T extends { readonly metadata: Fields }>(object: T): T => {
  const { creationTimestamp: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};
const claimOf = (name: string, spec: Fields = {}) => {
  const { status: _, ...rest } = plain(claim(name, { accessModes: ['ReadWriteOnce'], volumeName: undefined, ...spec }));
  const { finalizers: __, ...metadata } = rest.metadata;
  return { ...rest, metadata };
};

const said = ({ out, observers }: ScanResult<Proposal>): readonly string[] => {
  for (const { id, outcome, reason } of observers) assert.equal(outcome, 'ran', `${id}: ${reason}`);
  return out.map(({ object: { kind, namespace: place, name } }) => `${kind} ${place}/${name}`).toSorted();
};

describe('unused objects', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  const look = async (user?: string): Promise<ScanResult<Proposal>> => {
    const source = await sourceOf(plane, 0, user);
    try {
      const signal = AbortSignal.timeout(60_000);
      return await scan(source, await withCustomResources(rules, source, signal), { signal });
    } finally {
      await source.close();
    }
  };

  before(async () => {
    plane = await startControlPlane({ controllers, users: { limited: [] } });
    await plane.apply(namespace('shop'));
    await until('the namespace has its account', async () => {
      return (await plane.request('GET', '/api/v1/namespaces/shop/serviceaccounts/default')).status === 200;
    });
  });
  after(() => plane.stop());

  test('a new cluster has no custom resources, and nothing in it is unused', async () => {
    const source = await sourceOf(plane);
    const custom = await source.customResources?.(AbortSignal.timeout(10_000));
    await source.close();
    assert.deepEqual(custom, { reads: [], unknown: [] });
    assert.deepEqual(said(await look()), []);
  });

  test('what is used stays, what is not is named', async () => {
    const used = { envFrom: [{ configMapRef: { name: 'used' } }] };
    await plane.apply(deployment('shop', 'web', 0, { ...container(used), serviceAccountName: 'used' }));
    await plane.apply(statefulSet('shop', 'db', 0, { volumes: [{ name: 'tls', secret: { secretName: 'used' } }] }));
    for (const name of ['used', 'gone'])
      for (const object of [configMap(name), secret(name), account(name)]) await plane.apply(plain(object));
    await plane.apply(claimOf('used'));
    await plane.apply(claimOf('gone', { dataSource: { kind: 'PersistentVolumeClaim', name: 'used' } }));
    await plane.apply(plain(secret('web.v1', 'helm.sh/release.v1')));
    await plane.apply(plain(configMap('by-thing')));
    // First: a token of an account that is not there is removed by its controller.
    await plane.apply(plain(account('by-token')));
    await plane.apply(
      plain(secret('token', 'kubernetes.io/service-account-token', { annotations: { 'kubernetes.io/service-account.name': 'by-token' } })),
    );
    await plane.apply(plain(account('by-binding')));
    await plane.apply(
      plain(
        ofCluster('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'by-binding', {
          subjects: [{ kind: 'ServiceAccount', name: 'by-binding', namespace: 'shop' }],
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        }),
      ),
    );
    const expected = [
      'ConfigMap shop/by-thing',
      'ConfigMap shop/gone',
      'PersistentVolumeClaim shop/gone',
      'Secret shop/gone',
      'ServiceAccount shop/gone',
    ];
    assert.deepEqual(said(await look()), expected);

    await plane.apply(customResource('example.com', 'v1', 'Thing', 'things', false));
    const thing = plain(made('example.com/v1', 'Thing', 't', { spec: { deep: [{ settings: 'by-thing' }] } }));
    await until('things are served', async () => {
      const { status } = await plane.request('POST', '/apis/example.com/v1/namespaces/shop/things', thing);
      return status === 201 || status === 409;
    });
    assert.deepEqual(said(await look()), expected.slice(1));
  });

  test('no Secret’s payload is asked for', async () => {
    const { ends } = await look();
    const secrets = ends.filter(({ read }) => read.resource === 'secrets');
    assert.deepEqual(
      secrets.map(({ read, state }) => [read.part, state]),
      [
        ['metadata', 'complete'],
        ['metadata', 'complete'],
      ],
    );
  });

  test('a custom resource that may not be listed voids every verdict, and the right that is missing is printed', async () => {
    const reads = rules.flatMap((rule) => readsOf(rule));
    const grant = (read: Read) => ({ apiGroups: [read.group], resources: [read.resource], verbs: ['list'] });
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'limited' },
      rules: reads.map(grant),
    });
    await plane.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'limited' },
      subjects: [{ kind: 'User', name: 'limited', apiGroup: 'rbac.authorization.k8s.io' }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'limited' },
    });
    const { out, observers } = await look('limited');
    assert.deepEqual(out, []);
    for (const { id, outcome, remedy } of observers) {
      assert.equal(outcome, 'incomplete', id);
      assert.match(remedy ?? '', /apiGroups: \["example.com"\]\n {2}resources: \["things"\]\n {2}verbs: \["list"\]/);
    }
  });
});
