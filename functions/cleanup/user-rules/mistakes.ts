/** What is wrong with rules of nightshift.yaml, beyond their schema: told at synth and whenever they are loaded, before anything is read. */
import * as kinds from '../../cluster/kinds.ts';
import type { UserRule } from '../../runtime/configuration.ts';
import type { ConfigurationPath, Mistake } from '../../runtime/configuration-error.ts';
import type { Read } from '../../scan/contracts.ts';
import { ConditionMistake, conditionOf } from './condition.ts';
import { isOf, readOf } from './rule-of.ts';
import { SelectorError, selectorOf } from './selector.ts';

const isRead = (value: object): value is Read => 'resource' in value && 'kind' in value && 'versions' in value;
const knownReads: readonly Read[] = Object.values(kinds).filter((value) => typeof value === 'object' && isRead(value));

/** What no rule may delete, and what to do instead. */
const tooDangerous: readonly { readonly read: Read; readonly instead: string }[] = [
  { read: kinds.namespaces, instead: 'everything in it would go too: report it, and delete it by hand' },
  { read: kinds.nodes, instead: 'drain it, and let its node group or autoscaler remove it' },
  { read: kinds.customResourceDefinitions, instead: 'all objects of its kind would go too: report it, and delete it by hand' },
  { read: kinds.persistentVolumes, instead: 'the pointer to the disk would be lost: turn on the rule reclaim-released-volumes' },
  { read: kinds.apiServices, instead: 'the API that it serves would go with it: report it, and delete it by hand' },
];

/**
 * @param path leads to the list of rules and begins each mistake's own
 * @param taken ids of the built-in rules
 * @param others rules that hold at the same time: those for all clusters, where these are a cluster's own
 */
export const userRuleMistakes = (
  rules: readonly UserRule[],
  path: ConfigurationPath,
  taken: readonly string[],
  others: readonly UserRule[] = [],
): Mistake[] =>
  rules.flatMap((rule, index) => {
    const at = (...keys: readonly PropertyKey[]): ConfigurationPath => [...path, index, ...keys];
    const elsewhere = [...rules.slice(0, index), ...others.filter(({ id }) => rules.every((own) => own.id !== id))];
    const tell = (keys: readonly PropertyKey[], message: string | undefined): Mistake[] =>
      message === undefined ? [] : [{ path: at(...keys), message: `rule ${rule.id}: ${message}` }];
    return [
      ...tell(['id'], idMistake(rule, rules.slice(0, index), taken)),
      ...tell(['resource'], resourceMistake(rule, elsewhere)),
      ...tell(['action'], actionMistake(rule)),
      ...tell(['minimumAgeHours'], ageMistake(rule)),
      ...(['namespaces', 'namespaceSelector'] as const).flatMap((key) => tell([key], scopeMistake(rule, key))),
      ...(['namespaceSelector', 'selector'] as const).flatMap((key) => tell([key], selectorMistake(rule[key]))),
      ...tell(['when'], conditionMistake(rule)),
    ];
  });

const idMistake = ({ id }: UserRule, before: readonly UserRule[], taken: readonly string[]): string | undefined => {
  if (taken.includes(id)) return 'a built-in rule has this id; take another';
  return before.some((other) => other.id === id) ? 'a rule before it has the same id; take another' : undefined;
};

/** One list feeds all who read a kind: they have to agree on its version and on what it is called. */
const resourceMistake = (rule: UserRule, elsewhere: readonly UserRule[]): string | undefined => {
  const read = readOf(rule);
  const [version] = read.versions;
  const known = knownReads.find((each) => isOf(each, read));
  if (known && known.kind !== read.kind) return `${JSON.stringify(read.kind)}; the kind of ${read.resource} is ${known.kind}`;
  if (known && !known.versions.includes(version))
    return `${JSON.stringify(version)}; ${read.resource} are read in ${known.versions.join(', ')}`;
  const twin = elsewhere.find((other) => isOf(readOf(other), read));
  if (!twin || (twin.resource.version === version && twin.resource.kind === read.kind)) return undefined;
  return `version ${version} and kind ${read.kind}; rule ${twin.id} has ${twin.resource.version} and ${twin.resource.kind} for ${read.resource}`;
};

const actionMistake = (rule: UserRule): string | undefined => {
  const danger = rule.action === 'delete' ? tooDangerous.find(({ read }) => isOf(read, readOf(rule))) : undefined;
  return danger && `"delete"; no rule may delete ${danger.read.resource}: ${danger.instead}`;
};

const ageMistake = ({ action, minimumAgeHours }: UserRule): string | undefined =>
  action === 'delete' && minimumAgeHours < 1 ? `${minimumAgeHours}; allowed for what is deleted: 1 or more` : undefined;

const scopeMistake = (rule: UserRule, key: 'namespaces' | 'namespaceSelector'): string | undefined =>
  rule[key] !== undefined && kinds.clusterScoped.some((read) => isOf(read, readOf(rule)))
    ? `${rule.resource.resource} are in no namespace, so this selects none of them; leave it out`
    : undefined;

const selectorMistake = (text: string | undefined): string | undefined => {
  try {
    if (text !== undefined) selectorOf(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return `${JSON.stringify(text)}: ${error.message}; such as app=web,tier in (a, b),!keep`;
  }
};

const conditionMistake = (rule: UserRule): string | undefined => {
  try {
    const { constant } = conditionOf(rule.when);
    const isNarrowed = rule.selector ?? rule.namespaceSelector ?? rule.namespaces;
    if (!constant || isNarrowed || rule.action === 'report') return undefined;
    return 'it looks at nothing of the object and would take them all; use object, age or owner, or give the rule a selector';
  } catch (error) {
    if (!(error instanceof ConditionMistake)) throw error;
    return error.message;
  }
};
