/** Rules that conclude from what is absent have to see the cluster's custom resources too, which no declaration can name. */
import type { Proposal } from '../actions/contracts.ts';
import { NotApplicable, type Pass, type Read, type Reads } from '../scan/contracts.ts';
import type { Rule, RuleOptions } from './contracts.ts';
import type { CustomReads, UnusedRule } from './references/unused-rule.ts';

/** Looks at one custom resource. */
export type Note = (pass: Pick<Pass<Proposal, RuleOptions, never>, 'shared'>) => (read: Read, object: object) => void;

const ruleOver = (rule: Rule, note: Note, custom: CustomReads): Rule => {
  const reads: readonly Read[] = custom instanceof Error ? [] : custom;
  const named: Reads = Object.fromEntries(reads.map((read) => [`${read.resource}.${read.group}`, read]));
  const { reads: own } = rule;
  return {
    ...rule,
    reads: typeof own === 'function' ? (options) => ({ ...own(options), ...named }) : { ...own, ...named },
    start(pass) {
      if (custom instanceof Error) throw custom;
      const look = note(pass);
      const reducer = rule.start(pass);
      const looks = Object.entries(named).map(([name, read]) => [name, (object: object) => look(read, object)] as const);
      return { ...reducer, see: { ...reducer.see, ...Object.fromEntries(looks) } };
    },
  };
};

/**
 * The same rule, which runs only when `withCustomResources` has told it what custom resources there are: each is shown to `note`, and one that
 * cannot be listed voids its verdicts.
 */
export const overCustomResources = (rule: Rule, note: Note): UnusedRule => ({
  ...ruleOver(rule, note, new NotApplicable('the custom resources that may refer to it are not known here')),
  over: (custom) => ruleOver(rule, note, custom),
});
