import type { IgnoreRule } from '../runtime/configuration.ts';
import { type IgnoreAnnotation, refKey } from '../scan/contracts.ts';
import { glob } from './glob.ts';
import { type Ignorable, namespaceOf } from './ignorable.ts';
import { annotationMutes } from './ignore-annotations.ts';
import type { Report } from './model.ts';

/** A rule and the file that it stands in: nightshift.yaml unless told. */
export type StandingRule = IgnoreRule & { readonly from?: 'nightshift.yaml' | 'config/overrides.yaml' };

export interface IgnoreContext {
  /** By label selector: the refKey of each object that it selects, as the scan tells it. */
  readonly labelled: ReadonlyMap<string, ReadonlySet<string>>;
  /** By refKey: the objects that carry the annotation, as the scan tells it. */
  readonly annotated: ReadonlyMap<string, IgnoreAnnotation>;
  /** The run's own clock, not the source's: an embedded example must not revive a rule that expired. */
  readonly today: Date;
  /** Every check that an annotation may name. */
  readonly known: readonly string[];
  /** The checks that ran whole: only then has a rule that matches nothing anything to say. */
  readonly ran: ReadonlySet<string>;
}

export interface Ignored<F> {
  readonly kept: F[];
  /** One entry a rule, in the order of the configuration, then the annotations. A finding counts for each that it matches. */
  readonly ignored: Report['ignored'];
  /** Would what holds today take this one away? Asked of the last report's findings, so that none of them is called resolved. */
  readonly isIgnored: (finding: Ignorable) => boolean;
}

const matcher = (rule: IgnoreRule, { labelled }: IgnoreContext): ((finding: Ignorable) => boolean) => {
  const check = glob(rule.check ?? '*');
  const namespace = rule.namespace === undefined ? undefined : glob(rule.namespace);
  const name = rule.name === undefined ? undefined : glob(rule.name);
  const selected = rule.label === undefined ? undefined : (labelled.get(rule.label) ?? new Set<string>());
  return (finding) => {
    const { object, members = [] } = finding;
    const within = namespaceOf(object);
    return (
      check(finding.check) &&
      (!namespace || (within !== undefined && namespace(within))) &&
      (!name || name(object.name) || members.some((member) => name(member.name))) &&
      (!selected || selected.has(refKey(object)) || (members.length > 0 && members.every((member) => selected.has(refKey(member)))))
    );
  };
};

/** A rule for people: `pod-* in namespace sandbox-*, labelled team=core, until 2026-12-31`. */
export const describeRule = ({ check, namespace, name, label, until }: IgnoreRule): string =>
  [
    [check ?? 'every check', namespace && `in namespace ${namespace}`].filter(Boolean).join(' '),
    name && `named ${name}`,
    label && `labelled ${label}`,
    until && `until ${until}`,
  ]
    .filter(Boolean)
    .join(', ');

/**
 * Takes ignored findings away BEFORE they are folded: what an ignored finding would have explained then stands for itself and is not hidden
 * with it. A rule or an annotation whose last day is over (UTC) takes nothing away and is named, as is one that matches nothing although a
 * check that it speaks of ran. A label is looked for on the object, or on all of its members where the object was not read.
 */
export function ignoreFindings<F extends Ignorable>(
  findings: readonly F[],
  rules: readonly StandingRule[],
  context: IgnoreContext,
): Ignored<F> {
  const day = context.today.toISOString().slice(0, 10);
  const prepared = rules.map((rule) => ({ rule, expired: rule.until !== undefined && rule.until < day, matches: matcher(rule, context) }));
  const annotations = annotationMutes(context);
  const isIgnored = (finding: Ignorable) =>
    prepared.some(({ expired, matches }) => !expired && matches(finding)) || annotations.isIgnored(finding);
  const ofRules = prepared.map(({ rule, expired, matches }): Report['ignored'][number] => {
    const { reason, from = 'nightshift.yaml', until } = rule;
    const count = expired ? 0 : findings.filter(matches).length;
    const isAbout = glob(rule.check ?? '*');
    const note = expired ? 'expired' : count === 0 && [...context.ran].some(isAbout) ? 'matches nothing' : undefined;
    return { rule: describeRule(rule), reason, count, ...(note && { note }), from, ...(until !== undefined && { until }) };
  });
  return {
    kept: findings.filter((finding) => !isIgnored(finding)),
    isIgnored,
    ignored: [...ofRules, ...annotations.listed(findings)],
  };
}
