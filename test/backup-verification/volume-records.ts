/** What Velero 1.18 marshals of volumes (internal/volume, pkg/apis, pkg/itemoperation), and the objects beside it in an archive. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bucketFiles } from '../velero/memory-object-store.ts';
import { type Manifest, manifest } from './archive-of.ts';

export type Fields = Readonly<Record<string, unknown>>;

const repositories = join(import.meta.dirname, '../velero/repositories');
/** The genuine repositories by key: kopia/shop/ and restic/legacy/. */
export const repositoryFiles: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries(bucketFiles(repositories)).filter(([key]) => key.startsWith('kopia/') || key.startsWith('restic/')),
);
/** The ids of the snapshots in them, as Velero records them. */
export const snapshotIds: { readonly kopia: string; readonly restic: string } = JSON.parse(
  readFileSync(join(repositories, 'snapshots.json'), 'utf8'),
);

export const backupName = 'nightly-20261124010000';
const backupUid = '3f5a6f0e-8c1f-4c39-9b59-6a1d0c6e2b11';
const started = '2026-11-24T01:00:05Z';

export const uidOf = (claim: string): string =>
  `7c0a77b2-0000-4000-8000-${Buffer.from(claim).toString('hex').padEnd(12, '0').slice(0, 12)}`;

/** A claim that is bound to a CSI volume, and that volume. */
export const claim = (place: string, more: Fields = {}): Manifest =>
  manifest('v1', 'PersistentVolumeClaim', place, {
    metadata: { uid: uidOf(place) },
    spec: { volumeName: `pv-${place.replace('/', '-')}`, storageClassName: 'gp3', volumeMode: 'Filesystem' },
    status: { phase: 'Bound', capacity: { storage: '8Gi' } },
    ...more,
  });
