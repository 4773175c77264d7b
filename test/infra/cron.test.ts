import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronMistakes } from '../../infra/cron.ts';
import fc from '../fuzz.ts';

// The examples of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html are among them.
const right = [
  '0 10 * * ? *',
  '15 12 * * ? *',
  '0 18 ? * MON-FRI *',
  '0 8 1 * ? *',
  '0/15 * * * ? *',
  '*/10 * ? * MON-FRI *',
  '0/5 8-17 ? * MON-FRI *',
  '0 9 ? * 2#1 *',
  '0 9 ? * tue#5 *',
  '15 10 ? * 6L 2022-2023',
  '0 0 L * ? *',
  '0 0 3W * ? *',
  '0 0 1,15,L * ? *',
  '0 0 ? * L *',
  '0 20,22-23 ? JAN,MAR-JUN,12 SUN,WED 2026/2',
  '  5   6 * *  ?  * ',
];
for (const expression of right) test(`right: ${expression}`, () => assert.deepEqual(cronMistakes(expression), []));

const wrong: Readonly<Record<string, RegExp>> = {
  '': /fields; AWS’s cron has six/,
  '0 6 * * *': /^5 fields; AWS’s cron has six: minutes hours day-of-month month day-of-week year/,
  '0 0 6 * * ? *': /^7 fields/,
  '0 6 * * * *': /^day-of-month is \* and day-of-week is \*; exactly one of the two must be \?/,
  '0 6 1 * MON *': /^day-of-month is 1 and day-of-week is MON; exactly one/,
  '0 6 ? * ? *': /^both day-of-month and day-of-week are \?; exactly one/,
  '60 6 * * ? *': /^minutes has 60; allowed: 0 to 59/,
  '-1 6 * * ? *': /^minutes has -1/,
  '0 24 * * ? *': /^hours has 24; allowed: 0 to 23/,
  '0 6 0 * ? *': /^day-of-month has 0; allowed: 1 to 31, .*15W/,
  '0 6 32W * ? *': /^day-of-month has 32W/,
  '0 6 * 13 ? *': /^month has 13; allowed: 1 to 12 or JAN to DEC/,
  '0 6 * JANUARY ? *': /^month has JANUARY/,
  '0 6 ? * 0 *': /^day-of-week has 0; allowed: 1 to 7 or SUN to SAT/,
  '0 6 ? * MONDAY *': /^day-of-week has MONDAY/,
  '0 6 ? * MON#6 *': /^day-of-week has MON#6/,
  '0 6 ? * MON#1,TUE#2 *': /^day-of-week is MON#1,TUE#2; with # it can hold one expression only/,
  '0 6 * * ? 1969': /^year has 1969; allowed: 1970 to 2199/,
  '? 6 * * ? *': /^minutes has \?/,
  '0 L * * ? *': /^hours has L/,
  '0 22-2 * * ? *': /^hours has the range 22-2, which ends before it begins/,
  '0 1-2-3 * * ? *': /^hours has 1-2-3/,
  '0/0 6 * * ? *': /^minutes has the step 0\/0/,
  '0/5/5 6 * * ? *': /^minutes has the step/,
  '*/x 6 * * ? *': /^minutes has the step/,
  '1,,2 6 * * ? *': /^minutes has an empty part/,
  '*,5 6 * * ? *': /^minutes has \* in a list/,
  '0 6 * * ? @daily': /^year has @daily/,
};
for (const [expression, says] of Object.entries(wrong)) {
  test(`wrong: "${expression}"`, () => assert.match(cronMistakes(expression)[0] ?? 'nothing', says));
}

test('every mistake is told', () => {
  assert.equal(cronMistakes('60 24 32 13 8 1').length, 7);
});

test('whatever numbers in range: nothing is wrong', () => {
  const field = (from: number, to: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.array(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: 4 }).map((list) => list.join(',')),
      fc
        .tuple(fc.integer({ min: from, max: to }), fc.integer({ min: from, max: to }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.integer({ min: 1, max: to }).map((step) => `*/${step}`),
    );
  const expression = fc
    .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(1, 7), field(1970, 2199), fc.boolean())
    .map(([minutes, hours, day, month, weekday, year, byDay]) =>
      [minutes, hours, byDay ? day : '?', month, byDay ? '?' : weekday, year].join(' '),
    );
  fc.assert(fc.property(expression, (text) => cronMistakes(text).length === 0));
});

test('whatever text: an answer, and none that says nothing', () => {
  fc.assert(fc.property(fc.string(), (text) => cronMistakes(text).every((mistake) => mistake.length > 10)));
});
