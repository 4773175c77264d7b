import stringWidth from 'string-width';
import { counted } from './counts.ts';
import type { Report, ReportedFinding } from './model.ts';
import { gravestFirst } from './order.ts';
import { type Format, type Paper, paper, type TextOptions } from './paper.ts';
import { actionBlocks } from './text-actions.ts';
import { calendars, tables } from './text-tables.ts';
import {
  changesOf,
  countedKind,
  countedKinds,
  duration,
  history,
  ignoredBy,
  objectName,
  overridesText,
  pointInTime,
  remedyParts,
  sameReason,
  sourceName,
  verdictText,
  verdictWord,
} from './wording.ts';

/**
 * May text written there be coloured? In this order, each where it is set and not empty: NO_COLOR (no), FORCE_COLOR (0 or false: no, else yes),
 * TERM=dumb (no), and then whether it is a terminal. https://no-color.org, https://force-color.org
 */
export function useColor(stream: { readonly isTTY?: boolean | undefined }, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.TERM === 'dumb') return false;
  return stream.isTTY === true;
}

const wordFormat: Readonly<Record<string, Format>> = {
  critical: ['bold', 'red'],
  warning: ['bold', 'yellow'],
  info: ['bold', 'blue'],
  degraded: ['bold', 'yellow'],
  incomplete: ['bold', 'yellow'],
  healthy: ['bold', 'green'],
};
const word = ({ paint }: Paper, text: string, shown = text): string => paint(wordFormat[text] ?? 'bold', shown);

/** Findings are indented to stand beside their severity. */
const margin = 10;
const listed = 3;

/**
 * The report for a terminal: the verdict first and last, findings gravest first, what changed, what could not run and what to do about it,
 * what was ignored, and which checks stand behind it. Readable at 80 columns; severity is always a word as well as a colour.
 */
export function renderText(report: Report, options: TextOptions): string {
  const on = paper(options);
  const verdict = on.wrap(
    0,
    `${word(on, verdictWord(report), verdictWord(report).toUpperCase())}  ${on.paint('bold', report.cluster)} ${report.operation}: ${verdictText(report)}`,
  );
  const sections = [
    [...verdict, ...circumstances(on, report)],
    ...report.findings.map((finding) => findingBlock(on, finding, report)),
    ...actionBlocks(on, report),
    changes(on, report),
    ...calendars(on, report),
    ...tables(on, report, options),
    notRun(on, report),
    ignoredRules(on, report),
    checks(on, report),
    verdict,
  ];
  return `${sections
    .filter(({ length }) => length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`;
}

const circumstances = (on: Paper, { source, kubernetesVersion, startedAt, durationMs, scanned }: Report): string[] => {
  const facts = [
    sourceName(source),
    kubernetesVersion && `Kubernetes ${kubernetesVersion}`,
    `${counted(scanned.objects, 'object')} in ${duration(durationMs)}`,
    pointInTime(startedAt),
  ];
  return on.wrap(0, facts.filter(Boolean).join(' · ')).map((line) => on.paint('dim', line));
};

const findingBlock = (on: Paper, finding: ReportedFinding, report: Report): string[] => {
  const subject = finding.subject === undefined ? '' : ` (${finding.subject})`;
  const [first = '', ...more] = on.wrap(margin, on.paint('bold', objectName(finding.object)) + subject);
  const facts = [
    history(finding, report),
    finding.startedAt && `began ${pointInTime(finding.startedAt)}`,
    finding.location && `${finding.location.file}:${finding.location.line}`,
    finding.check,
  ];
  return [
    word(on, finding.severity) + ' '.repeat(Math.max(margin - stringWidth(finding.severity), 1)) + first.trimStart(),
    ...more,
    ...on.wrap(margin, finding.message),
    ...remedyLines(on, margin, finding.remedy),
    ...memberLines(on, finding),
    ...consequenceLines(on, finding),
    ...on.wrap(margin, facts.filter(Boolean).join(' · ')).map((line) => on.paint('dim', line)),
  ];
};

