/** How the findings of a large report are put together, so that a page of thousands stays one that a person reads. */
import type { ReportedFinding } from '../model.ts';
import { bySeverity } from '../order.ts';
import { type RemedyPart, remedyParts } from '../wording.ts';

/** Up to so many findings stand each for itself. */
const articlesOnly = 50;
/** So many alike are a group. */
const groupFrom = 4;

/** Findings of one check, severity and kind of object that say the same of different objects. */
export interface FindingGroup {
  readonly findings: readonly [ReportedFinding, ...ReportedFinding[]];
  /** What they have in common, `…` in the place of what differs; undefined where their messages are of many shapes. */
  readonly shape: string | undefined;
}

/** How much hangs on it. */
export const explained = ({ consequenceCount, consequences = [] }: ReportedFinding): number => consequenceCount ?? consequences.length;

/** The order of the page: gravest first, then what explains most; else as the report has it. */
export const byWeight = (a: ReportedFinding, b: ReportedFinding): number => bySeverity(a, b) || explained(b) - explained(a);

const groupOf = (findings: readonly ReportedFinding[], shape: string | undefined): FindingGroup | undefined => {
  const [first, ...others] = findings;
  return first && { findings: [first, ...others], shape };
};

/**
 * The findings in the order of the page: gravest first, then those that explain most, else as the report has them. A finding that stands for
 * itself is a group of one. Of more than `alone` (50), four or more whose messages have one shape are a group; what remains of a check is
 * one too, of many shapes.
 */
export function groupFindings(findings: readonly ReportedFinding[], alone = articlesOnly): FindingGroup[] {
  const each = (all: readonly ReportedFinding[]) => all.map((finding): FindingGroup => ({ findings: [finding], shape: undefined }));
  const sorted = findings.toSorted(byWeight);
  if (findings.length <= alone) return each(sorted);
  const groups: FindingGroup[] = [];
  const others: ReportedFinding[] = [];
  const shapes = new Map(sorted.map((finding) => [finding, shapeOf(finding)]));
  for (const same of Map.groupBy(sorted, (finding) => `${keyOf(finding)} ${shapes.get(finding)}`).values()) {
    const group = same.length >= groupFrom ? groupOf(same, same[0] && shapes.get(same[0])) : undefined;
    if (group) groups.push(group);
    else others.push(...same);
  }
  for (const rest of Map.groupBy(others, keyOf).values()) {
    const group = rest.length >= groupFrom ? groupOf(rest, undefined) : undefined;
    groups.push(...(group ? [group] : each(rest)));
  }
  return inOrder(groups);
}

const keyOf = ({ check, severity, object }: ReportedFinding): string => JSON.stringify([check, severity, object.kind]);

const inOrder = (groups: readonly FindingGroup[]): FindingGroup[] => {
  const weight = new Map(groups.map((group) => [group, group.findings.reduce((sum, finding) => sum + explained(finding), 0)]));
  const weightOf = (group: FindingGroup) => weight.get(group) ?? 0;
  return groups.toSorted((a, b) => bySeverity(a.findings[0], b.findings[0]) || weightOf(b) - weightOf(a));
};

const shapeLength = 160;
const mostWords = 30;
const unit = /^(?:second|minute|hour|day|week|month|time)s?(?=[,.:;)]*$)/;

/** A message without what belongs to the one object: numbers, names, paths, addresses and quoted words are `…`. */
export function shapeOf({ message, object, members = [] }: ReportedFinding): string {
  const names = new Set([object.name, object.namespace, ...members.slice(0, 3).map(({ name }) => name)]);
  const words: string[] = [];
  for (const word of message.split(' ', mostWords)) {
    const last = words.at(-1) ?? '';
    const end = /[,.:;)]*$/.exec(word)?.[0] ?? '';
    if (/[\d/="']/.test(word) || names.has(word.slice(0, word.length - end.length))) {
      if (last !== '…') words.push(`${word.startsWith('(') ? '(' : ''}…${end}`);
    } else if (last === '…' && unit.test(word)) words[words.length - 1] = `…${end}`;
    else words.push(word);
  }
  return words.join(' ').slice(0, shapeLength);
}

const partsOf = new WeakMap<ReportedFinding, readonly RemedyPart[]>();
const textsOf = (finding: ReportedFinding, wanted: RemedyPart['kind']): string[] => {
  const parts = partsOf.get(finding) ?? remedyParts(finding.remedy);
  partsOf.set(finding, parts);
  return parts.flatMap(({ kind, text }) => (kind === wanted ? [text] : []));
};

/** What of a remedy names the one object, and is to be copied. */
export const commandsOf = (finding: ReportedFinding): string[] => textsOf(finding, 'copy');
/** What of a remedy many findings share. */
export const sentencesOf = (finding: ReportedFinding): string[] => textsOf(finding, 'sentence');

/** Findings of a group: those that say exactly what `said` says, or each something else. */
export interface Said {
  readonly said: ReportedFinding | undefined;
  readonly findings: readonly ReportedFinding[];
}

/** A message that several have stands once above them, the most first; then those that say each something else. */
export const byMessage = ({ findings }: FindingGroup): Said[] => {
  const all = [...Map.groupBy(findings, (finding) => JSON.stringify([finding.message, sentencesOf(finding)])).values()];
  const shared = all.filter(({ length }) => length > 1).toSorted((a, b) => b.length - a.length);
  const single = all.filter(({ length }) => length === 1).flat();
  return [
    ...shared.map((same) => ({ said: same[0], findings: same })),
    ...(single.length > 0 ? [{ said: undefined, findings: single }] : []),
  ];
};
