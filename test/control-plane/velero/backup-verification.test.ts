/** The operation, as its user has it, on backups of a real Velero: what it says against what a real restore says. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Report } from '../../../functions/report/model.ts';
import { answered } from '../parts/faulty-proxy.ts';
import type { Repeated } from '../parts/repeatedly.ts';
import { startNodeAgent } from '../parts/velero-node-agent.ts';
import { startVeleroScene, type VeleroCluster, type VeleroScene } from '../parts/velero-scene.ts';
import { incompleteBackups, seedIncompleteBackups } from '../parts/velero-seed-faults.ts';
import { installSnapshots, startSnapshotController } from '../parts/velero-snapshots.ts';

const root = join(import.meta.dirname, '../../..');
const files = { 'dump.sql': 'select 1;\n'.repeat(1000) };
// Velero's own namespace too: in it is the password of the data.
const whole = { includedNamespaces: ['shop', 'data', 'platform', 'velero'], includeClusterResources: true };
const csi = ['--features=EnableCSI'];

describe('backup-verification on backups of a real Velero', { timeout: 1_100_000 }, () => {
  let scene: VeleroScene;
  const played: Repeated[] = [];
  before(async () => {
    scene = await startVeleroScene();
    await installSnapshots(scene.plane);
    played.push(startSnapshotController(scene.plane));
    await scene.restarted(csi);
  });
  after(async () => {
    for (const part of played) await part.stop();
    await scene?.stop();
  });

  const key = (name: string, file: string) => `${scene.prefix}/backups/${name}/${file}`;
  /** The command on the location, from the bucket alone unless told otherwise. */
  const verify = async (flags: readonly string[] = [], { hoursLater = 0, named = '' } = {}) => {
    const later = ['--import', pathToFileURL(join(import.meta.dirname, '../parts/later.ts')).href];
    const command = [join(root, 'functions/cli/nightshift.ts'), 'backup-verification', '--output', 'json', '--fail-on', 'warning'];
    const location = `s3://${scene.bucket.name}/${scene.prefix}${named}`;
    const child = spawn(process.execPath, [...later, ...command, '--backup', location, ...flags], {
      env: { ...process.env, ...scene.emulator.environment, HOURS_LATER: String(hoursLater), NO_COLOR: '1' },
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert(out.startsWith('{'), err);
    const report = JSON.parse(out) as Report;
    const said = (check: string, name: string) =>
      report.findings.find(
        (finding) => finding.check === check && [finding.object, ...(finding.members ?? [])].some((ref) => ref.name === name),
      );
    return { code: await closed, report, said, out };
  };
  const grave = ({ findings }: Report) =>
    findings.filter(({ severity }) => severity !== 'info').map(({ check, object, message }) => `${check} ${object.name}: ${message}`);

  describe('whole ones', () => {
    before(async () => {
      const agent = await startNodeAgent(scene.plane, { files });
      await scene.velero().backup('whole-1', { ...whole, snapshotMoveData: true });
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
      const { code, report, out } = await verify([], { named: '#*' });
      assert.deepEqual(grave(report), []);
      assert.equal(report.complete, true, JSON.stringify(report.incomplete));
      assert.equal(code, 0);
      for (const name of ['whole-1', 'moved-1', 'csi-1', 'versions-1']) assert.match(out, new RegExp(`"${name}"`));
      for (const secret of ['a-secret-of-the-shop', 'a-secret-of-the-database', 'a-password-of-the-tests']) {
        assert(!out.includes(secret) && !out.includes(Buffer.from(secret).toString('base64')), 'a secret in the report');
      }
    });

    test('and against the cluster', async () => {
      const { code, report } = await verify(['--kubeconfig', await scene.plane.kubeconfig()], { named: '#*' });
      assert.deepEqual(grave(report), []);
      assert.equal(report.complete, true, JSON.stringify(report.incomplete));
      assert.equal(code, 0);
    });
  });

  describe('faulty ones', () => {
    let other: VeleroCluster;
    before(async () => {
      await seedIncompleteBackups(scene.plane);
      await scene.restarted(csi);
      for (const { name, spec } of incompleteBackups) await scene.velero().backup(name, { includedNamespaces: [name], ...spec });
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
      other = await scene.elsewhere(['whole-1', ...incompleteBackups.map(({ name }) => name)]);
    });

    const restored = async (backupName: string) => {
      const { status } = await other.velero.restore(backupName, { backupName });
      const results = await scene.bucket.text(`${scene.prefix}/restores/${backupName}/restore-${backupName}-results.gz`);
      const { errors } = JSON.parse(results) as { readonly errors: object };
      return { phase: status?.phase, errors: JSON.stringify(errors) };
    };

    test('what was interrupted is told with its place, six hours later', async () => {
      const { code, report, said } = await verify([], { hoursLater: 6 });
      assert.equal(code, 1);
      console.log(grave(report).join('\n'), JSON.stringify(report.incomplete), JSON.stringify(report.tables, null, 1));
      assert.match(said('backup-phase', 'killed-1')?.message ?? '', /./);
      for (const name of ['killed-2', 'daily-1', 'bereft-1']) assert.match(said('backup-debris', name)?.message ?? '', /./, name);
      assert.match(said('backup-files', 'weekly-1')?.message ?? '', /tarball is gone: backups\/weekly-1\/weekly-1\.tar\.gz/);
      assert.match(said('backup-final-upload', 'lost-1')?.message ?? '', /./);
    });

    test('a hook that failed: PartiallyFailed, and the pods that were left out for it', async () => {
      const { said } = await verify([], { named: '#hook-1' });
      assert.match(said('backup-phase', 'hook-1')?.message ?? '', /failed in part/);
      assert.match(said('backup-items', 'hook-1')?.message ?? '', /lost 2 of \d+ items .*Pod shop\/web-/);
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
        const { said } = await verify(['--target-version', '1.36'], { named: `#${name}` });
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
        const { said } = await verify([], { named: `#${name}` });
        assert.match(said(check, name)?.message ?? '', missing);
        assert.deepEqual(await restored(name), { phase: 'Completed', errors: '{}' });
      });
    }

    test('what it said is whole a real restore brings back without an error', async () => {
      const { report } = await verify([], { named: '#whole-1' });
      const about = report.findings.filter(({ object }) => object.name === 'whole-1');
      assert.deepEqual(
        about.filter(({ severity }) => severity !== 'info'),
        [],
      );
      assert.deepEqual(await restored('whole-1'), { phase: 'Completed', errors: '{}' });
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
