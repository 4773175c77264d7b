/** Runs the operation on a played bucket, as its function does, and says in short what the whole report says. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { backupVerification } from '../../../functions/backup-verification/operation.ts';
import type { Report } from '../../../functions/report/model.ts';
import { type ClusterRun, runOnCluster } from '../../../functions/runtime/run-on-cluster.ts';
import type { Source } from '../../../functions/scan/contracts.ts';
import { now } from '../sample-location.ts';
import { shopObjects } from './planted-nights.ts';
import type { Files } from './played-objects.ts';
import { location, type PlayedBucket, type PlayedS3, startPlayedS3 } from './played-s3.ts';

/** A bucket that is kept well. */
const wellKept: Readonly<Record<string, string>> = {
  versioning: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  encryption:
    '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  publicAccessBlock: `<PublicAccessBlockConfiguration>${['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'].map((name) => `<${name}>true</${name}>`).join('')}</PublicAccessBlockConfiguration>`,
  versions: '<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>',
};

export interface Verification extends Pick<PlayedBucket, 'refuse' | 'onAsked' | 'keyState'> {
  readonly settings?: Readonly<Record<string, string>>;
  readonly run?: Partial<ClusterRun>;
  /** In ms; the samples' clock unless told. */
  readonly at?: number;
}

let s3: PlayedS3 | undefined;
/** For before() and after() of a file. */
export const playing = {
  start: async (): Promise<void> => {
    s3 = await startPlayedS3();
  },
  stop: (): void => s3?.stop(),
};

export async function verified(files: Files, { settings = {}, run = {}, at = now, ...more }: Verification = {}): Promise<Report> {
  assert.ok(s3, 'the bucket is not played yet');
  s3.play({ objects: new Map(Object.entries(files)), settings: { ...wellKept, ...settings }, ...more });
  mock.timers.enable({ apis: ['Date'], now: at });
  try {
    return await runOnCluster({
      operation: backupVerification,
      cluster: 'prod',
      options: {},
      own: {},
      runId: 'run',
      eventTime: new Date(at).toISOString(),
      backups: [location],
      previous: undefined,
      signal: new AbortController().signal,
      ...run,
    });
  } finally {
    mock.timers.reset();
  }
}

/** One finding in a line: `critical archive-damaged Schedule nightly truncated`. */
const lineOf = ({ severity, check, object, subject = '' }: Report['findings'][number]): string =>
  `${severity} ${check} ${object.kind} ${object.kind === 'Bucket' ? '' : `${object.name} `}${subject}`.trim();

export interface Expected {
  /** All findings above info, each with what its message says. */
  readonly alarms?: Readonly<Record<string, RegExp | readonly RegExp[]>>;
  /** Infos that must be there; others may be. */
  readonly infos?: Readonly<Record<string, RegExp>>;
  /** All checks that could not look, or not to the end, with why. */
  readonly unknown?: Readonly<Record<string, RegExp>>;
  /** By backup: what its row says. Those that are not named are `ok` or only listed. */
  readonly rows?: Readonly<Record<string, string>>;
  /** By schedule: its newest backup that was verified; null: none. */
  readonly newestVerified?: Readonly<Record<string, string | null>>;
}

const archiveChecks = new Set(backupVerification.checks.filter((check) => 'start' in check).map(({ id }) => id));
/** Every check that looks into archives, with the same reason. */
export const allArchiveChecks = (reason: RegExp, but: readonly string[] = []): Record<string, RegExp> =>
  Object.fromEntries([...archiveChecks].filter((id) => !but.includes(id)).map((id) => [id, reason]));

