/**
 * The contract between a Velero location, what looks at it (checks) and the engine (verify.ts) between them. Checks are pure: they are given
 * facts and an archive's objects, and say what they think; the engine lists, reads, bounds and remembers.
 */

import type { Declaration, Finding, Link, Reads, Ref } from '../scan/contracts.ts';
import type { ArchivedObject, ArchiveEnd } from '../velero/archive/archive-facts.ts';
import type { Backup, BackupMetadata } from '../velero/backup.ts';
import type { BucketFacts } from '../velero/bucket/bucket-facts.ts';
import type { ClusterFacts } from '../velero/cluster-facts.ts';
import type { Companions } from '../velero/companions/companion-files.ts';
import type { ObjectStore } from '../velero/store/object-store.ts';

/** How deep a run looks, each with the ones before it. */
export const levels = ['inventory', 'content', 'restorability'] as const;
export type Level = (typeof levels)[number];

/** What is said of one backup: unknown never becomes ok and never becomes an error. */
export const verdicts = ['ok', 'warning', 'error', 'unknown'] as const;
export type Verdict = (typeof verdicts)[number];

/** A schedule: the backups that carry its name, and its CR where the cluster could be asked. */
export interface ScheduleFacts {
  /** Empty: the backups that were made by hand. */
  readonly name: string;
  /** Where Velero runs. */
  readonly namespace: string;
  /** Five fields or @every, as written; absent where the cluster was not asked. */
  readonly cron?: string;
  readonly timeZone?: string;
  readonly paused?: boolean;
  /** RFC 3339. */
  readonly createdAt?: string;
  /** Its phase and validation errors, where they say that it does not run. */
  readonly problem?: string;
  /** Newest first, by their start. */
  readonly backups: readonly Backup[];
  /** The newest that Velero no longer works on: it decides the schedule's verdict. */
  readonly deciding?: Backup;
  /** The newest that can be restored from. */
  readonly newestUsable?: Backup;
}

/** All that is known of a location before an archive is opened. */
export interface LocationFacts {
  /** For people: `s3://bucket/prefix` or a path. */
  readonly name: string;
  /** A Bucket or File, for findings about the location as a whole. */
  readonly object: Ref;
  /** Everything below it can be had from here. */
  readonly store: ObjectStore;
  /** Folders and objects at its top. */
  readonly topFolders: readonly string[];
  /** By name, in the order of their start, newest first. Empty where the location could not be listed (then `unlisted` says why). */
  readonly backups: readonly Backup[];
  readonly schedules: readonly ScheduleFacts[];
  /** Of the bucket; absent where the location is none. */
  readonly bucket?: BucketFacts;
  readonly cluster: ClusterFacts;
}

/** What a check is given beside what it looks at. */
export interface CheckPass<Options = unknown> {
  readonly options: Options;
  /** The run's clock in ms. */
  readonly now: number;
  readonly location: LocationFacts;
  /** Aborted when the time budget is spent: for what a check asks of the store itself. */
  readonly signal: AbortSignal;
  /** The event's own: the Kubernetes version that is restored into (1.33), and namespaces by the names that they get there. */
  readonly targetVersion?: string;
  readonly namespaceMapping: Readonly<Record<string, string>>;
  /**
   * What a finding about a backup names: the Schedule of a scheduled one, so that it is the same finding tomorrow when the backup has another
   * name; else the Backup.
   */
  about(backup: Backup): Ref;
  /** A finding. With `backup` it also marks that backup's row: critical as error, warning as warning. */
  emit(finding: Finding & { readonly backup?: string | undefined }): void;
  /** Marks a row and nothing else: history that is nobody's business any more, or evidence (`ok`: what was proved). */
  mark(backup: string, verdict: Verdict, what: string): void;
  /** What could not be looked at: the check is then incomplete with this reason, and the row, if one is named, unknown. */
  unknown(what: { readonly backup?: string; readonly reason: string; readonly remedy: string }): void;
  link(link: Link): void;
  /** What this check remembered of this location at the last run, and what it is to remember: a few KB of JSON. */
  readonly memory: unknown;
  remember(value: unknown): void;
}

interface CheckDeclaration<Options, R extends Reads> extends Declaration<R, Options> {
  readonly level: Level;
}

/** Looks at a location's facts: listing, velero-backup.json, the bucket, the cluster's Velero objects. */
export interface LocationCheck<Options = unknown, R extends Reads = Reads> extends CheckDeclaration<Options, R> {
  look(pass: CheckPass<Options>): void | Promise<void>;
}

/** A backup whose archive is opened. */
export interface OpenedBackup {
  readonly backup: Backup;
  readonly metadata: BackupMetadata;
  readonly companions: Companions;
  readonly schedule: ScheduleFacts;
}

/** Sees every object of an archive once, from its canonical copy, in the archive's order, and keeps only the little it needs. */
export interface ArchiveReducer {
  see?(object: ArchivedObject): void;
  /** `end.whole` false: not all was seen, so nothing may be said to be missing. */
  finish?(end: ArchiveEnd): void | Promise<void>;
}

/** Looks into archives: one reducer for each that is opened. */
export interface ArchiveCheck<Options = unknown, R extends Reads = Reads> extends CheckDeclaration<Options, R> {
  start(opened: OpenedBackup, pass: CheckPass<Options>): ArchiveReducer;
}

/** What the folder checks/ is a list of. */
// biome-ignore lint/suspicious/noExplicitAny: a list of checks mixes their options
export type OperationCheck = LocationCheck<any> | ArchiveCheck<any>;

export const defineLocationCheck = <const R extends Reads, Options>(check: LocationCheck<Options, R>): OperationCheck =>
  check as OperationCheck;
export const defineArchiveCheck = <const R extends Reads, Options>(check: ArchiveCheck<Options, R>): OperationCheck =>
  check as OperationCheck;
