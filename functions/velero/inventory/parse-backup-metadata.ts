/** velero-backup.json: the Backup as Velero wrote it into the bucket (velero pkg/apis/velero/v1/backup_types.go). */
import { listOf, numberOf, textOf } from '../../health-check/wire.ts';
import type { Backup, BackupMetadata, BackupSpec, LabelSelector } from '../backup.ts';

/** The only major version of the format that there is (velero pkg/backup/backup.go, BackupFormatVersion); older writers gave none. */
const knownMajor = 1;

export type ParsedMetadata = { readonly metadata: BackupMetadata } | { readonly trouble: NonNullable<Backup['trouble']> };

/** One for all: each has memory outside the heap. */
const strictly = new TextDecoder('utf-8', { fatal: true });

/** Tolerant: what is absent or of an odd type is as if it were not there. Only what makes it no Backup, or one of a newer format, is trouble. */
export function parseBackupMetadata(content: Uint8Array): ParsedMetadata {
  if (content.length === 0) return damaged('is empty');
  let written: unknown;
  try {
    written = JSON.parse(strictly.decode(content));
  } catch {
    // JSON.parse quotes what it chokes on, and an annotation may hold anything.
    return damaged(`is no JSON (${content.length} bytes)`);
  }
  const backup = objectOf(written);
  const [group, version] = (textOf(backup.apiVersion) ?? '').split('/');
  if (backup.kind !== 'Backup' || group !== 'velero.io') return damaged('holds no Backup of velero.io');
  if (textOf(objectOf(backup.metadata).name) === undefined) return damaged('holds a Backup without a name');
  if (version !== 'v1') return tooNew(`holds a Backup of velero.io/${version}`);
  const status = objectOf(backup.status);
  const formatVersion = textOf(status.formatVersion);
  const majors = [formatVersion?.replace(/^v/, '').split('.')[0], numberOf(status.version)].filter((major) => major !== undefined);
  if (majors.some((major) => !(Number(major) <= knownMajor)))
    return tooNew(`says format version ${formatVersion ?? numberOf(status.version)}, newer than the ${knownMajor}.x that is known`);
  return { metadata: metadataOf(backup, status, formatVersion) };
}

const damaged = (what: string): ParsedMetadata => ({
  trouble: {
    unknown: false,
    message: `velero-backup.json ${what}`,
    remedy: 'bring an earlier version of velero-backup.json back (bucket versioning), or delete the folder of this backup',
  },
});

const tooNew = (what: string): ParsedMetadata => ({
  trouble: { unknown: true, message: `velero-backup.json ${what}`, remedy: 'update Nightshift: a newer Velero wrote this backup' },
});

type Json = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const countOf = (value: unknown): number => numberOf(value) ?? 0;
const textsByKey = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(objectOf(value)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** The keys of `from` that have a text there: to be spread. */
const texts = <Key extends string>(from: Json, keys: readonly Key[]): { readonly [K in Key]?: string } =>
  Object.fromEntries(keys.flatMap((key) => (textOf(from[key]) === undefined ? [] : [[key, from[key]]]))) as { [K in Key]?: string };

const booleans = <Key extends string>(from: Json, keys: readonly Key[]): { readonly [K in Key]?: boolean } =>
  Object.fromEntries(keys.flatMap((key) => (typeof from[key] === 'boolean' ? [[key, from[key]]] : []))) as { [K in Key]?: boolean };

function metadataOf(backup: Json, status: Json, formatVersion: string | undefined): BackupMetadata {
  const metadata = objectOf(backup.metadata);
  const labels = textsByKey(metadata.labels);
  const schedule = textOf(labels['velero.io/schedule-name']);
  const kubernetesVersion = textOf(objectOf(metadata.annotations)['velero.io/source-cluster-k8s-gitversion']);
  const progress = objectOf(status.progress);
  const hooks = objectOf(status.hookStatus);
  return {
    name: textOf(metadata.name) ?? '',
    namespace: textOf(metadata.namespace) ?? 'velero',
    ...texts(metadata, ['uid']),
    labels,
    ...(schedule !== undefined && { schedule }),
    ...(kubernetesVersion !== undefined && { kubernetesVersion }),
    spec: specOf(objectOf(backup.spec)),
    phase: textOf(status.phase) ?? '',
    ...(formatVersion !== undefined && { formatVersion }),
    ...texts(status, ['startTimestamp', 'completionTimestamp', 'expiration', 'failureReason']),
    errors: countOf(status.errors),
    warnings: countOf(status.warnings),
    itemsBackedUp: countOf(progress.itemsBackedUp),
    totalItems: countOf(progress.totalItems),
    operationsAttempted: countOf(status.backupItemOperationsAttempted),
    operationsCompleted: countOf(status.backupItemOperationsCompleted),
    operationsFailed: countOf(status.backupItemOperationsFailed),
    volumeSnapshotsAttempted: countOf(status.volumeSnapshotsAttempted),
    volumeSnapshotsCompleted: countOf(status.volumeSnapshotsCompleted),
    csiVolumeSnapshotsAttempted: countOf(status.csiVolumeSnapshotsAttempted),
    csiVolumeSnapshotsCompleted: countOf(status.csiVolumeSnapshotsCompleted),
    hooksAttempted: countOf(hooks.hooksAttempted),
    hooksFailed: countOf(hooks.hooksFailed),
    validationErrors: textsOf(status.validationErrors),
  };
}

function specOf(spec: Json): BackupSpec {
  const labelSelector = spec.labelSelector ? selectorOf(spec.labelSelector) : undefined;
  const resourcePolicy = textOf(objectOf(spec.resourcePolicy).name);
  return {
    includedNamespaces: textsOf(spec.includedNamespaces),
    excludedNamespaces: textsOf(spec.excludedNamespaces),
    includedResources: textsOf(spec.includedResources),
    excludedResources: textsOf(spec.excludedResources),
    includedClusterScopedResources: textsOf(spec.includedClusterScopedResources),
    excludedClusterScopedResources: textsOf(spec.excludedClusterScopedResources),
    includedNamespaceScopedResources: textsOf(spec.includedNamespaceScopedResources),
    excludedNamespaceScopedResources: textsOf(spec.excludedNamespaceScopedResources),
    ...(labelSelector && { labelSelector }),
    orLabelSelectors: listOf(Array.isArray(spec.orLabelSelectors) ? spec.orLabelSelectors : []).map(selectorOf),
    ...(resourcePolicy !== undefined && { resourcePolicy }),
    ...booleans(spec, ['includeClusterResources', 'snapshotVolumes', 'snapshotMoveData', 'defaultVolumesToFsBackup']),
    ...texts(spec, ['ttl', 'storageLocation', 'itemOperationTimeout']),
  };
}

function selectorOf(written: unknown): LabelSelector {
  const { matchLabels, matchExpressions } = objectOf(written);
  const expressions = listOf(Array.isArray(matchExpressions) ? matchExpressions : []).map(objectOf);
  return {
    ...(matchLabels !== undefined && { matchLabels: textsByKey(matchLabels) }),
    ...(expressions.length > 0 && {
      matchExpressions: expressions.map(({ key, operator, values }) => ({
        key: textOf(key) ?? '',
        operator: textOf(operator) ?? '',
        ...(values !== undefined && { values: textsOf(values) }),
      })),
    }),
  };
}
