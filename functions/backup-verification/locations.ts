/** The locations of a run: those that are configured, the one that the command was given, or those that the cluster's BackupStorageLocations name. */
import { ClusterError } from '../cluster/cluster-error.ts';
import type { BackupLocation } from '../runtime/configuration.ts';
import type { BackupPlace, BackupPlaces } from '../runtime/operation.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import { backupStorageLocations } from '../velero/kinds.ts';
import { locationName } from '../velero/store/location-name.ts';

/** As the location is called in the report, and in what is kept of it. */
export const placeName = (place: BackupPlace): string => ('place' in place ? place.place : locationName(place));

/** Throws ClusterError where nothing says where the backups lie. */
export function placesOf(backups: BackupPlaces | undefined, cluster: ClusterFacts): readonly BackupPlace[] {
  if (backups === undefined) return eachOnce(placesOfCluster(cluster));
  return eachOnce('length' in backups ? backups : [backups]);
}

/** Two BackupStorageLocations may be one place, such as one for writing and one that is read only. */
const eachOnce = (places: readonly BackupPlace[]): readonly BackupPlace[] => {
  const names = places.map(placeName);
  return places.filter((_, index) => names.indexOf(names[index] ?? '') === index);
};

/** Velero's AWS plugin: config.region, and objectStorage's bucket and prefix (velero-plugin-for-aws, backupstoragelocation.md). */
function placesOfCluster(cluster: ClusterFacts): readonly BackupPlace[] {
  const remedy = 'say where they are: backups: [{ bucket, prefix, region }] in nightshift.yaml, or --backup s3://BUCKET/PREFIX';
  const listed = cluster.of(backupStorageLocations);
  if (listed.state === 'unread') throw new ClusterError('configuration', `nothing says where the backups are: ${listed.reason}`, remedy);
  // The default one first: the first keeps the names of its findings when others are added.
  const defaultFirst = listed.objects.toSorted((a, b) => Number(b.spec?.default === true) - Number(a.spec?.default === true));
  const places = defaultFirst.flatMap(({ spec }): BackupLocation[] => {
    const { bucket, prefix } = spec?.objectStorage ?? {};
    if (!bucket || !['aws', 'velero.io/aws'].includes(spec?.provider ?? '')) return [];
    const region = spec?.config?.region ?? process.env.AWS_REGION ?? 'us-east-1';
    return [{ bucket, region, ...(prefix && { prefix }) }];
  });
  if (places.length > 0) return places;
  const what = listed.objects.length === 0 ? 'the cluster has no BackupStorageLocation' : 'no BackupStorageLocation is of the provider aws';
  throw new ClusterError('configuration', what, remedy);
}
