import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { referencesOf, workloadOf } from '../../../functions/backup-verification/restorability/references.ts';
import { archived, manifest } from '../archive-of.ts';
import { deployment, pod } from '../samples.ts';

const named = (spec: Readonly<Record<string, unknown>>) =>
  referencesOf(spec).map(({ kind, name, how, isWeak }) => `${kind} ${name}: ${how}${isWeak ? ' (weak)' : ''}`);

test('every place of a pod template that names something', () => {
  const spec = {
    serviceAccountName: 'web',
    priorityClassName: 'high',
    runtimeClassName: 'gvisor',
    imagePullSecrets: [{ name: 'registry' }],
    initContainers: [{ name: 'init', envFrom: [{ configMapRef: { name: 'from-init' } }] }],
    containers: [
      {
        name: 'web',
        env: [
          { name: 'A', value: 'b' },
          { name: 'C', valueFrom: { configMapKeyRef: { name: 'key-config', key: 'a' } } },
          { name: 'S', valueFrom: { secretKeyRef: { name: 'key-secret', key: 'a' } } },
        ],
        envFrom: [{ secretRef: { name: 'from-secret' } }],
      },
    ],
    ephemeralContainers: [{ name: 'debug', envFrom: [{ configMapRef: { name: 'from-debug' } }] }],
    volumes: [
      { name: 'a', configMap: { name: 'volume-config' } },
      { name: 'b', secret: { secretName: 'volume-secret' } },
      { name: 'c', projected: { sources: [{ configMap: { name: 'projected-config' } }, { secret: { name: 'projected-secret' } }] } },
      { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'e', csi: { driver: 'x', nodePublishSecretRef: { name: 'csi-secret' } } },
      { name: 'f', rbd: { secretRef: { name: 'rbd-secret' } } },
      { name: 'g', azureFile: { secretName: 'azure-secret' } },
      { name: 'h', emptyDir: {} },
    ],
  };
  assert.deepEqual(named(spec).toSorted(), [
    'ConfigMap from-debug: envFrom of container debug',
    'ConfigMap from-init: envFrom of container init',
    'ConfigMap key-config: env of container web',
    'ConfigMap projected-config: volume c',
    'ConfigMap volume-config: volume a',
    'PersistentVolumeClaim data: volume d',
    'PriorityClass high: priorityClassName',
    'RuntimeClass gvisor: runtimeClassName',
    'Secret azure-secret: volume g',
    'Secret csi-secret: volume e',
    'Secret from-secret: envFrom of container web',
    'Secret key-secret: env of container web',
    'Secret projected-secret: volume c',
    'Secret rbd-secret: volume f',
    'Secret registry: imagePullSecrets (weak)',
    'Secret volume-secret: volume b',
    'ServiceAccount web: serviceAccountName',
  ]);
});

test('what a pod can do without is left out, each thing is told once, and by its strongest reference', () => {
  const spec = {
    imagePullSecrets: [{ name: 'both' }],
    containers: [
      {
        name: 'web',
        env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'maybe', key: 'a', optional: true } } }],
        envFrom: [{ secretRef: { name: 'maybe', optional: true } }, { secretRef: { name: 'both' } }, { secretRef: { name: 'both' } }],
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'maybe', optional: true } },
      { name: 'b', projected: { sources: [{ serviceAccountToken: { path: 'token' } }, { secret: { name: 'maybe', optional: true } }] } },
      // Mounted by Kubernetes before 1.24; Velero takes it out.
      { name: 'c', secret: { secretName: 'default-token-x7k2p' } },
    ],
  };
  assert.deepEqual(named(spec), ['Secret both: envFrom of container web']);
});

describe('workloads', () => {
  const workload = (object: Parameters<typeof archived>[0]) => workloadOf(archived(object));
  const spec = { volumes: [{ name: 'a', configMap: { name: 'settings' } }] };

  test('every kind that runs pods', () => {
    const template = { template: { spec } };
    const kinds = [
      deployment('shop/web', spec),
      pod('shop/web-1', spec),
      manifest('apps/v1', 'StatefulSet', 'shop/db', { spec: template }),
      manifest('apps/v1', 'DaemonSet', 'shop/agent', { spec: template }),
      manifest('apps/v1', 'ReplicaSet', 'shop/web-5d8', { spec: { replicas: 1, ...template } }),
      manifest('v1', 'ReplicationController', 'shop/old', { spec: template }),
      manifest('batch/v1', 'Job', 'shop/import', { spec: template }),
      manifest('batch/v1', 'CronJob', 'shop/mails', { spec: { jobTemplate: { spec: template } } }),
      manifest('argoproj.io/v1alpha1', 'Rollout', 'shop/web', { spec: template }),
    ];
    for (const object of kinds) assert.equal(workload(object)?.references.length, 1, object.kind);
    assert.equal(workload(manifest('v1', 'ConfigMap', 'shop/settings')), undefined);
  });
  test('an old revision that a Deployment keeps needs nothing any more', () => {
    const owned = { metadata: { ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true }] } };
    const revision = (replicas: number) =>
      manifest('apps/v1', 'ReplicaSet', 'shop/web-5d8', { ...owned, spec: { replicas, template: { spec } } });
    assert.equal(workload(revision(0)), undefined);
    assert.equal(workload(revision(1))?.isControlled, true);
  });
  test('did it run when it was backed up?', () => {
    const worked = (object: Parameters<typeof archived>[0]) => workload(object)?.worked;
    assert.equal(worked(deployment('shop/web', spec)), true);
    assert.equal(worked(deployment('shop/web', spec, { status: { readyReplicas: 1, unavailableReplicas: 1 } })), false, 'rolls out');
    assert.equal(worked(deployment('shop/web', spec, { status: {} })), false);
    assert.equal(worked(pod('shop/web-1', spec)), true);
    assert.equal(worked(pod('shop/web-1', spec, { status: { phase: 'Pending' } })), false);
    assert.equal(
      worked(manifest('batch/v1', 'CronJob', 'shop/mails', { spec: {}, status: { lastSuccessfulTime: '2026-11-23T00:00:00Z' } })),
      true,
    );
    assert.equal(
      worked(manifest('batch/v1', 'CronJob', 'shop/mails', { spec: { suspend: true }, status: { lastSuccessfulTime: 'x' } })),
      false,
    );
  });
});
