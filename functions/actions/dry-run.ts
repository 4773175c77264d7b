/** The whole plan, tried on the server before anything is written: it checks rights, admission and preconditions and stores nothing. */
import { isClusterError } from '../cluster/cluster-error.ts';
import { isDenial, sent, shows } from './carry-out.ts';
import type { PlannedAction } from './contracts.ts';
import { alreadyForbidden, type Course, forbid, forEach, outcomeOf, placeOf } from './course.ts';
import { type Looked, movedSince, wordsOf } from './look.ts';

/** An action that may be carried out as far as a look tells. */
export interface Sought {
  readonly action: PlannedAction;
  readonly looked: Extract<Looked, { readonly may: true }>;
}

/**
 * Tries each; what is refused, forbidden or changed gets its outcome. Gives why nothing at all may be written, if so.
 * Throws ClusterError where the server gave no answer.
 */
export async function dryRun(course: Course, sought: readonly Sought[]): Promise<string | undefined> {
  const lost = await bodiesLost(
    course,
    sought.map(({ action }) => action),
  );
  if (lost) return lost;
  const untried: string[] = [];
  let done = 0;
  await forEach(course, sought, async ({ action, looked }) => {
    const forbidden = alreadyForbidden(course, action);
    if (forbidden) course.outcomes.set(action.id, forbidden);
    else await tryOne(course, { action, looked }, (message) => untried.push(message));
    done += 1;
    course.onProgress?.({ phase: 'trying', done, of: sought.length });
  });
  if (untried.length > 0)
    course.warnings.add(
      `${untried.length} of ${sought.length} could not be tried before, since a webhook does not support it: ${untried[0]}`,
    );
  return undefined;
}

async function tryOne(course: Course, { action, looked }: Sought, unsupported: (message: string) => void): Promise<void> {
  const said = await sent(course, action, looked, true);
  if ('failed' in said) throw said.failed;
  if (said.taken && (action.kind !== 'patch' || shows(said.body, action.patch))) return;
  const settle = (outcome: ReturnType<typeof outcomeOf>) => void course.outcomes.set(action.id, outcome);
  if (said.taken)
    return settle(outcomeOf(course, 'refused', 'the server would take the patch and not do what it says: a webhook changes it'));
  if (said.withoutRight) return settle(forbid(course, action, said.message));
  // apiserver's NewDryRunUnsupportedErr: a webhook whose sideEffects are neither None nor NoneOnDryRun.
  if (said.status === 400 && /^admission webhook "[^"]+" does not support dry run/.test(said.message)) return unsupported(said.message);
  if (said.notThere && action.kind !== 'create') return settle(outcomeOf(course, 'gone-before'));
  if (said.status === 409 && !isDenial(said.message)) {
    if (action.kind === 'create') return settle(outcomeOf(course, 'conflict', said.message));
    const moved = movedSince(course, action, await course.writer.get(placeOf(action), course.signal));
    // Not changed: the server's own conflict of the moment, which the write itself looks into.
    return moved && settle(moved);
  }
  return settle(outcomeOf(course, 'refused', said.message));
}

/**
 * Whether something between drops the bodies of DELETE requests: each would be a deletion of whatever has the name by then, even in a dry run.
 * Gives why nothing may be written, if so. Throws ClusterError where the server gave no answer.
 */
export async function bodiesLost(course: Course, actions: readonly PlannedAction[]): Promise<string | undefined> {
  const deletions = actions.filter(({ kind }) => kind === 'delete').toReversed();
  const kinds = new Map(deletions.map((action) => [`${action.resource.resource}.${action.resource.group}`, action]));
  for (const action of kinds.values()) {
    const name = `nightshift-looks-for-delete-bodies-${crypto.randomUUID()}`;
    try {
      const arrives = await course.writer.deleteBodyArrives({ ...placeOf(action), name }, { signal: course.signal });
      if (arrives === 'yes') return undefined;
      if (arrives === 'no')
        return `the bodies of DELETE requests do not reach ${course.writer.host}, and with them no precondition and no dry run: a proxy between drops them`;
      forbid(course, action, `no right to delete ${action.resource.resource} in ${action.object.namespace ?? 'the cluster'}`);
    } catch (error) {
      if (isClusterError(error)) throw error;
      return wordsOf(error);
    }
  }
  return undefined;
}
