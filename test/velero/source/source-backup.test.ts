import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as kinds from '../../../functions/cluster/kinds.ts';
import { openBackup, openBackupIn } from '../../../functions/velero/source/source-backup.ts';
import { type ObjectStore, StoreError } from '../../../functions/velero/store/object-store.ts';
import * as healthy from '../../health-check/objects.ts';
import { endOf, opened, planted, readOne, said, scanned, signal } from '../backups-as-sources.ts';
import { bucketFiles, memoryObjectStore } from '../memory-object-store.ts';
import { type PlantedBackup, plantedBackup } from '../planted-backup.ts';

const bucket = join(import.meta.dirname, '../bucket');

describe('the genuine backups', () => {
  test('all of a cluster, by every check: what it holds is looked at, what it does not hold is no fault', async () => {
    const source = await openBackup({ place: bucket }, { name: 'full-1', signal });
    const { kind, name, now, version, namespaces, selection } = source;
    assert.deepEqual(
      { kind, name, now: new Date(now).toISOString(), version, namespaces, selection },
      {
        kind: 'backup',
        name: `${bucket}#full-1 of 2026-11-23 19:41 UTC`,
        now: '2026-11-23T19:41:57.000Z',
        version: 'v1.36.3',
        namespaces: undefined,
        selection: undefined,
      },
    );
    const result = await scanned(source);
    // Some of its pods are as the sample's maker made them: of no node, or crashing.
    assert.deepEqual(
      new Set(result.out.map(({ observer, object }) => `${observer} ${object.kind}`)),
      new Set(['pod-pending Deployment', 'pod-waiting Deployment']),
    );
    assert.equal(endOf(result, 'pod-waiting'), 'ran 20000');
    assert.equal(endOf(result, 'service-without-endpoints'), 'ran 20003');
    assert.equal(endOf(result, 'helm-release-failed'), 'ran 2');
    assert.equal(endOf(result, 'api-server-health'), 'not-run 0 a backup has no /readyz?verbose');
    assert.equal(endOf(result, 'pod-terminating'), 'not-run 0 Velero leaves out what is being deleted');
    assert.match(endOf(result, 'node-not-ready'), /^not-run 0 the backup holds no nodes: of what is in no namespace/);
    assert.match(
      endOf(result, 'flux-kustomization-unhealthy'),
      /^not-run 0 the backup holds no kustomizations.kustomize.toolkit.fluxcd.io/,
    );
    assert.deepEqual(
      result.observers.filter(({ outcome }) => outcome === 'incomplete'),
      [],
    );
    const { requests, bytes } = source.traffic();
    assert(requests > 0 && bytes >= 2_677_634, `${requests} requests, ${bytes} bytes`);
  });

  test('one namespace: as a cluster of which only that is looked at', async () => {
    const source = await openBackup({ place: `${bucket}#shop-1` }, { signal });
    assert.deepEqual(source.namespaces, ['shop']);
    const result = await scanned(source);
    assert.deepEqual(result.out, []);
    assert.equal(endOf(result, 'deployment-unavailable'), 'ran 1');
    assert.equal(
      endOf(result, 'component-status'),
      'not-run 0 only the namespace shop is looked at; leases.coordination.k8s.io are read in kube-system',
    );
    assert.match(endOf(result, 'api-service-unavailable'), /^not-run 0 the backup holds no apiservices.apiregistration.k8s.io/);
  });

  test('the newest is the one that began last, whatever the times of the files', async () => {
    const told: string[] = [];
    const store = memoryObjectStore(bucketFiles(), { lastModified: { 'backups/shop-1/velero-backup.json': Date.now() } });
    const source = await openBackupIn(store, { signal, onChosen: (message) => told.push(message) });
    assert.match(source.name, /#full-1 /);
    assert.deepEqual(told, ['the backup s3://backups#full-1 of 2026-11-23 19:41 UTC']);
  });
});

describe('the clock', () => {
  test('is the backup’s start: a Lease that was renewed then is not stale when the backup ends', async () => {
    const leases = ['kube-scheduler', 'kube-controller-manager'].map((name) => healthy.lease(name, '2026-03-18T08:59:58.000Z'));
    const result = await scanned(await opened({ objects: planted('leases.coordination.k8s.io', ...leases) }));
    assert.deepEqual(said(result), []);
    assert.equal(endOf(result, 'component-status'), 'ran 2');
  });
  test('and one that was stale then is said to be', async () => {
    const leases = ['kube-scheduler', 'kube-controller-manager'].map((name) => healthy.lease(name, '2026-03-18T08:00:00.000Z'));
    const result = await scanned(await opened({ objects: planted('leases.coordination.k8s.io', ...leases) }));
    assert.equal(result.out.length, 2);
  });
});

describe('what a backup does not hold whole', () => {
  const service = planted('services', healthy.service());
  const run = async (backup: Omit<PlantedBackup, 'objects'>, objects = service) => scanned(await opened({ objects, ...backup }));

  test('by label: what is joined of several kinds is not applicable, single kinds are looked at', async () => {
    const result = await run({
      spec: { labelSelector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] } },
    });
    assert.equal(endOf(result, 'service-without-endpoints'), 'not-run 0 the backup holds only what its labels select: app=web,tier exists');
    assert.equal(endOf(result, 'deployment-unavailable'), 'ran 0');
    assert.match(
      endOf(await run({ spec: { orLabelSelectors: [{ matchLabels: { a: 'b' } }, { matchLabels: { c: 'd' } }] } }), 'pod-failed'),
      /a=b or c=d$/,
    );
  });

  test('by a resource policy, which is not told: a kind of which there is nothing may have been left out', async () => {
    const result = await run({ spec: { resourcePolicy: { kind: 'configmap', name: 'volumes' } } });
    assert.match(endOf(result, 'service-without-endpoints'), /resource policy volumes may have left objects out/);
    assert.match(endOf(result, 'deployment-unavailable'), /^not-run 0 the backup holds no deployments.apps; the backup’s resource policy/);
  });

  test('by namespace: all but some, and by glob', async () => {
    const source = await opened({ objects: service, spec: { excludedNamespaces: ['kube-*'] } });
    assert.equal(source.namespaces, undefined);
    assert.match(endOf(await scanned(source), 'component-status'), /^not-run 0 the namespace kube-system is not in the backup/);
    const team = await opened({ objects: service, spec: { includedNamespaces: ['team-?'] } });
    assert.equal(team.namespaces, undefined);
    assert.match((await readOne(team, kinds.nodes)).why, /of what is in no namespace/);
  });

  test('the namespaces themselves are in a backup of some namespaces', async () => {
    const objects = planted('namespaces', healthy.namespace({ metadata: { name: 'shop' } }));
    const { state, counted } = await readOne(await opened({ objects, spec: { includedNamespaces: ['shop'] } }), kinds.namespaces);
    assert.deepEqual([state, counted], ['complete', 1]);
  });

  test('a custom kind: absent without its definition, none of it with it, and out by the short name in its definition', async () => {
    const kustomizations = kinds.fluxKustomizations;
    const spec = {
      group: 'kustomize.toolkit.fluxcd.io',
      scope: 'Namespaced',
      names: { plural: 'kustomizations', kind: 'Kustomization', shortNames: ['ks'] },
    };
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'kustomizations.kustomize.toolkit.fluxcd.io' },
      spec,
    };
    const definition = planted('customresourcedefinitions.apiextensions.k8s.io', crd);
    const all = { includeClusterResources: true };
    assert.equal((await readOne(await opened({ objects: service, spec: all }), kustomizations)).state, 'absent');
    assert.equal((await readOne(await opened({ objects: definition, spec: all }), kustomizations)).state, 'complete');
    const { state, why } = await readOne(
      await opened({ objects: definition, spec: { ...all, excludedResources: ['ks'] } }),
      kustomizations,
    );
    assert.deepEqual([state, why.includes('excludedResources')], ['off', true]);
  });

  test('another version than is understood is not taken for nothing', async () => {
    const old = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1beta1', kind: 'Kustomization', metadata: { name: 'apps', namespace: 'flux' } };
    const source = await opened({ objects: planted('kustomizations.kustomize.toolkit.fluxcd.io', old) });
    const { state, why, objects } = await readOne(source, kinds.fluxKustomizations);
    assert.deepEqual([state, objects], ['absent', []]);
    assert.equal(why, 'the backup has no kustomizations.kustomize.toolkit.fluxcd.io in v1 or v1beta2 (it holds v1beta1)');
  });

  test('what cannot be created is never in one', async () => {
    const { state, why } = await readOne(
      await opened({ objects: service, spec: { includeClusterResources: true } }),
      kinds.componentStatuses,
    );
    assert.deepEqual([state, why], ['off', 'Velero keeps no componentstatuses: they cannot be created']);
  });

  test('lost on the way: what is listed and not in it, what could not be listed, and nothing else', async () => {
    const status = { phase: 'PartiallyFailed', errors: 2 };
    const resourceList = { 'v1/Service': ['shop/web', 'shop/gone'], 'v1/Secret': [] };
    const errors = {
      velero: [' resource: /pods message: /Error listing items error: /timeout'],
      namespaces: { shop: [' name: /web message: /hook failed'] },
    };
    const source = await opened({ objects: service, status, resourceList, results: { errors, warnings: {} } });
    assert.match((await readOne(source, kinds.services)).why, /^services in the backup nightly-1: 1 of 2 that it lists are not in it/);
    assert.match((await readOne(source, kinds.pods)).why, /could not be listed/);
    assert.equal((await readOne(source, kinds.deployments)).state, 'complete');
    const files = await plantedBackup({ objects: service, status });
    delete files['backups/nightly-1/nightly-1-resource-list.json.gz'];
    const unlisted = await openBackupIn(memoryObjectStore(files), { signal });
    assert.equal((await readOne(unlisted, kinds.services)).state, 'failed');
  });
});

