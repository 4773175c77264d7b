/**
 * The parsed companion files as what is used of them. Absent and null fields are left out; a field of another type than Velero's is a wrong
 * shape, since Velero cannot read the file either. Keys match whatever their case: some have no JSON tag in Go (`Phase`, `Namespace`).
 */
import * as z from 'zod';
import { isRecord } from '../archive/archived-object.ts';
import type {
  ItemIdentity,
  ItemOperation,
  Messages,
  PodVolumeBackup,
  ResourceList,
  Results,
  VolumeInfo,
  VolumeSnapshot,
} from './companion-files.ts';

/** A list's items, and which backup they say they are of, where they say it. */
export interface Items<T> {
  readonly items: readonly T[];
  readonly ofBackups: readonly string[];
}

const text = z.string().nullish();
const flag = z.boolean().nullish();
const number = z.number().nullish();
const part = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).nullish();

/** Goes through the keys in lower case, as Go’s decoder takes them in any; the keys of maps of the users’ own are none of these. */
function lowerCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCased);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), lowerCased(inner)]));
}

type Given<T> = { readonly [Key in keyof T]?: Exclude<T[Key], null | undefined> };
/** Without what is null, absent or the empty text. */
const given = <T extends object>(value: T): Given<T> =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined && inner !== '')) as Given<T>;

function listOf<Shape extends z.ZodType, T>(shape: Shape, map: (item: z.output<Shape>) => T, backupOf: (item: z.output<Shape>) => string) {
  const list = z.array(shape.nullable()).nullable();
  return (value: unknown): Items<T> => {
    // An empty object stands for none as well.
    const isNone = isRecord(value) && Object.keys(value).length === 0;
    const items = (isNone ? [] : (list.parse(lowerCased(value)) ?? [])).filter((item) => item !== null);
    return { items: items.map((item) => map(item)), ofBackups: [...new Set(items.map((item) => backupOf(item)))].filter(Boolean) };
  };
}

export const volumeInfos = listOf(
  z.object({
    pvcname: text,
    pvcnamespace: text,
    pvname: text,
    backupmethod: text,
    snapshotdatamoved: flag,
    skipped: flag,
    skippedreason: text,
    result: text,
    csisnapshotinfo: part({ snapshothandle: text, driver: text, readytouse: flag }),
    snapshotdatamovementinfo: part({ uploadertype: text, snapshothandle: text, phase: text, operationid: text, size: number }),
    nativesnapshotinfo: part({ snapshothandle: text, phase: text, volumeaz: text }),
    pvbinfo: part({
      snapshothandle: text,
      phase: text,
      uploadertype: text,
      volumename: text,
      podname: text,
      podnamespace: text,
      size: number,
    }),
  }),
  (item): VolumeInfo => {
    const { csisnapshotinfo: csi, snapshotdatamovementinfo: moved, nativesnapshotinfo: native, pvbinfo: pod } = item;
    return {
      ...given({
        pvcName: item.pvcname,
        pvcNamespace: item.pvcnamespace,
        pvName: item.pvname,
        backupMethod: item.backupmethod,
        skippedReason: item.skippedreason,
        result: item.result,
      }),
      snapshotDataMoved: item.snapshotdatamoved ?? false,
      skipped: item.skipped ?? false,
      ...(csi && { csi: given({ snapshotHandle: csi.snapshothandle, driver: csi.driver, readyToUse: csi.readytouse }) }),
      ...(moved && {
        dataMovement: given({
          uploaderType: moved.uploadertype,
          snapshotHandle: moved.snapshothandle,
          phase: moved.phase,
          operationId: moved.operationid,
          size: moved.size,
        }),
      }),
      ...(native && { native: given({ snapshotHandle: native.snapshothandle, phase: native.phase, volumeAz: native.volumeaz }) }),
      ...(pod && {
        podVolume: given({
          snapshotHandle: pod.snapshothandle,
          phase: pod.phase,
          uploaderType: pod.uploadertype,
          volumeName: pod.volumename,
          podName: pod.podname,
          podNamespace: pod.podnamespace,
          size: pod.size,
        }),
      }),
    };
  },
  () => '',
);

