import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cronerPattern, graceOf, lastDue, longestInterval } from '../../functions/overdue-reports/due-times.ts';
import { cronMistakes } from '../../infra/cron.ts';
import fc from '../fuzz.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

const due = (cron: string, at: string, timeZone = 'UTC') => {
  const time = lastDue({ cron, timeZone }, Date.parse(at));
  return time === undefined ? undefined : new Date(time).toISOString();
};

describe('the last time that a cron of AWS was due', () => {
  // 24 November 2026 is a Tuesday.
  const at = '2026-11-24T10:00:00Z';
  const examples = [
    // The examples of the user guide of EventBridge Scheduler and of EventBridge's rules.
    ['15 10 * * ? *', '2026-11-23T10:15:00.000Z'],
    ['0 18 ? * MON-FRI *', '2026-11-23T18:00:00.000Z'],
    ['0 8 1 * ? *', '2026-11-01T08:00:00.000Z'],
    ['0/15 * * * ? *', '2026-11-24T10:00:00.000Z'],
    ['0/10 * ? * MON-FRI *', '2026-11-24T10:00:00.000Z'],
    ['0/5 8-17 ? * MON-FRI *', '2026-11-24T10:00:00.000Z'],
    ['15 10 ? * 6L 2022-2026', '2026-10-30T10:15:00.000Z'],
    ['0 10 ? * 3#2 *', '2026-11-10T10:00:00.000Z'],
    ['0 10 ? * TUE#2 *', '2026-11-10T10:00:00.000Z'],
    ['0 6 L * ? *', '2026-10-31T06:00:00.000Z'],
    ['0 6 15W * ? *', '2026-11-16T06:00:00.000Z'],
    ['0 6 1W 8 ? *', '2026-08-03T06:00:00.000Z'],
    ['0 6 ? * 1 *', '2026-11-22T06:00:00.000Z'],
    ['0 6 ? * 7 *', '2026-11-21T06:00:00.000Z'],
    ['0 6 ? * L *', '2026-11-21T06:00:00.000Z'],
    ['0 6 ? * SUN,wed *', '2026-11-22T06:00:00.000Z'],
    ['0 6 ? jan-mar MON *', '2026-03-30T06:00:00.000Z'],
    ['0 6 29 2 ? *', '2024-02-29T06:00:00.000Z'],
    ['0 6 * * ? 2020/3', '2026-11-24T06:00:00.000Z'],
    ['0 6 * * ? 2020/4', '2024-12-31T06:00:00.000Z'],
    ['0 6 * * ? 2030', undefined],
  ] as const;
  for (const [cron, expected] of examples) {
    test(`${cron}: ${expected ?? 'never yet'}`, () => {
      assert.deepEqual(cronMistakes(cron), []);
      assert.equal(due(cron, at), expected);
    });
  }

  test('is the very minute asked for, and not the one after', () => {
    assert.equal(due('0 6 * * ? *', '2026-11-24T06:00:00Z'), '2026-11-24T06:00:00.000Z');
    assert.equal(due('0 6 * * ? *', '2026-11-24T05:59:59Z'), '2026-11-23T06:00:00.000Z');
  });

  test('in Berlin: a time that the clocks leave out is skipped', () => {
    assert.equal(due('30 2 * * ? *', '2026-03-29T12:00:00Z', 'Europe/Berlin'), '2026-03-28T01:30:00.000Z');
    assert.equal(due('30 2 * * ? *', '2026-03-30T12:00:00Z', 'Europe/Berlin'), '2026-03-30T00:30:00.000Z');
    assert.equal(due('0 6 * * ? *', '2026-03-29T12:00:00Z', 'Europe/Berlin'), '2026-03-29T04:00:00.000Z');
  });

  test('in Berlin: of a time that comes twice the first counts, as Scheduler starts it once', () => {
    for (const cron of ['30 2 * * ? *', '30 2,14 * * ? *', '30 * * * ? *']) {
      assert.equal(due(cron, '2026-10-25T01:45:00Z', 'Europe/Berlin'), '2026-10-25T00:30:00.000Z', cron);
    }
    assert.equal(due('0 6 * * ? *', '2026-10-25T12:00:00Z', 'Europe/Berlin'), '2026-10-25T05:00:00.000Z');
  });

  test('agrees with a plain search by the rules, whatever the expression', () => {
    const number = (from: number, to: number) => fc.integer({ min: from, max: to });
    const parts = (from: number, to: number) =>
      fc.oneof(
        number(from, to).map((n) => ({ text: `${n}`, has: (value: number) => value === n })),
        fc
          .tuple(number(from, to), number(from, to))
          .map((ends) => ends.toSorted((a, b) => a - b))
          .map(([first = 0, last = 0]) => ({ text: `${first}-${last}`, has: (value: number) => value >= first && value <= last })),
        fc.tuple(number(from, to), number(1, to)).map(([first, step]) => ({
          text: `${first}/${step}`,
          has: (value: number) => value >= first && (value - first) % step === 0,
        })),
      );
    const all = fc.constant({ text: '*', has: () => true });
    const list = (from: number, to: number) =>
      fc.array(parts(from, to), { minLength: 1, maxLength: 3 }).map((some) => ({
        text: some.map(({ text }) => text).join(','),
        has: (value: number) => some.some(({ has }) => has(value)),
      }));
    const field = (from: number, to: number) => fc.oneof(all, list(from, to));
    const onDay = (has: (date: Date) => boolean, text: string) => ({ text, has });
    const dayOfMonth = fc.oneof(
      field(1, 31).map(({ text, has }) => onDay((date) => has(date.getUTCDate()), text)),
      fc.constant(onDay((date) => new Date(Number(date) + day).getUTCDate() === 1, 'L')),
    );
    const dayOfWeek = fc.oneof(
      field(1, 7).map(({ text, has }) => onDay((date) => has(date.getUTCDay() + 1), text)),
      number(1, 7).map((n) =>
        onDay((date) => date.getUTCDay() + 1 === n && new Date(Number(date) + 7 * day).getUTCMonth() !== date.getUTCMonth(), `${n}L`),
      ),
      fc
        .tuple(number(1, 7), number(1, 5))
        .map(([n, k]) => onDay((date) => date.getUTCDay() + 1 === n && Math.ceil(date.getUTCDate() / 7) === k, `${n}#${k}`)),
    );
    const days = fc.oneof(
      dayOfMonth.map(({ text, has }) => ({ dom: text, dow: '?', has })),
      dayOfWeek.map(({ text, has }) => ({ dom: '?', dow: text, has })),
    );
    fc.assert(
      fc.property(
        number(0, 59),
        field(0, 23),
        days,
        field(1, 12),
        number(0, 2000),
        (minuteOfHour, hours, { dom, dow, has }, months, back) => {
          const cron = `${minuteOfHour} ${hours.text} ${dom} ${months.text} ${dow} *`;
          const at = Date.UTC(2026, 10, 24, 10) - back * 60 * minute;
          let expected: number | undefined;
          for (let midnight = at - (at % day); expected === undefined && midnight > at - 800 * day; midnight -= day) {
            const date = new Date(midnight);
            if (!has(date) || !months.has(date.getUTCMonth() + 1)) continue;
            for (let hour = 23; expected === undefined && hour >= 0; hour--) {
              const time = midnight + hour * 60 * minute + minuteOfHour * minute;
              if (hours.has(hour) && time <= at) expected = time;
            }
          }
          const found = lastDue({ cron }, at);
          // What is due less than once in two years is not searched for above.
          if (expected !== undefined) assert.equal(found, expected, `${cron} (${cronerPattern(cron)})`);
          else assert.ok(found === undefined || found <= at - 799 * day, cron);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('of a rate, one period before', () => {
  const at = Date.parse('2026-11-24T10:00:00Z');
  assert.equal(lastDue({ rate: '1 day' }, at), at - day);
  assert.equal(lastDue({ rate: '12 hours' }, at), at - 12 * 60 * minute);
  assert.equal(lastDue({ rate: '30 minutes' }, at), at - 30 * minute);
});

test('a run has its window, an hour of retries and its own time to come', () => {
  assert.equal(graceOf({ flexibleMinutes: 10 }, 600), 80 * minute);
  assert.equal(graceOf({}, 60), 61 * minute);
});

describe('the longest time between two runs', () => {
  for (const [timing, hours] of [
    [{ rate: '2 days' }, 48],
    [{ cron: '0 6 * * ? *' }, 24],
    [{ cron: '0 6 * * ? *', timeZone: 'Europe/Berlin' }, 24],
    [{ cron: '0 6 ? * MON-FRI *' }, 72],
    [{ cron: '0 6 ? * MON *' }, 168],
    [{ cron: '* 6-17 ? * 2-6 *' }, 60 + 1 / 60],
    [{ cron: '0/5 * * * ? *' }, 1 / 12],
    [{ cron: '0 6 1 * ? *' }, 31 * 24],
    [{ cron: '0 6 1 1 ? *' }, 365 * 24],
  ] as const) {
    test(`${JSON.stringify(timing)}: ${hours} h`, () => assert.equal(longestInterval(timing), Math.round(hours * 60) * minute));
  }

  test('is unknown where there is one time, or none', () => {
    assert.equal(longestInterval({ cron: '0 6 24 12 ? 2026' }), undefined);
    assert.equal(longestInterval({ cron: '0 6 * * ? 2020' }), undefined);
  });
});
