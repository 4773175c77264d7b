/** The message as plain text: what e-mail, queues and whatever else subscribes get. */
import wrapAnsi from 'wrap-ansi';
import { actionInWords, freed, heldByGuard, nextSteps } from '../actions.ts';
import { counted } from '../counts.ts';
import type { Report, ReportedFinding } from '../model.ts';
import type { SavedReport } from '../store/report-store.ts';
import { history, notSeen, objectName, pointInTime, remedyParts, sameReason, verdictText, verdictWord } from '../wording.ts';
import { type Block, block, fitted, section } from './blocks.ts';
import type { NotificationRule, Telling } from './notification-reason.ts';

/** E-mail is often shown in a proportional font: no columns, and lines that need no second wrapping. */
const lineWidth = 76;

export interface TextRoom {
  readonly size: number;
  readonly sizeOf: (text: string) => number;
}

/**
 * Verdict and reason first, then what is new, graver, remaining and resolved, the rest as a count, what could not run, and how to open the
 * report. Cut by whole findings to the room there is; `leftOut` findings had none.
 */
export function textMessage(
  report: Report,
  rule: NotificationRule,
  telling: Telling,
  stored: SavedReport | undefined,
  { size, sizeOf }: TextRoom,
): { readonly text: string; readonly leftOut: number } {
  const head = joined([
    ...wrap(0, `${report.cluster} ${report.operation}: ${verdictWord(report)}. ${verdictText(report)}`),
    ...wrap(0, `Sent because ${telling.because} (severity ${rule.atLeast} or graver).`),
  ]);
  const foot = joined(['', ...whereToRead(report, stored)]);
  const leftOutLine = (count: number) => (count > 0 ? `\nand ${counted(count, 'more finding')}; the report has all\n` : '');

  const room = size - sizeOf(head) - sizeOf(foot) - sizeOf(leftOutLine(report.findings.length + report.resolved.length));
  // However many findings there are, what could not run is said.
  const below = fitted([...ongoingCount(telling), ...gaps(report)], room / 2, sizeOf);
  const { text, leftOut } = fitted(sections(report, telling), room - sizeOf(below.text), sizeOf);
  return { text: head + text + below.text + leftOutLine(leftOut) + foot, leftOut };
}

/** How many lines of actions a message has: the whole plan is in the report. */
const actionsListed = 200;

/** What is planned or was done, and the commands to go on: before the findings, as it is what was asked for. */
const actionBlocks = (report: Report): Block[] => {
  const planned = report.actions.filter(({ state }) => state === 'planned');
  const held = report.actions.filter(({ state }) => state === 'held');
  if (planned.length === 0 && !report.journal) return [];
  const lines = planned
    .slice(0, actionsListed)
    .map((action) => block(() => wrap(0, `${named(action.object)}: ${actionInWords(action)} (${action.rule})`)));
  const rest = planned.length - lines.length;
  const free = freed(report.actions);
  return [
    block(() => ['', report.journal ? 'APPLIED' : 'PLANNED']),
    ...(report.journal?.why ? [block(() => wrap(0, `${report.journal?.ended}: ${report.journal?.why}`))] : []),
    ...lines,
    ...(rest > 0 ? [block(() => [`and ${counted(rest, 'more', 'more')}`])] : []),
    ...lostByRule(planned).map(([rule, lost]) => block(() => wrap(0, `Cannot be undone (${rule}): ${lost.join(', ')}`))),
    ...(free ? [block(() => wrap(0, `Comes free: ${free}`))] : []),
    ...(held.length > 0 ? [block(() => wrap(0, `Held: ${heldByGuard(held)}`))] : []),
    ...nextSteps(report).map(({ what, command, event }) => block(() => ['', `${what}:`, `  ${command}`, `  ${event}`])),
  ];
};

const lostByRule = (planned: Report['actions']): readonly (readonly [rule: string, lost: readonly string[]])[] =>
  [...Map.groupBy(planned, ({ rule }) => rule)]
    .map(([rule, actions]) => [rule, [...new Set(actions.flatMap(({ lost = [] }) => lost))]] as const)
    .filter(([, lost]) => lost.length > 0);

const sections = (report: Report, telling: Telling): Block[] => {
  const { reason, fresh, graver, remaining, resolved, ongoing, settling, listsOngoing } = telling;
  const linesOf = (finding: ReportedFinding) => findingLines(finding, report);
  return [
    ...actionBlocks(report),
    ...section(reason === 'first' ? 'FOUND' : 'NEW', fresh, linesOf),
    ...section('GRAVER', graver, linesOf),
    ...section('REMAINING', remaining, linesOf),
    ...section('RESOLVED', resolved, ({ object, severity, since }) => wrap(0, `${named(object)}: ${severity} since ${pointInTime(since)}`)),
    ...(listsOngoing ? section('ONGOING', ongoing, linesOf) : []),
    ...section('SETTLING', settling, ({ object, severity, since }) => [
      ...wrap(0, `${severity}: ${named(object)}`),
      ...wrap(2, `${notSeen}, since ${pointInTime(since)}`),
    ]),
  ];
};

const ongoingCount = ({ ongoing, listsOngoing }: Telling): Block[] =>
  ongoing.length > 0 && !listsOngoing ? [block(() => ['', `ONGOING: ${counted(ongoing.length, 'finding')}, listed in the report`])] : [];

const joined = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
const wrap = (indent: number, text: string): string[] =>
  wrapAnsi(text, lineWidth - indent)
    .split('\n')
    .map((line) => ' '.repeat(indent) + line);

/** On one line: an event may call what it is about as it likes, and headings of ours stand at the beginning of a line. */
const named = (object: ReportedFinding['object']): string => objectName(object).replace(/\s+/g, ' ');

const findingLines = (finding: ReportedFinding, report: Report): string[] => {
  const explained = finding.consequenceCount ?? 0;
  return [
    ...wrap(0, `${finding.severity}: ${named(finding.object)}`),
    ...wrap(2, finding.message),
    ...remedyLines(finding.remedy),
    ...(explained > 0 ? wrap(2, `explains ${counted(explained, 'more', 'more')}`) : []),
    ...wrap(2, [history(finding, report), `check ${finding.check}`].filter(Boolean).join('; ')),
  ];
};

/** What is to be copied is not wrapped. */
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
