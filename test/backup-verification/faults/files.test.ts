/** The files of a backup's folder: missing, empty, cut, damaged, another backup's. */
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BackupFileKind, backupKey } from '../../../functions/velero/layout.ts';
import { type Night, newest, nights } from './planted-nights.ts';
import { assertReport, type Expected, playing, type Verification, verified } from './verified.ts';

before(playing.start);
after(playing.stop);

const warned = { rows: { [newest]: 'warning' }, newestVerified: { nightly: newest } } as const;

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
