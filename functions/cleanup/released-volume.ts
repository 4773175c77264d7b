/** What a PersistentVolume that nobody claims any more tells of its disk. Pure. */
import type { V1PersistentVolume } from '@kubernetes/client-node';
import { startedAt, timeOf } from '../health-check/age.ts';
import { textOf } from '../health-check/wire.ts';
import type { Wire } from '../scan/contracts.ts';
import { isRecord } from '../velero/archive/archived-object.ts';
import { quantityOf } from './quantity.ts';

export type Volume = Wire<V1PersistentVolume>;

/** Which fields of an in-tree source name its disk: k8s.io/api core/v1 PersistentVolumeSource. A CSI driver's is volumeHandle. */
const idFields: Readonly<Record<string, readonly string[]>> = {
  awsElasticBlockStore: ['volumeID'],
  azureDisk: ['diskURI'],
  azureFile: ['shareName'],
  cephfs: ['path'],
  cinder: ['volumeID'],
  fc: ['wwids', 'targetWWNs', 'lun'],
  gcePersistentDisk: ['pdName'],
  glusterfs: ['endpoints', 'path'],
  hostPath: ['path'],
  iscsi: ['targetPortal', 'iqn', 'lun'],
  local: ['path'],
  nfs: ['server', 'path'],
  portworxVolume: ['volumeID'],
  quobyte: ['registry', 'volume'],
  rbd: ['pool', 'image'],
  vsphereVolume: ['volumePath'],
};

export interface Disk {
  /** The CSI driver, or the in-tree source's field: `ebs.csi.aws.com`, `nfs`. */
  readonly driver: string;
  /** As the storage system calls it: a CSI volume handle, a cloud's volume id, a path. */
  readonly id: string | undefined;
}

/** Where the data is; undefined where the volume does not say it in a way that is known. */
export const diskOf = ({ spec }: Volume): Disk | undefined => {
  const driver = textOf(spec?.csi?.driver);
  if (driver !== undefined) return { driver, id: textOf(spec?.csi?.volumeHandle) };
  const fieldsOfSpec: Readonly<Record<string, unknown>> = spec ?? {};
  for (const [source, fields] of Object.entries(idFields)) {
    const value = fieldsOfSpec[source];
    if (!isRecord(value)) continue;
    const parts = fields.flatMap((field) => [value[field] ?? []].flat()).map(String);
    return { driver: source, id: textOf(parts.join(':')) };
  }
  return undefined;
};

/** When it came into its phase, in ms. Absent before Kubernetes 1.29, and then nothing tells: its creation is long before its release. */
export const releasedAt = ({ status }: Volume): number | undefined => timeOf(status?.lastPhaseTransitionTime);

/** `shop/data`: whose it was; undefined where it does not say. */
export const formerClaim = ({ spec }: Volume): string | undefined => {
  const { namespace, name } = spec?.claimRef ?? {};
  return namespace && name ? `${namespace}/${name}` : undefined;
};

const bytesOf = ({ spec }: Volume): number | undefined => quantityOf(spec?.capacity?.storage);

/** For a proposal: how much storage its disk takes, and how it is called. */
export const freesOf = (volume: Volume): { readonly bytes?: number; readonly disk?: string } => {
  const bytes = bytesOf(volume);
  const id = diskOf(volume)?.id;
  return { ...(bytes !== undefined && { bytes }), ...(id !== undefined && { disk: id }) };
};

/** For a proposal: what one has to know before one removes it. */
export const volumeFacts = (volume: Volume): Readonly<Record<string, string | number>> => {
  const { spec, status } = volume;
  const [disk, bytes, claim] = [diskOf(volume), bytesOf(volume), formerClaim(volume)];
  const { startedAt: since } = startedAt(releasedAt(volume));
  return {
    phase: status?.phase ?? '',
    policy: textOf(spec?.persistentVolumeReclaimPolicy) ?? 'not known',
    driver: disk?.driver ?? 'not known',
    disk: disk?.id ?? 'not known',
    ...(textOf(spec?.capacity?.storage) !== undefined && { size: String(spec?.capacity?.storage) }),
    ...(bytes !== undefined && { bytes }),
    storageClass: textOf(spec?.storageClassName) ?? 'none',
    formerClaim: claim ?? 'not known',
    since: since ?? 'not known',
  };
};
