import wrapAnsi from 'wrap-ansi';
import type { NotificationConfiguration } from '../runtime/configuration.ts';
import { type Report, type ReportedFinding, severityRank } from './model.ts';
import type { SavedReport } from './store.ts';
import { counted } from './summary.ts';
import { history, objectName, pointInTime, remedyParts, sameReason, verdictText, verdictWord } from './wording.ts';

/** Why a message is sent, the gravest reason if there are several. */
export type NotificationReason = 'baseline' | 'owed' | 'new' | 'raised' | 'remaining' | 'resolved' | 'incomplete' | 'always';

export interface Notification {
  readonly reason: NotificationReason;
  /** As SNS takes it: printable ASCII, at most 99 characters, beginning with punctuation. */
  readonly subject: string;
  readonly text: string;
  /** Findings that the text had no room for. */
  readonly leftOut: number;
}

export type NotificationRule = Pick<NotificationConfiguration, 'atLeast' | 'when'>;

interface Changes {
  readonly fresh: readonly ReportedFinding[];
  readonly raised: readonly ReportedFinding[];
  /** Consequences in the last report, which nobody was told of. */
  readonly remaining: readonly ReportedFinding[];
  readonly resolved: readonly ReportedFinding[];
  readonly ongoing: readonly ReportedFinding[];
}

/** SNS takes 262,144 bytes of text and attributes together; the attributes of publish-sns.ts are well below 2 KB. */
export const textBudget = 262_144 - 2_048;
const subjectLimit = 99;
const lineWidth = 76;

/**
 * The message of one report for one receiver, or undefined if there is no reason to send one: nothing that matters to the receiver is new,
 * graver, resolved or no longer explained by another, and no check could not run that did the last time. The first report gives one message for all that
 * it found. A run that was not of full scope gives none, since whoever asked for it sees its answer, nor does one that a newer report overtook:
 * what it saw is told by the next, which is not compared with it. Where the last message could not be sent (`owed`) this one is sent in any case
 * and lists what is ongoing too.
 */
export function notification(
  report: Report,
  rule: NotificationRule,
  { stored, owed = false }: { readonly stored?: SavedReport; readonly owed?: boolean } = {},
): Notification | undefined {
  if (!report.fullScope || stored?.overtaken) return undefined;
  const changes = changesFor(report, rule);
  const reason = reasonOf(report, rule, changes, owed);
  if (!reason) return undefined;
  return { reason, subject: subjectOf(report, reason, changes), ...textOf(report, rule, reason, changes, stored) };
}

const changesFor = ({ findings, resolved }: Report, { atLeast }: NotificationRule): Changes => {
  const matters = ({ severity }: Pick<ReportedFinding, 'severity'>) => severityRank(severity) <= severityRank(atLeast);
  const relevant = findings.filter(matters);
  const fresh = relevant.filter(({ change }) => change === 'new');
  const raised = relevant.filter(({ raisedFrom }) => raisedFrom !== undefined);
  const remaining = relevant.filter(({ formerCause, raisedFrom }) => formerCause !== undefined && raisedFrom === undefined);
  const told = new Set([...fresh, ...raised, ...remaining]);
  return {
    fresh,
    raised,
    remaining,
    resolved: resolved.filter(matters),
    ongoing: relevant.filter((finding) => !told.has(finding)),
  };
};

const reasonOf = (
  report: Report,
  { when }: NotificationRule,
  { fresh, raised, remaining, resolved }: Changes,
  owed: boolean,
): NotificationReason | undefined => {
  if (!report.comparedWith) return 'baseline';
  if (owed) return 'owed';
  if (fresh.length > 0) return 'new';
  if (raised.length > 0) return 'raised';
  if (remaining.length > 0) return 'remaining';
  if (resolved.length > 0) return 'resolved';
  const gapsBefore = new Set(report.comparedWith.incomplete);
  if (report.incomplete.some(({ check }) => !gapsBefore.has(check))) return 'incomplete';
  return when === 'always' ? 'always' : undefined;
};

const subjectOf = (report: Report, reason: NotificationReason, { fresh, raised, remaining, resolved, ongoing }: Changes): string => {
  const gaps = report.incomplete.length > 0 && `${counted(report.incomplete.length, 'check')} could not run`;
  const changes =
    reason === 'baseline'
      ? [`first report, ${counted(report.findings.length, 'finding')}`]
      : [
          fresh.length > 0 && `${fresh.length} new`,
          raised.length > 0 && `${raised.length} raised`,
          remaining.length > 0 && counted(remaining.length, 'remains', 'remain'),
          resolved.length > 0 && `${resolved.length} resolved`,
          reason === 'owed' && ongoing.length > 0 && `${ongoing.length} ongoing`,
        ];
  const verdict = [verdictWord(report).toUpperCase(), [...changes, gaps].filter(Boolean).join(', ')].filter(Boolean).join(': ');
  return asSubject(`[${verdict}] ${report.cluster} ${report.operation}`);
};

