/** The sections of a report’s page beside the findings. Each is absent where it has nothing to say; what is only looked up is folded. */
import { html } from 'hono/html';
import { counted, grouped } from '../counts.ts';
import type { Report } from '../model.ts';
import { duration, overridesText, sameReason } from '../wording.ts';
import { toneOf } from './calendar.ts';
import { inJson, type Markup, objectLabel, remedyBlock, time } from './parts.ts';
import { listOne, type Room, roomOf } from './room.ts';

/** Of the page, for each of these sections: they never take the room of the findings. */
const sectionBytes = 150_000;

/** As many as fit, then `rest` of how many there are more. */
const within = <T>(items: readonly T[], room: Room, item: (item: T) => Markup, rest: (leftOut: string) => Markup): Markup[] => {
  const markups = items.map((each) => listOne(each, room, item)).flatMap(({ markup }) => markup ?? []);
  const leftOut = items.length - markups.length;
  return leftOut > 0 ? [...markups, rest(inJson(leftOut))] : markups;
};

export const gapsSection = ({ incomplete, complete }: Report): Markup | undefined => {
  if (complete) return undefined;
  return html`<section aria-labelledby="gaps">
<h2 id="gaps">Could not run <span class="count">${incomplete.length}</span></h2>
<p class="lead">The report is not complete: what these checks would have found is not known.</p>
${within(
  sameReason(incomplete),
  roomOf(sectionBytes),
  ({
    checks,
    reason,
    remedy,
  }) => html`<div class="notice incomplete"><h3>${checks.join(', ')}</h3><p>${reason}</p>${remedyBlock(remedy)}</div>
`,
  (more) => html`<p class="quiet">and ${more}</p>`,
)}
</section>`;
};

/** More columns than this and each gets less room. */
const fewColumns = 5;
const table = (columns: readonly Markup[], rows: readonly Markup[]): Markup =>
  html`<table${columns.length > fewColumns && html` class="many"`}><thead><tr>${columns}</tr></thead><tbody>
${rows}</tbody></table>`;
const column = (name: string): Markup => html`<th scope="col">${name}</th>`;
const numbers = (name: string): Markup => html`<th scope="col" class="number">${name}</th>`;
/** On a phone the cells stand below one another, and a number needs its column’s name beside it. */
const numberCell = (name: string, value: number | Markup): Markup =>
  html`<td class="number" data-column="${name}">${typeof value === 'number' ? grouped(value) : value}</td>`;
const restRow =
  (columns: number) =>
  (more: string): Markup =>
    html`<tr><td colspan="${columns}">and ${more}</td></tr>`;

type Mute = Report['ignored'][number];

export const ignoredSection = ({ ignored }: Report): Markup | undefined => {
  if (ignored.length === 0) return undefined;
  const kept = ignored.reduce((sum, { count }) => sum + count, 0);
  const idle = ignored.filter(({ note }) => note).length;
  return html`<section aria-labelledby="ignored">
<h2 id="ignored">Ignored</h2>
<p class="lead">${counted(ignored.length, 'rule')} ${ignored.length === 1 ? 'takes' : 'take'} ${counted(kept, 'finding')} away${idle > 0 && `; ${counted(idle, 'rule')} no longer of use`}.</p>
<details><summary>All rules, with reason and date</summary>
${table([column('Rule'), column('Reason'), column('Until'), column('Where it stands'), numbers('Findings')], within(ignored, roomOf(sectionBytes), muteRow, restRow(5)))}</details>
</section>`;
};

const muteRow = ({
  rule,
  reason,
  count,
  note,
  from = 'nightshift.yaml',
  until = 'no date',
  object,
  objects = 1,
  mistake,
}: Mute): Markup => {
  const bearer = object && html`<small>${objectLabel(object)}${objects > 1 && ` and ${counted(objects - 1, 'more', 'more')}`}</small>`;
  const outcome = numberCell('Findings', note ? html`<strong>${note}</strong>` : count);
  return html`<tr><th scope="row">${rule}</th><td>${reason}${mistake !== undefined && html` <small>${mistake}</small>`}</td><td>${until}</td><td>${from} ${bearer}</td>${outcome}</tr>
`;
};

