/** Where a Velero location lies: a bucket in S3, or a folder laid out like one. Read only. */

/** One object of a location. */
export interface StoredObject {
  /** Below the location's prefix: `backups/nightly-1/velero-backup.json`. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** An opaque tag of this version of the object; never taken for a hash of its content. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** S3’s, where it is not STANDARD: GLACIER, DEEP_ARCHIVE, ... */
  readonly storageClass?: string;
}

/** What lies directly in a folder. */
export interface Folder {
  /** Names without slashes. */
  readonly folders: readonly string[];
  readonly objects: readonly StoredObject[];
}

/**
 * Why an object could not be had. `missing` and `damaged` are facts about the backup; all others mean that nobody knows: `denied` (by policy),
 * `key` (the KMS key refuses or is disabled), `customer-key` (SSE-C), `archived` (Glacier), `throttled`, `budget` (the time is spent),
 * `changed` (rewritten while it was read, twice), `too-large` (beyond the limit that the reader set), `location` (no such bucket, wrong region),
 * `unreachable` (the connection, after all tries).
 */
export type StoreErrorReason =
  | 'missing'
  | 'denied'
  | 'key'
  | 'customer-key'
  | 'archived'
  | 'throttled'
  | 'budget'
  | 'changed'
  | 'too-large'
  | 'location'
  | 'unreachable';

/** An object or listing that could not be had; the message names what was asked for, never a credential. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly reason: StoreErrorReason;
  readonly remedy: string;
  constructor(reason: StoreErrorReason, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    this.remedy = remedy;
  }
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Only this version: rewritten meanwhile is the reason `changed`. */
  readonly etag?: string;
}

/** A location as it is read. All methods throw StoreError and nothing else for what the store does. */
export interface ObjectStore {
  /** For people: `s3://bucket/prefix`, or a path. */
  readonly location: string;
  /** All objects below a folder (`backups/`; the empty text: all), in pages of at most 1,000, keys in UTF-8 order. Folder markers (keys that end in /) are left out. */
  list(folder: string, signal: AbortSignal): AsyncIterable<readonly StoredObject[]>;
  /** What lies directly in a folder (`kopia/`; the empty text: the top). */
  folder(folder: string, signal: AbortSignal): Promise<Folder>;
  /** A whole object of at most `mostBytes`. */
  read(key: string, options: ReadOptions & { readonly mostBytes: number }): Promise<Uint8Array>;
  /**
   * An object as it comes, its connection taken up again (ranged, the same version) where it is cut; throws in the iteration too. Whoever
   * leaves the iteration early gives the connection back.
   */
  open(key: string, options: ReadOptions): AsyncIterable<Uint8Array>;
  /** So far. */
  traffic(): { readonly requests: number; readonly bytes: number };
}
