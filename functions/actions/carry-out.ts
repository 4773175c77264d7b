/** One action, from the last look to what became of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isClusterError } from '../cluster/cluster-error.ts';
import { type ActionOutcome, absent, type PlannedAction } from './contracts.ts';
import { alreadyForbidden, type Course, forbid, outcomeOf, placeOf } from './course.ts';
import { conflict, type Looked, look, movedSince, wordsOf } from './look.ts';
import { fieldOf, metadataOf, type Said } from './writer.ts';

/** What became of an action. `busy`: the server was not able to; `pending`: deletion has begun and is waited for. */
export type CarriedOut =
  | { readonly outcome: ActionOutcome; readonly busy?: boolean; readonly pending?: boolean }
  /** The time is spent, and nothing was done to it. */
  | undefined;

type Sought = Extract<Looked, { readonly may: true }>;

/** A conflict, and an answer that does not tell what was done, are looked into and tried once more. */
const attempts = 2;
const mostWarnings = 100;
/** The server may ask for more patience than one object is worth (ms). */
const longestLookAgain = 20_000;

/**
 * Looks, writes with preconditions, and finds out what became of it. Never throws.
 * @param begunAt when an earlier invocation had begun with it and did not come to say what became of it
 */
export async function carryOut(course: Course, action: PlannedAction, begunAt?: string): Promise<CarriedOut> {
  const already = alreadyForbidden(course, action);
  const since = begunAt ?? new Date(course.writer.now()).toISOString();
  let doubt: string | undefined = begunAt && 'an earlier run had begun with it';
  let last: CarriedOut = already && { outcome: already };
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (doubt !== undefined) {
      const found = await resolved(course, action, since, doubt);
      if (found) return found;
    }
    if (already) return last;
    if (!(await course.pace.take(course.signal))) return undefined;
    const looked = await look(course, action, false);
    if (!looked.may) return looked.outcome && { outcome: looked.outcome, busy: looked.outcome.result === 'unknown' };
    const said = await sent(course, action, looked, false);
    if ('failed' in said) {
      if (isClusterError(said.failed) && said.failed.kind === 'aborted') return undefined;
      doubt = wordsOf(said.failed);
      last = { outcome: outcomeOf(course, 'unknown', doubt), busy: true };
      await wait(course, undefined);
    } else if (said.taken) return taken(course, action, said.body, looked);
    else if (said.status >= 500) {
      doubt = said.message;
      last = { outcome: outcomeOf(course, 'refused', said.message), busy: true };
      await wait(course, said.retryAfter);
    } else if (said.status === 409 && !isDenial(said.message) && (action.kind !== 'create' || doubt !== undefined))
      last = { outcome: outcomeOf(course, action.kind === 'create' ? 'conflict' : 'changed', said.message) };
    else return refused(course, action, said, doubt !== undefined);
  }
  return (doubt === undefined ? undefined : await resolved(course, action, since, doubt)) ?? last;
}

const wait = ({ settings, signal }: Course, told: number | undefined) =>
  sleep(Math.min(told ?? settings.lookAgainAfter ?? 1000, longestLookAgain), undefined, { signal }).catch(() => undefined);

/** Sends it; `failed` is what was thrown where no answer came. */
export async function sent(
  course: Course,
  action: PlannedAction,
  looked: Sought,
  dryRun: boolean,
): Promise<Said | { readonly failed: unknown }> {
  const { writer, signal, warnings } = course;
  const place = placeOf(action);
  const { uid, resourceVersion } = action.object;
  const how = { dryRun, signal };
  const create = async (manifest: object): Promise<Said> => {
    const said = await writer.create(place, manifest, how);
    const other = !said.taken && said.status === 422 ? course.undo?.withoutAllocated(manifest, said.message) : undefined;
    return other ? writer.create(place, other, how) : said;
  };
  try {
    const said =
      'manifest' in looked
        ? await create(looked.manifest)
        : action.kind === 'patch'
          ? await writer.patch(place, { uid, resourceVersion }, action.patch ?? {}, how)
          : await writer.delete(
              place,
              { preconditions: { uid, resourceVersion }, propagationPolicy: action.propagationPolicy ?? 'Background' },
              how,
            );
    // Some name the object.
    for (const warning of said.warnings) if (warnings.size < mostWarnings) warnings.add(warning);
    return said;
  } catch (failed) {
    return { failed };
  }
}

