/** Runs one check of the inventory on a location, as the engine does. */
import assert from 'node:assert/strict';
import type { LocationFacts, OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { nothingSaid, passOf, type Said } from '../../functions/backup-verification/said.ts';
import type { Backup } from '../../functions/velero/backup.ts';
import type { ClusterFacts, Listed } from '../../functions/velero/cluster-facts.ts';
import { schedulesOf } from '../../functions/velero/inventory/schedules.ts';
import {
  type BackupObject,
  type BackupStorageLocationObject,
  backupStorageLocations,
  type ScheduleObject,
  veleroBackups,
  veleroSchedules,
} from '../../functions/velero/kinds.ts';
import { noCluster } from '../../functions/velero/read-cluster-facts.ts';
import { memoryObjectStore } from '../velero/memory-object-store.ts';
import { now } from './sample-location.ts';

export const place = 's3://velero/prod';

/** The BackupStorageLocation that is `place`. */
export const here: BackupStorageLocationObject = {
  metadata: { name: 'default', namespace: 'velero' },
  spec: { provider: 'aws', default: true, objectStorage: { bucket: 'velero', prefix: 'prod' } },
  status: { phase: 'Available' },
};

/** A cluster that was read; what is not given has no objects. */
export const clusterOf = (objects: {
  readonly schedules?: readonly ScheduleObject[];
  readonly backups?: readonly BackupObject[];
  readonly locations?: readonly BackupStorageLocationObject[];
}): ClusterFacts => {
  const { schedules = [], backups = [], locations = [here] } = objects;
  const lists = new Map<string, readonly unknown[]>([
    [veleroSchedules.resource, schedules],
    [veleroBackups.resource, backups],
    [backupStorageLocations.resource, locations],
  ]);
  return {
    version: 'v1.36.3',
    of: <T>({ resource }: { readonly resource: string; readonly type?: T }) =>
      ({ state: 'read', objects: lists.get(resource) ?? [] }) as Listed<T>,
  };
};
export const noClusterAtAll = noCluster('there is no cluster', '', false);
export const unreachable = noCluster('the cluster could not be asked', 'look at it', true);

export const factsOf = (backups: readonly Backup[], more: Partial<LocationFacts> = {}): LocationFacts => {
  const cluster = more.cluster ?? noClusterAtAll;
  return {
    name: place,
    object: { apiVersion: 'nightshift.dev/v1', kind: 'Bucket', name: 'velero' },
    store: memoryObjectStore({}),
    topFolders: ['backups'],
    backups,
    schedules: schedulesOf(backups, cluster, more.name ?? place),
    ...more,
    cluster,
  };
};

export interface LookedAt extends Said {
  /** `severity subject: message`. */
  readonly lines: readonly string[];
  /** Graver than info. */
  readonly alarms: readonly string[];
  /** `backup verdict: what`. */
  readonly rows: readonly string[];
  readonly memory: unknown;
}

/** Throws what the check throws. */
export async function lookAt(
  check: OperationCheck,
  location: LocationFacts,
  { options = {}, clock = now, memory }: { readonly options?: unknown; readonly clock?: number; readonly memory?: unknown } = {},
): Promise<LookedAt> {
  assert.ok('look' in check);
  const memories: Record<string, unknown> = memory === undefined ? {} : { [check.id]: memory };
  const said = nothingSaid();
  const pass = passOf(check, check.options.parse(options), {
    said,
    location,
    request: { level: 'inventory', namespaceMapping: {} },
    now: clock,
    memory: memories,
    subjectPrefix: '',
    signal: new AbortController().signal,
  });
  await check.look(pass);
  const line = ({ severity, subject, message }: Said['findings'][number]) => `${severity}${subject ? ` ${subject}` : ''}: ${message}`;
  return {
    ...said,
    lines: said.findings.map(line),
    alarms: said.findings.filter(({ severity }) => severity !== 'info').map(line),
    rows: said.marks.map(({ backup, verdict, what }) => `${backup} ${verdict}: ${what}`),
    memory: memories[check.id],
  };
}
