import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Backup, phaseMeaning, startedAt } from '../../functions/velero/backup.ts';
import { metadataOf } from '../backup-verification/sample-location.ts';

const written = Date.parse('2026-11-24T03:00:30Z');
const folder = (name: string, metadata?: Backup['metadata']): Backup => ({
  name,
  files: {},
  strangers: [],
  bytes: 0,
  lastModified: written,
  ...(metadata && { metadata }),
});

describe('when a backup was begun', () => {
  test('is what it says itself', () => {
    const told = metadataOf('nightly-20261124030000', 5, { startTimestamp: '2026-11-24T03:00:05Z' });
    assert.equal(startedAt(folder('nightly-20261124030000', told)), Date.parse('2026-11-24T03:00:05Z'));
  });

  test('is in the name that Velero gives a schedule’s, where it says nothing', () => {
    assert.equal(startedAt(folder('nightly-20261124030000')), Date.parse('2026-11-24T03:00:00Z'));
    assert.equal(startedAt(folder('nightly-20261324030000')), written, 'there is no 13th month');
  });

  test('is else the time of its files, whatever Date.parse makes of the name', () => {
    for (const name of ['nightly-9', 'before-upgrade-1-33', '2026', 'may 1']) assert.equal(startedAt(folder(name)), written, name);
  });
});

test('a phase that nobody knows is strange, and neither usable nor failed', () => {
  assert.deepEqual(
    ['Completed', 'PartiallyFailed', 'Failed', 'FinalizingPartiallyFailed', 'WaitingForPluginOperations', 'InProgress', 'Melting', ''].map(
      phaseMeaning,
    ),
    ['usable', 'usable', 'failed', 'in-progress', 'in-progress', 'strange', 'strange', 'strange'],
  );
});
