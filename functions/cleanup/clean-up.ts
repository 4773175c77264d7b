/** What a run of the cleanup does: plan, apply, or plan an undo. */
import type { Look, Looked } from '../runtime/operation.ts';
import type { Rule } from './contracts.ts';
import { planRun, type RulesOfRun } from './plan-run.ts';
import { userRules } from './user-rules/user-rules.ts';

/** Throws EventError for what may not be asked for, ConfigurationError for rules of nightshift.yaml that are not understood, ClusterError. */
export const cleanUp = async (builtIn: readonly Rule[], look: Look): Promise<Looked> => {
  const own = await userRules(
    look.laid.rules ?? [],
    builtIn.map(({ id }) => id),
  );
  const rulesOfRun: RulesOfRun = { rules: [...builtIn, ...own.rules], findings: () => own.notTolds.findings(look.cluster) };
  const looked = await cleanUpBy(rulesOfRun, look);
  return { ...looked, furtherChecks: own.rules.map(({ id, title }) => ({ id, title })) };
};

const cleanUpBy = async (rulesOfRun: RulesOfRun, look: Look): Promise<Looked> => {
  const { apply, undo, applyPermitted } = look.own;
  if (typeof apply === 'string') {
    const { applyRun } = await import('./apply-run.ts');
    return applyRun(rulesOfRun, look, apply);
  }
  if (typeof undo === 'string') {
    const { undoRun } = await import('./undo-run.ts');
    return undoRun(rulesOfRun, look, undo);
  }
  const { looked, plan } = await planRun(rulesOfRun, look, applyPermitted === true);
  if (applyPermitted !== true || !plan) return looked;
  const { applyAtOnce } = await import('./apply-run.ts');
  return applyAtOnce(rulesOfRun, look, plan, looked);
};