describe('damage', () => {
  const objects = [
    ...planted('services', healthy.service()),
    ...planted('pods', healthy.pod()),
    ...planted('deployments.apps', healthy.deployment()),
  ];
  const key = 'backups/nightly-1/nightly-1.tar.gz';

  test('a tarball that ends early: no check that needs it concludes anything', async () => {
    const files = await plantedBackup({ objects });
    const content = files[key];
    assert(content instanceof Uint8Array);
    for (const part of [0.1, 0.5, 0.9]) {
      const cut = { ...files, [key]: content.subarray(0, Math.floor(content.length * part)) };
      const result = await scanned(await openBackupIn(memoryObjectStore(cut), { signal }));
      assert.deepEqual(
        result.observers.filter(({ outcome }) => outcome === 'ran'),
        [],
      );
      const end = result.observers.find(({ id }) => id === 'deployment-unavailable');
      assert.equal(end?.outcome, 'incomplete');
      assert.match(end?.reason ?? '', /its archive is damaged/);
      assert.match(end?.remedy ?? '', /backup-verification --backup s3:\/\/backups#nightly-1/);
    }
  });

  test('one member: only its kind is not whole', async () => {
    const { name, namespace } = healthy.pod().metadata as { name: string; namespace: string };
    const members = { [`resources/pods/namespaces/${namespace}/${name}.json`]: '{"apiVersion": "v1", "kind"' };
    const result = await scanned(await opened({ objects, members }));
    assert.match(endOf(result, 'pod-pending'), /^incomplete .*pods in the backup nightly-1: its archive is damaged: resources\/pods\//);
    assert.equal(endOf(result, 'deployment-unavailable'), 'ran 1');
  });

  test('what the store says is said of each kind, once', async () => {
    const reasons = { denied: 'forbidden', budget: 'budget', archived: 'unavailable', unreachable: 'unavailable' } as const;
    for (const reason of ['denied', 'budget', 'archived', 'unreachable'] as const) {
      const fault = () => new StoreError(reason, `${key} is ${reason}`, 'do this');
      const source = await opened({ objects }, { faults: { [key]: fault } });
      const reads = [kinds.pods, kinds.services, kinds.nodes];
      const ends = [];
      for await (const each of source.read(reads, signal)) if ('state' in each) ends.push(each);
      assert.deepEqual(new Set(ends.map(({ read }) => read)), new Set(reads));
      assert.equal(ends.length, reads.length);
      for (const end of ends) {
        assert(end.state === 'failed');
        assert.equal(end.reason, reasons[reason]);
        assert.match(end.message, new RegExp(`^\\w+: .*${reason}$`));
        assert.equal(end.remedy, 'do this');
      }
    }
  });

  test('when the time is spent it ends as that', async () => {
    const over = new AbortController();
    const source = await opened({ objects });
    over.abort();
    for await (const each of source.read([kinds.pods], over.signal))
      assert(!('state' in each) || (each.state === 'failed' && each.reason === 'budget'));
  });
});

test('no Secret’s content leaves the reader, nor the last applied copies of it', async () => {
  const planted1 = 'aHVudGVyMi1wbGFudGVk';
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { password: planted1 } }),
    'objectset.rio.cattle.io/applied': planted1,
    'nightshift.dev/ignore': 'helm-*',
  };
  const metadata = {
    name: 'sh.helm.release.v1.web.v1',
    namespace: 'shop',
    labels: { owner: 'helm', name: 'web', status: 'failed', version: '1' },
    annotations,
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: 'helm.sh/release.v1',
    data: { release: planted1 },
    stringData: { plain: planted1 },
    status: { note: planted1 },
  };
  const source = await opened({ objects: planted('secrets', secret) });
  const whole = await readOne(source, kinds.secrets);
  assert.deepEqual(whole.objects, [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, annotations: { 'nightshift.dev/ignore': 'helm-*' } },
      type: 'helm.sh/release.v1',
      data: { release: '' },
      stringData: { plain: '' },
    },
  ]);
  const { objects } = await readOne(source, { ...kinds.secrets, part: 'metadata' });
  assert.deepEqual(objects, [
    { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, annotations: { 'nightshift.dev/ignore': 'helm-*' } } },
  ]);
});

