import * as z from 'zod';
import { because, some } from '../../health-check/wire.ts';
import { NotApplicable, refTo, type Wire } from '../../scan/contracts.ts';
import { type BucketPlace, bucketPlace, isAt } from '../../velero/inventory/storage-locations.ts';
import { type BackupStorageLocationObject, backupStorageLocations } from '../../velero/kinds.ts';
import { type CheckPass, defineLocationCheck } from '../contracts.ts';
import { askCluster } from '../inventory/ask-cluster.ts';

type StorageLocation = Wire<BackupStorageLocationObject>;

/** `prefix` belongs into objectStorage; in config it is not read, and the location is then the whole bucket (velero #8918). */
const isMisplaced = ({ spec }: StorageLocation, { bucket, prefix }: BucketPlace): boolean =>
  prefix !== '' && spec?.objectStorage?.bucket === bucket && !spec.objectStorage.prefix && Boolean(spec.config?.prefix);

export default defineLocationCheck({
  id: 'location-available',
  title: 'Backup locations that Velero cannot use',
  why: 'While a BackupStorageLocation is Unavailable, Velero makes no backups there, removes none that expired, and refuses every restore.',
  upstream: 'https://velero.io/docs/main/api-types/backupstoragelocation/',
  level: 'inventory',
  reads: { backupStorageLocations },
  options: z.strictObject({}),
  look(pass) {
    const place = bucketPlace(pass.location.name);
    if (!place) throw new NotApplicable('a folder on disk is no BackupStorageLocation');
    const objects = askCluster(pass, backupStorageLocations);
    if (!objects) return;
    const here = objects.filter((object) => isAt(object, place));
    if (here.length === 0) notFound(pass, objects, place);
    for (const object of here) judge(pass, object);
  },
});

function notFound({ emit, location }: CheckPass, objects: readonly StorageLocation[], place: BucketPlace): void {
  const misplaced = objects.find((object) => isMisplaced(object, place));
  const others = objects.map(({ spec }) => [spec?.objectStorage?.bucket, spec?.objectStorage?.prefix].filter(Boolean).join('/'));
  const where = others.length === 0 ? 'the cluster has none' : `the cluster’s are ${some(others.map((other) => `s3://${other}`))}`;
  const why = misplaced ? `; ${misplaced.metadata?.name} says its prefix in spec.config, where Velero does not look` : '';
  emit({
    object: location.object,
    subject: 'not-found',
    severity: 'warning',
    message: `no BackupStorageLocation of the cluster is ${location.name}: ${where}${why}`,
    remedy: misplaced
      ? `move the prefix to spec.objectStorage: kubectl -n ${misplaced.metadata?.namespace} edit backupstoragelocation ${misplaced.metadata?.name}`
      : 'compare the backups entry in nightshift.yaml with: kubectl get backupstoragelocations -A -o wide',
  });
}

function judge({ emit }: CheckPass, object: StorageLocation): void {
  const ref = refTo(backupStorageLocations, object.metadata);
  const { phase, message } = object.status ?? {};
  const describe = `kubectl -n ${ref.namespace} describe backupstoragelocation ${ref.name}`;
  if (phase === 'Unavailable')
    emit({
      object: ref,
      subject: 'unavailable',
      severity: 'critical',
      message: `Velero cannot use it${because(message)}`,
      remedy: describe,
    });
  else if (phase !== 'Available')
    emit({
      object: ref,
      subject: 'not-validated',
      severity: 'warning',
      message: `Velero has not said that it can use it (${phase ? `phase ${phase}` : 'no phase'}): is its server running?`,
      remedy: describe,
    });
  if (object.spec?.accessMode === 'ReadOnly')
    emit({
      object: ref,
      subject: 'read-only',
      severity: 'info',
      message: 'it is ReadOnly: no backup is made there, and none that expired is removed',
      remedy: `if that is not meant: kubectl -n ${ref.namespace} patch backupstoragelocation ${ref.name} --type merge -p '{"spec":{"accessMode":"ReadWrite"}}'`,
    });
}
