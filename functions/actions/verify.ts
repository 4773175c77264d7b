/** Waits, for a while, until what is being deleted is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pendingOutcome } from './carry-out.ts';
import { absent, type PlannedAction } from './contracts.ts';
import { type Course, outcomeOf, placeOf } from './course.ts';
import { metadataOf } from './writer.ts';

const firstWait = 200;
const longestWait = 2_000;
const unlessTold = 10_000;

/**
 * Asks for all of them together until they are gone (404, or another uid) or the wait is over: they then wait for a finalizer. A signal ends
 * the wait, and what was seen last stands.
 */
export async function verify(course: Course, pending: readonly PlannedAction[]): Promise<void> {
  const { signal, settings } = course;
  const deadline = performance.now() + (settings.verifyFor ?? unlessTold);
  let left = pending;
  for (let wait = firstWait; left.length > 0 && !signal.aborted; wait = Math.min(wait * 2, longestWait)) {
    const still: PlannedAction[] = [];
    for (const action of left) {
      if (signal.aborted || performance.now() > deadline) break;
      if (!(await isGone(course, action))) still.push(action);
    }
    if (performance.now() + wait > deadline) return;
    left = still;
    if (left.length > 0) await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}

async function isGone(course: Course, action: PlannedAction): Promise<boolean> {
  let fresh: unknown;
  try {
    fresh = await course.writer.get(placeOf(action), course.signal);
  } catch {
    // Its deletion was taken; whether it is over is asked again, or stays open.
    return false;
  }
  const gone = fresh === absent || metadataOf(fresh).uid !== action.object.uid;
  course.outcomes.set(action.id, gone ? outcomeOf(course, 'deleted') : pendingOutcome(course, fresh));
  return gone;
}
