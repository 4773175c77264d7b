/**
 * The one executor: it carries out a plan, and nothing else writes to a cluster. Look at all, try all (dry run), write the journal, then batch by
 * batch: look, write with preconditions, verify, write down what became of it. Interrupted anywhere it goes on from its journal.
 */
import { userAgent } from '../cluster/user-agent.ts';
import { carryOut } from './carry-out.ts';
import type { Executed, Outcome, Plan, PlannedAction } from './contracts.ts';
import { type Course, courseOf, type Execution, forEach, type Manifests, settle, tooMany } from './course.ts';
import { bodiesLost, dryRun, type Sought } from './dry-run.ts';
import {
  isFailure,
  type Journal,
  JournalDamaged,
  JournalTaken,
  type JournalWriter,
  journalWriter,
  keptManifest,
  readJournal,
} from './journal.ts';
import { look, wordsOf } from './look.ts';
import { verify } from './verify.ts';

/**
 * Carries out the plan, or goes on with it where `journalId` names a journal that is begun. Throws only for a journal that is damaged or of another
 * plan, and for a plan that is none; before anything was written what stands in the way is `refused`, and after that `stopped` or `interrupted`.
 */
export async function execute(run: Execution): Promise<Executed> {
  const journal = await readJournal(run.storage, run.plan.cluster, run.journalId);
  if (journal && journal.header.plan !== run.plan.id)
    throw new TypeError(`the journal ${run.journalId} is of the plan ${journal.header.plan}, not of ${run.plan.id}`);
  if (journal?.ended) return asRecorded(run, journal, journal.ended);
  refuseOdd(run.plan);
  const course = courseOf(run, await manifestsTakenBack(run));
  run.writer.onRetryAfter((wait) => course.pace.holdFor(wait));
  const closed = await notNow(course);
  if (closed) return executed(course, journal ? 'stopped' : 'refused', closed);
  return journal ? goOn(course, journal) : begin(course);
}

/** A plan of another hand than ours: a cleanup creates nothing, an undo deletes nothing, and an action is named once. */
function refuseOdd({ id, kind, actions }: Plan): void {
  const odd = actions.find((action) => (kind === 'undo' ? action.kind === 'delete' : action.kind === 'create'));
  if (odd) throw new TypeError(`the plan ${id} is of the kind ${kind} and would ${odd.kind} ${odd.object.name}`);
  if (new Set(actions.map((action) => action.id)).size < actions.length) throw new TypeError(`the plan ${id} names two actions alike`);
}

/** Of an undo: the manifests of the journal that it takes back. */
async function manifestsTakenBack({ plan, storage }: Execution): Promise<Manifests> {
  if (plan.undoes === undefined) return new Map();
  const journal = await readJournal(storage, plan.cluster, plan.undoes);
  return new Map(journal?.items.map(({ action, manifest }) => [action.id, manifest]));
}

/** Why nothing may be written now: the guards of the whole, or another cluster than the plan's behind the way that writes. */
async function notNow(course: Course): Promise<string | undefined> {
  const { gate, writer, plan, signal } = course;
  try {
    const closed = await gate();
    if (closed) return closed;
    const uid = await writer.clusterUid(signal);
    return uid === plan.clusterUid
      ? undefined
      : `${writer.host} is another cluster than the plan was made for: the uid of its Namespace kube-system is ${uid}, and the plan says ${plan.clusterUid}`;
  } catch (error) {
    return `it could not be found out whether writing is allowed: ${wordsOf(error)}`;
  }
}

const executed = ({ journalId, outcomes, warnings }: Course, ended: Executed['ended'], why?: string): Executed => ({
  journal: journalId,
  outcomes,
  ended,
  ...(why !== undefined && { why }),
  warnings: [...warnings],
});

const asRecorded = (run: Execution, { items }: Journal, { ended, why, warnings }: NonNullable<Journal['ended']>): Executed => ({
  journal: run.journalId,
  outcomes: new Map(items.flatMap(({ action, outcome }) => (outcome ? [[action.id, outcome] as const] : []))),
  ended,
  why: why ?? 'it was carried out before, and nothing was written now',
  closed: true,
  warnings,
});