/** Of the page, for all tables together. */
const tablesBytes = 600_000;

export const tablesSection = ({ tables = [] }: Report): Markup[] =>
  tables.map(
    ({ title, columns, rows }) => html`<section><h2>${title}</h2>
${table(
  columns.map(column),
  within(
    rows,
    roomOf(Math.min(sectionBytes, Math.floor(tablesBytes / tables.length))),
    ([
      first = '',
      ...cells
    ]) => html`<tr><th scope="row">${first}</th>${cells.map((cell, index) => tableCell(columns[index + 1] ?? '', cell))}</tr>
`,
    restRow(columns.length),
  ),
)}</section>`,
  );

const date = /(\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?)/;
/** Longer texts are read, and may break where they like. */
const briefCell = 60;

/** On a phone the cells stand below one another: those that say little need their column’s name. */
function tableCell(name: string, cell: string | number): Markup {
  if (typeof cell === 'number') return numberCell(name, cell);
  if (cell === '') return html`<td></td>`;
  if (name === 'Verdict') return html`<td class="${toneOf(cell)}"><b class="toned">${cell}</b></td>`;
  if (cell.length > briefCell) return html`<td>${cell}</td>`;
  const parts = cell.split(date).map((part) => (date.test(part) ? html`<span class="date">${part}</span>` : part));
  return html`<td data-column="${name}">${parts}</td>`;
}

export const checksSection = ({ checks }: Report): Markup => {
  const ran = checks.filter((check) => check.ran).length;
  return html`<section aria-labelledby="checks">
<h2 id="checks">Checks</h2>
<p class="lead">${counted(ran, 'check')} of ${checks.length} ran. A check that ran and has no finding above found nothing.</p>
<details><summary>All checks</summary>
${table([column('Check'), column('Outcome'), numbers('Objects')], within(checks, roomOf(sectionBytes), checkRow, restRow(3)))}</details>
</section>`;
};

const checkRow = ({ check, title, ran, objects, reason }: Report['checks'][number]): Markup =>
  html`<tr><th scope="row">${title ?? check}${title && html` <small>${check}</small>`}</th><td>${ran ? 'ran' : `did not run: ${reason ?? 'no reason given'}`}</td>${numberCell('Objects', objects)}</tr>
`;

/** How this report came to be: for who compares, files or doubts it. */
export const runSection = (report: Report): Markup => {
  const { runId, operation, startedAt, eventTime, durationMs, scanned, comparedWith, fullScope, plan, journal, schemaVersion } = report;
  const facts: readonly (readonly [string, Markup | string | undefined])[] = [
    ['Run', runId],
    ['Operation', operation],
    ['Asked for', eventTime === undefined ? undefined : time(eventTime)],
    ['Started', html`${time(startedAt)}, took ${duration(durationMs)}`],
    [
      'Read',
      `${counted(scanned.objects, 'object')} in ${counted(scanned.requests, 'request')}, ${(scanned.bytes / 1_000_000).toFixed(1)} MB`,
    ],
    ['Scope', fullScope ? 'everything, as configured' : 'a part, or with options of its own: not compared with, and not the latest'],
    ['Laid over the configuration', overridesText(report)],
    ['Compared with', comparedWith && html`${comparedWith.runId}, ${time(comparedWith.startedAt)}`],
    ['Plan', plan && html`${plan.id}, until ${time(plan.expiresAt)}`],
    ['Journal', journal?.id],
    ['Schema', String(schemaVersion)],
  ];
  return html`<section aria-labelledby="run">
<h2 id="run">This run</h2>
<details><summary>When and how it ran</summary><dl>
${facts.map(
  ([name, fact]) =>
    fact !== undefined &&
    html`<div><dt>${name}</dt><dd>${fact}</dd></div>
`,
)}</dl></details>
</section>`;
};
