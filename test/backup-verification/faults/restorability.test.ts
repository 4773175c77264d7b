/** What an empty cluster would lack after a restore, and what only seems to be missing. */
import { after, before, describe, test } from 'node:test';
import { type Manifest, manifest } from '../archive-of.ts';
import { definition, deployment, pod } from '../samples.ts';
import { claim, snapshotInfo, snapshotObjects, volume } from '../volume-records.ts';
import { type Night, newest, nights } from './planted-nights.ts';
import { assertReport, clusterOf, type Expected, playing, storageLocation, type Verification, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

/** Of everything, those without a namespace included: nothing is left out on request. */
const everything: Night = {
  spec: { includedNamespaces: ['*'], includedClusterScopedResources: ['*'] },
  objects: [
    manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.', { spec: {} }),
    manifest('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', 'exempt', { spec: {} }),
    manifest('v1', 'Namespace', 'kube-system'),
  ],
};
const error = { rows: { [newest]: 'error' }, newestVerified: { nightly: null } } as const;
const warned = { rows: { [newest]: 'warning' }, newestVerified: { nightly: newest } } as const;
const sound = { newestVerified: { nightly: newest } } as const;

const judge = async (objects: readonly Manifest[], expected: Expected, more: Verification = {}, night: Night = {}) =>
  assertReport(
    await verified(await nights({ ...everything, ...night, objects: [...(everything.objects ?? []), ...objects] }), more),
    expected,
  );

describe('a custom resource', () => {
  const widget = manifest('example.com/v1', 'Widget', 'shop/w', { spec: {} });
  const version = (name: string) => definition('widgets', 'example.com', 'Widget', [{ name, served: true, storage: true }]);
  const named = 'missing-crd Schedule nightly CustomResourceDefinition widgets.example.com';
  const place =
    /Widget shop\/w .* needs CustomResourceDefinition widgets\.example\.com, and the backup has no resources\/customresourcedefinitions\.apiextensions\.k8s\.io\/cluster\/widgets\.example\.com\.json/;
  test('without its definition', () => judge([widget], { alarms: { [`critical ${named}`]: place }, ...error }));
  test('whose definition was lost from the archive', () =>
    judge(
      [widget, version('v1')],
      {
        alarms: {
          [`critical ${named}`]: place,
          'critical backup-items Schedule nightly missing': /lacks 1 of 9 .*: CustomResourceDefinition widgets\.example\.com/,
        },
        ...error,
      },
      {},
      { lost: ['CustomResourceDefinition widgets.example.com'] },
    ));
  test('in a version that its definition does not serve', () =>
    judge([widget, version('v2')], {
      alarms: { 'critical missing-crd Schedule nightly version v1 of widgets.example.com': /its definition serves v2 alone/ },
      ...error,
    }));
  test('in a version that the cluster’s own definition does not serve (cl)', () =>
    judge(
      [widget, version('v1')],
      {
        alarms: {
          'warning missing-crd Schedule nightly version v1 of widgets.example.com in the cluster':
            /Widget shop\/w .*the cluster.* serves v2 alone/,
        },
        ...warned,
      },
      { run: { open: clusterOf({ backupstoragelocations: [storageLocation], customresourcedefinitions: [version('v2')] }) } },
    ));
  test('no alarm: its definition is there, in the backup or with all its versions in the cluster', async () => {
    await judge([widget, version('v1')], sound);
    const both = definition('widgets', 'example.com', 'Widget', [
      { name: 'v1', served: true },
      { name: 'v2', served: true, storage: true },
    ]);
    const open = clusterOf({ backupstoragelocations: [storageLocation], customresourcedefinitions: [both] });
    await judge([widget, version('v1')], sound, { run: { open } });
    await judge([widget], sound, { run: { open } });
  });
  test('no alarm: an API server of its own serves it', () =>
    judge(
      [
        manifest('metrics.example.com/v1', 'Sample', 'shop/s', {}),
        manifest('apiregistration.k8s.io/v1', 'APIService', 'v1.metrics.example.com', {
          spec: { group: 'metrics.example.com', version: 'v1', service: { name: 'metrics', namespace: 'shop' } },
        }),
        manifest('v1', 'Service', 'shop/metrics', { spec: { selector: { app: 'web' } } }),
      ],
      sound,
    ));
  test('no alarm: definitions were left out on request', () =>
    assertReportOf({ objects: [widget], spec: { excludedClusterScopedResources: ['customresourcedefinitions.apiextensions.k8s.io'] } }));
});

const assertReportOf = async (night: Night, expected: Expected = sound) => assertReport(await verified(await nights(night)), expected);

describe('an API version', () => {
  const job = manifest('batch/v1beta1', 'CronJob', 'shop/nightly', { spec: {} });
  test('that Kubernetes no longer serves', () =>
    judge([job], {
      alarms: {
        'critical backup-api-versions Schedule nightly batch/v1beta1 CronJob':
          /1 object is stored as batch\/v1beta1 CronJob, which Kubernetes 1\.36 no longer serves \(since 1\.25\)/,
      },
      ...error,
    }));
  test('no alarm: the feature EnableAPIGroupVersions stored another one too, and how to restore it is told', () => {
    const members: Night['members'] = (all) => [
      ...all,
      { name: 'resources/cronjobs.batch/v1/namespaces/shop/nightly.json', content: JSON.stringify({ ...job, apiVersion: 'batch/v1' }) },
    ];
    const resourceList = {
      'v1/Namespace': ['shop'],
      'v1/Secret': ['shop/creds'],
      'v1/ConfigMap': ['shop/settings'],
      'apps/v1/Deployment': ['shop/web'],
      'batch/v1/CronJob': ['shop/nightly'],
      'batch/v1beta1/CronJob': ['shop/nightly'],
    };
    return assertReportOf(
      { objects: [job], members, files: { resourceList } },
      { infos: { 'info backup-api-versions Schedule nightly batch/v1beta1 CronJob': /copies of batch\/v1 lie in the backup/ }, ...sound },
    );
  });
});

describe('a class', () => {
  test('of storage is not there', () =>
    judge(
      [
        claim('shop/db'),
        volume('shop/db'),
        ...snapshotObjects('shop/db'),
        definition('volumesnapshots', 'snapshot.storage.k8s.io', 'VolumeSnapshot', [{ name: 'v1', served: true }]),
        definition('volumesnapshotcontents', 'snapshot.storage.k8s.io', 'VolumeSnapshotContent', [{ name: 'v1', served: true }]),
      ],
      {
        alarms: {
          'critical missing-storage-class Schedule nightly StorageClass gp3': /PersistentVolumeClaim shop\/db .* needs StorageClass gp3/,
        },
        ...error,
      },
      {},
      { files: { volumeInfo: [snapshotInfo('shop/db')] } },
    ));
  test('of priority is not there: its pods are forbidden', () =>
    judge([deployment('shop/api', { priorityClassName: 'high' })], {
      alarms: {
        'critical missing-priority-class Schedule nightly PriorityClass high': /Deployment shop\/api .* needs PriorityClass high.*refused/,
      },
      ...error,
    }));
  test('no alarm: the empty one, those that every cluster has, those that the filters leave out', async () => {
    await judge([claim('shop/db', { status: { phase: 'Pending' }, spec: { storageClassName: '' } })], sound);
    await judge([deployment('shop/api', { priorityClassName: 'system-cluster-critical' })], sound);
    await assertReportOf({ objects: [deployment('shop/api', { priorityClassName: 'high' })] });
  });
});

describe('a webhook', () => {
  const guard = (more: Readonly<Record<string, unknown>>) =>
    manifest('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'guard', {
      webhooks: [
        {
          name: 'guard.example.com',
          clientConfig: { service: { namespace: 'guard', name: 'guard' } },
          rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          ...more,
        },
      ],
    });
  const alarms = {
    'critical webhook-without-service Schedule nightly Service guard/guard':
      /guard \(webhook guard\.example\.com\) needs Service guard\/guard, and the backup has no resources\/services\/namespaces\/guard\/guard\.json/,
  };
  test('whose service is missing, with the failure policy Fail or none', async () => {
    await judge([guard({ failurePolicy: 'Fail' })], { alarms, ...error });
    await judge([guard({})], { alarms, ...error });
  });
  test('no alarm: it ignores failures, or its selector leaves out all that is restored', async () => {
    await judge([guard({ failurePolicy: 'Ignore' })], sound);
    const elsewhere = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['shop'] }] };
    await judge([guard({ failurePolicy: 'Fail', namespaceSelector: elsewhere })], sound);
  });
});

