/** How a bucket is kept: what S3 says of its configuration. Read once a run; the levels beyond the listing do not need it. */

/** An answer, `unset` where S3 says that nothing is configured, or why nobody knows. */
export type Asked<T> =
  | { readonly state: 'set'; readonly value: T }
  | { readonly state: 'unset' }
  | { readonly state: 'unknown'; readonly reason: string; readonly remedy: string };

export interface LifecycleRule {
  readonly id?: string;
  readonly enabled: boolean;
  /** What it covers: a prefix, empty for everything. */
  readonly prefix: string;
  /** It has a filter beside the prefix (tags, sizes): it may cover less. */
  readonly narrowed: boolean;
  /** Tags are in it: what has none of them is not reached. */
  readonly byTags?: true;
  readonly expirationDays?: number;
  /** RFC 3339. */
  readonly expirationDate?: string;
  readonly noncurrentExpirationDays?: number;
  readonly transitions: readonly { readonly days?: number; readonly date?: string; readonly storageClass: string }[];
}

export interface BucketFacts {
  readonly bucket: string;
  /** Of the location, without slashes at its ends; empty where it is the whole bucket. */
  readonly prefix: string;
  readonly region: string;
  readonly versioning: Asked<'Enabled' | 'Suspended'>;
  readonly encryption: Asked<{ readonly algorithm: string; readonly keyArn?: string }>;
  /** Of the key of `encryption`: Enabled, Disabled, PendingDeletion, ... */
  readonly keyState: Asked<{ readonly state: string; readonly deletionDate?: string }>;
  /** Are all four on? The others by name. */
  readonly publicAccessBlock: Asked<{ readonly missing: readonly string[] }>;
  readonly isPublic: Asked<boolean>;
  readonly objectLock: Asked<{ readonly mode?: string; readonly days?: number }>;
  readonly replication: Asked<{ readonly rules: number; readonly prefixes: readonly string[] }>;
  readonly lifecycle: Asked<readonly LifecycleRule[]>;
  /** The newest version of a key that a delete marker hides; undefined where there is none. Asked for keys that are missing, one by one. */
  previousVersion(key: string, signal: AbortSignal): Promise<Asked<PreviousVersion>>;
}

/** A version that a delete marker hides; times are RFC 3339. */
export interface PreviousVersion {
  readonly versionId: string;
  /** The newest delete marker. */
  readonly markerVersionId: string;
  /** More of them that lie on the version: who deletes twice leaves two, and the object comes back when all are gone. */
  readonly olderMarkerVersionIds?: readonly string[];
  readonly deletedAt?: string;
  readonly lastModified: string;
  readonly size: number;
}