/**
 * SNS refuses, and so loses, a message whose subject holds other than printable ASCII, has 100 characters or more, or begins with a space.
 * https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const asSubject = (text: string): string => {
  const ascii = text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim();
  return (ascii.length > subjectLimit ? `${ascii.slice(0, subjectLimit - 3).trimEnd()}...` : ascii) || 'Nightshift';
};

const why: Readonly<Record<NotificationReason, string>> = {
  baseline: 'this is the first report of this cluster; from now on only changes are told',
  owed: 'the last message could not be sent: what it said is among the findings below, or over',
  new: 'there are new findings',
  raised: 'a finding became graver',
  remaining: 'a finding remains that another no longer explains',
  resolved: 'a finding is resolved',
  incomplete: 'checks could not run that ran the last time',
  always: 'every report is to be sent',
};

/** A part of the text that is either there whole or left out. */
interface Block {
  /** Made only when it is tried: wrapping ten thousand findings takes seconds. */
  readonly text: () => string;
  readonly finding: boolean;
}
const joined = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const block = (lines: () => readonly string[], finding = false): Block => ({ text: () => joined(lines()), finding });
/** After so many findings that had no room, no other is tried. */
const mostMisfits = 50;

function textOf(
  report: Report,
  rule: NotificationRule,
  reason: NotificationReason,
  { fresh, raised, remaining, resolved, ongoing }: Changes,
  stored: SavedReport | undefined,
): { text: string; leftOut: number } {
  const head = joined([
    ...wrap(0, `${report.cluster} ${report.operation}: ${verdictWord(report)}. ${verdictText(report)}`),
    ...wrap(0, `Sent because ${why[reason]} (severity ${rule.atLeast} or graver).`),
  ]);
  const linesOf = (finding: ReportedFinding) => findingLines(finding, report);
  const blocks = [
    ...section(reason === 'baseline' ? 'FOUND' : 'NEW', fresh, linesOf),
    ...section('RAISED', raised, linesOf),
    ...section('REMAINING', remaining, linesOf),
    ...section('RESOLVED', resolved, (finding) =>
      wrap(0, `${objectName(finding.object)}: ${finding.severity} since ${pointInTime(finding.since)}`),
    ),
  ];
  if (reason === 'owed') blocks.push(...section('ONGOING', ongoing, linesOf));
  const rest = [
    ...(ongoing.length > 0 && reason !== 'owed'
      ? [block(() => ['', `ONGOING: ${counted(ongoing.length, 'finding')}, listed in the report`])]
      : []),
    ...gaps(report),
  ];
  const foot = joined(['', ...whereToRead(report, stored)]);
  const leftOutLine = (count: number) => (count > 0 ? `\n${counted(count, 'more finding')} had no room here; the report has all.\n` : '');

  const room = textBudget - bytes(head) - bytes(foot) - bytes(leftOutLine(report.findings.length + report.resolved.length));
  // However many findings there are, what could not run is said.
  const below = fitted(rest, room / 2);
  const { text, leftOut } = fitted(blocks, room - bytes(below.text));
  return { text: head + text + below.text + leftOutLine(leftOut) + foot, leftOut };
}

/** As many blocks as have room, in their order, and how many findings have none. */
const fitted = (blocks: readonly Block[], bytesFree: number): { text: string; leftOut: number } => {
  let room = bytesFree;
  let leftOut = 0;
  let text = '';
  for (const { text: make, finding } of blocks) {
    const part = finding && leftOut >= mostMisfits ? undefined : make();
    if (part !== undefined && bytes(part) <= room) {
      text += part;
      room -= bytes(part);
    } else if (finding) leftOut++;
  }
  return { text, leftOut };
};

const bytes = (text: string): number => Buffer.byteLength(text);
const wrap = (indent: number, text: string): string[] =>
  wrapAnsi(text, lineWidth - indent)
    .split('\n')
    .map((line) => ' '.repeat(indent) + line);

const section = (heading: string, findings: readonly ReportedFinding[], lines: (finding: ReportedFinding) => readonly string[]): Block[] =>
  findings.length === 0 ? [] : [block(() => ['', heading]), ...findings.map((finding) => block(() => lines(finding), true))];

const findingLines = (finding: ReportedFinding, report: Report): string[] => {
  const explained = finding.consequenceCount ?? 0;
  return [
    ...wrap(0, `${finding.severity}: ${objectName(finding.object)}`),
    ...wrap(2, finding.message),
    ...remedyLines(finding.remedy),
    ...(explained > 0 ? wrap(2, `explains ${counted(explained, 'more', 'more')}`) : []),
    ...wrap(2, [history(finding, report), `check ${finding.check}`].filter(Boolean).join('; ')),
  ];
};

const remedyLines = (remedy: string): string[] =>
  remedyParts(remedy).flatMap(({ kind, text }) => (kind === 'sentence' ? wrap(2, text) : text.split('\n').map((line) => `    ${line}`)));

const gaps = ({ incomplete }: Report): Block[] =>
  incomplete.length === 0
    ? []
    : [
        block(() => ['', 'COULD NOT RUN']),
        ...sameReason(incomplete).map(({ checks, reason, remedy }) =>
          block(() => [...wrap(0, checks.join(', ')), ...wrap(2, reason), ...remedyLines(remedy)]),
        ),
      ];

/** The commands to open it: a presigned link would die with the session of the function’s role. */
const whereToRead = ({ runId }: Report, stored: SavedReport | undefined): string[] => {
  if (!stored) return [`Run ${runId}`];
  const { location, html, json } = stored;
  return location.startsWith('s3://')
    ? ['The full report:', `  aws s3 cp ${location}/${html} report.html`, `  aws s3 cp ${location}/${json} -`]
    : ['The full report:', `  ${location}/${html}`, `  ${location}/${json}`];
};