/** From the first look to the journal, then the writes. */
async function begin(course: Course): Promise<Executed> {
  const { plan } = course;
  const sought: Sought[] = [];
  const manifests: Record<string, Readonly<Record<string, unknown>>> = {};
  let done = 0;
  try {
    await forEach(course, plan.actions, async (action) => {
      const looked = await look(course, action, true);
      if (looked.may) {
        sought.push({ action, looked });
        if ('fresh' in looked) manifests[action.id] = keptManifest(looked.fresh);
      } else if (looked.outcome) course.outcomes.set(action.id, looked.outcome);
      done += 1;
      course.onProgress?.({ phase: 'looking', done, of: plan.actions.length });
    });
    const lost = course.signal.aborted ? undefined : await dryRun(course, sought);
    if (lost) return executed(course, 'refused', lost);
  } catch (error) {
    if (!course.signal.aborted) return executed(course, 'refused', `the dry run came to no end: ${wordsOf(error)}`);
  }
  // What was found out is written down nowhere: the next one finds it out again.
  if (course.signal.aborted)
    return executed({ ...course, outcomes: new Map() }, 'interrupted', 'the time was spent before anything was written');
  const failed = [...course.outcomes.values()].filter(isFailure);
  if (tooMany(failed.length, plan))
    return executed(
      course,
      'refused',
      `${failed.length} of ${plan.actions.length} would go wrong, one of them: ${failed[0]?.message ?? ''}`,
    );
  const closed = await asked(course);
  if (closed) return executed(course, 'refused', closed);
  const journal = journalWriter(course.storage, plan.cluster, course.journalId);
  try {
    await journal.start({ header: headerOf(course), actions: plan.actions, manifests, outcomes: outcomesOf(course, plan.actions) });
  } catch (error) {
    return executed(course, 'refused', `the journal could not be written: ${wordsOf(error)}`);
  }
  return write(course, journal, { left: plan.actions.filter(({ id }) => !course.outcomes.has(id)), begun: new Map(), lastBatch: 0 });
}

const headerOf = ({ plan, journalId, runId, writer }: Course) => ({
  schemaVersion: 1 as const,
  id: journalId,
  plan: plan.id,
  cluster: plan.cluster,
  clusterUid: plan.clusterUid,
  kind: plan.kind,
  ...(plan.undoes !== undefined && { undoes: plan.undoes }),
  runId,
  startedAt: new Date(writer.now()).toISOString(),
  nightshift: userAgent,
});

const outcomesOf = ({ outcomes }: Course, actions: readonly PlannedAction[]): readonly Outcome[] =>
  actions.flatMap(({ id }) => {
    const outcome = outcomes.get(id);
    return outcome ? [{ action: id, ...outcome }] : [];
  });

/** Where an earlier invocation was cut off. The dry run was over before its journal began. */
async function goOn(course: Course, { items, lastBatch, failures }: Journal): Promise<Executed> {
  const { actions } = course.plan;
  const known = new Set(items.map(({ action }) => action.id));
  if (known.size !== actions.length || !actions.every(({ id }) => known.has(id)))
    throw new JournalDamaged(`the journal ${course.journalId} does not hold the actions of the plan ${course.plan.id}`);
  course.failures = failures;
  for (const { action, outcome } of items) if (outcome) course.outcomes.set(action.id, outcome);
  // What is to be done the plan says, and the journal only what was: a plan's name vouches for what it says.
  const left = actions.filter(({ id }) => !course.outcomes.has(id));
  const begun = new Map(
    items.flatMap(({ action, begunAt, outcome }) => (outcome || begunAt === undefined ? [] : [[action.id, begunAt] as const])),
  );
  // First of all what may be done already.
  try {
    const lost = await bodiesLost(course, left);
    if (lost) return executed(course, 'stopped', lost);
  } catch (error) {
    return executed(course, course.signal.aborted ? 'interrupted' : 'stopped', wordsOf(error));
  }
  const sorted = left.toSorted((a, b) => Number(begun.has(b.id)) - Number(begun.has(a.id)));
  return write(course, journalWriter(course.storage, course.plan.cluster, course.journalId), { left: sorted, begun, lastBatch });
}

