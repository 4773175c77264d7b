import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BackupSchedule, calendarSign, dayInWords, scheduleStanding } from '../../functions/report/backup-calendar.ts';
import { excerpt } from '../../functions/report/excerpt.ts';
import { renderHtml } from '../../functions/report/html/render-html.ts';
import { reportSchema } from '../../functions/report/model.ts';
import { renderMarkdown } from '../../functions/report/render-markdown.ts';
import { renderText } from '../../functions/report/render-text.ts';
import { reportOf, scanOf } from './sample-report.ts';

const verdicts = Object.keys(calendarSign) as (keyof typeof calendarSign)[];
const nightly: BackupSchedule = {
  location: 's3://velero/prod',
  schedule: 'nightly',
  cron: '0 2 * * *',
  newestVerified: {
    backup: 'nightly-20261124020000',
    completedAt: '2026-11-24T02:01:00Z',
    level: 'restorability',
    verifiedAt: '2026-11-24T05:30:00Z',
  },
  hoursSinceVerified: 3.5,
  allowedHours: 49,
  calendar: verdicts.map((verdict, index) => ({ date: `2026-11-${20 + index}`, verdict, backups: verdict === 'none' ? 0 : index + 1 })),
};
const byHand: BackupSchedule = { location: 's3://velero/prod', schedule: '', calendar: nightly.calendar };
const hostile: BackupSchedule = { ...byHand, location: 's3://other', schedule: '<script>alert(1)</script>' };
const report = reportOf(scanOf([]), { backupSchedules: [nightly, byHand, hostile] });

describe('the calendar of backups', () => {
  test('is in the report, and not in what is cut for events', () => {
    assert.deepEqual(reportSchema.parse(report).backupSchedules, [nightly, byHand, hostile]);
    assert.ok(!('backupSchedules' in excerpt(report, { findings: 10, bytes: 100_000 })));
  });

  test('has a sign of its own for each verdict', () => {
    assert.equal(new Set(Object.values(calendarSign)).size, verdicts.length);
    assert.equal(dayInWords({ date: '2026-11-24', verdict: 'error', backups: 2 }), '2026-11-24: error, 2 backups');
    assert.equal(dayInWords({ date: '2026-11-24', verdict: 'none', backups: 0 }), '2026-11-24: no backup');
  });

  test('says how old the newest verified backup is, and never that there is one where there is none', () => {
    assert.equal(scheduleStanding(nightly), 'restorable as of 3.5 h ago: nightly-20261124020000 (restorability), within 49 h');
    assert.match(scheduleStanding({ ...nightly, hoursSinceVerified: 60 }), /older than 49 h$/);
    assert.equal(scheduleStanding(byHand), 'no backup was looked into and found restorable');
  });

  test('is shown in text at 80 columns, a line of signs a schedule', () => {
    const text = renderText(report, { columns: 80, color: false });
    assert.ok(text.includes('Backups of the last 30 days s3://velero/prod'));
    assert.ok(text.includes(`  ${verdicts.map((verdict) => calendarSign[verdict]).join(' ')}`));
    assert.ok(text.includes('  by hand: no backup was looked into and found restorable'));
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('is shown on the page, in words for who cannot see it, and escaped', () => {
    const page = renderHtml(report);
    assert.ok(page.includes('<span class="skip">2026-11-22: error, 3 backups</span>'));
    assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
    assert.ok(!page.includes('<script>alert(1)'));
    assert.ok(!renderHtml(reportOf(scanOf([]))).includes('last 30 days'));
  });

  test('is shown in Markdown', () => {
    const signs = verdicts.map((verdict) => calendarSign[verdict]).join('');
    assert.ok(renderMarkdown(report).includes(signs));
  });

  test('of one that is silent says why, and no limit', () => {
    assert.match(
      scheduleStanding({ ...nightly, hoursSinceVerified: 60, silent: 'paused' }),
      /\(restorability\); paused: no backup is expected$/,
    );
    assert.match(scheduleStanding({ ...byHand, silent: 'gone' }), /restorable; the cluster has no such Schedule any more/);
  });

  test('of a whole fleet fits on the page, in an issue, and on a screen; who is late stands first', () => {
    const backupSchedules = Array.from({ length: 40 }, (_, location) =>
      Array.from({ length: 100 }, (_each, index) => ({
        ...nightly,
        location: `s3://velero/${location}`,
        schedule: `nightly-${index}`,
        ...(index === 77 && { hoursSinceVerified: 90 }),
      })),
    ).flat();
    const row = ['nightly-20261124020000', 'listed', '2026-11-24 02:30 UTC', 'not yet', 'Completed, 10 items; 2.7 MB', ''];
    const tables = Array.from({ length: 840 }, (_, index) => ({
      title: `Schedule nightly-${index}, s3://velero/prod`,
      columns: ['Backup', 'Verdict', 'Begun', 'Looked into', 'Velero says', 'What was found'],
      rows: Array.from({ length: 31 }, () => row),
    }));
    const fleet = { ...reportOf(scanOf([]), { backupSchedules }), tables };
    const page = renderHtml(fleet);
    assert.ok(Buffer.byteLength(page) < 3_000_000, `${Buffer.byteLength(page)}`);
    assert.ok(page.indexOf('nightly-77</b>') < page.indexOf('nightly-0</b>'));
    assert.ok(renderMarkdown(fleet, { characters: 60_000 }).length <= 60_000);
    const [standing] = renderText(fleet, { columns: 80, color: false }).match(/^ {2}nightly-\d+: .*$/m) ?? [];
    assert.match(standing ?? '', /nightly-77/);
  });
});
