/**
 * The contract between what Nightshift looks at (sources), what looks (checks, rules) and the one-pass scan between them.
 * The properties in the comments are relied on and tested; see docs/architecture.md.
 */
import type { ZodType } from 'zod';

/** An object as it comes over the wire: client-node's models say Date where JSON has strings, and anything may be missing or null. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Wire<T[Key]> | null }
      : T;

/** Names one object. `kind` may also be Cluster, Bucket or File for what is no Kubernetes object. */
export type Ref = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
};

/** One resource to list. RBAC is generated from it: group, resource, verb `list`; a Role where `namespace` is set. */
export interface Read<T = unknown> {
  readonly group: string;
  readonly resource: string;
  readonly kind: string;
  /** The versions that the reader understands, best first; discovery picks one. */
  readonly versions: readonly [string, ...string[]];
  /** Metadata is enough: asked for as PartialObjectMetadataList where every reader agrees. */
  readonly part?: 'metadata';
  /** Only objects of this namespace are shown to the reader. */
  readonly namespace?: string;
  /** A label selector that saves reading where every reader agrees on it; no filter: `see` must still look. */
  readonly labels?: string;
  /** A field selector, likewise. */
  readonly fields?: string;
  /** `finish()` runs even when this one could not be read. */
  readonly optional?: true;
  /** `finish()` runs also where the server has no such resource: there are none of its objects then. Needed as any other where it is served. */
  readonly whereServed?: true;
  /** Secrets: a ClusterRole of its own, bound by choice; not granted means not applicable, never incomplete. */
  readonly sensitive?: true;
  /** For the compiler only. */
  readonly type?: T;
}

/** The reference to an object of `read`, from its metadata or from another object's reference to it. What is no text (a folder of manifests may hold it) names nothing. */
export const refTo = (
  { group, versions, kind }: Read,
  named: { readonly namespace?: string | null; readonly name?: string | null } | null | undefined,
): Ref => ({
  apiVersion: group ? `${group}/${versions[0]}` : versions[0],
  kind,
  ...(named?.namespace && typeof named.namespace === 'string' ? { namespace: named.namespace } : {}),
  name: typeof named?.name === 'string' ? named.name : '',
});

/** Names a cluster as a whole. */
export const clusterRef = (name: string): Ref => ({ apiVersion: 'nightshift.dev/v1', kind: 'Cluster', name });

/** One object in one string, for maps: kind, namespace and name, without the version, which two reads of one object may say differently. */
export const refKey = ({ apiVersion, kind, namespace, name }: Ref): string =>
  `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}/${namespace ?? ''}/${name}`;

export type Reads = Readonly<Record<string, Read>>;

export type Severity = 'critical' | 'warning' | 'info';

