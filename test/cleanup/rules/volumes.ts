/** PersistentVolumes as a cluster has them. */
import { ago } from '../../health-check/objects.ts';
import { stored } from './run-rule.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Of 100 GiB on EBS; released ten days ago by claim shop/data, kept by policy Retain. */
export const volume = (name: string, spec: Fields = {}, status: Fields = {}, metadata: Fields = {}) =>
  stored({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      creationTimestamp: ago({ days: 300 }),
      annotations: { 'pv.kubernetes.io/provisioned-by': 'ebs.csi.aws.com' },
      finalizers: ['kubernetes.io/pv-protection'],
      ...metadata,
    },
    spec: {
      capacity: { storage: '100Gi' },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'gp3',
      claimRef: { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data', uid: 'claim-1' },
      csi: { driver: 'ebs.csi.aws.com', volumeHandle: `vol-${name}`, fsType: 'ext4' },
      ...spec,
    },
    status: { phase: 'Released', lastPhaseTransitionTime: ago({ days: 10 }), ...status },
  });

export const claim = (volumeName: string, name = 'data', uid = 'claim-2', namespace = 'shop') =>
  stored({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, uid },
    spec: { volumeName },
    status: { phase: 'Bound' },
  });