export const podVolumeBackups = listOf(
  z.object({
    metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
    spec: part({
      pod: part({ namespace: text, name: text }),
      volume: text,
      uploadertype: text,
      repoidentifier: text,
      tags: z.record(z.string(), z.string()).nullish(),
    }),
    status: part({
      phase: text,
      message: text,
      snapshotid: text,
      completiontimestamp: text,
      progress: part({ bytesdone: number, totalbytes: number }),
    }),
  }),
  ({ metadata, spec, status }): PodVolumeBackup => ({
    name: metadata.name,
    ...given({
      podNamespace: spec?.pod?.namespace,
      podName: spec?.pod?.name,
      volume: spec?.volume,
      uploaderType: spec?.uploadertype,
      pvcUid: spec?.tags?.['pvc-uid'],
      repoIdentifier: spec?.repoidentifier,
      phase: status?.phase,
      message: status?.message,
      snapshotId: status?.snapshotid,
      bytesDone: status?.progress?.bytesdone,
      totalBytes: status?.progress?.totalbytes,
      completionTimestamp: status?.completiontimestamp,
    }),
  }),
  ({ metadata }) => metadata.labels?.['velero.io/backup-name'] ?? '',
);

export const volumeSnapshots = listOf(
  z.object({
    spec: part({ backupname: text, persistentvolumename: text }),
    status: part({ providersnapshotid: text, phase: text }),
  }),
  ({ spec, status }): VolumeSnapshot =>
    given({ persistentVolumeName: spec?.persistentvolumename, providerSnapshotId: status?.providersnapshotid, phase: status?.phase }),
  ({ spec }) => spec?.backupname ?? '',
);

const identity = z.object({ group: text, resource: text, namespace: text, name: text });
const itemOf = (item: z.output<typeof identity> | null | undefined): ItemIdentity => ({
  group: item?.group ?? '',
  resource: item?.resource ?? '',
  ...given({ namespace: item?.namespace }),
  name: item?.name ?? '',
});
export const itemOperations = listOf(
  z.object({
    spec: part({
      backupname: text,
      operationid: text,
      backupitemaction: text,
      resourceidentifier: identity.nullish(),
      postoperationitems: z.array(identity).nullish(),
    }),
    status: part({ phase: text, error: text }),
  }),
  ({ spec, status }): ItemOperation => ({
    ...given({ operationId: spec?.operationid, backupItemAction: spec?.backupitemaction, phase: status?.phase, error: status?.error }),
    item: itemOf(spec?.resourceidentifier),
    postOperationItems: (spec?.postoperationitems ?? []).map(itemOf),
  }),
  ({ spec }) => spec?.backupname ?? '',
);

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((item) => typeof item === 'string');
const isEmptyList = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

/** Throws a TypeError for a wrong shape. No copy is made: it may name 200,000 items. */
export function resourceList(value: unknown): ResourceList {
  if (isEmptyList(value)) return {};
  if (!isRecord(value)) throw new TypeError('expected an object of lists');
  const isList = (each: Readonly<Record<string, unknown>>): each is ResourceList => Object.values(each).every(isTexts);
  if (!isList(value)) throw new TypeError('expected an object of lists');
  return value;
}

const messages = z
  .object({
    velero: z.array(z.string()).nullish(),
    cluster: z.array(z.string()).nullish(),
    namespaces: z.record(z.string(), z.array(z.string())).nullish(),
  })
  .nullish()
  .transform((value): Messages => ({ velero: value?.velero ?? [], cluster: value?.cluster ?? [], namespaces: value?.namespaces ?? {} }));
const resultsShape = z.object({ errors: messages, warnings: messages });
export const results = (value: unknown): Results => resultsShape.parse(isEmptyList(value) ? {} : value);
