/** What a Secret holds leaves no check: not in what it says, not in its details and marks, and not in what it remembers. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { checks } from '../../functions/backup-verification/checks/index.ts';
import type { ArchiveCheck, OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { archived, type Manifest, manifest } from './archive-of.ts';
import { type Files, lookInto, written } from './look-into.ts';
import { inNamespaces, ofCluster } from './real-cluster.ts';
import { deployment } from './samples.ts';

const mark = 'hunter2-is-a-secret';
const packed = Buffer.from(mark).toString('base64');
const applied = JSON.stringify({ kind: 'Secret', stringData: { password: mark } });

const secret = (place: string, metadata: Readonly<Record<string, unknown>> = {}): Manifest =>
  manifest('v1', 'Secret', place, {
    metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': applied }, ...metadata },
    data: { password: packed, [mark]: packed },
    stringData: { password: mark },
    type: 'Opaque',
  });
const planted: readonly Manifest[] = [
  secret('shop/credentials'),
  secret('shop/sh.helm.release.v1.web.v1', { labels: { owner: 'helm', name: 'web', status: 'deployed' } }),
  secret('kube-system/sealed-secrets-keyx7k2p', { labels: { 'sealedsecrets.bitnami.com/sealed-secrets-key': 'active' } }),
  manifest('bitnami.com/v1alpha1', 'SealedSecret', 'shop/sealed', { spec: { encryptedData: { password: packed } } }),
  // Its environment holds a password as well, and it needs things that are not there.
  deployment('shop/leaky', {
    containers: [
      {
        name: 'a',
        env: [{ name: 'PASSWORD', value: mark }],
        envFrom: [{ secretRef: { name: 'gone' } }, { configMapRef: { name: 'gone' } }],
      },
    ],
  }),
  manifest('v1', 'ConfigMap', 'shop/url', { data: { url: `http://user:${mark}@api.shop.svc` } }),
  manifest('v1', 'ConfigMap', 'velero/classes', {
    metadata: { labels: { 'velero.io/change-storage-class': 'RestoreItemAction' } },
    data: { gone: 'other' },
  }),
  manifest('v1', 'PersistentVolumeClaim', 'shop/data', {
    spec: { storageClassName: 'gone', volumeName: 'gone' },
    status: { phase: 'Bound' },
  }),
];

/** Both copies of an object, as Velero writes them. */
const copies = (object: Manifest, content = JSON.stringify(object)) => {
  const { path } = archived(object);
  const [first = '', resource = '', ...rest] = path.split('/');
  const version = object.apiVersion.split('/').at(-1);
  return [
    { name: path, content },
    { name: [first, resource, `${version}-preferredversion`, ...rest].join('/'), content },
  ];
};
const isArchiveCheck = (check: OperationCheck): check is ArchiveCheck => 'start' in check;

describe('of what a Secret holds nothing is said or remembered', () => {
  const files: Record<'sound' | 'damaged', Files> = { sound: {}, damaged: {} };
  before(async () => {
    const objects = [...ofCluster, ...inNamespaces, ...planted];
    const entries = objects.flatMap((object) => copies(object));
    files.sound = await written({ entries, schedule: 'nightly' });
    // Cut off in its middle, under another's name, and a twin that differs.
    const whole = JSON.stringify(secret('shop/cut'));
    const [one, twin] = copies(secret('shop/twin'));
    assert.ok(one && twin);
    const broken = [
      ...copies(secret('shop/cut'), whole.slice(0, -20)),
      ...copies(secret('shop/cut-at-a-value'), whole.slice(0, whole.indexOf(mark) + mark.length)),
      ...copies(secret('shop/misnamed'), whole),
      one,
      { ...twin, content: twin.content.replace('Opaque', 'Opaque2') },
    ];
    files.damaged = await written({ entries: [...entries, ...broken], schedule: 'nightly' });
  });

  for (const kind of ['sound', 'damaged'] as const)
    for (const check of checks.filter(isArchiveCheck))
      test(`${check.id}, ${kind}`, async () => {
        const { findings, rows, unknowns, links, memory, looked } = await lookInto(check, files[kind]);
        const said = JSON.stringify({ findings, rows, unknowns, links, memory, looked });
        for (const text of [mark, packed, mark.slice(0, 10), packed.slice(0, 10)]) assert.ok(!said.includes(text), said.slice(0, 2000));
        assert.ok(!/the check failed/.test(said), said.slice(0, 2000));
      });

  test('and yet these checks have something to say of it', async () => {
    const told = await Promise.all(checks.filter(isArchiveCheck).map((check) => lookInto(check, files.damaged)));
    const ids = new Set(told.flatMap(({ findings }) => findings.map(({ observer }) => observer)));
    for (const id of ['archive-damaged', 'missing-secret', 'missing-configmap', 'missing-storage-class', 'missing-volume', 'volume-data'])
      assert.ok(ids.has(id), `${id} said nothing`);
  });
});
