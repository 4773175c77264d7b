/**
 * From a journal to the plan that takes it back: what was deleted is created again, what was patched is patched back. Writes nothing; what
 * cannot come back is among the actions too, as held, with the reason.
 */
import pLimit from 'p-limit';
import { EventError } from '../../runtime/events.ts';
import type { Plan, PlanIdentity, PlannedAction } from '../contracts.ts';
import type { UndoHooks } from '../course.ts';
import { type Counted, heldByLimits, numberExceeded } from '../guards/limits.ts';
import type { Limits } from '../guards/settings.ts';
import { planIdOf } from '../ids.ts';
import type { Journal } from '../journal.ts';
import { type MadePlan, planLifetime } from '../make-plan.ts';
import type { Writer } from '../writer.ts';
import { type Live, type UndoOptions, undoOptions } from './contracts.ts';
import { withoutAllocated } from './kinds/service.ts';
import { byDependency, keyOf, rankOf } from './order.ts';
import { prepareForCreate } from './prepare-for-create.ts';
import { type Draft, draftsOf, mayHaveBeenWritten } from './undo-item.ts';

export interface UndoInput {
  readonly journal: Journal;
  readonly identity: PlanIdentity;
  readonly live: Live;
  readonly options: UndoOptions;
  readonly limits: Limits;
  /** The server's clock in ms. */
  readonly now: number;
  readonly runId: string;
}

/** So many objects are looked at at once. */
const atOnce = 5;

/**
 * Throws EventError for a journal of another cluster or of an undo, and what `live.get` throws when the run is aborted; of what else could not be
 * looked up the action is held.
 */
export async function planUndo(input: UndoInput): Promise<MadePlan> {
  refuseOthers(input);
  const drafts = await allDrafts(input);
  const counted = drafts.flatMap(({ carriedOut }): Counted[] => (carriedOut ? [carriedOut.resource] : []));
  // There is no share of what is not there.
  const exceeded = numberExceeded(counted, input.limits);
  const heldBy = heldByLimits(exceeded);
  if (heldBy)
    return {
      actions: drafts.map(({ action }) => (action.state === 'planned' ? { ...action, state: 'held', heldBy } : action)),
      limitsExceeded: exceeded,
    };
  const actions = drafts.map(({ action }) => action);
  return counted.length === 0 ? { actions, limitsExceeded: [] } : { actions, limitsExceeded: [], plan: planOf(input, drafts) };
}

function refuseOthers({ journal: { header }, identity: { clusterUid } }: UndoInput): void {
  if (header.clusterUid !== clusterUid)
    throw new EventError(
      `The journal ${header.id} is of another cluster: the uid of its Namespace kube-system is ${header.clusterUid}, and here it is ${clusterUid}. Undo it where it was made.`,
    );
  if (header.kind === 'undo')
    throw new EventError(`The journal ${header.id} is itself of an undo: what that gave back is proposed again by the next cleanup.`);
}

const planOf = ({ identity, journal, now, runId, options }: UndoInput, drafts: readonly Draft[]): Plan => {
  const saying: Omit<Plan, 'id'> = {
    schemaVersion: 1,
    ...identity,
    operation: 'cleanup',
    kind: 'undo',
    runId,
    undoes: journal.header.id,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + planLifetime).toISOString(),
    actions: drafts.flatMap(({ action, carriedOut }): PlannedAction[] =>
      carriedOut ? [{ ...action, state: 'planned', ...carriedOut }] : [],
    ),
    options: { undo: options },
  };
  return { ...saying, id: planIdOf(saying) };
};

/** In the order in which they are carried out; each knows what comes back before it: a claim its volume, a token its ServiceAccount. */
async function allDrafts({ journal, live, options }: UndoInput): Promise<readonly Draft[]> {
  const items = journal.items.filter(mayHaveBeenWritten).toSorted((one, other) => byDependency(one.action, other.action));
  const undoing = { journal: journal.header.id, live: remembering(live), options };
  const limit = pLimit(atOnce);
  const comes = new Set<string>();
  const drafts: Draft[] = [];
  for (const ofRank of Map.groupBy(items, ({ action }) => rankOf(action)).values()) {
    const made = await Promise.all(ofRank.map((item) => limit(() => draftsOf(item, { ...undoing, comes: new Set(comes) }))));
    for (const draft of made.flat()) {
      drafts.push(draft);
      if (draft.carriedOut) comes.add(keyOf(draft.action.object));
    }
  }
  // A claim brings the release of its volume with it.
  const placed = drafts.map((draft) => ({ ...draft, object: draft.action.object }));
  return placed.toSorted(byDependency).map(({ object: _, ...draft }) => draft);
}

/** Many objects are in one namespace and of one owner: each is asked for once. */
const remembering = (live: Live): Live => {
  const asked = new Map<string, Promise<unknown>>();
  return {
    get: (...about) => {
      const key = JSON.stringify(about);
      const answer = asked.get(key) ?? live.get(...about);
      asked.set(key, answer);
      return answer;
    },
  };
};

/**
 * What the executor needs to carry out the plan of an undo, one action after the other. `live` is asked anew for each object; in the dry run what
 * the plan creates before it counts as there, at the write only what is.
 */
export const undoHooks = (plan: Plan, live: Live): UndoHooks => {
  const options = undoOptions.parse(plan.options.undo ?? {});
  const alsoRestored = new Set(plan.actions.map(({ object }) => keyOf(object)));
  const prepare: UndoHooks['prepare'] = (_action, manifest, trying) =>
    prepareForCreate(manifest, live, trying ? { ...options, alsoRestored } : options);
  return { prepare, withoutAllocated };
};

/** The cluster behind a writer. */
export const liveThrough = (writer: Pick<Writer, 'getOfKind'>, signal: AbortSignal): Live => ({
  get: (apiVersion, kind, namespace, name) => writer.getOfKind(apiVersion, kind, namespace, name, signal),
});
