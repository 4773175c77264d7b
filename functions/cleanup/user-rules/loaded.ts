/** What user-rules.ts loads where there are rules: named, so that a bundle splits it off. */
export { userRuleMistakes } from './mistakes.ts';
export { ruleOf } from './rule-of.ts';
