import { actionInWords, actionSections, nextSteps } from './actions.ts';
import { byLocation, calendarLegend, calendarSign, scheduleName, scheduleStanding } from './backup-calendar.ts';
import { counted, grouped } from './counts.ts';
import { code, fenced, listItem, prose, table } from './markdown-text.ts';
import { type Report, type ReportedFinding, severities } from './model.ts';
import { gravestFirst } from './order.ts';
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

export interface MarkdownOptions {
  /** At most so many UTF-16 code units, which are never fewer than characters. */
  readonly characters: number;
}

/** A GitHub issue or comment holds 65,536 characters: this leaves some for what the sender puts around it. */
export const markdownDefaults: MarkdownOptions = { characters: 60_000 };

/** How many members and consequences of a finding are named. */
const listed = 3;
/** Sections beside the findings may take such a part of the whole. */
const share = 0.15;

/**
 * The report as GitHub-flavoured Markdown for an issue, a comment, a change request or a job’s summary: verdict, what changed, findings gravest
 * first with what to run, what could not run, what is ignored. Only headings, lists, tables and fenced blocks, as they show the same everywhere.
 * What comes from the cluster stays text (see markdown-text.ts). Cut by whole findings and rows; what is left out is counted.
 */
export function renderMarkdown(report: Report, { characters }: MarkdownOptions = markdownDefaults): string {
  const room = Math.floor(characters * share);
  const before = [...head(report), ...changes(report, room)];
  const after = [
    ...actions(report, room),
    ...calendars(report, room),
    ...tables(report, room),
    ...notRun(report, room),
    ...ignored(report, room),
    ...checks(report, room),
  ];
  const taken = [...before, ...after].reduce((sum, block) => sum + block.length + 2, 0);
  return `${[...before, ...findings(report, characters - taken - 1), ...after].join('\n\n')}\n`;
}

/**
 * The first items that fit, as Markdown, and those that do not. One that alone takes half of the room is passed over for those behind it; once
 * it is full nothing is rendered any more.
 */
const fit = <T>(
  items: readonly T[],
  room: number,
  render: (item: T) => string,
  separator: number,
): { readonly shown: { readonly item: T; readonly markdown: string }[]; readonly left: T[] } => {
  const shown: { readonly item: T; readonly markdown: string }[] = [];
  const left: T[] = [];
  let free = room;
  let full = false;
  for (const item of items) {
    const markdown: string = full ? '' : render(item);
    const wanted = markdown.length + separator;
    if (full || wanted > free) {
      left.push(item);
      full ||= wanted <= room / 2;
      continue;
    }
    shown.push({ item, markdown });
    free -= wanted;
  }
  return { shown, left };
};

/** Blocks that fit, set between `separator`s, and how many do not. */
const cut = (blocks: readonly string[], room: number, separator: string): { readonly text: string; readonly left: number } => {
  const { shown, left } = fit(blocks, room, (block) => block, separator.length);
  return { text: shown.map(({ markdown }) => markdown).join(separator), left: left.length };
};

const andMore = (left: number, what = ''): string => `and ${counted(left, 'more', 'more')}${what}; the whole report has all.`;

/** A table cut by rows, with what is left out counted below. */
const cutTable = (columns: readonly string[], rows: readonly (readonly string[])[], room: number): string[] => {
  const { shown, left } = fit(rows, room, (cells) => cells.join(' | '), '|  |\n'.length);
  return [
    ...(shown.length > 0
      ? [
          table(
            columns,
            shown.map(({ item }) => item),
          ),
        ]
      : []),
    ...(left.length > 0 ? [andMore(left.length)] : []),
  ];
};