interface Left {
  readonly left: readonly PlannedAction[];
  /** By action id: when an earlier invocation had begun with it. */
  readonly begun: ReadonlyMap<string, string>;
  readonly lastBatch: number;
}

async function write(course: Course, journal: JournalWriter, { left, begun, lastBatch }: Left): Promise<Executed> {
  // The gate is asked again after some 10 s of writing, however slow that is.
  const size = course.settings.batchSize ?? Math.max(1, Math.min(50, Math.floor(course.settings.writesPerSecond * 10)));
  for (let from = 0, batch = lastBatch + 1; from < left.length; from += size, batch += 1) {
    if (course.signal.aborted) return executed(course, 'interrupted', 'the time is spent; the same plan goes on from here');
    const closed = await asked(course);
    // The journal stays open: once it may, the same plan goes on from here.
    if (closed) return executed(course, 'stopped', closed);
    const actions = left.slice(from, from + size);
    const lost = await writeBatch(course, journal, batch, actions, begun);
    if (lost) return executed(course, 'stopped', lost);
    if (course.stopped !== undefined) return end(course, journal, 'stopped', course.stopped);
  }
  if (left.some(({ id }) => !course.outcomes.has(id)))
    return executed(course, 'interrupted', 'the time is spent; the same plan goes on from here');
  return end(course, journal, 'complete');
}

/** Gives why nothing further may be written: the journal cannot be. */
async function writeBatch(
  course: Course,
  journal: JournalWriter,
  batch: number,
  actions: readonly PlannedAction[],
  begun: Left['begun'],
): Promise<string | undefined> {
  try {
    await journal.begin(
      batch,
      now(course),
      actions.map(({ id }) => id),
    );
  } catch (error) {
    return `the journal could not be written, so nothing further was: ${wordsOf(error)}`;
  }
  const pending: PlannedAction[] = [];
  let thrown: string | undefined;
  try {
    await forEach(course, actions, async (action) => {
      const done = await carryOut(course, action, begun.get(action.id));
      if (!done) return;
      settle(course, action, done.outcome, done.busy === true);
      if (done.pending) pending.push(action);
      course.onProgress?.({ phase: 'writing', done: course.outcomes.size, of: course.plan.actions.length });
    });
    await verify(course, pending);
  } catch (error) {
    // Whatever it is, what was done is written down.
    thrown = wordsOf(error);
  }
  return (await writeOutcomes(course, journal, batch, outcomesOf(course, actions))) ?? thrown;
}

const timesOutcomesAreTried = 4;

async function writeOutcomes(
  course: Course,
  journal: JournalWriter,
  batch: number,
  outcomes: readonly Outcome[],
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await journal.outcomes(batch, now(course), outcomes);
      return undefined;
    } catch (error) {
      if (attempt < timesOutcomesAreTried && !(error instanceof JournalTaken)) continue;
      const written = outcomes.filter(({ result }) => ['deleted', 'pending-finalizers', 'patched', 'created'].includes(result)).length;
      return `${written} objects were written to and the journal does not say so: ${wordsOf(error)}. The same plan finds them out when it goes on`;
    }
  }
}

async function end(course: Course, journal: JournalWriter, ended: 'complete' | 'stopped', why?: string): Promise<Executed> {
  try {
    await journal.end({ at: now(course), ended, ...(why !== undefined && { why }), warnings: [...course.warnings] });
  } catch (error) {
    course.warnings.add(`the end of the journal could not be written: ${wordsOf(error)}`);
  }
  return { ...executed(course, ended, why), closed: true };
}

const now = ({ writer }: Course): string => new Date(writer.now()).toISOString();

/** The gate's answer; one that cannot be asked is closed. */
async function asked({ gate }: Course): Promise<string | undefined> {
  try {
    return await gate();
  } catch (error) {
    return `it could not be found out whether writing is still allowed: ${wordsOf(error)}`;
  }
}
