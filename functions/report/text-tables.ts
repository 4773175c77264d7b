/** What a report for a terminal shows beside its findings: the calendar of backups, and tables. */
import stringWidth from 'string-width';
import { byLocation, type CalendarDay, calendarLegend, calendarSign, scheduleName, scheduleStanding } from './backup-calendar.ts';
import { counted, grouped } from './counts.ts';
import type { Report } from './model.ts';
import type { Format, Paper, TextOptions } from './paper.ts';

/** So many schedules of a location are shown. */
const mostCalendars = 20;

/** A line of 30 signs for each schedule, under what is known of it. */
export const calendars = (on: Paper, report: Report): string[][] =>
  [...byLocation(report)].map(([location, schedules]) => [
    ...on.wrap(0, `${on.paint('bold', 'Backups of the last 30 days')} ${location}`),
    ...schedules
      .slice(0, mostCalendars)
      .flatMap((schedule) => [
        ...on.wrap(2, `${on.paint('bold', scheduleName(schedule))}: ${scheduleStanding(schedule)}`),
        `  ${schedule.calendar.map(({ verdict }) => on.paint(dayFormat[verdict], calendarSign[verdict])).join(' ')}`,
      ]),
    ...(schedules.length > mostCalendars
      ? [`  and ${counted(schedules.length - mostCalendars, 'schedule')} more, in the report’s JSON`]
      : []),
    ...on.wrap(2, on.paint('dim', calendarLegend)),
  ]);

const dayFormat: Readonly<Record<CalendarDay['verdict'], Format>> = {
  ok: 'green',
  warning: 'yellow',
  error: ['bold', 'red'],
  unknown: 'yellow',
  'in-progress': 'blue',
  listed: 'dim',
  none: 'dim',
};

/** Of a longer table those rows are counted whose last cell, what there is to say, is empty, but for the first of them. */
const longTable = 10;
const firstRows = 5;
const mostRows = 60;

/**
 * In columns as far as they fit. Cells for which there is no room stand below their row, the last one, what there is to say, without its column’s
 * name; and where it is empty the row is one line.
 */
export const tables = (on: Paper, { tables: all = [] }: Report, { columns: width }: TextOptions): string[][] =>
  all.map(({ title, columns, rows }) => {
    const texts = rows.map((cells) => cells.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)));
    const isTold = (cells: readonly string[], index: number) => index < firstRows || cells.at(-1) !== '';
    const told = texts.length > longTable ? texts.filter(isTold) : texts;
    const shown = told.slice(0, mostRows);
    const quiet = texts.length - told.length;
    const rest = told.length - shown.length;
    return [
      ...on.wrap(0, on.paint('bold', title)),
      ...rowsOf(on, columns, shown, width),
      ...(quiet > 0 ? [on.paint('dim', `  and ${counted(quiet, 'row')} more of which there is nothing to say`)] : []),
      ...(rest > 0 ? [`  and ${counted(rest, 'row')} more, in the report’s JSON`] : []),
    ];
  });

/** Between columns, and before the first. */
const gap = 2;

function rowsOf(on: Paper, columns: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const widths = columns.map((_, index) => Math.max(...[columns, ...rows].map((cells) => stringWidth(cells[index] ?? ''))));
  let [taken, fitting] = [0, 0];
  while (fitting < columns.length && taken + gap + (widths[fitting] ?? 0) <= width) taken += gap + (widths[fitting++] ?? 0);
  const isAll = fitting === columns.length;
  // Not all fit: the last one is told below its row, whatever its width.
  const inLine = isAll ? fitting : Math.max(1, Math.min(fitting, columns.length - 1));
  const line = (cells: readonly string[]) =>
    `  ${cells
      .slice(0, inLine)
      .map((cell, index) => cell + ' '.repeat(Math.max((widths[index] ?? 0) - stringWidth(cell), 0)))
      .join('  ')}`;
  const below = (cells: readonly string[]): string[] => {
    const last = cells.at(-1) ?? '';
    if (isAll || last === '') return [];
    const named = cells.slice(inLine, -1).flatMap((cell, index) => (cell === '' ? [] : `${columns[inLine + index]}: ${cell}`));
    const more = named.length === 0 ? [] : on.wrap(2 * gap, named.join(' · '));
    return [...on.wrap(2 * gap, last), ...more.map((text) => on.paint('dim', text))];
  };
  return [on.paint('dim', line(columns)), ...rows.flatMap((cells) => [line(cells), ...below(cells)])];
}