/** The whole report: nothing else is alarmed, nothing is passed over in silence, and what the rows, the calendar and the schedules say agrees. */
export function assertReport(report: Report, expected: Expected = {}): void {
  const { alarms = {}, infos = {}, unknown = {}, rows = {}, newestVerified = {} } = expected;
  const loud = report.findings.filter(({ severity }) => severity !== 'info');
  assert.deepEqual(loud.map(lineOf).toSorted(), Object.keys(alarms).toSorted(), texts(report));
  for (const [line, messages] of Object.entries(alarms)) {
    const found = loud.find((each) => lineOf(each) === line);
    for (const message of [messages].flat()) assert.match(found?.message ?? '', message);
  }
  for (const [line, message] of Object.entries(infos)) {
    const found = report.findings.find((each) => lineOf(each) === line);
    assert.match(found?.message ?? `no ${line}; ${texts(report)}`, message);
  }
  for (const { message, remedy } of report.findings) {
    assert.match(message, /^[^\n]+[^.\n]$/);
    assert.doesNotMatch(`${message} ${remedy}`, /undefined|\bnull\b|NaN|\[object/);
  }
  const incomplete = new Map(report.incomplete.map(({ check, reason }) => [check, reason]));
  assert.deepEqual([...incomplete.keys()].toSorted(), Object.keys(unknown).toSorted(), JSON.stringify(report.incomplete, undefined, 1));
  for (const [check, reason] of Object.entries(unknown)) assert.match(incomplete.get(check) ?? '', reason);
  assert.equal(report.complete, Object.keys(unknown).length === 0);
  const severities = new Set(report.findings.map(({ severity }) => severity));
  assert.equal(report.status, severities.has('critical') ? 'critical' : severities.has('warning') ? 'degraded' : 'healthy');
  // What a Secret holds is nobody's business, whatever was damaged around it.
  assert.ok(!secretValues.some((value) => JSON.stringify(report).includes(value)));
  assertRows(report, rows);
  for (const { schedule, newestVerified: found } of report.backupSchedules ?? [])
    if (schedule in newestVerified) assert.equal(found?.backup ?? null, newestVerified[schedule], `newestVerified of ${schedule}`);
  for (const schedule of Object.keys(newestVerified))
    assert.ok(
      report.backupSchedules?.some((each) => each.schedule === schedule),
      `no line of ${schedule}`,
    );
}

/** Those that look at the files beside the archive, or say themselves what is wrong with it. */
const needNotWhole = ['archive-damaged', 'backup-changed', 'backup-companions', 'backup-messages', 'namespace-mapping'];
/** What cannot be told of an archive that was not read to its end. */
export const needWhole = (reason: RegExp): Record<string, RegExp> => allArchiveChecks(reason, needNotWhole);

export interface Row {
  readonly backup: string;
  readonly verdict: string;
  readonly began: string;
  readonly found: string;
}
export const rowsOf = (report: Report): readonly Row[] =>
  (report.tables ?? [])
    .filter(({ columns }) => columns.includes('Verdict'))
    .flatMap(({ columns, rows }) =>
      rows.map((row): Row => {
        const [backup = '', verdict = '', began = '', found = ''] = ['Backup', 'Verdict', 'Begun', 'What was found'].map((column) =>
          String(row[columns.indexOf(column)] ?? ''),
        );
        return { backup, verdict, began, found };
      }),
    );

const secretValues = shopObjects.flatMap(({ kind, data }) =>
  kind === 'Secret' && typeof data === 'object' && data ? Object.values(data).map(String) : [],
);
assert.ok(secretValues.length > 0);

const fine = ['ok', 'listed'];
/** Gravest first. */
const order = ['error', 'unknown', 'warning', 'ok', 'listed', 'in-progress'];

function assertRows(report: Report, expected: Readonly<Record<string, string>>): void {
  const rows = rowsOf(report);
  for (const { backup, verdict, found } of rows) {
    const wanted = expected[backup];
    if (wanted === undefined) assert.ok(fine.includes(verdict), `${backup} is ${verdict}: ${found}`);
    else assert.equal(verdict, wanted, `${backup}: ${found}`);
    if (!fine.includes(verdict) && verdict !== 'in-progress')
      assert.notEqual(found, '', `${backup} is ${verdict}, and its row says nothing of it`);
  }
  for (const backup of Object.keys(expected))
    assert.ok(
      rows.some((row) => row.backup === backup),
      `no row of ${backup}`,
    );
  // A day is as bad as the worst of its backups, whatever the schedule.
  const days = new Map<string, string>();
  for (const { calendar } of report.backupSchedules ?? [])
    for (const { date, verdict } of calendar) {
      const known = days.get(date);
      if (verdict !== 'none' && (known === undefined || order.indexOf(verdict) < order.indexOf(known))) days.set(date, verdict);
    }
  for (const [date, ofDay] of Map.groupBy(rows, ({ began }) => began.slice(0, 10))) {
    const gravest = order.find((verdict) => ofDay.some((row) => row.verdict === verdict));
    if (days.has(date)) assert.equal(days.get(date), gravest, `the calendar of ${date}`);
  }
}

const texts = ({ findings, incomplete }: Report): string =>
  [
    ...findings.map((each) => `${lineOf(each)}: ${each.message}`),
    ...incomplete.map(({ check, reason }) => `unknown ${check}: ${reason}`),
  ].join('\n');

/** The BackupStorageLocation that is the played bucket. */
export const storageLocation = {
  metadata: { name: 'default', namespace: 'velero' },
  spec: { provider: 'aws', default: true, objectStorage: { bucket: 'velero', prefix: 'prod' } },
  status: { phase: 'Available' },
};

type Lists = Readonly<Record<string, readonly unknown[]>>;

/** A cluster that is there, of these objects by resource (`backups`, `storageclasses`); what is not given has none. */
export const clusterOf = (lists: Lists = {}): NonNullable<ClusterRun['open']> => {
  const source: Source = {
    kind: 'cluster',
    name: 'https://cluster.test',
    now,
    version: 'v1.36.3',
    async *read(reads) {
      for (const read of reads) {
        await undefined;
        const objects = lists[read.resource] ?? [];
        yield { read, objects };
        yield { read, state: 'complete', objects: objects.length };
      }
    },
    probe: () => Promise.reject(new Error('nobody probes')),
    traffic: () => ({ requests: 0, bytes: 0 }),
    close: async () => {},
  };
  return async () => source;
};
