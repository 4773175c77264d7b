/** --backup: the operations on what Velero kept, as the command is run. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { outputFormats, parseArguments } from '../../functions/cli/arguments.ts';
import { write } from '../../functions/cli/output.ts';
import { targetsOf } from '../../functions/cli/targets.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { type Report, reportSchema } from '../../functions/report/model.ts';
import type { Operation } from '../../functions/runtime/operation.ts';
import { readConfiguration } from '../../functions/runtime/read-configuration.ts';
import { runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import { openBackup } from '../../functions/velero/source/source-backup.ts';
import { type PlantedBackup, plantedBackup } from '../velero/planted-backup.ts';

const root = join(import.meta.dirname, '..', '..');
const bucket = join(root, 'test/velero/bucket');
let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightshift-cli-backup-'));
});
after(() => rm(directory, { recursive: true, force: true }));

const nightshift = async (...args: string[]) => {
  const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), ...args], {
    cwd: directory,
    env: { ...process.env, KUBECONFIG: '', HOME: directory, NO_COLOR: '1' },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  return { code, out, err };
};
const plant = async (folder: string, planted: PlantedBackup): Promise<string> => {
  for (const [key, content] of Object.entries(await plantedBackup(planted))) {
    const path = join(directory, folder, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  return join(directory, folder);
};

describe('a health check of a backup', () => {
  test('the newest, of the genuine two; which one and of when is said', async () => {
    const { code, out, err } = await nightshift('health-check', '--backup', bucket, '--output', 'json');
    assert.equal(code, 1, err);
    assert.equal(err, `nightshift: the backup ${bucket}#full-1 of 2026-11-23 19:41 UTC\n`);
    const report = reportSchema.parse(JSON.parse(out));
    assert.equal(report.cluster, 'bucket');
    assert.equal(report.complete, true);
    assert.deepEqual(report.source, { kind: 'backup', name: `${bucket}#full-1 of 2026-11-23 19:41 UTC` });
    assert.equal(report.kubernetesVersion, 'v1.36.3');
  });
  test('a named one, of one namespace', async () => {
    const { code, out, err } = await nightshift('health-check', '--backup', `${bucket}#shop-1`);
    assert.equal(code, 0, err);
    assert.match(out, /^HEALTHY {2}bucket health-check: \d+ checks on 3 objects found nothing$/m);
    assert.match(out.replaceAll('\n', ' '), /#shop-1 of 2026-11-23 19:41 UTC \(only the namespace shop\)/);
  });
  test('a tarball alone', async () => {
    const { code, out, err } = await nightshift('health-check', '--backup', join(bucket, 'backups/shop-1/shop-1.tar.gz'));
    assert.equal(code, 0, err);
    assert.match(out, /^HEALTHY {2}shop-1 health-check/);
  });
  test('--state: tomorrow’s backup is compared with today’s', async () => {
    const objects: PlantedBackup['objects'] = [];
    const place = await plant('compared', { name: 'nightly-1', objects });
    const run = async () =>
      JSON.parse((await nightshift('health-check', '--backup', place, '--output', 'json', '--state', 'kept')).out) as Report;
    const first = await run();
    await plant('compared', { name: 'nightly-2', objects, status: { startTimestamp: '2026-03-19T09:00:00Z' } });
    const second = await run();
    assert.match(second.source.name, /#nightly-2 /);
    assert.equal(second.comparedWith?.runId, first.runId);
  });
  test('what is mistyped is exit code 2, with what to do', async () => {
    for (const [place, pattern] of [
      ['nowhere', /^nightshift: nowhere: no such file or folder\n$/],
      [`${bucket}#nope`, /there is no backup nope in .*bucket\nleave #NAME out/],
      ['gs://bucket', /backups are read from s3:\/\/BUCKET\/PREFIX or from a path/],
    ] as const) {
      const { code, out, err } = await nightshift('health-check', '--backup', place);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, pattern);
      assert.doesNotMatch(err, /^\s+at .*:\d+/m);
    }
  });
  test('a location without a usable backup is a report, and exit code 3', async () => {
    const place = await plant('failed', { objects: [], status: { phase: 'Failed' } });
    const { code, out, err } = await nightshift('health-check', '--backup', place);
    assert.equal(code, 3, err);
    assert.match(out, /is usable/);
  });

  test('no Secret’s content in any format, not of one that makes a finding and not of one that is damaged', async () => {
    const [first, second, third] = ['cGxhbnRlZC1vbmU', 'cGxhbnRlZC10d28', 'planted-three'];
    const labels = { owner: 'helm', name: 'web', status: 'failed', version: '1' };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":{"release":"${second}"}}` };
    const metadata = { name: 'sh.helm.release.v1.web.v1', namespace: 'shop', labels, annotations };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'helm.sh/release.v1', data: { release: first } };
    const broken = { 'resources/configmaps/namespaces/shop/broken.json': `{"data": "${third}` };
    const place = await plant('secret', { objects: [{ resource: 'secrets', object: secret }], members: broken });
    const failing = await plant('broken', {
      objects: [{ resource: 'secrets', object: secret }],
      members: { 'resources/secrets/namespaces/shop/broken.json': `{"data": "${third}` },
    });
    const said = async (each: string): Promise<string> => {
      const report = await runOnCluster({
        operation: healthCheck,
        cluster: 'planted',
        options: {},
        own: {},
        runId: '0123456789abcdef',
        eventTime: '2026-03-18T10:00:00Z',
        open: (signal) => openBackup({ place: each }, { signal }),
        previous: undefined,
        signal: AbortSignal.timeout(60_000),
      });
      for (const format of outputFormats) {
        const path = join(directory, `report.${format}`);
        await write(report, { standard: undefined, file: { path, format } });
        const text = await readFile(path, 'utf8');
        assert(text.length > 500, format);
        for (const planted of [first, second, third]) assert(!text.includes(planted), `${planted} in ${format}`);
      }
      return readFile(join(directory, 'report.text'), 'utf8');
    };
    assert.match(await said(place), /HelmRelease shop\/web\s+revision 1 failed/);
    assert.match(await said(failing), /broken\.json/);
  });
});

describe('what an operation that looks at backups is given', () => {
  const verification: Operation = { ...healthCheck, name: 'backup-verification', needs: 'backups' };
  const configuration = readConfiguration(
    [
      'clusters:',
      '  prod: { eks: { name: prod, region: eu-central-1 }, backups: [{ bucket: velero, prefix: prod, region: eu-central-1 }] }',
      '  gone: { backups: [{ bucket: velero, prefix: gone, region: eu-central-1 }] }',
      '  bare: { eks: { name: bare, region: eu-central-1 } }',
    ].join('\n'),
    'nightshift.yaml',
  );
  const targets = async (...argv: string[]) => {
    const command = parseArguments(['backup-verification', ...argv], [verification]);
    assert(command !== 'help');
    return (await targetsOf(command, argv.includes('--cluster') ? configuration : undefined, undefined)).map(
      ({ cluster, backups, open }) => ({
        cluster,
        backups,
        isReached: open !== undefined,
      }),
    );
  };

  test('a place alone: no cluster', async () => {
    for (const [place, cluster] of [
      ['s3://velero/prod', 'velero-prod'],
      ['copies/bucket', 'bucket'],
      ['nightly-1-data.tar.gz', 'nightly-1'],
    ] as const)
      assert.deepEqual(await targets('--backup', place), [{ cluster, backups: { place }, isReached: false }]);
    assert.deepEqual(await targets('--backup', 's3://velero/prod#nightly-1'), [
      { cluster: 'velero-prod', backups: { place: 's3://velero/prod' }, isReached: false },
    ]);
  });
  test('configured clusters: their places, and the way to those that are not gone', async () => {
    const place = (prefix: string) => [{ bucket: 'velero', prefix, region: 'eu-central-1' }];
    assert.deepEqual(await targets('--cluster', '*'), [
      { cluster: 'prod', backups: place('prod'), isReached: true },
      { cluster: 'gone', backups: place('gone'), isReached: false },
    ]);
  });
  test('a context: its own BackupStorageLocations say where, unless a place is given', async () => {
    const kubeconfig = join(directory, 'kubeconfig');
    const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
    await writeFile(
      kubeconfig,
      JSON.stringify({ clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }], contexts, 'current-context': 'x' }),
    );
    assert.deepEqual(await targets('--kubeconfig', kubeconfig), [{ cluster: 'x', backups: undefined, isReached: true }]);
    assert.deepEqual(await targets('--kubeconfig', kubeconfig, '--backup', 's3://velero'), [
      { cluster: 'x', backups: { place: 's3://velero' }, isReached: true },
    ]);
  });
  test('manifests are no backups, and something is to be said', async () => {
    await assert.rejects(targets('--manifests', 'x'), {
      name: 'UsageError',
      message: /looks at backups, not at manifests: say --backup PATH/,
    });
    await assert.rejects(targets(), { name: 'UsageError', message: /^Nothing to look at was given. Say --backup PATH, --kubeconfig/ });
  });
});
