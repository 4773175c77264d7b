/** Checks of Helm releases that the real Helm wrote, and of Argo CD and Flux by their CRDs, absent and present. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Finding, ScanResult } from '../../../functions/scan/contracts.ts';
import { buildPart } from '../parts/build.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { condition, customResource, namespace } from './live-objects.ts';
import { findingsOf, saidBy, scanPlane } from './live-scan.ts';

const writeChart = (directory: string): string => {
  const chart = join(directory, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: demo\nversion: 1.0.0\n');
  writeFileSync(join(chart, 'values.yaml'), 'broken: false\n');
  const template = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: { name: "{{ .Release.Name }}" }',
    'data: { password: hunter2 }',
    '{{- if .Values.broken }}',
    '---',
    'apiVersion: v1',
    'kind: Service',
    'metadata: { name: "{{ .Release.Name }}-broken" }',
    'spec: { ports: [{ port: 99999 }] }',
    '{{- end }}',
  ];
  writeFileSync(join(chart, 'templates', 'all.yaml'), `${template.join('\n')}\n`);
  return chart;
};

/** `well` is upgraded well, after a failure that is past; `failed` fails at its upgrade; `stuck` is left half way. */
const makeReleases = async (plane: ControlPlane) => {
  const helm = await buildPart('helm');
  const chart = writeChart(plane.directory);
  const home = join(plane.directory, 'helm');
  const env = { ...process.env, KUBECONFIG: await plane.kubeconfig(), HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  const run = (...args: string[]) => promisify(execFile)(helm, [...args, '--namespace', 'apps'], { env });
  const broken = (name: string) => assert.rejects(run('upgrade', name, chart, '--set', 'broken=true'));
  for (const name of ['well', 'failed', 'stuck']) await run('install', name, chart);
  await broken('well');
  await run('upgrade', 'well', chart);
  await broken('failed');
  await run('upgrade', 'stuck', chart);
  // As an upgrade leaves it whose Helm was killed.
  const path = '/api/v1/namespaces/apps/secrets/sh.helm.release.v1.stuck.v2';
  const patch = { metadata: { labels: { status: 'pending-upgrade' } } };
  const { status } = await plane.request('PATCH', path, patch, 'application/merge-patch+json');
  assert.equal(status, 200);
};

const makeGitops = async (plane: ControlPlane) => {
  await plane.apply(customResource('argoproj.io', 'v1alpha1', 'Application', 'applications', false));
  await plane.apply(customResource('kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations', true));
  const now = new Date().toISOString();
  for (const [name, health] of [
    ['degraded', 'Degraded'],
    ['healthy', 'Healthy'],
    ['sleeping', 'Suspended'],
  ] as const) {
    await plane.apply({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { namespace: 'apps', name },
      spec: { destination: { server: 'https://kubernetes.default.svc' } },
      status: { health: { status: health, lastTransitionTime: now }, sync: { status: 'Synced' } },
    } as Parameters<ControlPlane['apply']>[0]);
  }
  for (const [name, ready, spec] of [
    ['failing', 'False', {}],
    ['ready', 'True', {}],
    ['suspended', 'False', { suspend: true }],
  ] as const) {
    const object = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata: { namespace: 'apps', name }, spec };
    await plane.apply(object);
    await plane.applyStatus({
      ...object,
      status: { conditions: [condition('Ready', ready, { reason: 'BuildFailed', message: 'kustomize build failed' })] },
    });
  }
};

describe('checks of Helm releases, Argo CD and Flux', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  let without: ScanResult<Finding>;
  let young: ScanResult<Finding>;
  let old: ScanResult<Finding>;
  before(async () => {
    plane = await startControlPlane();
    await plane.apply(namespace('apps'));
    without = await scanPlane(plane);
    await makeReleases(plane);
    await makeGitops(plane);
    young = await scanPlane(plane);
    old = await scanPlane(plane, 90);
  });
  after(() => plane?.stop());

  test('helm-release-failed finds the failed and the interrupted release by their newest revision', () => {
    assert.deepEqual(saidBy(old, 'helm-release-failed'), ['warning HelmRelease apps/failed', 'warning HelmRelease apps/stuck']);
    assert.deepEqual(
      findingsOf(old, 'helm-release-failed')
        .map(({ message }) => message)
        .toSorted(),
      [
        'revision 2 failed; revision 1 is still the one deployed',
        'revision 2 has been pending-upgrade for 90 minutes, so Helm refuses the next upgrade; no revision is deployed',
      ],
    );
    assert.deepEqual(saidBy(young, 'helm-release-failed'), ['warning HelmRelease apps/failed']);
  });

  test('nothing of a release’s payload is told', () => {
    assert.ok(!JSON.stringify(old).includes('hunter2'));
    assert.ok(!JSON.stringify(old).includes('SDRzSU'));
  });

  test('argocd-application-unhealthy and flux-kustomization-unhealthy find what is planted and nothing else', () => {
    assert.deepEqual(saidBy(old, 'argocd-application-unhealthy'), ['warning Application apps/degraded health']);
    assert.deepEqual(saidBy(old, 'flux-kustomization-unhealthy'), ['warning Kustomization apps/failing']);
    assert.deepEqual([...saidBy(young, 'argocd-application-unhealthy'), ...saidBy(young, 'flux-kustomization-unhealthy')], []);
  });

  test('where the CRDs are absent they did not run, which is no failure', () => {
    for (const check of ['argocd-application-unhealthy', 'flux-kustomization-unhealthy']) {
      assert.equal(without.observers.find(({ id }) => id === check)?.outcome, 'not-run');
    }
    assert.deepEqual(saidBy(without, 'helm-release-failed'), []);
  });

  test('who may list no Secrets has the Helm check not run, and the others incomplete', async () => {
    const result = await scanPlane(plane, 0, 'nobody');
    const outcome = (check: string) => result.observers.find(({ id }) => id === check)?.outcome;
    assert.equal(outcome('helm-release-failed'), 'not-run');
    assert.equal(outcome('pod-waiting'), 'incomplete');
  });
});