/** What a check says. The fingerprint is made of check, object and subject; never of message, counts or times. */
export interface Finding {
  readonly object: Ref;
  /** What about the object, where it can have several such findings: a container, a condition, a port. */
  readonly subject?: string;
  readonly severity: Severity;
  /** What is wrong, in one lower-case sentence without the object's name and without a full stop. */
  readonly message: string;
  /** The next command or step for this very object. */
  readonly remedy: string;
  /** Since when, by the object's own account (RFC 3339). */
  readonly startedAt?: string;
  /** The objects that this one finding stands for: the pods of a Deployment. */
  readonly members?: readonly Ref[];
  readonly location?: { readonly file: string; readonly line: number };
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/** `effect` is in trouble because `cause` is: evidence from the objects, emitted only for objects in trouble. */
export interface Link {
  readonly effect: Ref;
  readonly cause: Ref;
  readonly because: string;
}

/** What a probe of a path without objects gave. */
export interface ProbeAnswer {
  readonly status: number;
  readonly body: string;
  /** The certificate that the endpoint showed, where the connection is TLS. */
  readonly certificate?: { readonly subject: string; readonly issuer: string; readonly validFrom: string; readonly validTo: string };
}

/** Thrown where a source cannot hold what is asked (a folder has no /readyz): the check did not run, with this reason, and nothing is missing. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** Thrown where a source should hold what is asked but it could not be had: the check is incomplete. */
export class NotReadable extends Error {
  override readonly name = 'NotReadable';
  readonly reason: FailureReason;
  readonly remedy: string;
  constructor(message: string, reason: FailureReason, remedy: string) {
    super(message);
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** What observers of one scan share, and how it is made; the object itself is the key. */
export interface SharedKey<T> {
  make(): T;
}

/** What one observer is given for one scan. */
export interface Pass<Out, Options, Memory> {
  readonly options: Options;
  /** The source's clock in ms: the server's Date header, the backup's start, the newest time in a folder. Ages are told from it. */
  readonly now: number;
  /** What this observer returned from `remember()` at the last complete run; undefined at the first. */
  readonly memory: Memory | undefined;
  emit(out: Out): void;
  link(link: Link): void;
  /**
   * The controller at the top of an object's owner chain (a pod's Deployment or CronJob); undefined where none controls it, or only a Node
   * does (static pods). Spread `ownerReads` of cluster/kinds.ts into the check's reads. To be asked in `finish()`: chains are whole only then.
   */
  owner(object: { readonly metadata?: unknown } | null): Ref | undefined;
  /**
   * Whether one of its reads, by its name there, came whole: what an optional one that did not come would hold is unknown, not absent. To be
   * asked in `finish()`.
   */
  isWhole(read: string): boolean;
  /** One thing for all observers of this scan that ask for it by the same key: made by the first of them. */
  shared<T>(key: SharedKey<T>): T;
  /** A declared path of the API server that is no object, such as /readyz, or eks:DescribeCluster. Throws NotApplicable or NotReadable. */
  probe(path: string): Promise<ProbeAnswer>;
}

/**
 * Sees every object of its reads once, in ANY order (a tarball is interleaved), and keeps only the little it needs.
 * `finish()` runs only when every read that is not optional came whole: what is absent is concluded there and nowhere else.
 */
export interface Reducer<R extends Reads, Memory> {
  readonly see: { readonly [Name in keyof R]?: (object: Wire<NonNullable<R[Name]['type']>>) => void };
  finish?(): void | Promise<void>;
  remember?(): Memory;
}

/** What an observer says of itself: lists, rights, docs and options are made of it, and nothing is listed a second time. */
export interface Declaration<
  R extends Reads = Reads,
  // biome-ignore lint/suspicious/noExplicitAny: a list of observers mixes their options
  Options = any,
> {
  /** The file's own name. */
  readonly id: string;
  readonly title: string;
  /** What goes wrong for whom if nobody acts: one sentence for docs and the report. */
  readonly why: string;
  /** The upstream page or source file that the rule comes from. */
  readonly upstream: string;
  readonly reads: R | ((options: Options) => R);
  readonly probes?: readonly string[];
  /** IAM actions, where it also asks AWS. */
  readonly aws?: readonly string[];
  /** Its findings only restate what a more specific check may say of the same object: they are folded under that one. */
  readonly symptom?: true;
  /** What it says comes and goes: only a second complete run without a finding calls it resolved. */
  readonly flaps?: true;
  /** Looks at what is declared alone, so it also says something of manifests without status. */
  readonly worksOnManifests?: true;
  /** Why a Velero backup cannot tell it, though it holds objects of these kinds: the check is not applicable there, with this reason. */
  readonly notInBackups?: string;
  readonly options: ZodType<Options>;
}

/** A check (`Out` is Finding) or a cleanup rule (`Out` is Proposal): one file, one declaration. */
export interface Observer<
  Out,
  R extends Reads = Reads,
  // biome-ignore lint/suspicious/noExplicitAny: a list of observers mixes their options and memories
  Options = any,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  Memory = any,
> extends Declaration<R, Options> {
  start(pass: Pass<Out, Options, Memory>): Reducer<R, Memory>;
}
export type Check<R extends Reads = Reads> = Observer<Finding, R>;

export const defineCheck = <const R extends Reads, Options, Memory = never>(check: Observer<Finding, R, Options, Memory>): Check<R> =>
  check as Check<R>;

/** Why a read or a probe that should have worked did not. `error`: the check itself threw. */
export type FailureReason = 'forbidden' | 'timeout' | 'expired' | 'budget' | 'unavailable' | 'error';

/** How a read ended. Only `complete` and `inconsistent` (continued on a newer snapshot after a 410) came whole. */
export type End = { readonly read: Read; readonly objects: number } & (
  | { readonly state: 'complete' | 'inconsistent' }
  | { readonly state: 'absent' | 'off' | 'not-granted'; readonly reason: string }
  | { readonly state: 'failed'; readonly reason: FailureReason; readonly message: string; readonly remedy: string }
);

export interface Batch {
  readonly read: Read;
  readonly objects: readonly unknown[];
}

/** All that can be listed of the groups that are none of Kubernetes' own: custom resources, and those of aggregated API servers. */
export interface CustomResources {
  readonly reads: readonly Read[];
  /** Groups of which it is not known what they hold. */
  readonly unknown: readonly { readonly group: string; readonly message: string; readonly remedy: string }[];
}

/** The live API, a Velero backup, a folder or stream of manifests: given all reads at once, it pushes batches in whatever order it has. */
export interface Source {
  readonly kind: 'cluster' | 'backup' | 'manifests';
  /** Where it is, for the report: an endpoint, a path. Never with a credential. */
  readonly name: string;
  /** Its clock in ms. */
  readonly now: number;
  /** Kubernetes' gitVersion, where it can be told. */
  readonly version?: string;
  /** Why it holds no status (plain manifests): checks that need one are then not applicable. */
  readonly stateless?: string;
  /** Where only these namespaces are looked at: what is in none of them is not applicable. */
  readonly namespaces?: readonly string[];
  /** Why it holds only some objects of each kind (a backup by label): what several kinds are joined for is then not applicable. */
  readonly selection?: string;
  /** What reaching it showed, such as TLS that is not verified; reported under the check `cluster-access`. */
  readonly findings?: readonly Finding[];
  /** Every read that was given ends with exactly one End; each `read` is the very object that was given. */
  read(reads: readonly Read[], signal: AbortSignal): AsyncIterable<Batch | End>;
  /** Throws NotApplicable or NotReadable. */
  probe(path: string, signal: AbortSignal): Promise<ProbeAnswer>;
  /** What it serves beside Kubernetes' own resources. Absent: it cannot tell what there might be. Throws NotReadable. */
  customResources?(signal: AbortSignal): Promise<CustomResources>;
  /** So far. */
  traffic(): { readonly requests: number; readonly bytes: number };
  /** Gives connections back. */
  close(): Promise<void>;
}

/** How one observer ended: `ran`; `not-run` (turned off, not applicable, an optional right not granted: complete all the same); `incomplete`. */
export interface ObserverEnd {
  readonly id: string;
  readonly outcome: 'ran' | 'not-run' | 'incomplete';
  /** How many objects it saw. */
  readonly objects: number;
  readonly reason?: string;
  readonly remedy?: string;
  /** It did not look today, or not at all that it looked at before, by design (a run that goes less deep): what it said the last time stays, unverified, and nothing is incomplete. */
  readonly deferred?: true;
  /** It was asked for a part alone (backups by name): what it does not say of the rest is neither ongoing nor over, and left out of this report. */
  readonly narrowed?: true;
}

/** What an object carries so that findings on it, or, on a Namespace, on what is in it, are left out of the report: as written, not yet understood. */
export interface IgnoreAnnotation {
  readonly object: Ref;
  /** The value of nightshift.dev/ignore, cut where it is longer than anybody writes it. */
  readonly ignore: string;
  readonly until?: string;
  readonly reason?: string;
}

export interface ScanResult<Out> {
  readonly out: readonly (Out & { readonly observer: string })[];
  readonly links: readonly Link[];
  readonly ends: readonly End[];
  readonly observers: readonly ObserverEnd[];
  /** By observer id: what `remember()` gave, for the next run. */
  readonly memory: Readonly<Record<string, unknown>>;
  /** By label selector of `ScanRun.labels`: the refKey of each object seen that it selects. */
  readonly labelled: ReadonlyMap<string, ReadonlySet<string>>;
  /** By refKey: the objects seen that carry the annotation nightshift.dev/ignore. */
  readonly annotated: ReadonlyMap<string, IgnoreAnnotation>;
  /** Of `ScanRun.annotatedKinds`, those of which not every object was seen, with the reason: what they may carry is not known. */
  readonly annotationsUnseen: readonly { readonly kind: string; readonly reason: string }[];
  readonly objects: number;
  readonly requests: number;
  readonly bytes: number;
}

export interface ScanRun {
  /** By observer id: its options, not yet validated. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Observer ids that are turned off, with the reason. */
  readonly off?: Readonly<Record<string, string>>;
  /** By observer id: what it remembered at the last complete run. */
  readonly memory?: Readonly<Record<string, unknown>>;
  /** Label selectors (`key` or `key=value`) of ignore rules: which objects they select is told in the result. */
  readonly labels?: readonly string[];
  /** Read beside what the checks read, for the annotations of their objects alone; where they cannot be read nothing is incomplete. */
  readonly annotatedKinds?: {
    /** Whatever the checks read: Namespaces, whose annotations hold for what is in them. */
    readonly always: readonly Read[];
    /** Where a check asks for owners: the kinds that its findings may then name. */
    readonly owners: readonly Read[];
  };
  /** Aborted when the time budget is spent: reads then end as failed with the reason `budget`. */
  readonly signal: AbortSignal;
  /** Told now and then, for a progress line. */
  readonly onProgress?: (progress: { readonly objects: number; readonly resource: string }) => void;
}
