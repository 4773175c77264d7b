/** Rules that nightshift.yaml itself holds. CEL is loaded only where there are some. */
import type { UserRule } from '../../runtime/configuration.ts';
import { configurationError } from '../../runtime/configuration-error.ts';
import type { Rule } from '../contracts.ts';
import { type NotTolds, noteNotTolds } from './not-tolds.ts';

export interface UserRules {
  readonly rules: readonly Rule[];
  /** What the last scan with them could not tell of objects, as findings. */
  readonly notTolds: NotTolds;
}

/**
 * The rules as the scan and the executor know them. Throws ConfigurationError with every mistake: nothing is proposed by rules of which one is
 * not understood.
 * @param rules of one cluster, laid
 * @param taken ids of the built-in rules
 */
export const userRules = async (rules: readonly UserRule[], taken: readonly string[]): Promise<UserRules> => {
  const notTolds = noteNotTolds();
  if (rules.length === 0) return { rules: [], notTolds };
  const { ruleOf, userRuleMistakes } = await import('./loaded.ts');
  const mistakes = userRuleMistakes(rules, ['options', 'cleanup', 'rules'], taken);
  if (mistakes.length > 0) throw configurationError('the configuration', mistakes);
  return { rules: rules.map((rule) => ruleOf(rule, notTolds)), notTolds };
};
