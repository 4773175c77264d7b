/** The last 30 days of a location’s backups, a row a schedule. */
import { html } from 'hono/html';
import {
  type BackupSchedule,
  byLocation,
  calendarLegend,
  calendarSign,
  dayInWords,
  scheduleName,
  scheduleStanding,
} from '../backup-calendar.ts';
import type { Report } from '../model.ts';
import { inJson, type Markup } from './parts.ts';
import { listOne, roomOf } from './room.ts';

/** Of the page, for each location (some 60 schedules), and for all together. */
const [calendarBytes, allCalendarsBytes] = [150_000, 600_000];

export const calendarSection = (report: Report): Markup[] =>
  [...byLocation(report)].map(([location, schedules], _index, locations) => {
    const room = roomOf(Math.min(calendarBytes, Math.floor(allCalendarsBytes / locations.length)));
    const rows = schedules.flatMap((schedule) => listOne(schedule, room, row).markup ?? []);
    const left = schedules.length - rows.length;
    return html`<section class="backups"><h2>Backups of the last 30 days <span class="count">${location}</span></h2>
<p class="lead">${calendarLegend}. By the day (UTC) on which a backup began; the gravest of a day counts.</p>
<ul>${rows}${left > 0 && html`<li class="quiet">and ${inJson(left)}</li>`}</ul></section>`;
  });

const row = (
  schedule: BackupSchedule,
): Markup => html`<li><b>${scheduleName(schedule)}</b> <span class="quiet">${scheduleStanding(schedule)}</span>
<ol class="calendar" aria-label="${`${scheduleName(schedule)}, the last 30 days`}">${schedule.calendar.map(
  (day) =>
    html`<li class="${tone[day.verdict]}" title="${dayInWords(day)}"><span aria-hidden="true">${calendarSign[day.verdict]}</span><span class="skip">${dayInWords(day)}</span></li>`,
)}</ol></li>
`;

/** The style’s names. */
const tone: Readonly<Record<BackupSchedule['calendar'][number]['verdict'], string>> = {
  ok: 'healthy',
  warning: 'warning',
  error: 'critical',
  unknown: 'incomplete',
  'in-progress': 'info',
  listed: 'listed-day',
  none: 'none-day',
};

/** Of a verdict in a table, which may be any text. */
export const toneOf = (verdict: string): string => (Object.hasOwn(tone, verdict) ? tone[verdict as keyof typeof tone] : '');
