/** Which BackupStorageLocations of a cluster are a location, and which Schedules write there (velero pkg/apis/velero/v1). */
import type { Wire } from '../../scan/contracts.ts';
import type { ClusterFacts, Listed } from '../cluster-facts.ts';
import { type BackupStorageLocationObject, backupStorageLocations, type ScheduleObject, veleroSchedules } from '../kinds.ts';
import { trimmedPrefix } from '../store/location-name.ts';

/** Bucket and prefix; `s3://BUCKET/PREFIX` for one that is named for people. */
export interface BucketPlace {
  readonly bucket: string;
  /** Without slashes at its ends. */
  readonly prefix: string;
}

/** Undefined for what is no bucket, such as a folder on disk. */
export function bucketPlace(location: string): BucketPlace | undefined {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  return bucket === undefined ? undefined : { bucket, prefix: trimmedPrefix(prefix) };
}

type StorageLocation = Wire<BackupStorageLocationObject>;

/** Is it this bucket and prefix? Velero trims slashes (pkg/persistence/object_store.go). */
export const isAt = ({ spec }: StorageLocation, { bucket, prefix }: BucketPlace): boolean =>
  spec?.objectStorage?.bucket === bucket && trimmedPrefix(spec.objectStorage.prefix ?? undefined) === prefix;

/** The BackupStorageLocations that are this place; none where it is no bucket. */
export function storageLocationsAt(cluster: ClusterFacts, location: string): Listed<BackupStorageLocationObject> {
  const listed = cluster.of(backupStorageLocations);
  const place = bucketPlace(location);
  if (listed.state === 'unread') return listed;
  return { state: 'read', objects: place ? listed.objects.filter((each) => isAt(each, place)) : [] };
}

interface Named {
  readonly metadata?: { readonly name?: string | null; readonly namespace?: string | null } | null;
}
const nameOf = ({ metadata }: Named): string => metadata?.name ?? '';
const namespaceOf = ({ metadata }: Named): string => metadata?.namespace ?? '';

/** Where a Schedule writes that names no location: its Velero's default, which is called `default` where none is marked (velero pkg/cmd/server). */
function defaultLocation(cluster: ClusterFacts, schedule: Wire<ScheduleObject>): string {
  const listed = cluster.of(backupStorageLocations);
  const isDefault = (each: StorageLocation) => each.spec?.default === true && namespaceOf(each) === namespaceOf(schedule);
  const marked = listed.state === 'read' ? listed.objects.find(isDefault) : undefined;
  return marked ? nameOf(marked) : 'default';
}

/** Is an object (a Schedule, a Backup) that names this location meant by one of these? A cluster may have several Veleros, each with its `default`. */
export const isNamedBy = (object: Named, location: string, locations: readonly StorageLocation[]): boolean =>
  locations.some((each) => nameOf(each) === location && namespaceOf(each) === namespaceOf(object));

/**
 * The Schedules that write to a location. Where its BackupStorageLocations are not told (a folder on disk, a right that is missing), those that
 * write to a location of a name that the backups themselves say.
 */
export function schedulesWritingTo(
  cluster: ClusterFacts,
  location: string | undefined,
  saidByBackups: Iterable<string>,
): readonly Wire<ScheduleObject>[] {
  const listed = cluster.of(veleroSchedules);
  if (listed.state === 'unread') return [];
  const at = location !== undefined && bucketPlace(location) ? storageLocationsAt(cluster, location) : undefined;
  const names = new Set(saidByBackups);
  return listed.objects.filter((schedule) => {
    const name = schedule.spec?.template?.storageLocation || defaultLocation(cluster, schedule);
    return at?.state === 'read' ? isNamedBy(schedule, name, at.objects) : names.has(name);
  });
}
