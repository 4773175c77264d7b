import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SelectorError, selectorOf } from '../../../functions/cleanup/user-rules/selector.ts';
import fc from '../../fuzz.ts';
import { broken, labelSets, selectors } from './selectors.ts';

describe('a label selector', () => {
  for (const [text, selected] of Object.entries(selectors)) {
    test(`selects as a server does: ${text}`, () => {
      const selects = selectorOf(text);
      assert.deepEqual(
        Object.keys(labelSets).filter((name) => selects(labelSets[name])),
        selected,
      );
    });
  }

  for (const [text, says] of Object.entries(broken)) {
    test(`is refused: ${JSON.stringify(text)}`, () => {
      assert.throws(() => selectorOf(text), { name: 'SelectorError', message: says });
    });
  }

  test('an object without labels has none of them', () => {
    assert.equal(selectorOf('app')(undefined), false);
    assert.equal(selectorOf('!app')(null), true);
    assert.equal(selectorOf('constructor')({}), false);
    assert.equal(selectorOf('!constructor')({}), true);
  });

  test('is understood or refused, whatever the text', () => {
    const piece = fc.constantFrom('app', 'in', 'notin', '(', ')', ',', '=', '==', '!=', '!', '>', '<', ' ', 'a', '7', 'x/y', '-', '\u0000');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          assert.equal(typeof selectorOf(pieces.join(''))({ app: 'a' }), 'boolean');
        } catch (error) {
          assert.ok(error instanceof SelectorError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
