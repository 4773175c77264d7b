/** The real Velero of the tests: what it writes, what it leaves behind when it is interrupted, what it restores. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../parts/child-process.ts';
import { startVeleroScene, type VeleroCluster, type VeleroScene } from '../parts/velero-scene.ts';
import { incompleteBackups, seedIncompleteBackups } from '../parts/velero-seed-faults.ts';

const hour = 3_600_000;

/** The files of a backup that Velero 1.18 wrote. */
const filesOf = (name: string) =>
  [
    'velero-backup.json',
    `${name}-itemoperations.json.gz`,
    `${name}-logs.gz`,
    `${name}-podvolumebackups.json.gz`,
    `${name}-resource-list.json.gz`,
    `${name}-results.gz`,
    `${name}-volumeinfo.json.gz`,
    `${name}-volumesnapshots.json.gz`,
    `${name}.tar.gz`,
  ].toSorted();

describe('a real Velero server', { timeout: 600_000 }, () => {
  let scene: VeleroScene;
  before(async () => {
    scene = await startVeleroScene();
  });
  after(() => scene?.stop());

  const key = (name: string, file: string) => `${scene.prefix}/backups/${name}/${file}`;
  const filesThere = async (name: string) => (await scene.bucket.keys(key(name, ''))).map((each) => each.slice(key(name, '').length));
  const inBucket = (name: string) => scene.bucket.json(key(name, 'velero-backup.json'));

  test('writes the files of 1.18 and no other; what is empty is null, [] or {}', async () => {
    const backup = await scene.velero().backup('shop-1', { includedNamespaces: ['shop'] });
    assert.equal(backup.status?.phase, 'Completed', JSON.stringify(backup.status));
    assert.deepEqual(await filesThere('shop-1'), filesOf('shop-1'));
    const companion = (part: string) => scene.bucket.json(key('shop-1', `shop-1-${part}`));
    assert.deepEqual(await companion('results.gz'), { errors: {}, warnings: {} });
    assert.equal(await companion('podvolumebackups.json.gz'), null);
    assert.deepEqual(await companion('itemoperations.json.gz'), []);
    assert.deepEqual(await companion('volumeinfo.json.gz'), []);
    const listed = (await companion('resource-list.json.gz')) as Readonly<Record<string, readonly string[]>>;
    assert.deepEqual(listed['example.com/v1/Widget'], ['shop/blue', 'shop/red']);
    assert.partialDeepStrictEqual(backup.status, { progress: { totalItems: Object.values(listed).flat().length } });
    const [firstLine = ''] = (await scene.bucket.text(key('shop-1', 'shop-1-logs.gz'))).split('\n');
    assert.match(firstLine, /logSource="github.com\/vmware-tanzu\/velero@v1\.18\.3\//);
    assert.partialDeepStrictEqual(await inBucket('shop-1'), {
      metadata: { name: 'shop-1', annotations: { 'velero.io/source-cluster-k8s-gitversion': 'v1.36.3' } },
      spec: { includedNamespaces: ['shop'], ttl: '720h0m0s', storageLocation: 'default' },
      status: { phase: 'Completed', version: 1, formatVersion: '1.1.0' },
    });
  });

  test('snapshots a volume of EBS, and says so in two files', async () => {
    const backup = await scene.velero().backup('data-1', { includedNamespaces: ['data'] });
    assert.partialDeepStrictEqual(backup.status, { phase: 'Completed', volumeSnapshotsAttempted: 1, volumeSnapshotsCompleted: 1 });
    assert.partialDeepStrictEqual(await scene.bucket.json(key('data-1', 'data-1-volumeinfo.json.gz')), [
      { pvcNamespace: 'data', pvcName: 'data-postgres-0', backupMethod: 'NativeSnapshot', result: 'succeeded', skipped: false },
    ]);
    const [snapshot] = (await scene.bucket.json(key('data-1', 'data-1-volumesnapshots.json.gz'))) as readonly {
      readonly status: object;
    }[];
    assert.partialDeepStrictEqual(snapshot?.status, { phase: 'Completed' });
  });

  test('a backup of everything, as it is by default, leaves out what is of no namespace and nothing in it refers to', async () => {
    // Since 1.17 Velero excludes VolumeSnapshotContents by itself, and with any such exclusion "all namespaces" no longer means "all of the cluster".
    const withoutFilters = await scene.velero().backup('default-1');
    assert.partialDeepStrictEqual(withoutFilters.spec, {
      includedNamespaces: ['*'],
      excludedClusterScopedResources: ['volumesnapshotcontents.snapshot.storage.k8s.io'],
    });
    const kindsOf = async (name: string) =>
      Object.keys((await scene.bucket.json(key(name, `${name}-resource-list.json.gz`))) as object).map((kind) => kind.split('/').at(-1));
    const left = ['StorageClass', 'IngressClass', 'ValidatingWebhookConfiguration'];
    const kinds = await kindsOf('default-1');
    assert.deepEqual(
      left.filter((kind) => kinds.includes(kind)),
      [],
    );
    for (const kind of ['Namespace', 'PersistentVolume', 'PriorityClass', 'CustomResourceDefinition', 'ClusterRole']) {
      assert(kinds.includes(kind), `${kind}, which others refer to`);
    }
    await scene.velero().backup('everything-1', { includeClusterResources: true });
    const all = await kindsOf('everything-1');
    assert.deepEqual(
      left.filter((kind) => !all.includes(kind)),
      [],
    );
  });

  test('a schedule makes a backup with its labels and time to live', async () => {
    const template = { metadata: { labels: { tier: 'gold' } }, includedNamespaces: ['shop'], ttl: '48h0m0s' };
    const { metadata, status } = await scene.velero().schedule('nightly', { schedule: '0 1 * * *', template });
    assert.match(metadata.name, /^nightly-\d{14}$/);
    assert.equal(status?.phase, 'Completed');
    const written = (await inBucket(metadata.name)) as {
      readonly status: { readonly startTimestamp: string; readonly expiration: string };
    };
    assert.partialDeepStrictEqual(written, {
      metadata: { labels: { tier: 'gold', 'velero.io/schedule-name': 'nightly', 'velero.io/storage-location': 'default' } },
      spec: { ttl: '48h0m0s' },
    });
    assert.equal(Date.parse(written.status.expiration) - Date.parse(written.status.startTimestamp), 48 * hour);
  });

  test('a hook that fails: PartiallyFailed, and its pod is listed but not stored', async () => {
    const { status } = await scene.velero().backup('hook-1', { includedNamespaces: ['data'], hooks: failingHook });
    assert.partialDeepStrictEqual(status, { phase: 'PartiallyFailed', errors: 2, hookStatus: { hooksAttempted: 1, hooksFailed: 1 } });
    assert.deepEqual(await filesThere('hook-1'), filesOf('hook-1'));
    const { errors } = (await scene.bucket.json(key('hook-1', 'hook-1-results.gz'))) as { readonly errors: { readonly velero: string[] } };
    // Under "velero", not under the namespace, and the pod's name has none.
    assert.match(errors.velero.join('\n'), /Error executing hook[\s\S]* name: \/postgres-0 message: \/Error running pre hooks for pod/);
    const listed = await scene.bucket.json(key('hook-1', 'hook-1-resource-list.json.gz'));
    assert.partialDeepStrictEqual(listed, { 'v1/Pod': ['data/postgres-0'] });
    assert(!(await scene.bucket.text(key('hook-1', 'hook-1.tar.gz'))).includes('namespaces/data/postgres-0.json'));
    assert((await scene.bucket.text(key('data-1', 'data-1.tar.gz'))).includes('namespaces/data/postgres-0.json'));
  });

  test('killed before the archive: metadata in the phase Finalizing, the log, and no archive', async () => {
    await scene.killedAt(puts('killed-1.tar.gz'), (velero) => velero.create('backups', 'killed-1', { includedNamespaces: ['shop'] }));
    assert.deepEqual(await filesThere('killed-1'), ['killed-1-logs.gz', 'velero-backup.json']);
    assert.partialDeepStrictEqual(await inBucket('killed-1'), { status: { phase: 'Finalizing' } });
    const inCluster = await scene.velero().get('backups', 'killed-1');
    assert.partialDeepStrictEqual(inCluster?.status, { phase: 'Failed' });
    assert.match(String(inCluster?.status?.failureReason), /InProgress/);
  });

  test('killed before the metadata: only the log', async () => {
    const puttingMetadata = puts('killed-2/velero-backup.json');
    await scene.killedAt(puttingMetadata, (velero) => velero.create('backups', 'killed-2', { includedNamespaces: ['shop'] }));
    assert.deepEqual(await filesThere('killed-2'), ['killed-2-logs.gz']);
  });

  test('killed among the companions: an archive, the phase Finalizing, and not every companion', async () => {
    const puttingResults = puts('killed-3-results.gz');
    await scene.killedAt(puttingResults, (velero) => velero.create('backups', 'killed-3', { includedNamespaces: ['shop'] }));
    const there = await filesThere('killed-3');
    for (const file of ['velero-backup.json', 'killed-3.tar.gz', 'killed-3-logs.gz']) assert(there.includes(file), file);
    assert(!there.includes('killed-3-results.gz'));
    assert.partialDeepStrictEqual(await inBucket('killed-3'), { status: { phase: 'Finalizing' } });
  });

  for (const [name, first, kept] of [
    ['daily-1', 'velero-backup.json', 'daily-1.tar.gz'],
    ['weekly-1', 'weekly-1.tar.gz', 'velero-backup.json'],
  ] as const) {
    test(`a deletion of ${name} that is cut off: ${first} went first, and nobody goes on with it`, async () => {
      await scene.velero().backup(name, { includedNamespaces: ['shop'] });
      let deletions = 0;
      const second = ({ method, path }: { readonly method: string; readonly path: string }) =>
        method === 'DELETE' && path.includes(`/${name}/`) && ++deletions > 1;
      await scene.killedAt(second, (velero) => velero.requestDeletion(name));
      const there = await filesThere(name);
      assert.deepEqual(
        there,
        filesOf(name).filter((file) => file !== first),
      );
      assert(there.includes(kept));
      // The request is not New any more, so a new server skips it, and a sync brings the backup's CR to nobody.
      await scene.velero().backup(`after-${name}`, { includedNamespaces: ['platform'] });
      assert.equal((await scene.velero().get('backups', name))?.status?.phase, 'Deleting');
      assert.equal((await scene.velero().get('deletebackuprequests', name))?.status?.phase, 'InProgress');
      assert.deepEqual(await filesThere(name), there);
    });
  }

  test('a backup whose metadata was deleted by hand is unknown to another cluster', async () => {
    await scene.velero().backup('bereft-1', { includedNamespaces: ['shop'] });
    await scene.bucket.remove(key('bereft-1', 'velero-backup.json'));
    assert.deepEqual(
      await filesThere('bereft-1'),
      filesOf('bereft-1').filter((file) => file !== 'velero-backup.json'),
    );
  });

  describe('and a second, empty cluster that has the same location', () => {
    let other: VeleroCluster;
    before(async () => {
      await seedIncompleteBackups(scene.plane);
      // Velero looks every five minutes which kinds there are.
      const velero = await scene.restarted([]);
      for (const { name, spec } of incompleteBackups) await velero.backup(name, { includedNamespaces: [name], ...spec });
      await velero.backup('whole-1', { includedNamespaces: ['shop', 'data', 'platform'], includeClusterResources: true });
      other = await scene.elsewhere(['whole-1', ...incompleteBackups.map(({ name }) => name)]);
    });

    /** A restore's phase, and what it said beyond "already exists". */
    const restored = async (backupName: string) => {
      const { status } = await other.velero.restore(backupName, { backupName });
      const { errors, warnings } = (await scene.bucket.json(
        `${scene.prefix}/restores/${backupName}/restore-${backupName}-results.gz`,
      )) as Readonly<Record<'errors' | 'warnings', { readonly cluster?: string[]; readonly namespaces?: Record<string, string[]> }>>;
      const said = ({ cluster = [], namespaces = {} }: typeof errors) =>
        [...cluster, ...Object.values(namespaces).flat()].filter((message) => !/already exists/.test(message));
      return { phase: status?.phase, errors: said(errors), warnings: said(warnings) };
    };

    test('does not sync what has no metadata, is not finished or is debris', async () => {
      const known = (await other.velero.list('backups')).map(({ metadata }) => metadata.name);
      for (const name of ['killed-1', 'killed-2', 'killed-3', 'daily-1', 'bereft-1']) assert(!known.includes(name), name);
      // Its metadata is whole, only the archive is gone: it is offered for a restore, as if nothing were wrong.
      assert(known.includes('weekly-1'));
      assert.equal((await other.velero.restore('weekly-1', { backupName: 'weekly-1' })).status?.phase, 'Failed');
    });

    for (const [name, error] of [
      ['no-definition', /^error restoring gadgets\.example\.net\/no-definition\/small: the server could not find the requested resource$/],
      ['removed-version', /^error restoring leasecandidates\.coordination\.k8s\.io\/removed-version\/one: the server could not find/],
      ['no-priority-class', /pods "app" is forbidden: no PriorityClass with name night was found$/],
      ['no-service-account', /pods "app" is forbidden: error looking up service account .*serviceaccount "robot" not found$/],
      ['no-webhook-service', /failed calling webhook "zebras\.example\.net": .*service "zebra-webhook" not found$/],
    ] as const) {
      test(`${name}: the restore is PartiallyFailed and says it`, async () => {
        const { phase, errors } = await restored(name);
        assert.equal(phase, 'PartiallyFailed');
        assert.equal(errors.length, 1, errors.join('\n'));
        assert.match(errors[0] ?? '', error);
      });
    }

    test('no-storage-class: the restore is Completed without a word, and the claim never bound', async () => {
      assert.deepEqual(await restored('no-storage-class'), { phase: 'Completed', errors: [], warnings: [] });
      const claim = await other.plane.request('GET', '/api/v1/namespaces/no-storage-class/persistentvolumeclaims/files');
      assert.partialDeepStrictEqual(claim.body, { spec: { storageClassName: 'slow' }, status: { phase: 'Pending' } });
      assert.equal((await other.plane.request('GET', '/apis/storage.k8s.io/v1/storageclasses/slow')).status, 404);
    });

    test('no-config-map: the restore is Completed without a word, and the pod mounts what is not there', async () => {
      assert.deepEqual(await restored('no-config-map'), { phase: 'Completed', errors: [], warnings: [] });
      assert.equal((await other.plane.request('GET', '/api/v1/namespaces/no-config-map/pods/app')).status, 200);
      assert.equal((await other.plane.request('GET', '/api/v1/namespaces/no-config-map/configmaps/settings')).status, 404);
    });

    test('a whole backup is restored without an error, its pods and volumes too', async () => {
      // The last of the restores: with it comes all that is of no namespace, which the others lack.
      const { phase, errors, warnings } = await restored('whole-1');
      assert.deepEqual({ phase, errors }, { phase: 'Completed', errors: [] });
      // The addresses of Services are objects since 1.33; those of the old cluster belong to nothing in the new one.
      assert.deepEqual(
        warnings.filter((message) => !/^ipaddresses\.networking\.k8s\.io/.test(message)),
        [],
      );
      const claim = await other.plane.request('GET', '/api/v1/namespaces/data/persistentvolumeclaims/data-postgres-0');
      assert.partialDeepStrictEqual(claim.body, { status: { phase: 'Bound' } });
      const { body } = await other.plane.request('GET', '/apis/example.com/v1/namespaces/shop/widgets');
      assert.equal((body as { readonly items: readonly unknown[] }).items.length, 2);
    });
  });
});

describe('the end of a Velero server', { timeout: 600_000 }, () => {
  test('no process of it, its plugins neither, is left behind a test that got SIGKILL', {
    skip: process.platform !== 'linux',
  }, async () => {
    const part = (file: string) => JSON.stringify(join(import.meta.dirname, '../parts', file));
    // In the middle of a backup, when a plugin is at work.
    const program = `const { startVeleroScene } = await import(${part('velero-scene.ts')});
      const { silent } = await import(${part('faulty-proxy.ts')});
      const { proxy, velero } = await startVeleroScene();
      const held = proxy.plant({ when: ({ method, path }) => method === 'PUT' && path.endsWith('held-1.tar.gz') }, silent);
      await velero().create('backups', 'held-1', { includedNamespaces: ['shop'] });
      const timer = setInterval(() => { if (held.struck.length > 0) { clearInterval(timer); console.log('held'); } }, 20);
      setInterval(() => {}, 1000);`;
    const killed = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout, 'data');
    const started = processesWith(`nightshift-velero-${killed.pid}-`);
    // unshare, the server, itself as a plugin, and the plugin for AWS.
    assert(started.length >= 4, `${started.length} processes`);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    for (const deadline = performance.now() + 30_000; started.some(isAlive); await sleep(50)) {
      assert(performance.now() < deadline, `still there: ${started.filter(isAlive).join(', ')}`);
    }
  });
});

/** The processes whose command says it. */
function processesWith(text: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10));
}

/** No kubelet answers: the API server refuses the exec at once. */
const failingHook = {
  resources: [{ name: 'freeze', pre: [{ exec: { container: 'postgres', command: ['/bin/freeze'], onError: 'Fail', timeout: '5s' } }] }],
};

function puts(end: string) {
  return ({ method, path }: { readonly method: string; readonly path: string }) => method === 'PUT' && path.endsWith(end);
}
