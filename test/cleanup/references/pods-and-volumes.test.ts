/** Where references hide, rows 1 to 6 and 26 to 28 of the list: in pods, their templates and their volumes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, claim, configMap, container, type Fields, made, ofCluster, podMakers, podOf, secret, volume } from './objects.ts';
import { assertKeptOnlyBy, unusedOf } from './run-unused.ts';

const env = (source: Fields): Fields => ({ env: [{ name: 'VALUE', valueFrom: source }] });
const inLists = (fields: Fields): Readonly<Record<string, Fields>> => ({
  containers: container(fields),
  initContainers: { ...container({}), initContainers: [{ name: 'init', ...fields }] },
  sidecars: { ...container({}), initContainers: [{ name: 'init', restartPolicy: 'Always', ...fields }] },
  ephemeralContainers: { ...container({}), ephemeralContainers: [{ name: 'debug', ...fields }] },
});

describe('row 1: containers of every list', () => {
  const ways: Readonly<Record<string, Fields>> = {
    configMapKeyRef: env({ configMapKeyRef: { name: 'wanted', key: 'a' } }),
    secretKeyRef: env({ secretKeyRef: { name: 'wanted', key: 'a' } }),
    'configMapKeyRef, optional': env({ configMapKeyRef: { name: 'wanted', key: 'a', optional: true } }),
    'secretKeyRef, optional': env({ secretKeyRef: { name: 'wanted', key: 'a', optional: true } }),
    configMapRef: { envFrom: [{ prefix: 'A_', configMapRef: { name: 'wanted', optional: true } }] },
    secretRef: { envFrom: [{ secretRef: { name: 'wanted' } }] },
  };
  for (const [way, fields] of Object.entries(ways)) {
    for (const [list, spec] of Object.entries(inLists(fields)))
      test(`${way} in ${list}`, () =>
        assertKeptOnlyBy(way.startsWith('config') ? configMap('wanted') : secret('wanted'), [podOf(spec)], {
          // Of another kind by the same name, in another namespace, it is no reference.
          instead: [podOf(spec, 'any', 'elsewhere'), podOf(container({}))],
        }));
  }
  test('a reference to the other kind by the same name is none', () =>
    assertKeptOnlyBy(configMap('wanted'), [podOf(container(env({ configMapKeyRef: { name: 'wanted' } })))], {
      instead: [podOf(container(env({ secretKeyRef: { name: 'wanted' } })))],
    }));
});

describe('rows 1, 2, 27, 29 and 26: whoever makes pods', () => {
  const specification: Fields = {
    ...container(env({ configMapKeyRef: { name: 'wanted' } })),
    serviceAccountName: 'runner',
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'tls', secret: { secretName: 'wanted' } },
      { name: 'data', persistentVolumeClaim: { claimName: 'wanted' } },
    ],
  };
  for (const [maker, reference] of Object.entries(podMakers(specification)))
    for (const wanted of [configMap('wanted'), secret('wanted'), secret('pull'), claim('wanted'), account('runner')])
      test(`${maker} keeps ${wanted.kind} ${wanted.metadata.name}`, () => assertKeptOnlyBy(wanted, [reference]));
});

describe('row 2: volumes', () => {
  test('configMap', () => assertKeptOnlyBy(configMap('wanted'), [podOf(volume({ configMap: { name: 'wanted' } }))]));
  test('secret', () => assertKeptOnlyBy(secret('wanted'), [podOf(volume({ secret: { secretName: 'wanted' } }))]));
  const projected = {
    projected: { sources: [{ configMap: { name: 'both' } }, { secret: { name: 'both' } }, { serviceAccountToken: {} }] },
  };
  for (const wanted of [configMap('both'), secret('both')])
    test(`projected, ${wanted.kind}`, () => assertKeptOnlyBy(wanted, [podOf(volume(projected))]));
});

describe('row 3: pull Secrets and an account’s own', () => {
  test('of a pod', () => assertKeptOnlyBy(secret('pull'), [podOf({ ...container({}), imagePullSecrets: [{ name: 'pull' }] })]));
  for (const name of ['default', 'runner']) {
    test(`imagePullSecrets of the account ${name}`, () =>
      assertKeptOnlyBy(secret('pull'), [account(name, {}, { imagePullSecrets: [{ name: 'pull' }] })], { instead: [account(name)] }));
    test(`secrets of the account ${name}`, () =>
      assertKeptOnlyBy(secret('mounted'), [account(name, {}, { secrets: [{ name: 'mounted' }] })], { instead: [account(name)] }));
  }
});

describe('row 4: Secrets of volume plugins', () => {
  const plugins: Readonly<Record<string, Fields>> = {
    csi: { driver: 'd', nodePublishSecretRef: { name: 'wanted' } },
    azureFile: { secretName: 'wanted', shareName: 's' },
    ...Object.fromEntries(
      ['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos'].map((each) => [each, { secretRef: { name: 'wanted' } }]),
    ),
  };
  for (const [plugin, source] of Object.entries(plugins))
    test(plugin, () => assertKeptOnlyBy(secret('wanted'), [podOf(volume({ [plugin]: source }))], { instead: [podOf(volume({}))] }));
  test('named in a CSI volume’s attributes', () =>
    assertKeptOnlyBy(secret('wanted'), [podOf(volume({ csi: { driver: 'd', volumeAttributes: { secretName: 'wanted' } } }))]));
});

describe('row 5: Secrets of PersistentVolumes', () => {
  const ofVolume = (source: Fields, annotations: Fields = {}) =>
    ofCluster('v1', 'PersistentVolume', 'pv-1', { spec: { claimRef: { namespace: 'shop', name: 'data' }, ...source } }, { annotations });
  const elsewhere = secret('wanted', 'Opaque', { in: 'storage' });
  for (const field of ['controllerPublish', 'controllerExpand', 'nodeStage', 'nodePublish', 'nodeExpand'])
    test(`${field}SecretRef, in its own namespace`, () =>
      assertKeptOnlyBy(elsewhere, [ofVolume({ csi: { driver: 'd', [`${field}SecretRef`]: { namespace: 'storage', name: 'wanted' } } })], {
        instead: [ofVolume({ csi: { driver: 'd', [`${field}SecretRef`]: { namespace: 'shop', name: 'wanted' } } })],
      }));
  for (const plugin of ['cephfs', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'cinder', 'storageos']) {
    test(`${plugin} in its own namespace`, () =>
      assertKeptOnlyBy(elsewhere, [ofVolume({ [plugin]: { secretRef: { namespace: 'storage', name: 'wanted' } } })]));
    test(`${plugin} in the claim’s`, () => assertKeptOnlyBy(secret('wanted'), [ofVolume({ [plugin]: { secretRef: { name: 'wanted' } } })]));
  }
  test('azureFile in its own namespace, and in the claim’s', async () => {
    await assertKeptOnlyBy(elsewhere, [ofVolume({ azureFile: { secretName: 'wanted', secretNamespace: 'storage' } })]);
    await assertKeptOnlyBy(secret('wanted'), [ofVolume({ azureFile: { secretName: 'wanted' } })]);
  });
  test('what the provisioner needs to remove it', () =>
    assertKeptOnlyBy(elsewhere, [
      ofVolume(
        {},
        {
          'volume.kubernetes.io/provisioner-deletion-secret-name': 'wanted',
          'volume.kubernetes.io/provisioner-deletion-secret-namespace': 'storage',
        },
      ),
    ]));
});

describe('row 6: Secrets of StorageClasses and VolumeSnapshotClasses', () => {
  const key = (name: string) => `csi.storage.k8s.io/${name}-secret`;
  const ofClass = (name: string, secretName: string, namespace: string) =>
    ofCluster('storage.k8s.io/v1', 'StorageClass', 'fast', {
      provisioner: 'd',
      parameters: { [`${key(name)}-name`]: secretName, [`${key(name)}-namespace`]: namespace },
    });
  for (const use of [
    'provisioner',
    'controller-publish',
    'controller-expand',
    'node-stage',
    'node-publish',
    'node-expand',
    'controller-modify',
  ])
    test(use, () => assertKeptOnlyBy(secret('wanted'), [ofClass(use, 'wanted', 'shop')]));
  const data = claim('data', { storageClassName: 'fast', volumeName: 'pvc-7' }, { annotations: { team: 'core' } });
  const templates: readonly (readonly [string, string, string])[] = [
    [`\${pvc.name}-key`, `\${pvc.namespace}`, 'data-key'],
    [`\${pv.name}`, 'shop', 'pvc-7'],
    [`of-\${pvc.annotations['team']}`, `\${pvc.namespace}`, 'of-core'],
    [`\${pvc.namespace}-keys`, 'shop', 'shop-keys'],
    [`\${something.new}-keys`, `\${pvc.namespace}`, 'any-keys'],
  ];
  for (const [template, namespace, name] of templates) {
    test(template, () => assertKeptOnlyBy(secret(name), [ofClass('node-stage', template, namespace)], { others: [data] }));
    test(`${template}, without a claim of the class`, () =>
      assertKeptOnlyBy(secret(name), [data], {
        others: [ofClass('node-stage', template, namespace)],
        instead: [claim('data', { storageClassName: 'slow' })],
      }));
  }
  const ofSnapshots = (secretName: string, namespace: string) =>
    ofCluster('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', 'fast', {
      driver: 'd',
      parameters: { [`${key('snapshotter')}-name`]: secretName, [`${key('snapshotter')}-namespace`]: namespace },
    });
  test('a VolumeSnapshotClass’ by name', () => assertKeptOnlyBy(secret('wanted'), [ofSnapshots('wanted', 'shop')]));
  test('a VolumeSnapshotClass’ by template', () =>
    assertKeptOnlyBy(secret('daily-key'), [ofSnapshots(`\${volumesnapshot.name}-key`, `\${volumesnapshot.namespace}`)], {
      instead: [ofSnapshots(`\${volumesnapshot.name}-else`, `\${volumesnapshot.namespace}`)],
    }));
});

describe('row 26: versions that only an old revision names', () => {
  const spec = volume({ configMap: { name: 'web-9f8d7c6b' } });
  const makers = podMakers(spec);
  for (const maker of ['ReplicaSet of 0', 'ControllerRevision of a StatefulSet'] as const) {
    const reference = makers[maker];
    if (reference) test(maker, () => assertKeptOnlyBy(configMap('web-9f8d7c6b', { labels: { immutable: 'true' } }), [reference]));
  }
});

describe('row 27: claims', () => {
  test('an ephemeral volume’s', () =>
    assertKeptOnlyBy(claim('any-data'), [podOf(volume({ ephemeral: { volumeClaimTemplate: {} } }))], {
      instead: [podOf(volume({ ephemeral: { volumeClaimTemplate: {} } }), 'another')],
    }));
  const setOf = (name: string, more: Fields = {}) =>
    made('apps/v1', 'StatefulSet', name, {
      spec: { replicas: 0, volumeClaimTemplates: [{ metadata: { name: 'data' } }], template: { spec: container({}) }, ...more },
    });
  for (const ordinal of [0, 3, 117])
    test(`a template’s of a StatefulSet that is scaled to zero, ordinal ${ordinal}`, () =>
      assertKeptOnlyBy(claim(`data-db-${ordinal}`), [setOf('db')], { instead: [setOf('other')] }));
  test('whatever its retention policy says', () =>
    assertKeptOnlyBy(claim('data-db-0'), [
      setOf('db', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } }),
    ]));
  test('a template’s of a custom resource', () =>
    assertKeptOnlyBy(claim('data-db-2'), [
      made('apps.kruise.io/v1beta1', 'StatefulSet', 'db', { spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } }),
    ]));
  test('a name that only looks like one of a template', () =>
    assertKeptOnlyBy(claim('data-db-0'), [setOf('db')], { instead: [setOf('d'), setOf('b')] }));
});

describe('row 28: claims that others copy or own', () => {
  const source = { kind: 'PersistentVolumeClaim', name: 'wanted' };
  test('dataSource of another claim', () => assertKeptOnlyBy(claim('wanted'), [claim('copy', { dataSource: source })]));
  test('dataSourceRef of another claim, from another namespace', () =>
    assertKeptOnlyBy(claim('wanted'), [claim('copy', { dataSourceRef: { ...source, namespace: 'shop' } }, { in: 'other' })], {
      instead: [claim('copy', { dataSourceRef: source }, { in: 'other' })],
    }));
  const resources = {
    'a VolumeSnapshot': made('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'daily', {
      spec: { source: { persistentVolumeClaimName: 'wanted' } },
    }),
    'a populator': made('populator.example.com/v1', 'Populator', 'p', { spec: { from: { claim: 'wanted' } } }),
    'a DataVolume of the same name': made('cdi.kubevirt.io/v1beta1', 'DataVolume', 'wanted', { spec: {} }),
    'a virtual machine': made('kubevirt.io/v1', 'VirtualMachine', 'vm', {
      spec: { template: { spec: { volumes: [{ name: 'disk', persistentVolumeClaim: { claimName: 'wanted' } }] } } },
    }),
    'a DataUpload in progress': made(
      'velero.io/v2alpha1',
      'DataUpload',
      'u',
      { spec: { sourceNamespace: 'shop', sourcePVC: 'wanted' }, status: { phase: 'InProgress' } },
      { in: 'velero' },
    ),
    'a PodVolumeBackup in progress': made(
      'velero.io/v1',
      'PodVolumeBackup',
      'b',
      { spec: { pod: { namespace: 'shop', name: 'p' }, tags: { 'pvc-name': 'wanted' } }, status: { phase: 'InProgress' } },
      { in: 'velero' },
    ),
  };
  for (const [what, reference] of Object.entries(resources)) test(what, () => assertKeptOnlyBy(claim('wanted'), [reference]));
  const over = { ...resources['a DataUpload in progress'], status: { phase: 'Completed' } };
  test('a DataUpload that is over is only a record', () =>
    assertKeptOnlyBy(claim('wanted'), [resources['a DataUpload in progress']], { instead: [over] }));
  for (const label of ['cnpg.io/cluster', 'strimzi.io/cluster'])
    test(`the label ${label}`, async () => {
      assert.deepEqual(await unusedOf({ objects: [claim('kept', {}, { labels: { [label]: 'main' } }), claim('gone')] }), [
        'PersistentVolumeClaim shop/gone',
      ]);
    });
});
