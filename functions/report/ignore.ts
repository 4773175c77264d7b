import type { IgnoreRule } from '../runtime/configuration.ts';
import { type Finding, type Ref, refKey } from '../scan/contracts.ts';
import type { Report } from './model.ts';

/** What of a finding an ignore rule looks at; a finding of an earlier report has it too. */
export type Ignorable = Pick<Finding, 'object' | 'members'> & { readonly check: string };

export interface IgnoreContext {
  /** By label selector: the refKey of each object that it selects, as the scan tells it. */
  readonly labelled: ReadonlyMap<string, ReadonlySet<string>>;
  /** The run's own clock, not the source's: an embedded example must not revive a rule that expired. */
  readonly today: Date;
  /** The checks that ran whole: only then has a rule that matches nothing anything to say. */
  readonly ran: ReadonlySet<string>;
}

export interface Ignored<F> {
  readonly kept: F[];
  /** One entry a rule, in the order of the configuration. A finding counts for each rule that it matches. */
  readonly ignored: Report['ignored'];
  /** Would a rule that holds today take this one away? Asked of the last report's findings, so that none of them is called resolved. */
  readonly isIgnored: (finding: Ignorable) => boolean;
}

/** A pattern in which * stands for any characters and ? for one, of the whole name. */
export function glob(pattern: string): (name: string) => boolean {
  const literal = (text: string) => text.replace(/[\\^$.+()[\]{}|]/g, '\\$&');
  const source = pattern
    .split(/(\*+|\?)/)
    .map((part) => (part.startsWith('*') ? '.*' : part === '?' ? '.' : literal(part)))
    .join('');
  const expression = new RegExp(`^${source}$`, 'su');
  return (name) => expression.test(name);
}

/** A Namespace counts as an object of itself, so that a rule for a namespace also holds for what is said of it. */
const namespaceOf = ({ apiVersion, kind, namespace, name }: Ref): string | undefined =>
  namespace ?? (apiVersion === 'v1' && kind === 'Namespace' ? name : undefined);

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
 * with it. A rule whose last day is over (UTC) takes nothing away and is named, as is one that matches nothing although a check that it
 * speaks of ran. A label is looked for on the object, or on all of its members where the object was not read.
 */
export function ignoreFindings<F extends Ignorable>(
  findings: readonly F[],
  rules: readonly IgnoreRule[],
  context: IgnoreContext,
): Ignored<F> {
  const day = context.today.toISOString().slice(0, 10);
  const prepared = rules.map((rule) => ({ rule, expired: rule.until !== undefined && rule.until < day, matches: matcher(rule, context) }));
  const isIgnored = (finding: Ignorable) => prepared.some(({ expired, matches }) => !expired && matches(finding));
  return {
    kept: findings.filter((finding) => !isIgnored(finding)),
    isIgnored,
    ignored: prepared.map(({ rule, expired, matches }) => {
      const count = expired ? 0 : findings.filter(matches).length;
      const isAbout = glob(rule.check ?? '*');
      const note = expired ? 'expired' : count === 0 && [...context.ran].some(isAbout) ? 'matches nothing' : undefined;
      return { rule: describeRule(rule), reason: rule.reason, count, ...(note && { note }) };
    }),
  };
}
