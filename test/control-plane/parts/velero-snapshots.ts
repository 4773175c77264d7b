/** CSI snapshots as far as Velero sees them: the real definitions, and the snapshot controller and driver played. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expectGood } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import type { KubernetesObject } from './objects.ts';
import { type Repeated, repeatedly } from './repeatedly.ts';

const driver = 'ebs.csi.aws.com';

/** Brings the definitions and a VolumeSnapshotClass for ebs.csi.aws.com: before Velero starts, which looks for them only then. */
export async function installSnapshots(plane: ControlPlane): Promise<void> {
  const answer = execFileSync('go', ['mod', 'download', '-json', 'github.com/kubernetes-csi/external-snapshotter/client/v8'], {
    cwd: join(import.meta.dirname, 'velero'),
    env: { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' },
    encoding: 'utf8',
  });
  const folder = join((JSON.parse(answer) as { readonly Dir: string }).Dir, 'config', 'crd');
  for (const file of readdirSync(folder).filter((name) => name.startsWith('snapshot.storage.k8s.io_'))) {
    await plane.apply(parse(readFileSync(join(folder, file), 'utf8')) as KubernetesObject);
  }
  await plane.apply({
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: 'ebs', labels: { 'velero.io/csi-volumesnapshot-class': 'true' } },
    driver,
    deletionPolicy: 'Delete',
  });
}

/** Takes every snapshot that is asked for, at once. */
export function startSnapshotController(plane: ControlPlane): Repeated {
  return repeatedly(async () => {
    const answer = await plane.request('GET', '/apis/snapshot.storage.k8s.io/v1/volumesnapshots');
    const { items } = expectGood('GET volumesnapshots', answer) as { readonly items: readonly KubernetesObject[] };
    for (const { metadata, status } of items) if (status === undefined) await take(plane, metadata);
  });
}

async function take(plane: ControlPlane, { name = '', namespace = '', uid }: KubernetesObject['metadata']): Promise<void> {
  const apiVersion = 'snapshot.storage.k8s.io/v1';
  const content = { apiVersion, kind: 'VolumeSnapshotContent', metadata: { name: `snapcontent-${uid}` } };
  const taken = { readyToUse: true, restoreSize: 1 << 30 };
  await plane.apply({
    ...content,
    spec: {
      driver,
      deletionPolicy: 'Delete',
      volumeSnapshotClassName: 'ebs',
      source: { volumeHandle: 'vol-0123456789abcdef0' },
      volumeSnapshotRef: { apiVersion, kind: 'VolumeSnapshot', namespace, name, uid },
    },
  });
  await plane.applyStatus({
    ...content,
    status: { ...taken, snapshotHandle: `snap-${String(uid).slice(0, 8)}`, creationTime: Date.now() * 1e6 },
  });
  await plane.applyStatus({
    apiVersion,
    kind: 'VolumeSnapshot',
    metadata: { name, namespace },
    status: {
      readyToUse: true,
      restoreSize: '1Gi',
      creationTime: new Date().toISOString(),
      boundVolumeSnapshotContentName: content.metadata.name,
    },
  });
}
