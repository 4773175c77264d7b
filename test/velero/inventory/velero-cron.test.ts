import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeZoneOf, veleroCron } from '../../../functions/velero/inventory/velero-cron.ts';
import fc from '../../fuzz.ts';

const at = (text: string): number => Date.parse(text);
const iso = (times: readonly number[]): readonly string[] => times.map((time) => new Date(time).toISOString().slice(0, 16));
const lastDue = (schedule: string, now: string, count = 3) => iso(veleroCron(schedule).lastDue(at(now), count));

test('five fields in UTC, newest first, the very minute included', () => {
  assert.deepEqual(lastDue('0 3 * * *', '2026-11-24T03:00:00Z'), ['2026-11-24T03:00', '2026-11-23T03:00', '2026-11-22T03:00']);
  assert.deepEqual(lastDue('0 3 * * *', '2026-11-24T02:59:59Z', 1), ['2026-11-23T03:00']);
  assert.deepEqual(lastDue('30 1 * * 1-5', '2026-11-23T12:00:00Z'), ['2026-11-23T01:30', '2026-11-20T01:30', '2026-11-19T01:30']);
  assert.deepEqual(lastDue('0 0 1 * *', '2026-11-24T00:00:00Z', 2), ['2026-11-01T00:00', '2026-10-01T00:00']);
});

test('names and steps as robfig/cron reads them: @daily, ?, MON-FRI, 0/15', () => {
  assert.deepEqual(lastDue('@daily', '2026-11-24T05:00:00Z', 1), ['2026-11-24T00:00']);
  assert.deepEqual(lastDue('@midnight', '2026-11-24T05:00:00Z', 1), ['2026-11-24T00:00']);
  assert.deepEqual(lastDue('@hourly', '2026-11-24T05:10:00Z', 1), ['2026-11-24T05:00']);
  assert.deepEqual(lastDue('@weekly', '2026-11-24T05:10:00Z', 1), ['2026-11-22T00:00']);
  assert.deepEqual(lastDue('0 4 ? * MON-FRI', '2026-11-22T05:10:00Z', 1), ['2026-11-20T04:00']);
  assert.deepEqual(lastDue('0/15 * * * *', '2026-11-24T05:10:00Z', 2), ['2026-11-24T05:00', '2026-11-24T04:45']);
  assert.deepEqual(lastDue('5,10/20 2 * * *', '2026-11-24T05:10:00Z', 4).toReversed(), [
    '2026-11-24T02:05',
    '2026-11-24T02:10',
    '2026-11-24T02:30',
    '2026-11-24T02:50',
  ]);
  assert.deepEqual(lastDue('0 0/6 * * *', '2026-11-24T05:10:00Z', 2), ['2026-11-24T00:00', '2026-11-23T18:00']);
});

test('CRON_TZ and TZ: the zone’s own clock, before and after a change of the clocks', () => {
  assert.equal(timeZoneOf('CRON_TZ=Europe/Berlin 0 3 * * *'), 'Europe/Berlin');
  assert.equal(timeZoneOf('TZ=America/New_York @daily'), 'America/New_York');
  assert.equal(timeZoneOf('0 3 * * *'), undefined);
  // Berlin’s summer time ended on 2026-10-25.
  assert.deepEqual(lastDue('CRON_TZ=Europe/Berlin 0 4 * * *', '2026-10-26T12:00:00Z'), [
    '2026-10-26T03:00',
    '2026-10-25T03:00',
    '2026-10-24T02:00',
  ]);
  assert.deepEqual(lastDue('TZ=America/New_York @daily', '2026-11-24T12:00:00Z', 1), ['2026-11-24T05:00']);
  assert.equal(veleroCron('CRON_TZ=Europe/Berlin 0 4 * * *').timeZone, 'Europe/Berlin');
});

test('an hour that the clocks leave out is not due', () => {
  // 02:30 did not come in Berlin on 2026-03-29.
  assert.deepEqual(lastDue('CRON_TZ=Europe/Berlin 30 2 * * *', '2026-03-30T12:00:00Z'), [
    '2026-03-30T00:30',
    '2026-03-28T01:30',
    '2026-03-27T01:30',
  ]);
});

test('@every counts from the last backup, and names no times of its own', () => {
  const cron = veleroCron('@every 1h30m');
  assert.deepEqual([cron.every, cron.lastDue(at('2026-11-24T00:00:00Z'), 3)], [5_400_000, []]);
  const between = cron.between(at('2026-11-24T00:10:00Z'), at('2026-11-24T04:00:00Z'), 100);
  assert.deepEqual(between && [iso([between.first, between.latest]), between.count], [['2026-11-24T01:40', '2026-11-24T03:10'], 2]);
});

test('what Velero refuses throws', () => {
  for (const schedule of ['', 'nonsense', '0 3 * *', '@sometimes', '99 * * * *', 'CRON_TZ=Mars/Base 0 3 * * *', '@every soon'])
    assert.throws(() => veleroCron(schedule), Error, schedule);
});

test('a daily schedule is due once each day of its zone, but where the clocks leave the time out', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Auckland'];
  const times = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') });
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      times,
      (zone, hour, minute, now) => {
        const due = veleroCron(`CRON_TZ=${zone} ${minute} ${hour} * * *`).lastDue(now, 5);
        const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
        for (const time of due) {
          assert.ok(time <= now);
          assert.equal(format.format(time), `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
        }
        const gaps = due.slice(1).map((time, index) => (due[index] ?? 0) - time);
        // 25 hours where the clocks go back, 49 where a time was left out; the two times of one name lie an hour apart at most.
        assert.ok(
          gaps.every((gap) => gap >= 1_800_000 && gap <= 49 * 3_600_000),
          JSON.stringify([zone, hour, minute, due]),
        );
      },
    ),
  );
});
