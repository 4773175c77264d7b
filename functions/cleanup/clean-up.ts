/** What a run of the cleanup does: plan, apply, or plan an undo. */
import { EventError } from '../runtime/events.ts';
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
  refuseUnknown(look, [...builtIn, ...own.rules]);
  const rulesOfRun: RulesOfRun = { rules: [...builtIn, ...own.rules], findings: () => own.notTolds.findings(look.cluster) };
  const looked = await cleanUpBy(rulesOfRun, { ...look, off: { ...look.off, ...ownRulesOff(own.rules, look) } });
  return { ...looked, furtherChecks: own.rules.map(({ id, title }) => ({ id, title })) };
};

const selected = (look: Look, key: 'only' | 'off'): readonly string[] => (look.own[key] as readonly string[] | undefined) ?? [];

/** Throws EventError for rules that there are not. */
const refuseUnknown = (look: Look, rules: readonly Rule[]): void => {
  const known = rules.map(({ id }) => id);
  const unknown = [...selected(look, 'only'), ...selected(look, 'off')].filter((id) => !known.includes(id));
  if (unknown.length > 0) throw new EventError(`There is no rule ${unknown.join(', ')}; there are ${known.join(', ')}.`);
};

/** Why rules of nightshift.yaml do not run; of the built-in ones the runtime knows it. */
const ownRulesOff = (rules: readonly Rule[], look: Look): Readonly<Record<string, string>> =>
  Object.fromEntries(
    rules.flatMap(({ id }): [string, string][] => {
      if (look.laid.checks?.off.includes(id)) return [[id, 'turned off in nightshift.yaml']];
      if (selected(look, 'off').includes(id)) return [[id, 'turned off for this run']];
      return look.own.only !== undefined && !selected(look, 'only').includes(id) ? [[id, 'not asked for in this run']] : [];
    }),
  );

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
  if (applyPermitted !== true) return looked;
  const { applyPermittedRun } = await import('./apply-run.ts');
  return applyPermittedRun(rulesOfRun, look, looked, plan);
};
