import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-messages.ts';
import { backupKey } from '../../../functions/velero/layout.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { configMapTwins } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { lookInto, type Written, written } from '../look-into.ts';

const files = (given: Partial<Written>) => written({ name: 'b', entries: configMapTwins('a'), ...given });
const look = async (given: Partial<Written>) => lookInto(check, await files(given));

describe('backup-messages', () => {
  test('says nothing of the genuine ones', async () => {
    for (const backup of ['full-1', 'shop-1']) assert.deepEqual((await lookInto(check, bucketFiles(), { backup })).lines, []);
  });

  test('the first errors and warnings, with their namespaces; the same once', async () => {
    const results = {
      errors: { velero: ['v'], cluster: ['c'], namespaces: { shop: ['hook failed', 'hook failed'], bank: ['x'] } },
      warnings: { namespaces: { shop: ['skipped a hostPath volume'] } },
    };
    const { lines, findings } = await look({ status: { phase: 'PartiallyFailed', errors: 5, warnings: 1 }, companions: { results } });
    assert.deepEqual(lines, [
      'warning errors: was made with 5 errors: v; c; shop: hook failed; and 2 more',
      'info warnings: was made with 1 warning: shop: skipped a hostPath volume',
    ]);
    assert.match(findings[0]?.remedy ?? '', /^velero -n velero backup describe b --details/);
  });

  test('more errors than messages are legal (failed operations), and long messages are cut', async () => {
    const results = { errors: { velero: ['y'.repeat(1000)] }, warnings: {} };
    const { lines } = await look({ status: { phase: 'PartiallyFailed', errors: 3 }, companions: { results } });
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /: y{300}\.\.\.; and 2 more$/);
  });

  test('without a file, or with one that cannot be read, the count alone', async () => {
    for (const results of [undefined, Buffer.from('x')]) {
      const { lines } = await look({ status: { phase: 'PartiallyFailed', errors: 3 }, companions: { results } });
      assert.deepEqual(lines, ['warning errors: was made with 3 errors, and its messages are not in the bucket']);
    }
  });

  test('nothing went wrong: the file is not even asked for; it cannot be had: unknown', async () => {
    const faults = { [backupKey('b', 'results')]: () => new StoreError('denied', 'access denied', 'grant it') };
    const fine = await lookInto(check, await files({}), { faults });
    assert.deepEqual([fine.lines, fine.unknowns], [[], []]);
    const { lines, unknowns } = await lookInto(check, await files({ status: { phase: 'PartiallyFailed', errors: 3 } }), { faults });
    assert.deepEqual([lines, unknowns.map(({ reason }) => reason)], [[], ['access denied']]);
  });
});
