import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/backup-verification/checks/backup-companions.ts';
import { type BackupFileKind, backupKey } from '../../../functions/velero/layout.ts';
import { StoreError } from '../../../functions/velero/store/object-store.ts';
import { configMapTwins } from '../../velero/archives.ts';
import { bucketFiles } from '../../velero/memory-object-store.ts';
import { gzipped, lookInto, type Written, written } from '../look-into.ts';

const files = (companions: Written['companions'] = {}) => written({ name: 'b', entries: configMapTwins('a'), companions });
const look = async (companions: Written['companions']) => lookInto(check, await files(companions));

describe('backup-companions', () => {
  test('says nothing of the genuine ones, and how many it read', async () => {
    for (const backup of ['full-1', 'shop-1']) {
      const { lines, rows } = await lookInto(check, bucketFiles(), { backup });
      assert.deepEqual([lines, rows], [[], [`${backup} ok: 7 files beside its archive were read whole`]]);
    }
  });

  test('each one damaged: critical where restores fail on it', async () => {
    const severities: Readonly<Partial<Record<BackupFileKind, string>>> = {
      volumeInfo: 'critical',
      volumeSnapshots: 'critical',
      csiVolumeSnapshots: 'critical',
      podVolumeBackups: 'critical',
      resourceList: 'warning',
      results: 'warning',
      itemOperations: 'warning',
      csiVolumeSnapshotContents: 'warning',
      csiVolumeSnapshotClasses: 'warning',
      itemSnapshots: 'warning',
    };
    for (const [kind, severity] of Object.entries(severities)) {
      for (const content of [Buffer.from('x'), gzipped([]).subarray(0, 15)]) {
        const { lines } = await look({ [kind]: content });
        assert.equal(lines.length, 1, kind);
        const key = backupKey('b', kind as BackupFileKind);
        assert.ok(lines[0]?.startsWith(`${severity} ${kind}: has a file that cannot be used: ${key} is `), lines[0]);
      }
    }
  });

  test('of another backup', async () => {
    const operation = { spec: { backupName: 'other' }, status: { phase: 'Completed' } };
    assert.match((await look({ itemOperations: [operation] })).lines.join(), /is another backup’s: it is of the backup other; /);
    assert.deepEqual((await look({ itemOperations: [{ spec: { backupName: 'b' }, status: {} }] })).lines, []);
  });

  test('absent, null and empty ones are none; what is not listed or empty by the listing is for backup-files to say', async () => {
    assert.deepEqual((await look({ volumeInfo: undefined, results: undefined, volumeSnapshots: [], itemOperations: null })).lines, []);
    assert.deepEqual((await look({ volumeInfo: Buffer.alloc(0) })).lines, []);
  });

  test('listed and gone when it is asked for; or not to be had', async () => {
    const key = backupKey('b', 'volumeInfo');
    const gone = await lookInto(check, await files(), { faults: { [key]: () => new StoreError('missing', 'gone', '') } });
    assert.match(gone.lines.join(), /^critical volumeInfo: .*volumeinfo\.json\.gz was listed, and is gone/);
    const denied = await lookInto(check, await files(), { faults: { [key]: () => new StoreError('denied', 'access denied', 'grant it') } });
    assert.deepEqual([denied.lines, denied.unknowns.map(({ reason }) => reason)], [[], ['access denied']]);
  });
});
