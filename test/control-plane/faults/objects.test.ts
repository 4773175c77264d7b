/** Objects that are odd or huge, as a real API server holds them, in the way of a whole health check. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Report, reportSchema } from '../../../functions/report/model.ts';
import { measure } from '../../bench/measure.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { etcdGateway } from '../parts/etcd-gateway.ts';
import { startClusterProxy } from '../parts/faulty-proxy.ts';
import type { KubernetesObject } from '../parts/objects.ts';
import { listOf, runHealthCheck } from './run-health-check.ts';

const command = join(import.meta.dirname, '../../../functions/cli/nightshift.ts');
const megabyte = 'x'.repeat(1_000_000);
const longAgo = '2026-01-01T00:00:00Z';

/** Without a schema: whatever is in it is taken. */
const definition = (group: string, version: string, kind: string, plural: string): KubernetesObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

/** What may stand in a field of such an object. */
const odd: readonly unknown[] = [
  null,
  '',
  -1,
  1e308,
  true,
  [],
  [null, [], 'x', { type: [] }],
  {},
  { toString: 1, valueOf: 2, toJSON: 3, hasOwnProperty: 4 },
  { constructor: { prototype: 'x' } },
  '\u0007\u202e<script>alert(1)</script>',
  '9999-99-99T99:99:99Z',
];

const saysOf = ({ findings }: Report, check: string) =>
  findings.filter((finding) => finding.check === check).map(({ object }) => object.name);

describe('objects in the way', { timeout: 180_000 }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(() => plane?.stop());

  describe('custom resources that nobody validates', () => {
    const application = (name: string, more: object): KubernetesObject => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: 'default' },
      ...more,
    });
    const kustomization = (name: string, more: object): KubernetesObject => ({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace: 'default' },
      ...more,
    });
    const degraded = { status: 'Degraded', lastTransitionTime: longAgo };
    const notReady = [{ type: 'Ready', status: 'False', reason: 'BuildFailed', message: 'no', lastTransitionTime: longAgo }];
    before(async () => {
      await plane.apply(definition('argoproj.io', 'v1alpha1', 'Application', 'applications'));
      await plane.apply(definition('kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', 'kustomizations'));
      // a-: listed before the sound ones, which a check that gave up at them would never see.
      const writes = odd.flatMap((value, index) => [
        application(`a-${index}-spec`, { spec: value, status: value }),
        application(`a-${index}-health`, {
          status: { health: { ...degraded, status: value, message: value }, resources: value, conditions: value },
        }),
        application(`a-${index}-resources`, {
          spec: { destination: { server: 'https://kubernetes.default.svc' } },
          status: { health: degraded, resources: [value, { kind: value, name: value, group: value, health: { status: 'Degraded' } }] },
        }),
        application(`a-${index}-sync`, {
          status: { operationState: { phase: 'Failed', message: value, finishedAt: value }, conditions: [{ type: value }] },
        }),
        kustomization(`a-${index}-spec`, { spec: value, status: value }),
        kustomization(`a-${index}-ready`, {
          spec: { interval: value },
          status: { conditions: [{ ...notReady[0], reason: value, message: value }] },
        }),
        kustomization(`a-${index}-history`, {
          status: { history: [{ lastReconciledStatus: value, firstReconciled: longAgo }, value], conditions: value },
        }),
      ]);
      writes.push(application('z-sound', { status: { health: degraded } }), kustomization('z-sound', { status: { conditions: notReady } }));
      await Promise.all(writes.map((object) => plane.apply(object)));
    });

    test('no check throws at them, the sound ones beside them are reported, and the report is one', async () => {
      const report = await runHealthCheck(await plane.kubeconfig());
      assert.deepEqual(report.incomplete, []);
      for (const check of ['argocd-application-unhealthy', 'flux-kustomization-unhealthy']) {
        assert.ok(saysOf(report, check).includes('z-sound'), check);
        assert.ok((report.checks.find((each) => each.check === check)?.objects ?? 0) > 30, check);
      }
      assert.ok(
        saysOf(report, 'argocd-application-unhealthy').some((name) => name.startsWith('a-')),
        'what can be said of odd ones is said',
      );
      assert.doesNotMatch(JSON.stringify(report), /\\u0007|\u202e/);
    });
  });

  describe('60 MB of pods and 10 MB of ConfigMaps', () => {
    before(async () => {
      const gateway = etcdGateway(plane.etcdGateway);
      for (let index = 0; index < 60; index += 1) {
        const name = `heavy-${index}`;
        const metadata = {
          name,
          namespace: 'default',
          uid: `00000000-0000-0000-0000-0000000000${String(index).padStart(2, '0')}`,
          creationTimestamp: longAgo,
        };
        const pod = {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { ...metadata, annotations: { 'example.com/blob': megabyte } },
          spec: { nodeName: 'gone', containers: [{ name: 'app', image: 'app' }] },
          status: {
            phase: 'Pending',
            startTime: longAgo,
            conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: longAgo }],
            containerStatuses: [
              {
                name: 'app',
                image: 'app',
                imageID: '',
                ready: false,
                restartCount: 0,
                state: { waiting: { reason: 'InvalidImageName', message: 'bad name' } },
              },
            ],
          },
        };
        const configuration = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { blob: megabyte } };
        await gateway.putAll(
          [
            [`/registry/pods/default/${name}`, pod],
            ...(index < 10 ? ([[`/registry/configmaps/default/${name}`, configuration]] as const) : []),
          ].map(([key, object]) => [key as string, JSON.stringify(object)]),
        );
      }
      // All of a transaction is of one revision: with one write more the watch cache has seen all.
      await gateway.putAll([['/nightshift/heavy', 'done']]);
    });

    test('pages are made smaller, no ConfigMap is asked for, every pod is seen, and the command stays below 256 MB', async (t) => {
      const proxy = await startClusterProxy(plane);
      t.after(proxy.stop);
      const out = join(plane.directory, 'heavy.json');
      const args = ['health-check', '--kubeconfig', proxy.kubeconfig, '--output', 'json', '--out', out, '--fail-on', 'never'];
      const { peakMegabytes, wallMs } = await measure(['--max-semi-space-size=8', command, ...args]);
      const report = reportSchema.parse(JSON.parse(await readFile(out, 'utf8')));
      assert.deepEqual(report.incomplete, []);
      assert.deepEqual(saysOf(report, 'pod-waiting').filter((name) => name.startsWith('heavy-')).length, 60);
      const limits = proxy.requests.filter(listOf('/api/v1/pods')).map(({ query }) => Number(query.get('limit')));
      assert.deepEqual([limits[0], Math.min(...limits)], [250, 10]);
      assert.ok(!proxy.requests.some(({ path }) => path.endsWith('/configmaps')));
      assert.ok(peakMegabytes < 256, `${peakMegabytes} MB`);
      t.diagnostic(`${Math.round(peakMegabytes)} MB, ${Math.round(wallMs)} ms`);
    });
  });
});
