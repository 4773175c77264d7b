/** A backup's folder: its tarball gone, late or never written, its velero-backup.json damaged or another's, and folders that are no backup. */
import { after, before, describe, test } from 'node:test';
import { type BackupFileKind, backupFileKinds } from '../../../functions/velero/layout.ts';
import { type Night, newest, nights, older } from './planted-nights.ts';
import { assertReport, type Expected, playing, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const error = { rows: { [newest]: 'error' }, newestVerified: { nightly: null } } as const;
/** The newest cannot be used; the one before is looked into in its place. */
const olderVerified = { newestVerified: { nightly: older } } as const;

const judge = async (night: Night, expected: Expected) => assertReport(await verified(await nights(night)), expected);

describe('the tarball', () => {
  const contents = `backups/${newest}/${newest}.tar.gz`;
  const none = Object.fromEntries(backupFileKinds.filter((kind) => kind !== 'metadata' && kind !== 'logs').map((kind) => [kind, null]));
  test('is gone: a delete was interrupted, or a hand did it', () =>
    judge(
      { files: { contents: null } },
      {
        alarms: { 'critical backup-files Schedule nightly contents': new RegExp(`is Completed, but its tarball is gone: ${contents}`) },
        rows: { [newest]: 'error' },
        ...olderVerified,
      },
    ));
  test('was never uploaded: Velero was killed', () =>
    judge(
      { files: none, status: { phase: 'Finalizing', completionTimestamp: undefined } },
      {
        alarms: { 'warning backup-files Schedule nightly contents': new RegExp(`has no tarball 4 hours after .* expected ${contents}`) },
        rows: { [newest]: 'warning' },
        ...olderVerified,
      },
    ));
  test('is waited for longer than Velero may work', () =>
    judge(
      {
        hoursAgo: 6,
        status: {
          phase: 'WaitingForPluginOperations',
          completionTimestamp: undefined,
          backupItemOperationsAttempted: 3,
          backupItemOperationsCompleted: 1,
        },
      },
      {
        alarms: {
          'warning backup-phase Schedule nightly stuck': /in the phase WaitingForPluginOperations for 6 hours, 1 of 3 operations done/,
        },
        rows: { [newest]: 'warning' },
        ...olderVerified,
      },
    ));
  test('no alarm: Velero is at it', () =>
    judge(
      { hoursAgo: 0.3, files: none, status: { phase: 'Finalizing', completionTimestamp: undefined } },
      { rows: { [newest]: 'in-progress' }, ...olderVerified },
    ));

  const operations: Night = { status: { backupItemOperationsAttempted: 2, backupItemOperationsCompleted: 2 } };
  test('is older than what was written last: its final version was never uploaded', () =>
    judge(
      { ...operations, written: { contents: 4.5, metadata: 4.45, itemOperations: 4.45 } },
      {
        alarms: {
          'critical backup-final-upload Schedule nightly':
            /2 operations, and a tarball that is 3 minutes older than its velero-backup\.json/,
        },
        ...error,
      },
    ));
  test('no alarm: the same without operations, or in the right order', async () => {
    await judge({ written: { contents: 4.48, metadata: 4.45 } }, { newestVerified: { nightly: newest } });
    await judge(
      { ...operations, written: { metadata: 4.47, contents: 4.46, itemOperations: 4.46 } },
      { newestVerified: { nightly: newest } },
    );
  });
});

describe('velero-backup.json', () => {
  test('is cut, or without a byte: no restore knows of the backup', async () => {
    const alarm = 'critical backup-phase Schedule nightly metadata';
    await judge(
      { files: { metadata: Buffer.from('{"apiVersion": "velero') } },
      {
        alarms: { [alarm]: /its velero-backup\.json is no JSON \(22 bytes\)/ },
        rows: { [newest]: 'error' },
        ...olderVerified,
      },
    );
    await judge(
      { files: { metadata: new Uint8Array() } },
      {
        alarms: { [alarm]: /its velero-backup\.json is empty/ },
        rows: { [newest]: 'error' },
        ...olderVerified,
      },
    );
  });
  test('is of a format newer than known: unknown, and no word against it', () =>
    judge(
      { status: { formatVersion: '2.0.0' } },
      {
        unknown: { 'backup-phase': /format version 2\.0\.0, newer than the 1\.x/ },
        rows: { [newest]: 'unknown' },
        ...olderVerified,
      },
    ));
  test('is of another backup', () =>
    judge(
      { metadata: { name: 'weekly-1' } },
      {
        alarms: {
          'critical backup-files Schedule nightly name':
            /holds the velero-backup\.json of another backup, weekly-1: .* backups\/weekly-1\//,
        },
        ...error,
      },
    ));
  test('no alarm: copied from another cluster, whose location and namespace have other names', () =>
    judge({ metadata: { namespace: 'backup-system' }, spec: { storageLocation: 'east' } }, { newestVerified: { nightly: newest } }));
  test('says Failed', () =>
    judge(
      { status: { phase: 'Failed', failureReason: 'the server was restarted' } },
      {
        alarms: {
          'critical schedule-failing Schedule nightly':
            /failed and cannot be restored from: the server was restarted; the newest .* is nightly-20261123010000/,
        },
        rows: { [newest]: 'error' },
        ...olderVerified,
      },
    ));
});

describe('a folder without velero-backup.json', () => {
  const only = (...kinds: readonly BackupFileKind[]): Night => ({
    files: Object.fromEntries(backupFileKinds.filter((kind) => !kinds.includes(kind)).map((kind) => [kind, null])),
  });
  const debris = { rows: { [newest]: 'warning' }, ...olderVerified } as const;
  test('but a tarball: an interrupted delete', () =>
    judge(
      { files: { metadata: null } },
      {
        alarms: {
          'warning backup-debris Bucket tarball': /1 folder holds a tarball without velero-backup\.json: .*: nightly-20261124010000$/,
        },
        ...debris,
      },
    ));
  test('and tarball: the rest of one', () =>
    judge(only('volumeInfo'), {
      alarms: { 'warning backup-debris Bucket debris': /without velero-backup\.json and tarball.*: nightly-20261124010000$/ },
      ...debris,
    }));
  test('but a log: it could not be encoded', () =>
    judge(only('logs'), { alarms: { 'warning backup-debris Bucket not-encoded': /only a log/ }, ...debris }));
  test('no alarm: it is younger than an hour', () =>
    judge({ hoursAgo: 0.3, ...only('logs', 'contents') }, { rows: { [newest]: 'unknown' }, ...olderVerified }));
});
