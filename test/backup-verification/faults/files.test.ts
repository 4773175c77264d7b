/** The files of a backup's folder: missing, empty, cut, damaged, another backup's, too old. */
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BackupFileKind, backupFileKinds, backupKey } from '../../../functions/velero/layout.ts';
import { type Night, newest, nights, older } from './planted-nights.ts';
import { assertReport, type Expected, playing, type Verification, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const error = { rows: { [newest]: 'error' }, newestVerified: { nightly: null } } as const;
const warned = { rows: { [newest]: 'warning' }, newestVerified: { nightly: newest } } as const;
/** The newest cannot be used; the one before is looked into in its place. */
const before2 = { newestVerified: { nightly: older } } as const;

const judge = async (night: Night, expected: Expected, more: Verification = {}) =>
  assertReport(await verified(await nights(night), more), expected);

/** What is not known of the volumes where a file that tells of them cannot be read. */
const volumesUnknown = (what: RegExp) =>
  Object.fromEntries(['repository-password', 'restic-uploader', 'snapshot-elsewhere', 'volume-repository'].map((check) => [check, what]));

interface Consequence {
  readonly kind: BackupFileKind;
  readonly severity: 'critical' | 'warning';
  readonly damaged: RegExp;
  /** What cannot be told then. */
  readonly unknown?: (what: RegExp) => Record<string, RegExp>;
  readonly empty: 'critical' | 'warning';
  /** Undefined: it may be missing. */
  readonly missing?: { readonly what: RegExp; readonly unknown?: Record<string, RegExp> };
}

const itemsUnknown = (what: RegExp) => ({ 'backup-items': what });
const companions: readonly Consequence[] = [
  { kind: 'logs', severity: 'warning', damaged: /what Velero did cannot be read any more/, empty: 'warning' },
  {
    kind: 'resourceList',
    severity: 'warning',
    damaged: /what the archive lacks cannot be told/,
    unknown: itemsUnknown,
    empty: 'warning',
    missing: { what: /has missing files/, unknown: itemsUnknown(/it has no list of its items \(backups\/\S+-resource-list\.json\.gz\)/) },
  },
  {
    kind: 'podVolumeBackups',
    severity: 'critical',
    damaged: /a new cluster does not learn of the volumes/,
    unknown: volumesUnknown,
    empty: 'warning',
    missing: { what: /may not find the volumes’ data/ },
  },
  {
    kind: 'volumeSnapshots',
    severity: 'critical',
    damaged: /every restore fails on it/,
    empty: 'critical',
    missing: { what: /has missing files/ },
  },
  {
    kind: 'volumeInfo',
    severity: 'critical',
    damaged: /every restore fails on it/,
    unknown: volumesUnknown,
    empty: 'critical',
    missing: { what: /may not find the volumes’ data/ },
  },
  {
    kind: 'results',
    severity: 'warning',
    damaged: /what went wrong cannot be told/,
    empty: 'warning',
    missing: { what: /has missing files/ },
  },
  {
    kind: 'itemOperations',
    severity: 'warning',
    damaged: /what became of data movements cannot be told/,
    empty: 'warning',
    missing: { what: /has missing files/ },
  },
];

/** As a whole: what is graver than a warning, or unknown, is not verified. */
const outcome = (severity: 'critical' | 'warning', unknown: Record<string, RegExp>): Expected => {
  const isUnknown = Object.keys(unknown).length > 0;
  return {
    unknown,
    rows: { [newest]: severity === 'critical' ? 'error' : isUnknown ? 'unknown' : 'warning' },
    newestVerified: { nightly: severity === 'critical' || isUnknown ? null : newest },
  };
};

describe('each file beside the archive', () => {
  for (const { kind, severity, damaged, unknown = () => ({}), empty, missing } of companions) {
    const key = backupKey(newest, kind);
    const of = new RegExp(key.replaceAll('.', '\\.'));
    const cut = new Uint8Array(gzipSync(`{"errors":{},"warnings":{"velero":["${'x y z '.repeat(40)}"]}}`));
    test(`${kind}: cut, not JSON, rotten`, async () => {
      const contents = { cut: cut.subarray(0, -12), rotten: Buffer.from('no gzip at all') };
      const all = kind === 'logs' ? contents : { ...contents, json: new Uint8Array(gzipSync('[{"metadata":{"na')) };
      for (const content of Object.values(all))
        await judge(
          { files: { [kind]: content } },
          {
            alarms: { [`${severity} backup-companions Schedule nightly ${kind}`]: [of, damaged, /cut|damaged/] },
            ...outcome(severity, unknown(of)),
          },
        );
    });
    test(`${kind}: without a byte`, () =>
      judge(
        { files: { [kind]: new Uint8Array() } },
        { alarms: { [`${empty} backup-files Schedule nightly empty`]: [/has empty files/, of] }, ...outcome(empty, unknown(of)) },
      ));
    test(`${kind}: missing`, () =>
      judge(
        { files: { [kind]: null } },
        missing
          ? {
              alarms: { 'warning backup-files Schedule nightly missing': [missing.what, of] },
              ...outcome('warning', missing.unknown ?? {}),
            }
          : { newestVerified: { nightly: newest } },
      ));
  }

  test('no alarm: all that an older Velero wrote, and the lists that stand for none', async () => {
    const files: Night['files'] = {
      results: null,
      itemOperations: null,
      volumeInfo: null,
      csiVolumeSnapshots: [],
      csiVolumeSnapshotContents: null,
    };
    const spec = { excludedClusterScopedResources: undefined, excludedNamespaceScopedResources: undefined };
    const report = await verified(await nights({ files, spec }, { files, spec }));
    assertReport(report, { newestVerified: { nightly: newest } });
    await judge(
      { files: { podVolumeBackups: [], volumeSnapshots: {}, itemOperations: {}, volumeInfo: null } },
      {
        alarms: { 'warning backup-files Schedule nightly missing': /volumeinfo/ },
        ...warned,
      },
    );
  });

  test('of another backup: named, and nothing is told from it', () => {
    const record = {
      metadata: { name: 'x', labels: { 'velero.io/backup-name': 'weekly-1' } },
      spec: { pod: { namespace: 'shop', name: 'web-1' }, volume: 'data' },
      status: { phase: 'Completed', snapshotID: 'a' },
    };
    const what = /podvolumebackups\.json\.gz is another backup’s: it is of the backup weekly-1/;
    return judge(
      { files: { podVolumeBackups: [record] } },
      {
        alarms: { 'critical backup-companions Schedule nightly podVolumeBackups': what },
        ...outcome('critical', volumesUnknown(what)),
      },
    );
  });
});

describe('the tarball', () => {
  const contents = `backups/${newest}/${newest}.tar.gz`;
  const none = Object.fromEntries(backupFileKinds.filter((kind) => kind !== 'metadata' && kind !== 'logs').map((kind) => [kind, null]));
  test('is gone: a delete was interrupted, or a hand did it', () =>
    judge(
      { files: { contents: null } },
      {
        alarms: { 'critical backup-files Schedule nightly contents': new RegExp(`is Completed, but its tarball is gone: ${contents}`) },
        rows: { [newest]: 'error' },
        ...before2,
      },
    ));
  test('was never uploaded: Velero was killed', () =>
    judge(
      { files: none, status: { phase: 'Finalizing', completionTimestamp: undefined } },
      {
        alarms: { 'warning backup-files Schedule nightly contents': new RegExp(`has no tarball 4 hours after .* expected ${contents}`) },
        rows: { [newest]: 'warning' },
        ...before2,
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
        ...before2,
      },
    ));
  test('no alarm: Velero is at it', () =>
    judge(
      { hoursAgo: 0.3, files: none, status: { phase: 'Finalizing', completionTimestamp: undefined } },
      { rows: { [newest]: 'in-progress' }, ...before2 },
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
        ...before2,
      },
    );
    await judge(
      { files: { metadata: new Uint8Array() } },
      {
        alarms: { [alarm]: /its velero-backup\.json is empty/ },
        rows: { [newest]: 'error' },
        ...before2,
      },
    );
  });
  test('is of a format newer than known: unknown, and no word against it', () =>
    judge(
      { status: { formatVersion: '2.0.0' } },
      {
        unknown: { 'backup-phase': /format version 2\.0\.0, newer than the 1\.x/ },
        rows: { [newest]: 'unknown' },
        ...before2,
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
        ...before2,
      },
    ));
});

describe('a folder without velero-backup.json', () => {
  const only = (...kinds: readonly BackupFileKind[]): Night => ({
    files: Object.fromEntries(backupFileKinds.filter((kind) => !kinds.includes(kind)).map((kind) => [kind, null])),
  });
  const debris = { rows: { [newest]: 'warning' }, ...before2 } as const;
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
    judge({ hoursAgo: 0.3, ...only('logs', 'contents') }, { rows: { [newest]: 'unknown' }, ...before2 }));
});
