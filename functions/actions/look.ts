/** What is there right before a write: the object as it is now, the guards and the rule asked again. Writes nothing. */
import { clean } from '../cluster/clean.ts';
import { isClusterError } from '../cluster/cluster-error.ts';
import { type ActionOutcome, absent, type PlannedAction } from './contracts.ts';
import { type Course, forbid, outcomeOf, placeOf } from './course.ts';
import { isManifestOf, manifestDigest, mayKeep } from './journal.ts';
import { metadataOf } from './writer.ts';

/** An action that may be carried out, or what became of it. */
export type Looked =
  | { readonly may: true; readonly fresh: unknown }
  /** Of kind create. */
  | { readonly may: true; readonly manifest: object; readonly notes: readonly string[] }
  | { readonly may: false; readonly outcome: ActionOutcome }
  /** The time is spent. */
  | { readonly may: false; readonly outcome?: undefined };

const no = (outcome: ActionOutcome): Looked => ({ may: false, outcome });

/** Never throws: what could not be found out leaves the object alone. `trying`: for the dry run. */
export async function look(course: Course, action: PlannedAction, trying: boolean): Promise<Looked> {
  try {
    if (!mayKeep(course.storage, action.resource)) {
      const message = `a Secret is kept for undo only in the bucket, which has a key of its own, and not in ${course.storage.location}`;
      return no(outcomeOf(course, 'refused', message));
    }
    const fresh = await course.writer.get(placeOf(action), course.signal);
    if (action.kind === 'create') return await toCreate(course, action, fresh, trying);
    const moved = movedSince(course, action, fresh);
    if (moved) return no(moved);
    const kept = await keptBy(course, action, fresh);
    return kept ? no(kept) : { may: true, fresh };
  } catch (error) {
    if (isClusterError(error) && error.kind === 'aborted') return { may: false };
    if (isClusterError(error) && error.kind === 'forbidden') return no(forbid(course, action, error.message));
    return no(outcomeOf(course, 'unknown', `left alone, since it could not be looked at: ${wordsOf(error)}`));
  }
}

/** It is not what was planned any more. */
export function movedSince(course: Course, { object: { uid, resourceVersion } }: PlannedAction, fresh: unknown): ActionOutcome | undefined {
  if (fresh === absent) return outcomeOf(course, 'gone-before');
  const live = metadataOf(fresh);
  if (live.uid !== uid) return outcomeOf(course, 'gone-before', 'another object has its name now');
  if (live.deletionTimestamp !== undefined) return outcomeOf(course, 'changed', 'somebody else deletes it already');
  if (live.resourceVersion !== resourceVersion) return outcomeOf(course, 'changed', 'it was changed since the plan was made');
  return undefined;
}

async function keptBy(course: Course, action: PlannedAction, fresh: unknown): Promise<ActionOutcome | undefined> {
  const kept = (guard: string, because: string) => outcomeOf(course, 'held', `${guard}: ${because}`);
  try {
    const held = await course.held(action, fresh);
    if (held) return kept(held.guard, held.because);
    if (course.plan.kind === 'undo') return undefined;
    const actor = course.actors.get(action.rule);
    if (actor === undefined) return kept(action.rule, 'there is no such rule any more');
    if (actor.does !== action.kind || actor.target.resource !== action.resource.resource || actor.target.group !== action.resource.group)
      return kept(action.rule, `the rule does not ${action.kind} ${action.resource.resource}`);
    const reason = await actor.recheck(fresh, {
      now: course.writer.now(),
      options: course.plan.options[action.rule],
      get: (read, name, namespace) => course.writer.getRead(read, name, namespace, course.signal),
    });
    return reason === undefined ? undefined : outcomeOf(course, 'changed', clean(reason));
  } catch (error) {
    if (isClusterError(error) && error.kind === 'aborted') throw error;
    return kept(action.rule, `it could not be asked again whether it still holds: ${wordsOf(error)}`);
  }
}

async function toCreate(course: Course, action: PlannedAction, fresh: unknown, trying: boolean): Promise<Looked> {
  if (fresh !== absent) return no(outcomeOf(course, 'conflict', conflict(action, fresh)));
  const held = await course.held(action, course.manifests.get(action.manifest?.action ?? ''));
  if (held) return no(outcomeOf(course, 'held', `${held.guard}: ${held.because}`));
  const kept = course.manifests.get(action.manifest?.action ?? '');
  if (kept === undefined || !course.undo) return no(outcomeOf(course, 'refused', 'the journal holds no manifest of it'));
  const digest = action.manifest?.digest;
  if (!isManifestOf(action.object, kept) || (digest !== undefined && digest !== manifestDigest(kept)))
    return no(outcomeOf(course, 'refused', 'the journal holds another manifest than it did when this was planned'));
  const prepared = await course.undo.prepare(action, kept, trying);
  return 'refused' in prepared ? no(outcomeOf(course, 'refused', prepared.refused)) : { may: true, ...prepared };
}

export const conflict = ({ object: { uid } }: PlannedAction, fresh: unknown): string =>
  metadataOf(fresh).uid === uid ? 'it is still there, or there again' : 'another object has its name now';

/** Of what anybody threw, in one line. */
export const wordsOf = (error: unknown): string =>
  clean(error instanceof Error ? error.message : String(error))
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300);
