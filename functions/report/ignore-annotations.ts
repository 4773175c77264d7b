/** What the annotation nightshift.dev/ignore takes away, on the object itself or on its namespace. */
import * as z from 'zod';
import { type IgnoreAnnotation, type Ref, refKey } from '../scan/contracts.ts';
import { counted } from './counts.ts';
import { glob } from './glob.ts';
import { type Ignorable, isNamespace, namespaceOf } from './ignorable.ts';
import type { Report } from './model.ts';
import { byText } from './order.ts';
import { objectName } from './wording.ts';

type Listed = Report['ignored'][number];

/** What an annotation says, as it is understood. */
interface Meaning {
  /** For people: `pod-waiting, pod-restarts`. */
  readonly checks: string;
  readonly isAbout: (check: string) => boolean;
  readonly until?: string;
  readonly reason: string;
  readonly expired: boolean;
  /** What of it is not understood: that part takes nothing away. */
  readonly mistake?: string;
}

interface Mute {
  readonly object: Ref;
  /** Of objects that carry the same it is the same: a template may give it to every pod. */
  readonly says: Meaning;
}

/** Longer values are not understood: every pod may carry one. */
const longest = 500;
const longestReason = 200;
/** So many objects that carry the same are listed one by one, and so many entries in all. */
const mostAlike = 5;
const mostListed = 100;
const date = z.iso.date();

const shortened = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text);
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

const understood = (annotation: IgnoreAnnotation, day: string, known: readonly string[]): Meaning => {
  const { ignore, until: lastDay } = annotation;
  const mistakes: string[] = [];
  const until = lastDay === undefined ? undefined : oneLine(lastDay);
  if (until !== undefined && !date.safeParse(until).success) {
    mistakes.push(`ignore-until is ${JSON.stringify(shortened(until, 40))}, not a date such as 2026-12-31`);
  }
  const patterns = [...new Set(ignore.split(',').map(oneLine).filter(Boolean))];
  if (ignore.length > longest) mistakes.push(`it has more than ${longest} characters`);
  else if (patterns.length === 0) mistakes.push('it names no check; * stands for every check');
  const usable = mistakes.length > 0 ? [] : patterns.filter((pattern) => known.some(glob(pattern)));
  const unknown = mistakes.length > 0 ? [] : patterns.filter((pattern) => !usable.includes(pattern));
  if (unknown.length > 0) mistakes.push(`no check is named ${unknown.map((name) => JSON.stringify(shortened(name, 60))).join(' or ')}`);
  const globs = usable.map(glob);
  const reason = oneLine(annotation.reason ?? '');
  return {
    checks: patterns.includes('*') ? 'every check' : shortened(patterns.join(', '), longestReason) || 'no check',
    isAbout: (check) => globs.some((fits) => fits(check)),
    ...(until !== undefined && { until: shortened(until, 40) }),
    reason: reason === '' ? 'no reason given' : shortened(reason, longestReason),
    expired: until !== undefined && usable.length > 0 && until < day,
    ...(mistakes.length > 0 && { mistake: mistakes.join('; ') }),
  };
};

export interface AnnotationContext {
  readonly annotated: ReadonlyMap<string, IgnoreAnnotation>;
  readonly today: Date;
  /** Every check that an annotation may name. */
  readonly known: readonly string[];
  /** The checks that ran whole. */
  readonly ran: ReadonlySet<string>;
}

const namespaceKey = (object: Ref): string | undefined => {
  const name = namespaceOf(object);
  return name === undefined ? undefined : refKey({ apiVersion: 'v1', kind: 'Namespace', name });
};

/**
 * Annotations hold for the object that carries them, a Namespace's also for what is in it; where the object of a finding carries none, for a
 * finding all of whose members carry one.
 */
