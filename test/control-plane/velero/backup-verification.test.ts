/** The operation, as its user has it, on backups of a real Velero: what it says against what a real restore says. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answered } from '../parts/faulty-proxy.ts';
import type { KubernetesObject } from '../parts/objects.ts';
import type { Repeated } from '../parts/repeatedly.ts';
import { startNodeAgent } from '../parts/velero-node-agent.ts';
import { startVeleroScene, type VeleroCluster, type VeleroScene } from '../parts/velero-scene.ts';
import { incompleteBackups, seedIncompleteBackups } from '../parts/velero-seed-faults.ts';
import { installSnapshots, startSnapshotController } from '../parts/velero-snapshots.ts';
import { grave, type Verify, verifyBackups } from '../parts/verify-backups.ts';

const files = { 'dump.sql': 'select 1;\n'.repeat(1000) };
// Velero's own namespace too: in it is the password of the data.
const whole = { includedNamespaces: ['shop', 'data', 'platform', 'velero'], includeClusterResources: true };
const csi = ['--features=EnableCSI'];

describe('backup-verification on backups of a real Velero', { timeout: 1_100_000 }, () => {
  let scene: VeleroScene;
  const played: Repeated[] = [];
  before(async () => {
    scene = await startVeleroScene();
  });
  after(async () => {
    for (const part of played) await part.stop();
    await scene?.stop();
  });

  const key = (name: string, file: string) => `${scene.prefix}/backups/${name}/${file}`;
  const verify: Verify = (...asked) => verifyBackups(scene, ...asked);

  describe('whole ones', () => {
    before(async () => {
      assert.equal((await scene.velero().backup('whole-1', whole)).status?.phase, 'Completed');
      await installSnapshots(scene.plane);
      played.push(startSnapshotController(scene.plane));
      await scene.restarted(csi);
      const agent = await startNodeAgent(scene.plane, { files });
      // An hour ago by its cron, so that the next is due in 23.
      const schedule = `0 ${new Date().getUTCHours()} * * *`;
      const template = { includeClusterResources: true, snapshotMoveData: true, ttl: '48h0m0s' };
      assert.equal((await scene.velero().schedule('nightly', { schedule, template })).status?.phase, 'Completed');
      const pods = {
        includedNamespaces: ['data', 'velero'],
        includeClusterResources: true,
        defaultVolumesToFsBackup: true,
        snapshotVolumes: false,
      };
      assert.equal((await scene.velero().backup('moved-1', pods)).status?.phase, 'Completed');
      assert.equal((await scene.velero().backup('csi-1', { ...whole, includedNamespaces: ['data'] })).status?.phase, 'Completed');
      await agent.stop();
      // Every version that is served is stored, not only the preferred one.
      await scene.restarted(['--features=EnableCSI,EnableAPIGroupVersions']);
      assert.equal(
        (await scene.velero().backup('versions-1', { ...whole, snapshotVolumes: false, includedNamespaces: ['shop'] })).status?.phase,
        'Completed',
      );
      await scene.restarted(csi);
    });

    test('from the bucket alone: nothing to warn of, every one looked into', async () => {
      const { code, report, out } = await verify([], { named: '*' });
      assert.deepEqual(grave(report), []);
      assert.equal(report.complete, true, JSON.stringify(report.incomplete));
      assert.equal(code, 0);
      for (const name of ['whole-1', 'moved-1', 'csi-1', 'versions-1']) assert.match(out, new RegExp(`"${name}"`));
      for (const secret of ['a-secret-of-the-shop', 'a-secret-of-the-database', 'a-password-of-the-tests']) {
        assert(!out.includes(secret) && !out.includes(Buffer.from(secret).toString('base64')), 'a secret in the report');
      }
    });

    test('and against the cluster', async () => {
      const { code, report } = await verify(['--kubeconfig', await scene.plane.kubeconfig()], { named: '*' });
      assert.deepEqual(grave(report), []);
      assert.equal(report.complete, true, JSON.stringify(report.incomplete));
      assert.equal(code, 0);
    });
  });

  describe('faulty ones', () => {
    let other: VeleroCluster;
    before(async () => {
      await seedIncompleteBackups(scene.plane);
      // Velero looks every five minutes which kinds there are. Without CSI: with it a claim that is not bound is an error already.
      await scene.restarted([]);
      for (const { name, spec } of incompleteBackups) await scene.velero().backup(name, { includedNamespaces: [name], ...spec });
      await scene.velero().backup('default-1');
      await scene.velero().backup('hook-1', { includedNamespaces: ['shop'], hooks: failingHook });
      const onlyShop = { includedNamespaces: ['shop'] };
      await scene.killedAt(puts('killed-1.tar.gz'), (velero) => velero.create('backups', 'killed-1', onlyShop));
      await scene.killedAt(puts('killed-2/velero-backup.json'), (velero) => velero.create('backups', 'killed-2', onlyShop));
      for (const name of ['daily-1', 'weekly-1']) {
        await scene.velero().backup(name, onlyShop);
        let deletions = 0;
        await scene.killedAt(
          ({ method, path }) => method === 'DELETE' && path.includes(`/${name}/`) && ++deletions > 1,
          (velero) => velero.requestDeletion(name),
        );
      }
      await scene.velero().backup('bereft-1', onlyShop);
      await scene.bucket.remove(key('bereft-1', 'velero-backup.json'));
      // killedAt starts a Velero without CSI.
      await scene.restarted(csi);
      const refused = scene.proxy.plant(
        { when: puts('lost-1.tar.gz'), after: 1 },
        answered(403, '<Error><Code>AccessDenied</Code></Error>'),
      );
      const agent = await startNodeAgent(scene.plane, { files });
      await scene.velero().backup('lost-1', { includedNamespaces: ['data'], snapshotMoveData: true });
      await agent.stop();
      refused.remove();
      // A format that nobody knows yet.
      await scene.velero().backup('future-1', onlyShop);
      const metadata = await scene.bucket.text(key('future-1', 'velero-backup.json'));
      await scene.bucket.write(
        key('future-1', 'velero-backup.json'),
        metadata.replace('"formatVersion": "1.1.0"', '"formatVersion": "2.0.0"'),
      );
      for (const namespace of ['east', 'west']) {
        await scene.plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
        const metadata = { name: 'settings', namespace };
        await scene.plane.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { of: namespace } });
      }
      await scene.velero().backup('twins-1', { includedNamespaces: ['east', 'west'] });
      other = await scene.elsewhere(['whole-1', 'twins-1', ...incompleteBackups.map(({ name }) => name)]);
    });

    const restored = async (backupName: string, spec: object = {}) => {
      const { status } = await other.velero.restore(backupName, { backupName, ...spec });
      const results = await scene.bucket.text(`${scene.prefix}/restores/${backupName}/restore-${backupName}-results.gz`);
      const { errors, warnings } = JSON.parse(results) as Readonly<Record<'errors' | 'warnings', object>>;
      return { phase: status?.phase, errors: JSON.stringify(errors), warnings: JSON.stringify(warnings) };
    };

    test('what was interrupted is told with its place, six hours later; a format that is newer than known is unknown', async () => {
      const { code, report, said } = await verify([], { hoursLater: 6 });
      assert.equal(code, 1);
      assert.match(said('backup-phase', 'killed-1')?.message ?? '', /Finalizing for 6 hours/);
      assert.match(said('backup-files', 'killed-1')?.message ?? '', /expected backups\/killed-1\/killed-1\.tar\.gz/);
      assert.match(said('backup-debris', 'killed-2')?.message ?? '', /holds only a log.*: killed-2$/);
      for (const name of ['daily-1', 'bereft-1']) {
        assert.match(said('backup-debris', name)?.message ?? '', /hold a tarball without velero-backup\.json.*: bereft-1 and daily-1$/);
      }
      assert.match(said('backup-files', 'weekly-1')?.message ?? '', /tarball is gone: backups\/weekly-1\/weekly-1\.tar\.gz/);
      assert.match(said('backup-final-upload', 'lost-1')?.message ?? '', /the final tarball was never uploaded/);
      // Neither whole nor damaged: unknown, and the report is not complete.
      assert.equal(report.complete, false);
      assert.match(JSON.stringify(report.incomplete), /future-1: velero-backup\.json says format version 2\.0\.0, newer than/);
      assert.equal(
        report.findings.some(({ object }) => object.name === 'future-1'),
        false,
      );
    });

    test('a hook that failed: PartiallyFailed, and the pods that were left out for it', async () => {
      const { said } = await verify([], { named: 'hook-1' });
      assert.match(said('backup-phase', 'hook-1')?.message ?? '', /failed in part/);
      assert.match(said('backup-items', 'hook-1')?.message ?? '', /lost 2 of \d+ items .*Pod shop\/web-/);
    });

    test('a backup of everything, as Velero makes it by default, lacks what is of no namespace: said, with what misses it', async () => {
      const { said } = await verify([], { named: 'default-1' });
      assert.match(said('cluster-scoped-left-out', 'default-1')?.message ?? '', /volumesnapshotcontents to excludedClusterScopedResources/);
      const listed = await scene.bucket.json(key('default-1', 'default-1-resource-list.json.gz'));
      assert(typeof listed === 'object' && listed !== null && !('storage.k8s.io/v1/StorageClass' in listed));
      assert.match(said('missing-storage-class', 'default-1')?.message ?? '', /left out storageclasses.*slow/);
    });

    test('and nothing of it while it may still be going on', async () => {
      const { said } = await verify();
      for (const name of ['killed-1', 'killed-2', 'daily-1', 'bereft-1']) {
        for (const check of ['backup-phase', 'backup-debris', 'backup-files'])
          assert.equal(said(check, name), undefined, `${check} ${name}`);
      }
    });

    for (const [name, check, missing, error] of [
      ['no-definition', 'missing-crd', /gadgets\.example\.net/, /gadgets\.example\.net\/no-definition\/small: the server could not find/],
      ['no-priority-class', 'missing-priority-class', /night/, /no PriorityClass with name night was found/],
      ['no-service-account', 'missing-service-account', /no-service-account\/robot/, /serviceaccount .*robot.* not found/],
      ['no-webhook-service', 'webhook-without-service', /elsewhere\/zebra-webhook/, /service .*zebra-webhook.* not found/],
      [
        'removed-version',
        'backup-api-versions',
        /coordination\.k8s\.io\/v1beta1/,
        /leasecandidates\.coordination\.k8s\.io\/removed-version\/one/,
      ],
    ] as const) {
      test(`${name}: said beforehand, and a real restore fails at it`, async () => {
        const { said } = await verify(['--target-version', '1.36'], { named: name });
        assert.match(said(check, name)?.message ?? '', missing);
        const { phase, errors } = await restored(name);
        assert.equal(phase, 'PartiallyFailed');
        assert.match(errors, error);
      });
    }

    for (const [name, check, missing] of [
      ['no-storage-class', 'missing-storage-class', /slow/],
      ['no-config-map', 'missing-configmap', /no-config-map\/settings/],
    ] as const) {
      test(`${name}: said beforehand, where a real restore says Completed and nothing`, async () => {
        const { said } = await verify([], { named: name });
        assert.match(said(check, name)?.message ?? '', missing);
        assert.partialDeepStrictEqual(await restored(name), { phase: 'Completed', errors: '{}' });
      });
    }

    test('two namespaces under one name: the conflict is said beforehand, and a real restore leaves one of the two out', async () => {
      const { said } = await verify(['--namespace-mapping', 'east:both', '--namespace-mapping', 'west:both'], { named: 'twins-1' });
      assert.match(said('namespace-mapping', 'twins-1')?.message ?? '', /east and west both become both.*ConfigMap settings/);
      const { phase, errors, warnings } = await restored('twins-1', { namespaceMapping: { east: 'both', west: 'both' } });
      // Not even a warning: "already been restored" is in the restore's log only.
      assert.deepEqual({ phase, errors, told: /settings/.test(warnings) }, { phase: 'Completed', errors: '{}', told: false });
      const { body } = await other.plane.request('GET', '/api/v1/namespaces/both/configmaps');
      const settings = (body as { readonly items: readonly KubernetesObject[] }).items.filter(
        ({ metadata }) => metadata.name === 'settings',
      );
      assert.equal(settings.length, 1);
      const { said: saidOfOne } = await verify(['--namespace-mapping', 'east:both'], { named: 'twins-1' });
      assert.equal(saidOfOne('namespace-mapping', 'twins-1'), undefined);
    });

    test('what it said is whole a real restore brings back without an error', async () => {
      const { report } = await verify([], { named: 'whole-1' });
      const about = report.findings.filter(({ object }) => object.name === 'whole-1');
      assert.deepEqual(
        about.filter(({ severity }) => severity !== 'info'),
        [],
      );
      assert.partialDeepStrictEqual(await restored('whole-1'), { phase: 'Completed', errors: '{}' });
    });
  });
});

/** No kubelet answers: the API server refuses the exec at once. */
const failingHook = {
  resources: [{ name: 'freeze', pre: [{ exec: { container: 'web', command: ['/bin/freeze'], onError: 'Fail', timeout: '5s' } }] }],
};

function puts(end: string) {
  return ({ method, path }: { readonly method: string; readonly path: string }) => method === 'PUT' && path.endsWith(end);
}
