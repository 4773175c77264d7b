/** What an archive's objects say of volumes: claims, volumes, the pods that use them, and Velero's own records of data that was moved. */
import { numberOf, textOf } from '../../health-check/wire.ts';
import type { ArchivedObject } from '../archive/archive-facts.ts';
import { isRecord } from '../archive/archived-object.ts';

/** `NAMESPACE/NAME`. */
export const claimKey = (namespace: string | undefined, name: string | undefined): string => `${namespace ?? ''}/${name ?? ''}`;

export interface Claim {
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
  /** Bound, Pending or Lost; absent where the object does not say. */
  readonly phase?: string;
  readonly volumeName?: string;
  /** A pod owns it (a generic ephemeral volume): its data is not meant to outlive that pod. */
  readonly ephemeral: boolean;
}

export interface Volume {
  /** The key of its source in the spec: csi, nfs, hostPath, local, awsElasticBlockStore, ... */
  readonly source?: string;
  /** Of a CSI volume. */
  readonly driver?: string;
  /** Delete or Retain. */
  readonly reclaimPolicy?: string;
}

/** A DataUpload (velero.io/v2alpha1, pkg/apis/velero/v2alpha1/data_upload_types.go). */
export interface DataUpload {
  readonly namespace: string;
  readonly name: string;
  readonly sourceNamespace: string;
  readonly sourceClaim: string;
  /** Who moves it: `velero`, or another's data mover with a store of its own. */
  readonly dataMover: string;
  /** Its labels: which backup, and which operation. */
  readonly backup?: string;
  readonly operationId?: string;
  readonly phase?: string;
  readonly snapshotId?: string;
  readonly message?: string;
  readonly bytesDone?: number;
  readonly totalBytes?: number;
}

/** A CSI VolumeSnapshot that is in the archive. */
export interface ClaimSnapshot {
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  /** Of what: `NAMESPACE/NAME`. */
  readonly claim?: string;
  /** Its label: which backup took it. */
  readonly backup?: string;
  readonly contentName?: string;
}

/** A VolumeSnapshotContent: the provider's id, and who takes it. */
export interface SnapshotContent {
  readonly handle?: string;
  readonly driver?: string;
  /** Of which VolumeSnapshot: `NAMESPACE/NAME`. */
  readonly snapshot?: string;
}

export interface Pod {
  /** Its volumes that are claims: by the volume's name the claim's. */
  readonly claims: Readonly<Record<string, string>>;
  readonly phase?: string;
}

export interface VolumeObjects {
  readonly claims: ReadonlyMap<string, Claim>;
  readonly volumes: ReadonlyMap<string, Volume>;
  readonly uploads: readonly DataUpload[];
  /** By claim. */
  readonly snapshots: ReadonlyMap<string, readonly ClaimSnapshot[]>;
  /** By their name. */
  readonly contents: ReadonlyMap<string, SnapshotContent>;
  /** Pods that use claims, `NAMESPACE/NAME`. */
  readonly pods: ReadonlyMap<string, Pod>;
}

export interface VolumeObjectCollector {
  /** Any object of the archive; one that was seen already changes nothing. */
  see(object: ArchivedObject): void;
  /** What was seen so far. */
  objects(): VolumeObjects;
}

type Json = Readonly<Record<string, unknown>>;
const none: Json = {};
const recordOf = (value: unknown): Json => (isRecord(value) ? value : none);
/** Keys whose value is undefined left out. */
const present = <T extends object>(object: { readonly [Key in keyof T]: T[Key] | undefined }): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

/** The other records in a PersistentVolume's spec. */
const notSources = new Set(['capacity', 'claimRef', 'nodeAffinity']);
const sourceOf = (spec: Json): string | undefined => Object.keys(spec).find((key) => !notSources.has(key) && isRecord(spec[key]));

function ownersOf(body: Json): readonly Json[] {
  const owners = recordOf(body.metadata).ownerReferences;
  return Array.isArray(owners) ? owners.map(recordOf) : [];
}

const claimOf = ({ namespace = '', name, body }: ArchivedObject): Claim => ({
  namespace,
  name,
  ephemeral: ownersOf(body).some(({ kind, apiVersion }) => kind === 'Pod' && apiVersion === 'v1'),
  ...present<Omit<Claim, 'namespace' | 'name' | 'ephemeral'>>({
    uid: textOf(recordOf(body.metadata).uid),
    phase: textOf(recordOf(body.status).phase),
    volumeName: textOf(recordOf(body.spec).volumeName),
  }),
});

