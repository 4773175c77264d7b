/** The locations of a run: those that are configured, the one that the command was given, or those that the cluster's BackupStorageLocations name. */
import { ClusterError } from '../cluster/cluster-error.ts';
import type { BackupLocation } from '../runtime/configuration.ts';
import type { BackupPlaces } from '../runtime/operation.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import { backupStorageLocations } from '../velero/kinds.ts';

export type Place = BackupLocation | { readonly place: string; readonly region?: string };

/** Throws ClusterError where nothing says where the backups lie. */
export function placesOf(backups: BackupPlaces | undefined, cluster: ClusterFacts): readonly Place[] {
  if (backups === undefined) return placesOfCluster(cluster);
  return 'place' in backups ? [backups] : backups;
}

/** Velero's AWS plugin: config.region, and objectStorage's bucket and prefix (velero-plugin-for-aws, backupstoragelocation.md). */
function placesOfCluster(cluster: ClusterFacts): readonly Place[] {
  const remedy = 'say where they are: backups: [{ bucket, prefix, region }] in nightshift.yaml, or --backup s3://BUCKET/PREFIX';
  const listed = cluster.of(backupStorageLocations);
  if (listed.state === 'unread') throw new ClusterError('configuration', `nothing says where the backups are: ${listed.reason}`, remedy);
  const places = listed.objects.flatMap(({ spec }): Place[] => {
    const { bucket, prefix } = spec?.objectStorage ?? {};
    if (!bucket || !['aws', 'velero.io/aws'].includes(spec?.provider ?? '')) return [];
    const region = spec?.config?.region ?? process.env.AWS_REGION ?? 'us-east-1';
    return [{ bucket, region, ...(prefix && { prefix }) }];
  });
  if (places.length > 0) return places;
  const what = listed.objects.length === 0 ? 'the cluster has no BackupStorageLocation' : 'no BackupStorageLocation is of the provider aws';
  throw new ClusterError('configuration', what, remedy);
}
