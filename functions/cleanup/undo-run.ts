/** Plans to give back what a journal says was deleted. The plan is applied as any other. */
import { readJournal } from '../actions/journal.ts';
import { savePlan } from '../actions/plan-store.ts';
import { undoOptions } from '../actions/undo/contracts.ts';
import { liveThrough, planUndo } from '../actions/undo/plan-undo.ts';
import { EventError } from '../runtime/events.ts';
import type { Look, Looked } from '../runtime/operation.ts';
import { identityNow, notRun } from './apply-run.ts';
import type { RulesOfRun } from './plan-run.ts';
import { openWriteSession } from './write-session.ts';

/** Asks the cluster by the way that writes, whose rights an undo needs anyway; writes nothing. Throws EventError for a journal that there is not. */
export const undoRun = async ({ rules }: RulesOfRun, look: Look, id: string): Promise<Looked> => {
  const session = await openWriteSession(look);
  const { writer, storage, settings } = session;
  try {
    const journal = await readJournal(storage, look.cluster, id);
    if (!journal)
      throw new EventError(
        `There is no journal ${id} of ${look.cluster} in ${storage.location}: its id is in the report of what was applied, and it is kept where the plan was.`,
      );
    const made = await planUndo({
      journal,
      identity: await identityNow(rules, look, session),
      live: liveThrough(writer, look.signal),
      options: undoOptions.parse({ ...(look.own.restoreJobs === true && { restoreJobs: true }) }),
      limits: settings.limits,
      now: writer.now(),
      runId: look.runId,
    });
    const { actions } = made;
    // Where an earlier try of this run has stored its plan and somebody applies that already, this one is nobody's.
    const plan = made.plan && (await savePlan(storage, made.plan)) ? made.plan : undefined;
    return {
      source: { kind: 'cluster', name: writer.host },
      scan: { ...notRun(rules, 'this run plans an undo'), objects: journal.items.length },
      sourceFindings: [],
      actions: [...actions],
      ...(plan && { plan: { id: plan.id, expiresAt: plan.expiresAt, undoes: id } }),
    };
  } finally {
    await session.close();
  }
};