test('control characters and what turns the direction of text are taken out', async () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', labels: { note: 'a\u001b[31mb\u202ec' } } };
  const { objects } = await readOne(await opened({ objects: planted('pods', pod) }), kinds.pods);
  assert.deepEqual(objects, [{ ...pod, metadata: { ...pod.metadata, labels: { note: 'a[31mbc' } } }]);
});

describe('between the archive and the scan', () => {
  /** A store that counts how far its archive was read. */
  const watched = (store: ObjectStore): ObjectStore & { readonly at: () => number; readonly closed: () => boolean } => {
    let read = 0;
    let isClosed = false;
    return {
      ...store,
      at: () => read,
      closed: () => isClosed,
      async *open(key, options) {
        try {
          for await (const chunk of store.open(key, options)) {
            read += chunk.length;
            yield chunk;
          }
        } finally {
          isClosed = true;
        }
      },
    };
  };

  test('no more is unpacked than is looked at, and who leaves early closes it', async () => {
    const store = watched(memoryObjectStore(bucketFiles()));
    const source = await openBackupIn(store, { name: 'full-1', signal });
    let batches = 0;
    for await (const each of source.read([kinds.pods], signal)) {
      assert(!('state' in each));
      assert(each.objects.length < 2_500, `${each.objects.length} objects at once`);
      batches += 1;
      await sleep(300);
      assert(store.at() <= 65_536 * (batches + 3), `${store.at()} bytes read for ${batches} batches`);
      if (batches === 3) break;
    }
    assert.equal(store.closed(), true);
  });
});
