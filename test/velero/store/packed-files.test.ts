import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupFileKinds, backupKey } from '../../../functions/velero/layout.ts';
import { addFile, pack, packedFiles, unpackFiles } from '../../../functions/velero/store/packed-files.ts';
import fc from '../../fuzz.ts';

test('what is packed comes out as it was, packed in between or not', () => {
  const object = fc.record({
    kind: fc.constantFrom(...backupFileKinds),
    size: fc.nat(),
    lastModified: fc.nat({ max: 4e12 }),
    etag: fc.stringMatching(/^"[0-9a-f]{1,40}(-\d{1,3})?"$/),
    storageClass: fc.constantFrom('', 'GLACIER', 'STANDARD_IA'),
    packs: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(object, { selector: ({ kind }) => kind }), (objects) => {
      const packed = packedFiles();
      const expected: Record<string, unknown> = {};
      for (const { kind, packs, storageClass, ...rest } of objects) {
        const stored = { key: backupKey('nightly-1', kind), ...rest, ...(storageClass && { storageClass }) };
        expected[kind] = stored;
        addFile(packed, kind, stored);
        if (packs) pack(packed);
      }
      assert.deepEqual(unpackFiles('nightly-1', pack(packed)), expected);
      assert.deepEqual(unpackFiles('nightly-1', pack(packed)), expected);
    }),
  );
});

test('a folder without files of Velero has none', () => {
  assert.deepEqual(unpackFiles('b', pack(packedFiles())), {});
});