function uploadOf({ namespace = '', name, body }: ArchivedObject): DataUpload {
  const [spec, status, labels] = [recordOf(body.spec), recordOf(body.status), recordOf(recordOf(body.metadata).labels)];
  const progress = recordOf(status.progress);
  return {
    namespace,
    name,
    sourceNamespace: textOf(spec.sourceNamespace) ?? '',
    sourceClaim: textOf(spec.sourcePVC) ?? '',
    dataMover: textOf(spec.datamover) ?? 'velero',
    ...present<Partial<DataUpload>>({
      backup: textOf(labels['velero.io/backup-name']),
      operationId: textOf(labels['velero.io/async-operation-id']),
      phase: textOf(status.phase),
      snapshotId: textOf(status.snapshotID),
      message: textOf(status.message),
      bytesDone: numberOf(progress.bytesDone),
      totalBytes: numberOf(progress.totalBytes),
    }),
  };
}

function podClaims(body: Json): Readonly<Record<string, string>> {
  const { volumes } = recordOf(body.spec);
  return Object.fromEntries(
    (Array.isArray(volumes) ? volumes : []).map(recordOf).flatMap((volume): [string, string][] => {
      const name = textOf(volume.name);
      const claim = textOf(recordOf(volume.persistentVolumeClaim).claimName);
      return name !== undefined && claim !== undefined ? [[name, claim]] : [];
    }),
  );
}

const snapshotOf = ({ namespace, name, body }: ArchivedObject): ClaimSnapshot => {
  const [spec, status] = [recordOf(body.spec), recordOf(body.status)];
  const claim = textOf(recordOf(spec.source).persistentVolumeClaimName);
  return present<ClaimSnapshot>({
    key: claimKey(namespace, name),
    claim: claim === undefined ? undefined : claimKey(namespace, claim),
    backup: textOf(recordOf(recordOf(body.metadata).labels)['velero.io/backup-name']),
    contentName: textOf(status.boundVolumeSnapshotContentName),
  });
};

const contentOf = ({ body }: ArchivedObject): SnapshotContent => {
  const [spec, status] = [recordOf(body.spec), recordOf(body.status)];
  const handle = textOf(status.snapshotHandle) ?? textOf(recordOf(spec.source).snapshotHandle);
  const of = recordOf(spec.volumeSnapshotRef);
  return present<SnapshotContent>({ handle, driver: textOf(spec.driver), snapshot: claimKey(textOf(of.namespace), textOf(of.name)) });
};

const volumeOf = ({ body }: ArchivedObject): Volume => {
  const spec = recordOf(body.spec);
  const reclaimPolicy = textOf(spec.persistentVolumeReclaimPolicy);
  return present<Volume>({ source: sourceOf(spec), driver: textOf(recordOf(spec.csi).driver), reclaimPolicy });
};

const podOf = ({ body }: ArchivedObject): Pod => ({
  claims: podClaims(body),
  ...present<Omit<Pod, 'claims'>>({ phase: textOf(recordOf(body.status).phase) }),
});

/** Gathers them in one pass; of pods only those that use claims are kept. */
export function volumeObjectCollector(): VolumeObjectCollector {
  const claims = new Map<string, Claim>();
  const volumes = new Map<string, Volume>();
  const uploads = new Map<string, DataUpload>();
  const snapshots = new Map<string, ClaimSnapshot>();
  const contents = new Map<string, SnapshotContent>();
  const pods = new Map<string, Pod>();
  const keep: Readonly<Record<string, (object: ArchivedObject) => unknown>> = {
    'persistentvolumeclaims.': (object) => claims.set(claimKey(object.namespace, object.name), claimOf(object)),
    'persistentvolumes.': (object) => volumes.set(object.name, volumeOf(object)),
    'pods.': (object) => {
      const pod = podOf(object);
      if (Object.keys(pod.claims).length > 0) pods.set(claimKey(object.namespace, object.name), pod);
    },
    'datauploads.velero.io': (object) => uploads.set(object.path, uploadOf(object)),
    'volumesnapshots.snapshot.storage.k8s.io': (object) => snapshots.set(object.path, snapshotOf(object)),
    'volumesnapshotcontents.snapshot.storage.k8s.io': (object) => contents.set(object.name, contentOf(object)),
  };
  return {
    see: (object) => void keep[`${object.resource}.${object.group}`]?.(object),
    objects: () => ({
      claims,
      volumes,
      pods,
      contents,
      uploads: [...uploads.values()],
      snapshots: Map.groupBy(snapshots.values(), ({ claim }) => claim ?? ''),
    }),
  };
}
