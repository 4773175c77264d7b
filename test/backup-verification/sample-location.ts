/** Backups and locations as the inventory gives them, for the tests of what looks at them. */
import type { LocationFacts, ScheduleFacts } from '../../functions/backup-verification/contracts.ts';
import { type Backup, type BackupMetadata, isFinished, isUsable } from '../../functions/velero/backup.ts';
import { backupKey } from '../../functions/velero/layout.ts';
import { noCluster } from '../../functions/velero/read-cluster-facts.ts';
import { memoryObjectStore } from '../velero/memory-object-store.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
/** The clock of the samples. */
export const now = Date.parse('2026-11-24T05:30:00Z');

const emptySpec: BackupMetadata['spec'] = {
  includedNamespaces: ['*'],
  excludedNamespaces: [],
  includedResources: [],
  excludedResources: [],
  includedClusterScopedResources: [],
  excludedClusterScopedResources: [],
  includedNamespaceScopedResources: [],
  excludedNamespaceScopedResources: [],
  orLabelSelectors: [],
  ttl: '720h0m0s',
};

/** velero-backup.json of a backup that began so many hours before now and took a minute. */
export const metadataOf = (name: string, hoursAgo: number, more: Partial<BackupMetadata> = {}): BackupMetadata => ({
  name,
  namespace: 'velero',
  labels: {},
  phase: 'Completed',
  formatVersion: '1.1.0',
  startTimestamp: new Date(now - hoursAgo * hour).toISOString(),
  completionTimestamp: new Date(now - hoursAgo * hour + 60_000).toISOString(),
  expiration: new Date(now - hoursAgo * hour + 30 * day).toISOString(),
  errors: 0,
  warnings: 0,
  itemsBackedUp: 10,
  totalItems: 10,
  operationsAttempted: 0,
  operationsCompleted: 0,
  operationsFailed: 0,
  volumeSnapshotsAttempted: 0,
  volumeSnapshotsCompleted: 0,
  csiVolumeSnapshotsAttempted: 0,
  csiVolumeSnapshotsCompleted: 0,
  hooksAttempted: 0,
  hooksFailed: 0,
  validationErrors: [],
  ...more,
  spec: { ...emptySpec, ...more.spec },
});

/** Its folder, with metadata and tarball alone. */
export const backupOf = (name: string, hoursAgo: number, more: Partial<BackupMetadata> = {}): Backup => {
  const lastModified = now - hoursAgo * hour + 60_000;
  const file = (kind: 'metadata' | 'contents', size: number) => ({
    key: backupKey(name, kind),
    size,
    etag: `etag-${name}-${kind}`,
    lastModified,
  });
  return {
    name,
    files: { metadata: file('metadata', 4000), contents: file('contents', 2_700_000) },
    strangers: [],
    bytes: 2_704_000,
    lastModified,
    metadata: metadataOf(name, hoursAgo, more),
  };
};

export const scheduleOf = (name: string, backups: readonly Backup[]): ScheduleFacts => {
  const deciding = backups.find(isFinished);
  const newestUsable = backups.find(isUsable);
  return { name, namespace: 'velero', backups, ...(deciding && { deciding }), ...(newestUsable && { newestUsable }) };
};

export const locationOf = (schedules: readonly ScheduleFacts[]): LocationFacts => ({
  name: 's3://velero/prod',
  object: { apiVersion: 'nightshift.dev/v1', kind: 'Bucket', name: 'velero' },
  store: memoryObjectStore({}),
  topFolders: ['backups'],
  backups: schedules.flatMap(({ backups }) => backups),
  schedules,
  cluster: noCluster('no cluster in this test', '', false),
});
