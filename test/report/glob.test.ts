import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glob } from '../../functions/report/glob.ts';
import fc from '../fuzz.ts';

test('a glob is no regular expression', () => {
  assert.ok(glob('a.b+(c)')('a.b+(c)'));
  assert.ok(!glob('a.b')('axb'));
  assert.ok(glob('**')('anything\nat all'));
  assert.ok(glob('?')('🌙'));
  assert.ok(!glob('')('a'));
  assert.ok(glob('')(''));
  assert.ok(!glob('a?')('a'));
});

test('says what the regular expression of the same pattern says', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '🌙', '.', '*', '?'), maxLength: 8 });
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const source = pattern.replace(/[.*?]/g, (character) => ({ '*': '.*', '?': '.' })[character] ?? `\\${character}`);
      assert.equal(glob(pattern)(name), new RegExp(`^(?:${source})$`, 'su').test(name));
    }),
    { numRuns: 2_000 },
  );
});

test('a pattern that anybody may write cannot hold up a run', () => {
  const startedAt = performance.now();
  assert.ok(!glob(`${'*a'.repeat(200)}b`)('a'.repeat(500)));
  assert.ok(performance.now() - startedAt < 1_000);
});
