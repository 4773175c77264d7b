import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFulfilled, requirementsOf } from '../../functions/cleanup/label-selector.ts';
import fc from '../fuzz.ts';

const selects = (selector: Parameters<typeof requirementsOf>[0], labels: Readonly<Record<string, string>>): boolean | undefined =>
  requirementsOf(selector)?.every((requirement) => isFulfilled(requirement, labels));
const expression = (key: string, operator: string, ...values: string[]) => ({ matchExpressions: [{ key, operator, values }] });

describe('as apimachinery does', () => {
  // Tables of k8s.io/apimachinery pkg/labels/selector_test.go.
  const labels = { x: 'a', y: 'b' };
  const cases: readonly (readonly [Parameters<typeof requirementsOf>[0], boolean])[] = [
    [{}, true],
    [{ matchLabels: { x: 'a' } }, true],
    [{ matchLabels: { x: 'a', y: 'b' } }, true],
    [{ matchLabels: { x: 'a', y: 'c' } }, false],
    [expression('x', 'In', 'a', 'z'), true],
    [expression('x', 'In', 'z'), false],
    [expression('z', 'In', 'a'), false],
    [expression('x', 'NotIn', 'a'), false],
    [expression('x', 'NotIn', 'z'), true],
    [expression('z', 'NotIn', 'a'), true],
    [expression('x', 'Exists'), true],
    [expression('z', 'Exists'), false],
    [expression('x', 'DoesNotExist'), false],
    [expression('z', 'DoesNotExist'), true],
    [{ matchLabels: { x: 'a' }, ...expression('y', 'NotIn', 'b') }, false],
    [{ matchLabels: null, matchExpressions: null }, true],
    // Of every object, and of no labels.
    [expression('toString', 'Exists'), false],
    [expression('constructor', 'DoesNotExist'), true],
  ];
  for (const [selector, expected] of cases) {
    test(JSON.stringify(selector), () => assert.equal(selects(selector, labels), expected));
  }
});

test('what is not understood is undefined, never a no', () => {
  for (const selector of [
    expression('x', 'Gt', '1'),
    expression('x', 'in', 'a'),
    expression('x', 'In'),
    expression('x', 'NotIn'),
    expression('x', 'Exists', 'a'),
    { matchExpressions: [{ operator: 'Exists' }] },
    { matchExpressions: [{ key: 'x' }] },
  ]) {
    assert.equal(requirementsOf(selector), undefined, JSON.stringify(selector));
  }
});

test('In and NotIn, Exists and DoesNotExist are each other’s opposite', () => {
  const text = fc.constantFrom('a', 'b', 'c', '');
  fc.assert(
    fc.property(fc.dictionary(text, text), text, fc.array(text, { minLength: 1 }), (labels, key, values) => {
      assert.notEqual(isFulfilled({ key, operator: 'In', values }, labels), isFulfilled({ key, operator: 'NotIn', values }, labels));
      assert.notEqual(
        isFulfilled({ key, operator: 'Exists', values: [] }, labels),
        isFulfilled({ key, operator: 'DoesNotExist', values: [] }, labels),
      );
    }),
  );
});
