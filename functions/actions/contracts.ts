/**
 * The contract between what proposes (rules), what keeps (guards) and what acts (the executor): plan -> guard -> journal -> execute -> verify ->
 * report. Nothing outside this folder writes to a cluster; docs/cleanup.md says what holds it back.
 */
import type { Action, ActionOutcome } from '../report/model.ts';
import type { Read, Ref } from '../scan/contracts.ts';

export type { Action, ActionOutcome } from '../report/model.ts';

/** One object at one moment: what was seen is what is acted on, or nothing is. */
export interface ObjectVersion extends Ref {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Where a kind is served, so that its objects can be asked for. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  /** The plural. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** What guards look at: the object's metadata as it came over the wire, of managedFields the names alone. */
export interface GuardedMetadata {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly controller?: boolean | null;
  }[];
  readonly finalizers?: readonly string[];
  readonly deletionTimestamp?: string;
  /** Who wrote what is declared of it: `kubectl-client-side-apply`, `argocd-controller`. */
  readonly managers?: readonly string[];
}

/** What a rule says of one object. The guards decide whether it becomes an action that is planned, or one that is held. */
export interface Proposal {
  readonly object: ObjectVersion;
  /** Why, in one lower-case line without the object's name: `finished 3 days ago (Complete)`. */
  readonly reason: string;
  /** From when on its age is told, in ms: its finish, not its creation. Absent: not known, and too young for every minimum age. */
  readonly since: number | undefined;
  /** What the rule rests on, for whoever reads the plan. Never a Secret's content. */
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  /** What may go wrong if the rule is mistaken: `low` (a record of what is over), `medium`, `high` (data). */
  readonly risk: Action['risk'];
  /** What undo cannot bring back, each in a few words: `its logs`, `the data on the disk`. */
  readonly lost?: readonly string[];
  /** What comes free. `bytes`: of storage. */
  readonly frees?: NonNullable<Action['frees']>;
  /** Of a rule that patches: a JSON merge patch. */
  readonly patch?: Readonly<Record<string, unknown>>;
  /** Only reported, whatever the rule does: what it is sure enough of to say and not to do. */
  readonly reportOnly?: string;
  readonly metadata: GuardedMetadata;
}

/** What a guard says: kept, and by what. `because` is for people: the key and its value, the limit and what was counted. */
export interface Held {
  readonly guard: string;
  readonly because: string;
}

/** What is asked again of a live object before it is written to. */
export interface Recheck {
  /** The server's clock in ms. */
  readonly now: number;
  /** By the rule's own schema. */
  readonly options: unknown;
  /**
   * A live GET of another object: `absent` only after a 404 of a resource that is served. Throws for anything else, and whatever throws keeps
   * the object.
   */
  get(read: Read, name: string, namespace?: string): Promise<unknown>;
}
/** What `Recheck.get` gives for an object that is not there. */
export const absent: unique symbol = Symbol('absent');

/** What the executor has to know of a rule, by its id. */
export interface Actor {
  readonly id: string;
  /** The kind that it acts on: its write rights are made of it. */
  readonly target: Read;
  readonly does: 'delete' | 'patch' | 'create';
  /**
   * Asked of the object as it is now, before each write. Undefined: the rule still holds. A text: why it no longer does, and the object stays.
   * Whatever throws keeps the object.
   */
  recheck(fresh: unknown, again: Recheck): string | undefined | Promise<string | undefined>;
}

/** What a plan was made for and under; where any of it moved, the plan is not applied. */
export interface PlanIdentity {
  /** Its name in the report. */
  readonly cluster: string;
  /** The uid of its Namespace kube-system: another cluster behind the same name has another. */
  readonly clusterUid: string;
  /** SHA-256 of the options, guards and rules that it was made under, and of Nightshift's version. */
  readonly configuration: string;
}

/** A plan as it is stored: what would be done, and nothing that is held or only reported. */
export interface Plan extends PlanIdentity {
  readonly schemaVersion: 1;
  /** `20261124T173000Z-0123456789abcdef`: when it was made and what it says (`planIdOf`); its place in the store can be told from it. */
  readonly id: string;
  readonly operation: 'cleanup';
  readonly kind: 'cleanup' | 'undo';
  /** The run that made it. */
  readonly runId?: string;
  /** Of an undo: the journal that it takes back. */
  readonly undoes?: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly expiresAt: string;
  /** In the order in which they are carried out; each with state `planned`. */
  readonly actions: readonly PlannedAction[];
  /** By rule id: its options as they were, for the recheck. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** An action of a plan, with what is needed to carry it out. */
export interface PlannedAction extends Action {
  readonly state: 'planned';
  readonly resource: Resource;
  /** Of kind patch. */
  readonly patch?: Readonly<Record<string, unknown>>;
  /** Of kind delete; always sent: the default for Jobs is to orphan their pods. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Of kind create: where in the journal that is taken back the manifest lies, and its digest (`manifestDigest`), so that no other is created. */
  readonly manifest?: { readonly journal: string; readonly action: string; readonly digest?: string };
}

/** What became of one action; also what the journal keeps of it. */
export type Outcome = ActionOutcome & { readonly action: string };

/** How an execution ended. */
export interface Executed {
  readonly journal: string;
  /** By action id. */
  readonly outcomes: ReadonlyMap<string, ActionOutcome>;
  /**
   * `complete`: every action has an outcome. `interrupted`: the time is spent, the next invocation goes on. `stopped`: too many failures, the
   * lock or the window was lost, the cluster was frozen; `why` says which. `refused`: nothing was written.
   */
  readonly ended: 'complete' | 'interrupted' | 'stopped' | 'refused';
  readonly why?: string;
  /** The journal is closed: the same plan cannot go on, and asked for again it only tells what came of it. */
  readonly closed?: true;
  /** `Warning` headers of the server, each once. */
  readonly warnings: readonly string[];
}