export const volume = (place: string, spec: Fields = { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' } }): Manifest =>
  manifest('v1', 'PersistentVolume', `pv-${place.replace('/', '-')}`, {
    spec: { capacity: { storage: '8Gi' }, claimRef: { name: place.split('/')[1] }, persistentVolumeReclaimPolicy: 'Delete', ...spec },
  });
/** A running pod that mounts a claim as the volume `data`, and an emptyDir as `cache`. */
export const podOf = (place: string, claimName: string, phase = 'Running'): Manifest =>
  manifest('v1', 'Pod', place, {
    spec: {
      containers: [{ name: 'db', image: 'db:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [
        { name: 'cache', emptyDir: {} },
        { name: 'data', persistentVolumeClaim: { claimName } },
      ],
    },
    status: { phase },
  });

const ofClaim = (place: string): Fields => {
  const [pvcNamespace, pvcName] = place.split('/');
  return { pvcName, pvcNamespace, pvName: `pv-${place.replace('/', '-')}` };
};
const pvInfo = { reclaimPolicy: 'Delete', labels: null };

export const skippedInfo = (place: string, skippedReason: string): Fields => ({
  ...ofClaim(place),
  snapshotDataMoved: false,
  preserveLocalSnapshot: false,
  skipped: true,
  skippedReason,
  pvInfo,
});

/** As Velero writes it: what has more than 63 characters is cut to 57, and 6 of its hash are added. */
export const operationId = (place: string): string => `${`du-${backupUid}.${uidOf(place)}`.slice(0, 57)}a1b2c3`;

/** volumeinfo of a claim whose CSI snapshot was moved into the bucket. */
export const movedInfo = (place: string, moved: Fields = {}, more: Fields = {}): Fields => ({
  ...ofClaim(place),
  backupMethod: 'CSISnapshot',
  snapshotDataMoved: true,
  preserveLocalSnapshot: false,
  skipped: false,
  startTimestamp: started,
  completionTimestamp: '2026-11-24T01:01:00Z',
  result: 'succeeded',
  csiSnapshotInfo: {
    snapshotHandle: 'unknown',
    size: 0,
    driver: 'ebs.csi.aws.com',
    vscName: 'unknown',
    operationID: 'unknown',
    ReadyToUse: null,
  },
  snapshotDataMovementInfo: {
    dataMover: 'velero',
    uploaderType: 'kopia',
    retainedSnapshot: 'velero-db-x',
    snapshotHandle: snapshotIds.kopia,
    operationID: operationId(place),
    size: 2260,
    Phase: 'Completed',
    ...moved,
  },
  pvInfo,
  ...more,
});

/** The DataUpload of it, as it lies in the archive. */
export const dataUpload = (place: string, status: Fields = {}, spec: Fields = {}, metadata: Fields = {}): Manifest => {
  const [sourceNamespace, sourcePVC] = place.split('/');
  return manifest('velero.io/v2alpha1', 'DataUpload', `velero/${backupName}-${sourcePVC}`, {
    metadata: {
      labels: {
        'velero.io/async-operation-id': operationId(place),
        'velero.io/backup-name': backupName,
        'velero.io/backup-uid': backupUid,
      },
      ...metadata,
    },
    spec: {
      backupStorageLocation: 'default',
      csiSnapshot: { snapshotClass: 'ebs', storageClass: 'gp3', volumeSnapshot: 'velero-db-x' },
      operationTimeout: '10m0s',
      snapshotType: 'CSI',
      sourceNamespace,
      sourcePVC,
      ...spec,
    },
    status: {
      completionTimestamp: '2026-11-24T01:01:00Z',
      node: 'node-1',
      path: '/host_pods/1/volumes/kubernetes.io~csi/pvc-1/mount',
      phase: 'Completed',
      progress: { bytesDone: 2260, totalBytes: 2260 },
      snapshotID: snapshotIds.kopia,
      startTimestamp: started,
      ...status,
    },
  });
};

/** The operation of it, with the keys of a Go struct without tags. */
export const operation = (place: string, status: Fields = {}): Fields => {
  const [Namespace, Name] = place.split('/');
  return {
    spec: {
      backupName,
      backupUID: backupUid,
      backupItemAction: 'velero.io/csi-pvc-backupper',
      resourceIdentifier: { Group: '', Resource: 'persistentvolumeclaims', Namespace, Name },
      operationID: operationId(place),
      postOperationItems: [{ Group: 'velero.io', Resource: 'datauploads', Namespace: 'velero', Name: `${backupName}-${Name}` }],
    },
    status: { phase: 'Completed', nCompleted: 2260, nTotal: 2260, operationUnits: 'Byte', created: started, ...status },
  };
};

/** volumeinfo of a file-system backup. */
export const podVolumeInfo = (place: string, pod: string, info: Fields = {}, more: Fields = {}): Fields => ({
  ...ofClaim(place),
  backupMethod: 'PodVolumeBackup',
  snapshotDataMoved: false,
  preserveLocalSnapshot: false,
  skipped: false,
  startTimestamp: started,
  result: 'succeeded',
  pvbInfo: {
    snapshotHandle: snapshotIds.kopia,
    size: 2260,
    uploaderType: 'kopia',
    volumeName: 'data',
    podName: pod.split('/')[1],
    podNamespace: pod.split('/')[0],
    nodeName: 'node-1',
    Phase: 'Completed',
    ...info,
  },
  pvInfo,
  ...more,
});

/** The PodVolumeBackup; without a claim its volume is the emptyDir. */
export const podVolumeBackup = (place: string | undefined, pod: string, status: Fields = {}, spec: Fields = {}): Fields => {
  const [namespace, name] = pod.split('/');
  return {
    kind: 'PodVolumeBackup',
    apiVersion: 'velero.io/v1',
    metadata: {
      name: `${backupName}-${name}`,
      generateName: `${backupName}-`,
      namespace: 'velero',
      labels: {
        'velero.io/backup-name': backupName,
        'velero.io/backup-uid': backupUid,
        ...(place && { 'velero.io/pvc-uid': uidOf(place) }),
      },
    },
    spec: {
      node: 'node-1',
      pod: { kind: 'Pod', namespace, name, uid: 'u-1' },
      volume: place ? 'data' : 'cache',
      backupStorageLocation: 'default',
      repoIdentifier: '',
      uploaderType: 'kopia',
      tags: { backup: backupName, ns: namespace, ...(place && { 'pvc-uid': uidOf(place) }) },
      ...spec,
    },
    status: {
      phase: 'Completed',
      path: '/host_pods/1/volumes/kubernetes.io~csi/pvc-1/mount',
      snapshotID: snapshotIds.kopia,
      startTimestamp: started,
      completionTimestamp: '2026-11-24T01:01:00Z',
      progress: { totalBytes: 2260, bytesDone: 2260 },
      ...status,
    },
  };
};

/** volumeinfo of a CSI snapshot that stays where it is. */
export const snapshotInfo = (place: string, csi: Fields = {}, more: Fields = {}): Fields => ({
  ...ofClaim(place),
  backupMethod: 'CSISnapshot',
  snapshotDataMoved: false,
  preserveLocalSnapshot: true,
  skipped: false,
  startTimestamp: started,
  result: 'succeeded',
  csiSnapshotInfo: {
    snapshotHandle: 'snap-0a1b2c3d',
    size: 8589934592,
    driver: 'ebs.csi.aws.com',
    vscName: 'snapcontent-1',
    operationID: 'velero/velero-db-x/2026-11-24T01:00:05Z',
    ReadyToUse: true,
    ...csi,
  },
  pvInfo,
  ...more,
});

/** The VolumeSnapshot of it and its content, as they lie in the archive. */
export const snapshotObjects = (place: string, content: Fields = { status: { snapshotHandle: 'snap-0a1b2c3d' } }): readonly Manifest[] => {
  const [namespace, persistentVolumeClaimName] = place.split('/');
  return [
    manifest('snapshot.storage.k8s.io/v1', 'VolumeSnapshot', `${namespace}/velero-${persistentVolumeClaimName}-x`, {
      metadata: { labels: { 'velero.io/backup-name': backupName } },
      spec: { source: { persistentVolumeClaimName } },
      status: { boundVolumeSnapshotContentName: 'snapcontent-1', readyToUse: true },
    }),
    manifest('snapshot.storage.k8s.io/v1', 'VolumeSnapshotContent', 'snapcontent-1', {
      spec: { driver: 'ebs.csi.aws.com', source: { volumeHandle: 'vol-1' } },
      ...content,
    }),
  ];
};

/** volumeinfo of a snapshot by Velero's own plugin, and its line in volumesnapshots. */
export const nativeInfo = (place: string, native: Fields = {}, more: Fields = {}): Fields => ({
  ...ofClaim(place),
  backupMethod: 'NativeSnapshot',
  snapshotDataMoved: false,
  preserveLocalSnapshot: false,
  skipped: false,
  result: 'succeeded',
  nativeSnapshotInfo: {
    snapshotHandle: 'snap-9f8e',
    volumeType: 'gp3',
    volumeAZ: 'eu-central-1a',
    iops: '3000',
    Phase: 'Completed',
    ...native,
  },
  pvInfo,
  ...more,
});
export const nativeSnapshot = (place: string, status: Fields = {}): Fields => ({
  spec: {
    backupName,
    backupUID: backupUid,
    location: 'default',
    persistentVolumeName: `pv-${place.replace('/', '-')}`,
    providerVolumeID: 'vol-1',
    volumeType: 'gp3',
    volumeAZ: 'eu-central-1a',
    volumeIOPS: 3000,
  },
  status: { providerSnapshotID: 'snap-9f8e', phase: 'Completed', ...status },
});