const remedyLines = (on: Paper, indent: number, remedy: string): string[] =>
  remedyParts(remedy).flatMap(({ kind, text }) =>
    kind === 'sentence' ? on.wrap(indent + 2, text) : text.split('\n').map((line) => ' '.repeat(indent + 2) + on.paint('cyan', line)),
  );

const memberLines = (on: Paper, { object, members = [] }: ReportedFinding): string[] => {
  const [first] = members;
  if (!first) return [];
  const alike = members.every(({ kind, namespace }) => kind === first.kind && namespace === object.namespace);
  const names = members.slice(0, listed).map((member) => (alike ? member.name : objectName(member)));
  const rest = members.length - names.length;
  const what =
    alike && members.length === 1
      ? `${first.kind} `
      : `${alike ? countedKind(members.length, first.kind) : counted(members.length, 'object')}: `;
  return on.wrap(margin, `${what}${names.join(', ')}${rest > 0 ? ` and ${counted(rest, 'more', 'more')}` : ''}`);
};

const consequenceLines = (on: Paper, { consequences = [], consequenceCount = consequences.length }: ReportedFinding): string[] => {
  if (consequences.length === 0) return [];
  const shown = gravestFirst(consequences).slice(0, listed);
  const rest = consequenceCount - shown.length;
  return [
    ...on.wrap(
      margin,
      `explains ${counted(consequenceCount, 'more', 'more')} (${countedKinds(consequences.map(({ object }) => object))}):`,
    ),
    ...shown.flatMap(({ severity, object, message }) => on.wrap(margin + 2, `${word(on, severity)} ${objectName(object)}: ${message}`)),
    ...(rest > 0 ? on.wrap(margin + 2, `and ${counted(rest, 'more', 'more')}`) : []),
  ];
};

const changes = (on: Paper, report: Report): string[] => {
  const { comparedWith } = report;
  if (!comparedWith) return on.wrap(0, on.paint('dim', 'The first report: there is none to compare it with.'));
  const lines = changesOf(report).flatMap(({ what, finding, note }) =>
    on.wrap(2, `${what.padEnd(margin)}${objectName(finding.object)} (${note}) ${on.paint('dim', finding.check)}`),
  );
  const since = `since the report of ${pointInTime(comparedWith.startedAt)}`;
  return lines.length === 0
    ? on.wrap(0, on.paint('dim', `Nothing changed ${since}.`))
    : [...on.wrap(0, on.paint('bold', `Changed ${since}`)), ...lines];
};

const notRun = (on: Paper, { incomplete }: Report): string[] =>
  incomplete.length === 0
    ? []
    : [
        on.paint(['bold', 'yellow'], 'Could not run: the report is not complete'),
        ...sameReason(incomplete).flatMap(({ checks: ids, reason, remedy }) => [
          ...on.wrap(2, ids.join(', ')),
          ...on.wrap(4, reason),
          ...remedyLines(on, 4, remedy),
        ]),
      ];

const ignoredRules = (on: Paper, report: Report): string[] => {
  const laidOver = overridesText(report);
  return [
    ...(laidOver ? on.wrap(0, `Laid over the configuration: ${laidOver}`) : []),
    ...(report.ignored.length > 0 ? [on.paint('bold', 'Ignored')] : []),
    ...report.ignored.flatMap((entry) => {
      const why = [entry.reason, ignoredBy(entry)].filter(Boolean).join('; ');
      return on.wrap(2, `${entry.note ? on.paint('yellow', entry.note) : counted(entry.count, 'finding')}: ${entry.rule} (${why})`);
    }),
  ];
};

const checks = (on: Paper, { checks: all, incomplete, scanned }: Report): string[] => {
  const ran = all.filter((check) => check.ran);
  const told = new Set(incomplete.map(({ check }) => check));
  const silent = all.filter((check) => !check.ran && !told.has(check.check));
  const byReason = Map.groupBy(silent, ({ reason = 'no reason given' }) => reason);
  return [
    ...on.wrap(0, `${counted(ran.length, 'check')} ran on ${counted(scanned.objects, 'object')}.`),
    ...[...byReason].flatMap(([reason, same]) =>
      on.wrap(0, on.paint('dim', `Did not run: ${same.map(({ check }) => check).join(', ')} (${reason})`)),
    ),
  ];
};
