import { NotApplicable, NotReadable, type Source } from '../../scan/contracts.ts';
import type { Rule } from '../contracts.ts';
import { refersToNothing } from './not-referring.ts';
import { type CustomReads, isUnusedRule } from './unused-rule.ts';

/**
 * The same rules, those about unused objects with all custom resources of this source among their reads: one that is served and cannot be
 * listed voids their verdicts. To be called before the scan. Never throws: where nobody can tell what there is, those rules do not run, and say why.
 */
export const withCustomResources = async (
  rules: readonly Rule[],
  source: Pick<Source, 'customResources'>,
  signal: AbortSignal,
): Promise<readonly Rule[]> => {
  if (!rules.some(isUnusedRule)) return rules;
  const custom = await customReads(source, signal);
  return rules.map((rule) => (isUnusedRule(rule) ? rule.over(custom) : rule));
};

const customReads = async (source: Pick<Source, 'customResources'>, signal: AbortSignal): Promise<CustomReads> => {
  if (!source.customResources) return new NotApplicable('it cannot be told here which custom resources may refer to it');
  try {
    const { reads, unknown } = await source.customResources(signal);
    const missing = unknown.filter(({ group }) => !refersToNothing(group));
    const [first] = missing;
    if (first) return new NotReadable(missing.map(({ message }) => message).join('; '), 'unavailable', first.remedy);
    return reads.filter(({ group, resource }) => !refersToNothing(group, resource));
  } catch (error) {
    if (error instanceof NotReadable || error instanceof NotApplicable) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new NotReadable(`custom resources: ${message}`, 'error', 'look at the message and run again');
  }
};
