import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/cronjob-missed-schedule.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, changed, cronJob } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

/** now is Wednesday, 2026-03-18 09:00 UTC: 10:00 in Berlin. */
const ran = (lastScheduleTime: string | null, spec: object = {}, metadata: object = {}) =>
  cronJob({ spec: { ...spec }, metadata: { ...metadata }, status: { lastScheduleTime } });

describe('cronjob-missed-schedule', () => {
  test('counts the times that it missed, and says when the last was', async () => {
    const finding = await theFinding(check, { objects: [ran('2026-03-18T05:00:00Z')] });
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.message, 'missed its schedule 3 times, last at 2026-03-18 08:00 UTC');
    assert.equal(finding.startedAt, '2026-03-18T06:00:00.000Z');
    assert.equal(finding.remedy, 'kubectl -n shop describe cronjob report');
  });

  test('reckons in the schedule’s own time zone', async () => {
    const berlin = { schedule: '30 8 * * *', timeZone: 'Europe/Berlin' };
    const finding = await theFinding(check, { objects: [ran('2026-03-17T07:30:00Z', berlin)] });
    assert.equal(finding.message, 'missed its schedule once, last at 2026-03-18 08:30 Europe/Berlin');
    await assertSilent(check, { objects: [ran('2026-03-18T07:30:00Z', berlin)] });
    // At 8:30 in New York it is still to come.
    await assertSilent(check, { objects: [ran('2026-03-17T12:30:00Z', { ...berlin, timeZone: 'America/New_York' })] });
  });

  test('leaves a start alone that is only late', async () => {
    await assertSilent(check, { objects: [ran('2026-03-18T08:00:00Z')] });
    await theFinding(check, { objects: [ran('2026-03-18T08:00:00Z')], options: { toleranceMinutes: 0 } });
  });

  test('one that was never started is reckoned from its creation', async () => {
    const finding = await theFinding(check, { objects: [ran(null, {}, { creationTimestamp: '2026-03-18T06:30:00Z' })] });
    assert.equal(
      finding.message,
      'missed its schedule twice, last at 2026-03-18 08:00 UTC, and was never started'.replace('twice', '2 times'),
    );
    await assertSilent(check, { objects: [ran(null, { schedule: '0 0 1 * *' }, { creationTimestamp: '2026-03-18T06:30:00Z' })] });
  });

  test('a suspended one is left alone, and so are times before it was resumed or its schedule was changed', async () => {
    await assertSilent(check, { objects: [ran('2026-01-01T00:00:00Z', { suspend: true })] });
    await assertSilent(check, { objects: [ran('2026-01-01T00:00:00Z', {}, changed('spec', ago({ minutes: 20 })))] });
    // The controller's own writes are no change of the schedule.
    await theFinding(check, { objects: [ran('2026-01-01T00:00:00Z', {}, changed('status', ago({ minutes: 20 })))] });
  });

  test('says that its previous job holds it up, and then does not blame the controller manager', async () => {
    const held = cronJob({
      spec: { concurrencyPolicy: 'Forbid' },
      status: { lastScheduleTime: '2026-03-18T05:00:00Z', active: [{ name: 'report-1' }] },
    });
    const { findings, links } = await runCheck(check, { objects: [held] });
    assert.match(findings[0]?.message ?? '', /its previous job still runs, and concurrencyPolicy Forbid lets none start beside it$/);
    assert.deepEqual(links, []);
    const { links: blaming } = await runCheck(check, { objects: [ran('2026-03-18T05:00:00Z')] });
    assert.deepEqual(
      blaming.map(({ cause }) => [cause.kind, cause.name]),
      [['Lease', 'kube-controller-manager']],
    );
  });

  test('says that a late start is skipped', async () => {
    const finding = await theFinding(check, { objects: [ran('2026-03-18T05:00:00Z', { startingDeadlineSeconds: 60 })] });
    assert.match(finding.message, /what starts later than 60 seconds is skipped/);
  });

  test('counts at most 100, however long ago it ran', async () => {
    const finding = await theFinding(check, { objects: [ran('2001-01-01T00:00:00Z', { schedule: '* * * * *' })] });
    assert.match(finding.message, /^missed its schedule at least 100 times, last at 2026-03-18 08:50 UTC/);
  });

  test('knows the controller’s other ways to write a schedule', async () => {
    await theFinding(check, { objects: [ran('2026-03-18T05:00:00Z', { schedule: '@hourly' })] });
    const every = await theFinding(check, { objects: [ran('2026-03-18T05:00:00Z', { schedule: '@every 1h30m' })] });
    assert.match(every.message, /^missed its schedule 2 times, last at 2026-03-18 08:00 UTC/);
    await assertSilent(check, { objects: [ran('2026-03-18T08:00:00Z', { schedule: '@every 1h30m' })] });
    const prefixed = await theFinding(check, { objects: [ran('2026-03-17T07:30:00Z', { schedule: 'CRON_TZ=Europe/Berlin 30 8 * * *' })] });
    assert.match(prefixed.message, /last at 2026-03-18 08:30 Europe\/Berlin/);
    await assertSilent(check, { objects: [ran('2026-03-13T18:00:00Z', { schedule: '0 18 * * FRI' })] });
    await assertSilent(check, { objects: [ran(null, { schedule: '0 0 31 2 *' })] });
  });

  test('a time that a clock change leaves out is none that was missed', async () => {
    const nightly = { schedule: '30 2 * * *', timeZone: 'Europe/Berlin' };
    // On 2026-03-29 the clock goes from 2:00 to 3:00.
    await assertSilent(check, { objects: [ran('2026-03-28T01:30:00Z', nightly)], now: '2026-03-29T12:00:00Z' });
    const finding = await theFinding(check, { objects: [ran('2026-03-28T01:30:00Z', nightly)], now: '2026-03-30T12:00:00Z' });
    assert.match(finding.message, /^missed its schedule once, last at 2026-03-30 02:30/);
    // On 2026-10-25 it is 2:30 twice, and the controller takes one of them.
    await assertSilent(check, { objects: [ran('2026-10-25T00:30:00Z', nightly)], now: '2026-10-25T12:00:00Z' });
  });

  test('a schedule or a time zone that cannot be read is told, also in plain manifests', async () => {
    const stateless = 'these manifests hold no status';
    for (const [spec, message] of [
      [{ schedule: '61 * * * *' }, /^its schedule 61 \* \* \* \* cannot be read: Invalid value for minute/],
      [{ schedule: 'tomorrow' }, /^its schedule tomorrow cannot be read/],
      [{ schedule: '@every soon' }, /^its schedule @every soon cannot be read: soon is no duration/],
      [{ timeZone: 'Mars/Olympus' }, /^its schedule 0 \* \* \* \* in the time zone Mars\/Olympus cannot be read/],
    ] as const) {
      const bad = { ...ran(null, spec), status: undefined };
      const finding = await theFinding(check, { objects: [bad], stateless });
      assert.match(finding.message, message);
      assert.equal(finding.remedy, 'kubectl -n shop edit cronjob report');
    }
    const { creationTimestamp: _, ...metadata } = ran(null).metadata;
    await assertSilent(check, { objects: [{ ...ran(null), metadata, status: undefined }], stateless });
  });

  test('where no time zone is given it is the controller’s own, as its last start tells (k3s runs it in the host’s)', async () => {
    // Three in the morning in Berlin, in winter.
    const nightly = { schedule: '0 3 * * *' };
    await assertSilent(check, { objects: [ran('2026-03-18T02:00:00Z', nightly)] });
    const finding = await theFinding(check, { objects: [ran('2026-03-17T02:00:00Z', nightly)] });
    assert.equal(finding.message, 'missed its schedule once, last at 2026-03-18 03:00 +01:00');
    // What started before the schedule was changed tells nothing.
    const changedSince = changed('spec', '2026-03-17T12:00:00Z');
    assert.match((await theFinding(check, { objects: [ran('2026-03-17T02:00:00Z', nightly, changedSince)] })).message, /03:00 UTC$/);
  });

  test('a job that overruns under concurrencyPolicy Forbid is only noted, unless it hangs for hours', async () => {
    const held = (lastScheduleTime: string) =>
      cronJob({
        spec: { schedule: '*/5 * * * *', concurrencyPolicy: 'Forbid' },
        status: { lastScheduleTime, active: [{ name: 'report-1' }] },
      });
    const overrun = await theFinding(check, { objects: [held('2026-03-18T08:30:00Z')] });
    assert.equal(overrun.severity, 'info');
    const hangs = await theFinding(check, { objects: [held('2026-03-18T01:30:00Z')] });
    assert.equal(hangs.severity, 'warning');
    assert.equal(hangs.remedy, 'kubectl -n shop describe job report-1');
    assert.equal(overrun.subject, hangs.subject);
  });

  test('one that is going away is left alone', () =>
    assertSilent(check, { objects: [ran('2026-03-18T05:00:00Z', {}, { deletionTimestamp: ago({ minutes: 1 }) })] }));

  test('survives holes', () =>
    assertSurvivesHoles(check, [ran('2026-03-18T05:00:00Z', { timeZone: 'Europe/Berlin' }, changed('spec', ago({ days: 3 }))), cronJob()]));
});
