/** What one execution knows while it goes: who stands in its way, what became of each action, and whether it has to stop. */
import pLimit from 'p-limit';
import type { Storage } from '../report/store/storage.ts';
import type { Action, ActionOutcome, Actor, Held, Plan, PlannedAction } from './contracts.ts';
import { isFailure } from './journal.ts';
import { type Pace, paceOf } from './pace.ts';
import type { Place, Writer } from './writer.ts';

/** What is needed to carry out a plan. */
export interface Execution {
  readonly plan: Plan;
  readonly writer: Writer;
  /** By rule id; not asked for a plan that takes back a journal. */
  readonly actors: ReadonlyMap<string, Actor>;
  readonly storage: Storage;
  /** The same for every invocation that goes on with the plan. */
  readonly journalId: string;
  readonly runId: string;
  /** The guards, on the object as it is now. Whatever throws holds. */
  readonly held: (action: PlannedAction, fresh: unknown) => Held | undefined | Promise<Held | undefined>;
  /** Lock, freeze and window, before the first write and between batches: a text stops, and so does whatever throws. */
  readonly gate: () => Promise<string | undefined>;
  readonly settings: ExecutionSettings;
  /** Of a plan that takes back a journal. */
  readonly undo?: UndoHooks;
  /** Aborted when the time is nearly spent: what is under way is finished. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface ExecutionSettings {
  readonly writesPerSecond: number;
  /** So many outcomes are written down at once; 50 unless told, and no more than 10 s of writing. */
  readonly batchSize?: number;
  /** 5 unless told. */
  readonly atOnce?: number;
  /** How long a batch waits for finalizers, all of its objects together; 10,000 ms unless told. */
  readonly verifyFor?: number;
  /** Of what the server did not answer or answered with 5xx, before it is looked at again; 1,000 ms unless told. */
  readonly lookAgainAfter?: number;
}

export interface Progress {
  readonly phase: 'looking' | 'trying' | 'writing';
  readonly done: number;
  readonly of: number;
}

/** functions/actions/undo has them. */
export interface UndoHooks {
  /**
   * The manifest as it can be created, or why it cannot. Throws where the cluster could not be asked. `trying`: for the dry run, in which what is
   * created before it is not there yet.
   */
  prepare(
    action: PlannedAction,
    manifest: unknown,
    trying: boolean,
  ): Promise<{ readonly manifest: object; readonly notes: readonly string[] } | { readonly refused: string }>;
  /** After a 422: another manifest to try, without what the server says is taken. */
  withoutAllocated(manifest: object, message: string): object | undefined;
}

/** So many failures are borne in any plan. */
const leastFailures = 3;
/** And this share of a plan. */
const mostFailing = 0.05;
/** So many writes in a row that the server is too busy or broken for stop everything. */
const mostInARow = 5;

/** By action id. */
export type Manifests = ReadonlyMap<string, Readonly<Record<string, unknown>> | undefined>;

/** A plan on its way. */
export interface Course extends Execution {
  readonly pace: Pace;
  readonly outcomes: Map<string, ActionOutcome>;
  readonly warnings: Set<string>;
  /** The manifests of the journal that is taken back, by action id there. */
  readonly manifests: Manifests;
  failures: number;
  /** Writes in a row that ended in 429 or 5xx. */
  inARow: number;
  /** Why nothing further is begun. */
  stopped: string | undefined;
  /** By what was to be done to which resource: the server's words of a 403. */
  readonly forbidden: Map<string, string>;
}

export const courseOf = (run: Execution, manifests: Manifests, pace = paceOf(run.settings.writesPerSecond)): Course => ({
  ...run,
  pace,
  outcomes: new Map(),
  warnings: new Set(),
  manifests,
  failures: 0,
  inARow: 0,
  stopped: undefined,
  forbidden: new Map(),
});

export const placeOf = ({ resource, object: { namespace, name } }: PlannedAction): Place => ({ resource, namespace, name });

export const outcomeOf = ({ writer }: Course, result: ActionOutcome['result'], message?: string): ActionOutcome => ({
  result,
  at: new Date(writer.now()).toISOString(),
  ...(message !== undefined && { message }),
});

const kindOf = ({ kind, resource: { group, resource } }: PlannedAction): string => `${kind} ${resource}.${group}`;

/** The first 403 of a kind ends it: what was to be done to others of it is not asked for. */
export function forbid(course: Course, action: PlannedAction, message: string): ActionOutcome {
  course.forbidden.set(kindOf(action), message);
  return outcomeOf(course, 'forbidden', message);
}

export function alreadyForbidden(course: Course, action: PlannedAction): ActionOutcome | undefined {
  const message = course.forbidden.get(kindOf(action));
  return message === undefined ? undefined : outcomeOf(course, 'forbidden', message);
}

export const tooMany = (failures: number, { actions }: Plan): boolean =>
  failures >= leastFailures && failures > actions.length * mostFailing;

/** Notes what became of a write, and stops where it went wrong too often. `busy`: the server was not able to, 429 or 5xx. */
export function settle(course: Course, { id }: Action, outcome: ActionOutcome, busy: boolean): void {
  course.outcomes.set(id, outcome);
  if (isFailure(outcome)) course.failures += 1;
  course.inARow = busy ? course.inARow + 1 : 0;
  if (course.inARow >= mostInARow)
    course.stopped ??= `the API server was too busy or broken for ${course.inARow} writes in a row: ${outcome.message ?? outcome.result}`;
  if (tooMany(course.failures, course.plan))
    course.stopped ??= `${course.failures} of ${course.plan.actions.length} went wrong, the last: ${outcome.message ?? outcome.result}`;
}

/**
 * Does `work` for each, a few at once, until the time is spent, the course has stopped or one has thrown: the rest is then left. What takes back a
 * journal goes one by one, since its order is that of dependency.
 */
export async function forEach<T>(course: Course, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const limit = pLimit(course.plan.kind === 'undo' ? 1 : (course.settings.atOnce ?? 5));
  let thrown = false;
  const one = async (item: T) => {
    if (thrown || course.signal.aborted || course.stopped !== undefined) return;
    await work(item).catch((error: unknown) => {
      thrown = true;
      throw error;
    });
  };
  const ends = await Promise.allSettled(items.map((item) => limit(one, item)));
  // All are waited for first: no write is left behind.
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
