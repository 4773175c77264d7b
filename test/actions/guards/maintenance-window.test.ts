import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outsideWindows, windowState } from '../../../functions/actions/guards/maintenance-window.ts';

const at = (time: string): number => Date.parse(time);
const nights = [{ cron: '0 2 * * ? *', durationMinutes: 120, timeZone: 'Europe/Berlin' }];

test('without windows writes may happen at any time; with none in the list, never', () => {
  assert.deepEqual(windowState(undefined, 0), { open: true });
  assert.deepEqual(windowState([], 0), { open: false });
  assert.equal(outsideWindows([], 0)?.because, 'no maintenance window is open; none ever opens');
});

test('a window is open from its start, and no longer at its end', () => {
  const open = (time: string) => windowState(nights, at(time)).open;
  assert.equal(open('2026-11-24T00:59:59Z'), false);
  assert.equal(open('2026-11-24T01:00:00Z'), true);
  assert.equal(open('2026-11-24T02:59:59Z'), true);
  assert.equal(open('2026-11-24T03:00:00Z'), false);
  assert.deepEqual(windowState(nights, at('2026-11-24T01:30:00Z')), { open: true, until: at('2026-11-24T03:00:00Z') });
  assert.deepEqual(outsideWindows(nights, at('2026-11-24T12:00:00Z')), {
    guard: 'maintenance-window',
    because: 'no maintenance window is open; the next opens at 2026-11-25 01:00 UTC',
  });
});

test('in summer it opens by the summer’s clock', () => {
  assert.equal(windowState(nights, at('2026-07-01T00:00:00Z')).open, true);
  assert.equal(windowState(nights, at('2026-07-01T02:00:00Z')).open, false);
});

test('the night in which 2:00 does not exist has no window, and the next is the day after', () => {
  // 2026-03-29: 2:00 to 3:00 is left out in Berlin.
  for (const time of ['2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z', '2026-03-29T02:30:00Z'])
    assert.equal(windowState(nights, at(time)).open, false, time);
  assert.deepEqual(windowState(nights, at('2026-03-28T12:00:00Z')), { open: false, next: at('2026-03-30T00:00:00Z') });
});

test('the night in which 2:00 comes twice has one window, of real time, from the first', () => {
  // 2026-10-25: 2:00 to 3:00 comes twice in Berlin.
  assert.equal(windowState(nights, at('2026-10-24T23:59:00Z')).open, false);
  assert.deepEqual(windowState(nights, at('2026-10-25T00:00:00Z')), { open: true, until: at('2026-10-25T02:00:00Z') });
  assert.equal(windowState(nights, at('2026-10-25T01:30:00Z')).open, true);
  assert.equal(windowState(nights, at('2026-10-25T02:00:00Z')).open, false);
});

test('a window of several days, and the longest of several that are open', () => {
  const weekend = { cron: '0 20 ? * FRI *', durationMinutes: 60 * 60 };
  assert.equal(windowState([weekend], at('2026-11-29T12:00:00Z')).open, true, 'Sunday');
  assert.equal(windowState([weekend], at('2026-11-30T08:00:00Z')).open, false, 'Monday at 8');
  const both = [weekend, { cron: '0 12 * * ? *', durationMinutes: 30 }];
  for (const windows of [both, both.toReversed()])
    assert.deepEqual(windowState(windows, at('2026-11-29T12:10:00Z')), { open: true, until: at('2026-11-30T08:00:00Z') });
});

test('what is not understood is never open, and does not close the others', () => {
  const broken = [
    { cron: 'not a cron', durationMinutes: 60 },
    { cron: '0 2 * * ? *', durationMinutes: 60, timeZone: 'Nowhere/Land' },
    { cron: '* * * * ? *', durationMinutes: Number.NaN },
  ];
  assert.equal(windowState(broken, at('2026-11-24T02:10:00Z')).open, false);
  assert.equal(windowState([...broken, ...nights], at('2026-11-24T01:10:00Z')).open, true);
});
