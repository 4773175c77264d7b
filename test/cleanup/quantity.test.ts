import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantityOf } from '../../functions/cleanup/quantity.ts';
import fc from '../fuzz.ts';

test('what apimachinery reads', () => {
  const known: readonly (readonly [unknown, number])[] = [
    ['0', 0],
    ['100', 100],
    [100, 100],
    ['1Ki', 1024],
    ['1.5Gi', 1_610_612_736],
    ['10Ti', 10 * 2 ** 40],
    ['1k', 1000],
    ['2M', 2_000_000],
    ['3G', 3e9],
    ['1E', 1e18],
    ['1E3', 1000],
    ['12e6', 12_000_000],
    ['1e-3', 0.001],
    ['.5Mi', 524_288],
    ['5.', 5],
    ['+1', 1],
    ['-1Ki', -1024],
    ['500m', 0.5],
  ];
  for (const [text, value] of known) assert.equal(quantityOf(text), value, String(text));
});

test('what it does not', () => {
  for (const text of [
    '',
    ' ',
    '1 Gi',
    'Gi',
    '1GiB',
    '1gi',
    '1K',
    '1e',
    '1e3Gi ',
    '0x10',
    '1,5',
    'NaN',
    '.',
    Number.NaN,
    null,
    undefined,
    {},
    ['1'],
  ])
    assert.equal(quantityOf(text), undefined, String(text));
});

test('never throws, and gives a finite number or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^[0-9.eE+-]{1,12}(Ki|Ei|n)?$/)), (text) => {
      const value = quantityOf(text);
      assert(value === undefined || Number.isFinite(value));
    }),
  );
});