describe('an identity', () => {
  const account = manifest('v1', 'ServiceAccount', 'shop/api', {
    metadata: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::111122223333:role/api' } },
  });
  test('of the cloud trusts the old cluster: told, and no alarm for a restore into the same one', () =>
    judge([account], { infos: { 'info identity-of-cloud Schedule nightly irsa': /1 ServiceAccount.* 1 IAM role/ }, ...sound }));
  test('no alarm: tokens of service accounts, which are made anew', () =>
    judge(
      [
        manifest('v1', 'ServiceAccount', 'shop/api', { secrets: [{ name: 'api-token-x' }] }),
        manifest('v1', 'Secret', 'shop/api-token-y', {
          type: 'kubernetes.io/service-account-token',
          metadata: { annotations: { 'kubernetes.io/service-account.name': 'api' } },
        }),
        deployment('shop/api', { serviceAccountName: 'api' }),
      ],
      sound,
    ));
});

describe('a namespace under another name', () => {
  const urls = manifest('v1', 'ConfigMap', 'shop/urls', { data: { db: 'postgres://db.shop.svc.cluster.local' } });
  const own = { namespaceMapping: ['shop:scratch'] };
  test('is named in what Velero does not rewrite', () =>
    judge(
      [urls],
      {
        alarms: {
          'warning namespace-mapping Schedule nightly references to shop': /ConfigMap urls: data\.db.*into shop and not into scratch/,
        },
        rows: { [newest]: 'warning' },
      },
      { run: { own } },
    ));
  test('no alarm where it is not asked for', () => judge([urls], sound));
});

test('no alarm: what a controller makes again, and finds again by its selector', () =>
  judge(
    [
      manifest('apps/v1', 'ReplicaSet', 'shop/web-5d8', {
        metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true }] },
        spec: { replicas: 1, selector: { matchLabels: { app: 'web' } } },
      }),
      pod('shop/web-5d8-1', {}),
    ],
    sound,
  ));

test('no alarm: objects that every cluster has, and a restore finds there (cl)', () =>
  judge(
    [
      manifest('v1', 'ServiceAccount', 'shop/default'),
      manifest('v1', 'ConfigMap', 'shop/kube-root-ca.crt', { data: {} }),
      manifest('v1', 'Endpoints', 'shop/kubernetes', {}),
    ],
    sound,
    { run: { open: clusterOf({ backupstoragelocations: [storageLocation], namespaces: [manifest('v1', 'Namespace', 'shop')] }) } },
  ));