export function annotationMutes({ annotated, today, known, ran }: AnnotationContext) {
  const day = today.toISOString().slice(0, 10);
  const meanings = new Map<string, Meaning>();
  const meaningOf = (annotation: IgnoreAnnotation): Meaning => {
    const written = JSON.stringify([annotation.ignore, annotation.until, annotation.reason]);
    const meaning = meanings.get(written) ?? understood(annotation, day, known);
    meanings.set(written, meaning);
    return meaning;
  };
  const mutes = new Map([...annotated].map(([key, annotation]) => [key, { object: annotation.object, says: meaningOf(annotation) }]));
  /** Those that take the finding away; none where it stays. */
  const takenBy = ({ check, object, members = [] }: Ignorable): readonly Mute[] => {
    if (mutes.size === 0) return [];
    const holding = (key: string | undefined) => {
      const mute = key === undefined ? undefined : mutes.get(key);
      return mute && !mute.says.expired && mute.says.isAbout(check) ? [mute] : [];
    };
    const own = new Set([...holding(refKey(object)), ...holding(namespaceKey(object))]);
    if (own.size > 0) return [...own];
    const ofMembers = members.map((member) => holding(refKey(member)));
    return ofMembers.every(({ length }) => length > 0) ? ofMembers.flat() : [];
  };
  return {
    isIgnored: (finding: Ignorable): boolean => takenBy(finding).length > 0,
    /** Every annotation beside what it takes away of these; many alike in one entry, the rest of too many in a last one. */
    listed: (findings: readonly Ignorable[]): Listed[] => listed([...mutes.values()], findings.map(takenBy), ran),
  };
}

const placeOf = ({ kind, namespace, name }: Ref): string => JSON.stringify([namespace ?? name, kind, name]);

function listed(mutes: readonly Mute[], taken: readonly (readonly Mute[])[], ran: ReadonlySet<string>): Listed[] {
  const inOrder = mutes.toSorted((a, b) => byText(placeOf(a.object), placeOf(b.object)));
  const alike = Map.groupBy(inOrder, ({ says: { checks, reason, until, mistake } }) => JSON.stringify([checks, reason, until, mistake]));
  const groups = [...alike.values()].flatMap((group) => (group.length > mostAlike ? [group] : group.map((mute) => [mute])));
  const groupOf = new Map(groups.flatMap((group) => group.map((mute) => [mute, group] as const)));
  const counts = new Map<readonly Mute[], number>();
  for (const by of taken) {
    // One finding whose 60 members carry the same is one finding.
    for (const group of new Set(by.map((mute) => groupOf.get(mute)))) if (group) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const entries = groups.map((group) => entryOf(group, counts.get(group) ?? 0, ran));
  if (entries.length <= mostListed) return entries;
  // What takes something away, and what is not understood, is told before what has no effect.
  const rank = ({ count, note }: Listed): number => (count > 0 || note === 'not understood' ? 0 : 1);
  const ranked = entries.toSorted((a, b) => rank(a) - rank(b));
  const rest = ranked.slice(mostListed);
  const count = rest.reduce((sum, entry) => sum + entry.count, 0);
  return [
    ...ranked.slice(0, mostListed),
    { rule: counted(rest.length, 'more annotation'), reason: 'too many to be listed one by one', count, from: 'annotation' },
  ];
}

function entryOf(group: readonly Mute[], count: number, ran: ReadonlySet<string>): Listed {
  const [mute, ...others] = group as readonly [Mute, ...Mute[]];
  const { object, says } = mute;
  const { checks, until, reason, expired, mistake, isAbout } = says;
  const where = isNamespace(object) ? `in namespace ${object.name}` : `on ${objectName(object)}`;
  const ofMany = others.length > 0 ? ` and ${counted(others.length, 'more', 'more')}` : '';
  const note = mistake ? 'not understood' : expired ? 'expired' : count === 0 && [...ran].some(isAbout) ? 'matches nothing' : undefined;
  return {
    rule: `${checks} ${where}${ofMany}${until === undefined ? '' : `, until ${until}`}`,
    reason,
    count,
    ...(note && { note }),
    from: 'annotation',
    ...(until !== undefined && { until }),
    object: { ...object },
    ...(others.length > 0 && { objects: group.length }),
    ...(mistake && { mistake }),
  };
}
