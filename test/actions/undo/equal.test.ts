/** What counts as the same, and that anything else does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fields } from '../../../functions/actions/undo/contracts.ts';
import { differences, equalButForServerFields } from '../../../functions/actions/undo/equal.ts';
import { holds, inverted } from '../../../functions/actions/undo/invert-patch.ts';
import fc from '../../fuzz.ts';
import { journaled } from './live-objects.ts';

describe('differences', () => {
  const before = journaled(
    'v1',
    'ConfigMap',
    'settings',
    { data: { key: 'value' }, status: { a: 1 } },
    { labels: { a: 'b' }, finalizers: ['orphan'] },
  );
  test('what the server sets is none', () => {
    const { uid: _, resourceVersion: __, generation: ___, selfLink: ____, finalizers: _____, ...metadata } = before.metadata;
    const after = { ...before, status: { a: 2 }, metadata: { ...metadata, creationTimestamp: 'later', uid: 'new', managedFields: [{}] } };
    assert.deepEqual(differences(before, after), []);
    assert.ok(equalButForServerFields(before, after));
  });
  test('anything else is one, told by its path and not by its value', () => {
    const changed = (more: Fields, metadata: Fields = {}) =>
      differences(before, { ...before, ...more, metadata: { ...before.metadata, ...metadata } });
    assert.deepEqual(changed({ data: { key: 'other', more: 'x' } }), ['data.key', 'data.more']);
    assert.deepEqual(changed({ immutable: true }), ['immutable']);
    assert.deepEqual(changed({ data: undefined }), ['data']);
    assert.deepEqual(changed({}, { name: 'other' }), ['metadata.name']);
    assert.deepEqual(changed({}, { labels: { a: 'c' } }), ['metadata.labels.a']);
    assert.deepEqual(changed({}, { finalizers: ['example.com/mine'] }), ['metadata.finalizers']);
    assert.deepEqual(changed({}, { ownerReferences: [{ uid: 'x' }] }), ['metadata.ownerReferences']);
    assert.deepEqual(differences(before, undefined), ['']);
  });
  test('what is the server’s in one kind is not in another', () => {
    const spec = (kind: string, spec: Fields) => journaled('v1', kind, 'it', { spec });
    assert.deepEqual(differences(spec('Pod', { nodeName: 'a' }), spec('Pod', { nodeName: 'b' })), []);
    assert.deepEqual(differences(spec('Other', { nodeName: 'a' }), spec('Other', { nodeName: 'b' })), ['spec.nodeName']);
  });
});

/** https://www.rfc-editor.org/rfc/rfc7386#section-2 */
const merged = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
};

describe('patches backwards', () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const leaf = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('x', 'y'),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
  );
  const objects = (leaves: fc.Arbitrary<unknown>) =>
    fc.letrec<{ node: Fields }>((tie) => ({
      node: fc.dictionary(key, fc.oneof({ depthSize: 'small' }, leaves, tie('node')), { maxKeys: 3, noNullPrototype: true }),
    })).node;

  test('put back exactly what was there', () => {
    fc.assert(
      fc.property(objects(leaf), objects(fc.oneof(leaf, fc.constant(null))), (before, patch) => {
        const after = merged(before, patch);
        assert.ok(holds(patch, after), 'what was patched holds the patch');
        assert.deepEqual(merged(after, inverted(patch, before)), before);
      }),
    );
  });
  test('a value that somebody changed since does not hold the patch', () => {
    const patch = { spec: { persistentVolumeReclaimPolicy: 'Delete', claimRef: null } };
    assert.equal(holds(patch, { spec: { persistentVolumeReclaimPolicy: 'Retain' } }), false);
    assert.equal(holds(patch, { spec: { persistentVolumeReclaimPolicy: 'Delete', claimRef: {} } }), false);
    assert.equal(holds(patch, undefined), false);
    assert.equal(holds(patch, { spec: { persistentVolumeReclaimPolicy: 'Delete', more: 1 } }), true);
  });
});
