/** The command lays config/overrides.yaml of --state over what it runs, and annotations count in manifests too. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type Report, reportSchema } from '../../functions/report/model.ts';

const root = join(import.meta.dirname, '..', '..');
let directory = '';
let state = '';
const pod = (name: string, annotations: string) => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, uid: ${name}, creationTimestamp: 2026-11-01T00:00:00Z, annotations: ${annotations} }
spec: { nodeName: n1, containers: [{ name: app }] }
status:
  phase: Pending
  startTime: 2026-11-01T00:00:00Z
  conditions: [{ type: PodScheduled, status: "True", lastTransitionTime: 2026-11-02T00:00:00Z }]
  containerStatuses: [{ name: app, ready: false, restartCount: 0, state: { waiting: { reason: ErrImagePull } } }]
`;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightshift-overrides-'));
  state = join(directory, 'state');
  await mkdir(join(state, 'config'), { recursive: true });
  await mkdir(join(directory, 'shop'));
  const pods = [
    pod('a', '{}'),
    pod('b', '{ nightshift.dev/ignore: pod-waiting, nightshift.dev/ignore-until: 2999-12-31 }'),
    pod('c', '{}'),
  ];
  await writeFile(join(directory, 'shop/pods.yaml'), pods.join('---\n'));
});
after(() => rm(directory, { recursive: true, force: true }));

const overrides = (content: string) => writeFile(join(state, 'config/overrides.yaml'), content);
const run = async (...more: readonly string[]): Promise<Report> => {
  const args = ['health-check', '--manifests', 'shop', '--output', 'json', '--fail-on', 'never', ...more];
  const child = spawn(process.execPath, [join(root, 'functions/cli/nightshift.ts'), ...args], { cwd: directory });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)));
  assert.equal(code, 0, err);
  return reportSchema.parse(JSON.parse(out));
};
const waiting = ({ findings }: Report) => findings.filter(({ check }) => check === 'pod-waiting').map(({ object }) => object.name);

test('an annotation in a manifest counts; without --state nothing is laid over', async () => {
  await overrides('options: { health-check: { checks: { off: [pod-waiting] } } }');
  const report = await run();
  assert.deepEqual(waiting(report), ['a', 'c']);
  assert.deepEqual(
    report.ignored.map(({ rule, from, count }) => [rule, from, count]),
    [['pod-waiting on Pod shop/b, until 2999-12-31', 'annotation', 1]],
  );
  assert.equal(report.overrides, undefined);
});

test('with --state its config/overrides.yaml counts, for a plain run too; broken, the last good one does', async () => {
  await overrides('options: { health-check: { ignore: [{ check: "pod-*", name: a, reason: tonight }] } }');
  const report = await run('--state', 'state');
  assert.deepEqual(waiting(report), ['c']);
  assert.deepEqual(report.overrides?.says, ['ignore rules: 1']);
  await overrides('options: { health-chek: {} }');
  const broken = await run('--state', 'state');
  assert.deepEqual(waiting(broken), ['c']);
  const finding = broken.findings.find(({ check }) => check === 'configuration-overrides');
  assert.equal(finding?.object.name, 'state/config/overrides.yaml');
  assert.match(finding?.message ?? '', /config\/overrides\.yaml:1: options\.?.*health-chek.*; the last good one, of/);
  assert.equal(broken.ignored[0]?.from, 'config/overrides.yaml');
});

test('the overrides count for configured clusters, with what they have for the one', async () => {
  await overrides('clusters: { prd: { options: {} } }');
  await writeFile(join(directory, 'nightshift.yaml'), 'clusters: { prod: { kubeconfig: { file: nowhere.yaml } } }\n');
  // Without a configuration any name may be right; with one it is judged.
  assert.deepEqual(
    (await run('--state', 'state')).findings.filter(({ check }) => check === 'configuration-overrides'),
    [],
  );
  const judged = await run('--state', 'state', '--config', 'nightshift.yaml');
  assert.match(
    judged.findings.find(({ check }) => check === 'configuration-overrides')?.message ?? '',
    /clusters\.prd: "prd" picks no cluster; clusters: prod/,
  );
});
