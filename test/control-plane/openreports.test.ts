/** What --output openreports writes, on a real API server that serves the definitions as OpenReports publishes them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { type OpenReport, openReports, renderOpenReports } from '../../functions/report/render-openreports.ts';
import { found, ref, reportOf, sampleReport, scanOf } from '../report/sample-report.ts';
import { buildPart } from './parts/build.ts';
import { type ControlPlane, startControlPlane } from './parts/control-plane.ts';
import type { KubernetesObject } from './parts/objects.ts';
import { openReportsDefinitions } from './parts/openreports-crds.ts';

const root = join(import.meta.dirname, '..', '..');
const pathOf = ({ kind, metadata: { namespace, name } }: OpenReport): string =>
  `/apis/openreports.io/v1alpha1/${kind === 'Report' ? `namespaces/${namespace}/reports` : 'clusterreports'}/${name}`;
/** What was written of an object; the server adds the rest. */
const written = ({ kind, metadata: { name, namespace, labels, annotations }, source, scope, summary, results }: OpenReport) => ({
  kind,
  metadata: { name, namespace, labels, annotations },
  source,
  scope,
  summary,
  results,
});

describe('OpenReports', { timeout: 300_000 }, () => {
  let plane: ControlPlane;
  let kubectlBinary: string;
  let kubeconfig: string;
  before(async () => {
    kubectlBinary = await buildPart('kubectl');
    plane = await startControlPlane();
    kubeconfig = await plane.kubeconfig();
    for (const definition of openReportsDefinitions()) await plane.apply(parse(definition) as KubernetesObject);
  });
  after(() => plane?.stop());

  /** Fails for anything on standard error: a warning too. */
  const kubectl = (args: readonly string[], input = ''): string => {
    const { status, stdout, stderr } = spawnSync(kubectlBinary, ['--kubeconfig', kubeconfig, ...args], { input, encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, ''], `kubectl ${args.join(' ')}`);
    return stdout;
  };
  const objectsOf = (text: string): OpenReport[] =>
    text
      .split(/^---\n/m)
      .filter(Boolean)
      .map((document) => parse(document) as OpenReport);
  const makeNamespaces = async (objects: readonly OpenReport[]): Promise<void> => {
    for (const namespace of new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []))) {
      await plane.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    }
  };
  /** As docs/formats.md says, with unknown fields refused. */
  const applyText = async (text: string): Promise<OpenReport[]> => {
    const objects = objectsOf(text);
    await makeNamespaces(objects);
    kubectl(['apply', '--server-side', '--validate=strict', '-f', '-'], text);
    return objects;
  };
  const readBack = async (object: OpenReport) => written((await plane.request('GET', pathOf(object))).body as OpenReport);

  test('the report of the example: every object is taken, and read back as it was written', async () => {
    const arguments_ = ['health-check', '--manifests', 'functions/cli/example', '--fail-on', 'never', '--output', 'openreports'];
    const text = execFileSync(process.execPath, ['functions/cli/nightshift.ts', ...arguments_], { cwd: root, encoding: 'utf8' });
    const objects = await applyText(text);
    assert.ok(objects.filter(({ kind }) => kind === 'Report').length > 3);
    assert.equal(objects.filter(({ kind }) => kind === 'ClusterReport').length, 1);
    for (const object of objects) assert.deepEqual(await readBack(object), written(object));
  });

  test('the next run’s report takes the place of the last', async () => {
    const [first] = await applyText(await renderOpenReports(sampleReport()));
    assert.ok(first);
    const [second] = await applyText(await renderOpenReports({ ...sampleReport(), runId: 'feedfeedfeedfeed' }));
    assert.equal(pathOf(first), second && pathOf(second));
    assert.equal((await readBack(first)).metadata.labels['nightshift.dev/run-id'], 'feedfeedfeedfeed');
  });

  test('what an earlier run wrote and this one did not is told, and deleted, by its labels', async () => {
    await applyText(await renderOpenReports({ ...sampleReport(), cluster: 'twice' }));
    await applyText(await renderOpenReports({ ...reportOf(scanOf([])), cluster: 'twice', runId: 'later' }));
    const selector = 'nightshift.dev/cluster=twice,nightshift.dev/operation=health-check,nightshift.dev/run-id!=later';
    const namespaces = kubectl(['get', 'reports.openreports.io', '-A', '-l', selector, '--no-headers']).trim().split('\n');
    assert.deepEqual(
      namespaces.map((line) => line.split(/\s+/)[0]),
      ['monitoring', 'payments', 'shop'],
    );
    kubectl(['delete', 'reports.openreports.io', '-A', '-l', selector]);
    kubectl(['delete', 'clusterreports.openreports.io', '-l', selector]);
    const left = kubectl([
      'get',
      'reports.openreports.io,clusterreports.openreports.io',
      '-A',
      '-l',
      'nightshift.dev/cluster=twice',
      '-o',
      'name',
    ]);
    assert.equal(left.trim(), 'clusterreport.openreports.io/nightshift-health-check-twice');
  });

  test('texts that look like something else in YAML 1.1, and every character that a report may hold', async () => {
    const messages = [
      'on',
      'no',
      '~',
      '1:30',
      '0o14',
      '0x1F',
      '1e3',
      '.inf',
      '<<',
      '=',
      '2026-11-24',
      '- a: |\n  b\t"c" \\ \u0085\u009b\u2028\u2029\ufeff\u{1f600}',
      '\ud800',
      '#',
    ];
    const report = reportOf(scanOf(messages.map((message, index) => found('pod-waiting', ref('Pod', `p-${index}`, 'odd'), { message }))));
    const objects = await applyText(await renderOpenReports(report));
    const odd = objects.find(({ metadata }) => metadata.namespace === 'odd');
    assert.ok(odd);
    assert.deepEqual(
      (await readBack(odd)).results.map(({ message }) => message).toSorted(),
      messages.map((message) => message.toWellFormed().replaceAll(/[\u0085\u009b\ufeff]/g, '')).toSorted(),
    );
  });

  test('a cluster and a run named with anything still give names and labels that are allowed', async () => {
    for (const cluster of ['arn:aws:eks:eu-central-1:111122223333:cluster/Prod_1', 'x'.repeat(300), '-–-', 'prod-', 'prod']) {
      const objects = await applyText(await renderOpenReports({ ...sampleReport(), cluster, runId: `run/${cluster}` }));
      for (const object of objects) assert.equal((await readBack(object)).metadata.annotations['nightshift.dev/cluster'], cluster);
    }
  });

  test('1,000 findings in one namespace: numbered reports, taken by plain kubectl apply too, which keeps a copy in an annotation', async () => {
    const findings = Array.from({ length: 1000 }, (_, index) =>
      found('pod-waiting', ref('Deployment', `app-${index}`, 'crowd'), {
        message: `cannot pull the image ${'registry.example.com/'.repeat(10)}${index}`,
        members: Array.from({ length: 20 }, (__, member) => ref('Pod', `app-${index}-${member}`, 'crowd')),
      }),
    );
    const report = reportOf(scanOf(findings));
    const objects = openReports(report).filter(({ metadata }) => metadata.namespace === 'crowd');
    assert.ok(objects.length > 5);
    assert.equal(new Set(objects.map(({ metadata }) => metadata.name)).size, objects.length);
    assert.equal(
      objects.reduce((sum, { summary }) => sum + summary.warn, 0),
      1000,
    );
    await makeNamespaces(objects);
    const text = await renderOpenReports(report);
    kubectl(['delete', 'clusterreports.openreports.io', '--all']);
    assert.equal(kubectl(['apply', '--validate=strict', '-f', '-'], text).trim().split('\n').length, objects.length + 1);
    const read = await Promise.all(objects.map(async (object) => (await readBack(object)).results.length));
    assert.equal(
      read.reduce((sum, count) => sum + count, 0),
      1000,
    );
  });
});
