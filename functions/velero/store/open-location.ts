/** Opens what backups are read from: a configured location, or a place that the command was given. */
import type { BackupLocation } from '../../runtime/configuration.ts';
import type { Ref } from '../../scan/contracts.ts';
import type { BucketFacts } from '../bucket/bucket-facts.ts';
import type { ObjectStore } from './object-store.ts';
import { PlaceError } from './place-error.ts';

/** `s3://bucket/prefix`, a folder laid out like a bucket, a backup's own folder or its tarball; each but the last two may end in `#BACKUP`. */
export interface GivenPlace {
  readonly place: string;
  readonly region?: string;
}

export interface OpenedLocation {
  readonly store: ObjectStore;
  /** For findings about the location as a whole. */
  readonly object: Ref;
  /** The one that the place names. */
  readonly backupName?: string;
  /** How the bucket is kept; absent where it is none. */
  readonly bucketFacts?: (signal: AbortSignal) => Promise<BucketFacts>;
}

/** Throws PlaceError where a given place is none; whether a bucket can be read, its first listing tells. */
export async function openLocation(place: BackupLocation | GivenPlace): Promise<OpenedLocation> {
  if (!('place' in place)) return bucketAt(place);
  if (/^s3:/i.test(place.place)) return givenBucket(place);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place.place)) {
    throw new PlaceError(`${place.place}: backups are read from s3://BUCKET/PREFIX or from a path on this machine`);
  }
  return givenPath(place.place);
}

const refOf = (kind: 'Bucket' | 'File', name: string): Ref => ({ apiVersion: 'nightshift.dev/v1', kind, name });

async function bucketAt(location: BackupLocation, backupName?: string): Promise<OpenedLocation> {
  const { s3Asker } = await import('./s3-asker.ts');
  const { s3ObjectStore } = await import('./s3-object-store.ts');
  const asker = s3Asker(location);
  const store = s3ObjectStore(location, asker);
  return {
    store,
    object: refOf('Bucket', store.location),
    ...(backupName !== undefined && { backupName }),
    bucketFacts: async (signal) => (await import('../bucket/read-bucket-facts.ts')).readBucketFacts(asker, signal),
  };
}

async function givenBucket({ place, region }: GivenPlace): Promise<OpenedLocation> {
  const [, bucket, prefix, backupName] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/+([^#]*))?(?:#(.*))?$/i.exec(place) ?? [];
  if (bucket === undefined) throw new PlaceError(`${place}: a place in S3 is s3://BUCKET, s3://BUCKET/PREFIX or s3://BUCKET/PREFIX#BACKUP`);
  const { regionOfBucket } = await import('./region-of-bucket.ts');
  const location = { bucket, region: region ?? (await regionOfBucket(bucket)), ...(prefix && { prefix }) };
  return bucketAt(location, assertName(place, backupName));
}

async function givenPath(place: string): Promise<OpenedLocation> {
  const { directoryObjectStore } = await import('./directory-object-store.ts');
  const { existsSync } = await import('node:fs');
  const hash = place.lastIndexOf('#');
  // A path may hold the character.
  const isNamed = hash > 0 && !existsSync(place);
  const path = isNamed ? place.slice(0, hash) : place;
  const named = isNamed ? assertName(place, place.slice(hash + 1)) : undefined;
  const { backupName: only, ...store } = await directoryObjectStore(path);
  if (only !== undefined && named !== undefined && only !== named) throw new PlaceError(`${place}: the only backup in ${path} is ${only}`);
  const backupName = named ?? only;
  return { store, object: refOf('File', path), ...(backupName !== undefined && { backupName }) };
}

function assertName(place: string, name: string | undefined): string | undefined {
  if (name === undefined || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new PlaceError(`${place}: what follows # is a backup’s name, as velero backup get shows it`);
}