function taken(course: Course, action: PlannedAction, body: unknown, looked: Sought): CarriedOut {
  if ('manifest' in looked) return { outcome: outcomeOf(course, 'created', looked.notes.join('; ') || undefined) };
  if (action.kind === 'patch')
    return shows(body, action.patch)
      ? { outcome: outcomeOf(course, 'patched') }
      : { outcome: outcomeOf(course, 'refused', 'the server took the patch and did not do what it says: a webhook changed it') };
  // A Status says that it is gone; an object may be gone or wait for its finalizers.
  if (fieldOf(body, 'kind') === 'Status') return { outcome: outcomeOf(course, 'deleted') };
  return { outcome: pendingOutcome(course, body), pending: true };
}

function refused(course: Course, action: PlannedAction, said: Said & { readonly taken: false }, sentBefore: boolean): CarriedOut {
  if (said.withoutRight) return { outcome: forbid(course, action, said.message) };
  if (said.notThere && action.kind !== 'create') return { outcome: outcomeOf(course, sentBefore ? 'deleted' : 'gone-before') };
  if (said.status === 409 && !isDenial(said.message)) return { outcome: outcomeOf(course, 'conflict', said.message) };
  return { outcome: outcomeOf(course, 'refused', said.message), busy: said.status === 429 };
}

/** Webhooks deny with whatever status they like. */
export const isDenial = (message: string): boolean => /^admission webhook "|^ValidatingAdmissionPolicy '/.test(message);

export function pendingOutcome(course: Course, object: unknown): ActionOutcome {
  const { finalizers } = metadataOf(object);
  return outcomeOf(course, 'pending-finalizers', finalizers.length > 0 ? `waits for ${finalizers.join(', ').slice(0, 250)}` : undefined);
}

/**
 * What became of a write that was sent and not answered, or that an earlier invocation may have sent. Undefined: nothing, it may be tried
 * (again).
 */
async function resolved(course: Course, action: PlannedAction, since: string, doubt: string): Promise<CarriedOut> {
  let fresh: unknown;
  try {
    fresh = await course.writer.get(placeOf(action));
  } catch (error) {
    return { outcome: outcomeOf(course, 'unknown', `${doubt}; then: ${wordsOf(error)}`.slice(0, 300)), busy: true };
  }
  if (action.kind === 'create') {
    if (fresh === absent) return undefined;
    return { outcome: isOurs(fresh, since) ? outcomeOf(course, 'created') : outcomeOf(course, 'conflict', conflict(action, fresh)) };
  }
  const live = metadataOf(fresh);
  const isSame = fresh !== absent && live.uid === action.object.uid;
  if (action.kind === 'patch') return isSame && shows(fresh, action.patch) ? { outcome: outcomeOf(course, 'patched') } : undefined;
  if (!isSame) return { outcome: outcomeOf(course, 'deleted') };
  if (live.deletionTimestamp !== undefined) return { outcome: pendingOutcome(course, fresh), pending: true };
  const moved = movedSince(course, action, fresh);
  return moved && { outcome: moved };
}

/** Created by us, and not before we began: its time has no fractions of a second. */
function isOurs(fresh: unknown, since: string): boolean {
  const { managers, creationTimestamp = '' } = metadataOf(fresh);
  return managers.includes('nightshift') && Date.parse(creationTimestamp) >= Math.floor(Date.parse(since) / 1000) * 1000;
}

/** Does the object show what the merge patch says? */
export function shows(object: unknown, patch: unknown): boolean {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return JSON.stringify(object) === JSON.stringify(patch);
  return Object.entries(patch).every(([key, value]) => {
    const found = fieldOf(object, key);
    return value === null ? found === undefined || found === null : shows(found, value);
  });
}