const actions = (report: Report, room: number): string[] => {
  const sections = actionSections(report);
  const each = Math.floor(
    room /
      Math.max(
        sections.reduce((sum, { groups }) => sum + groups.length, 0),
        1,
      ),
  );
  return [
    ...sections.flatMap(({ title, because, count, groups }) => [
      `### ${title}: ${grouped(count)}`,
      ...(because === undefined ? [] : [prose(because)]),
      ...groups.flatMap((group) => [
        `**${prose(group.title)}** (${group.rule})`,
        ...cutTable(
          ['object', 'why'],
          group.actions.map((action) => [code(objectName(action.object)), prose(actionInWords(action))]),
          each,
        ),
      ]),
    ]),
    ...nextSteps(report).map(({ what, command, event }) => `**${what}**\n\n${fenced(`${command}\n# or as an event: ${event}`)}`),
  ];
};

const head = (report: Report): string[] => {
  const { cluster, operation, source, kubernetesVersion, startedAt, durationMs, scanned } = report;
  const facts = [
    prose(sourceName(source)),
    kubernetesVersion && `Kubernetes ${prose(kubernetesVersion)}`,
    `${counted(scanned.objects, 'object')} in ${duration(durationMs)}`,
    pointInTime(startedAt),
  ];
  return [
    `## ${verdictWord(report).toUpperCase()}: ${code(cluster)} ${operation}`,
    `**${prose(verdictText(report))}**`,
    facts.filter(Boolean).join(' · '),
  ];
};

const changes = (report: Report, room: number): string[] => {
  const { comparedWith } = report;
  if (!comparedWith) return ['The first report: there is none to compare it with.'];
  const since = `since the report of ${pointInTime(comparedWith.startedAt)}`;
  const rows = changesOf(report).map(({ what, finding, note }) => [what, code(objectName(finding.object)), note, prose(finding.check)]);
  return rows.length === 0
    ? [`Nothing changed ${since}.`]
    : [`### Changed ${since}`, ...cutTable(['change', 'object', 'severity', 'check'], rows, room)];
};

const findings = (report: Report, room: number): string[] => {
  const headings = Object.fromEntries(severities.map((severity) => [severity, `### ${severity[0]?.toUpperCase()}${severity.slice(1)}`]));
  // What may have to be said beside the findings is kept free.
  const kept = Object.values(headings).join('').length + 200;
  const { shown, left } = fit(report.findings, room - kept, (finding) => findingItem(finding, report), '\n\n'.length);
  const count = (severity: string) => left.filter((finding) => finding.severity === severity).length;
  const leftOut = severities.flatMap((severity) => (count(severity) > 0 ? [`${grouped(count(severity))} ${severity}`] : []));
  return [
    ...severities.flatMap((severity) => {
      const same = shown.filter(({ item }) => item.severity === severity);
      return same.length === 0 ? [] : [headings[severity] ?? '', same.map(({ markdown }) => markdown).join('\n\n')];
    }),
    ...(left.length > 0 ? [andMore(left.length, ` (${leftOut.join(', ')})`)] : []),
  ];
};

const findingItem = (finding: ReportedFinding, report: Report): string => {
  const { object, subject, message, remedy, startedAt, location, check } = finding;
  const facts = [
    history(finding, report) && prose(history(finding, report)),
    startedAt && `began ${prose(pointInTime(startedAt))}`,
    location && code(`${location.file}:${location.line}`),
    prose(check),
  ];
  return listItem([
    `${code(objectName(object))}${subject === undefined ? '' : ` (${prose(subject)})`}: ${prose(message)}`,
    ...remedyBlocks(remedy),
    ...members(finding),
    ...consequences(finding),
    facts.filter(Boolean).join(' · '),
  ]);
};

const remedyBlocks = (remedy: string): string[] =>
  remedyParts(remedy).flatMap(({ kind, text }) => (kind === 'copy' ? [fenced(text)] : text.trim() === '' ? [] : [prose(text)]));

const members = ({ object, members: all = [] }: ReportedFinding): string[] => {
  const [first] = all;
  if (!first) return [];
  const alike = all.every(({ kind, namespace }) => kind === first.kind && namespace === object.namespace);
  const names = all.slice(0, listed).map((member) => code(alike ? member.name : objectName(member)));
  const rest = all.length - names.length;
  const what = prose(alike ? countedKind(all.length, first.kind) : counted(all.length, 'object'));
  return [`${what}: ${names.join(', ')}${rest > 0 ? ` and ${counted(rest, 'more', 'more')}` : ''}`];
};

const consequences = ({ consequences: all = [], consequenceCount = all.length }: ReportedFinding): string[] => {
  if (all.length === 0) return [];
  const shown = gravestFirst(all).slice(0, listed);
  const rest = consequenceCount - shown.length;
  return [
    `Explains ${counted(consequenceCount, 'more', 'more')} (${prose(countedKinds(all.map(({ object }) => object)))}):`,
    [
      ...shown.map(({ severity, object, message }) => `- ${severity} ${code(objectName(object))}: ${prose(message)}`),
      ...(rest > 0 ? [`- and ${counted(rest, 'more', 'more')}`] : []),
    ].join('\n'),
  ];
};

/** A table for which there is less room is left out with those behind it. */
const leastTable = 400;
const withRoom = <T>(all: readonly T[], room: number): { readonly shown: readonly T[]; readonly more: string[] } => {
  const shown = all.slice(0, Math.floor(room / leastTable));
  return { shown, more: shown.length < all.length ? [andMore(all.length - shown.length, ' tables')] : [] };
};

const calendars = (report: Report, room: number): string[] => {
  const { shown: all, more } = withRoom([...byLocation(report)], room);
  const sections = all.flatMap(([location, schedules]) => [
    `### Backups of the last 30 days, ${prose(location)}`,
    ...cutTable(
      ['schedule', 'standing', 'calendar'],
      schedules.map((schedule) => [
        prose(scheduleName(schedule)),
        prose(scheduleStanding(schedule)),
        code(schedule.calendar.map(({ verdict }) => calendarSign[verdict]).join('')),
      ]),
      Math.floor(room / all.length),
    ),
    prose(calendarLegend),
  ]);
  return [...sections, ...more];
};

const tables = ({ tables: every = [] }: Report, room: number): string[] => {
  const { shown: all, more } = withRoom(every, room);
  const sections = all.flatMap(({ title, columns, rows }) => [
    `### ${prose(title)}`,
    ...cutTable(
      columns.map(prose),
      rows.map((cells) => cells.map((cell) => (typeof cell === 'number' ? grouped(cell) : prose(cell)))),
      Math.floor(room / all.length),
    ),
  ]);
  return [...sections, ...more];
};

const notRun = ({ incomplete }: Report, room: number): string[] => {
  if (incomplete.length === 0) return [];
  const items = sameReason(incomplete).map(({ checks: ids, reason, remedy }) =>
    listItem([`${ids.map(prose).join(', ')}: ${prose(reason)}`, ...remedyBlocks(remedy)]),
  );
  const { text, left } = cut(items, room, '\n\n');
  return ['### Could not run: the report is not complete', ...(text === '' ? [] : [text]), ...(left > 0 ? [andMore(left)] : [])];
};

const ignored = ({ ignored: all }: Report, room: number): string[] => {
  const rows = all.map((entry) => [
    entry.note ?? grouped(entry.count),
    prose(entry.rule),
    prose([entry.reason, ignoredBy(entry)].filter(Boolean).join('; ')),
  ]);
  return [...(rows.length > 0 ? ['### Ignored'] : []), ...cutTable(['findings', 'rule', 'reason'], rows, room)];
};

const checks = (report: Report, room: number): string[] => {
  const { checks: all, incomplete, scanned } = report;
  const laidOver = overridesText(report);
  const told = new Set(incomplete.map(({ check }) => check));
  const byReason = Map.groupBy(
    all.filter(({ check, ran }) => !ran && !told.has(check)),
    ({ reason = 'no reason given' }) => reason,
  );
  const items = [...byReason].map(
    ([reason, same]) => `- did not run: ${same.map(({ check }) => prose(check)).join(', ')} (${prose(reason)})`,
  );
  const { text, left } = cut(items, room, '\n');
  const ran = all.filter((check) => check.ran).length;
  return [
    '### Checks',
    [
      `- ${counted(ran, 'check')} ran on ${counted(scanned.objects, 'object')}`,
      ...(laidOver ? [`- laid over the configuration: ${prose(laidOver)}`] : []),
      ...(text === '' ? [] : [text]),
      ...(left > 0 ? [`- ${andMore(left)}`] : []),
    ].join('\n'),
  ];
};
