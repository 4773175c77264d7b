/**
 * Backups that a real Velero wrote, in the emulator's S3, verified by the deployed bundle: from the schedule's input to report, page, message
 * and metrics; a damaged night; a bucket that is forbidden; a cluster that is gone.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Report, reportSchema } from '../../functions/report/model.ts';
import type { ReturnValue } from '../../functions/report/return-value.ts';
import { clientOptions, type Deployment, deployNightshift, scheduledEvent } from './parts/deploy.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';
import { createQueue, divertToQueue, type Queue, subscribe } from './parts/queues.ts';
import { type RunningFunction, startFunction } from './parts/runtime-client.ts';

const region = 'eu-central-1';
const genuine = resolve(import.meta.dirname, '../velero/bucket');
const scheduleArn = `arn:aws:scheduler:${region}:123456789012:schedule/nightshift/backups`;

const configuration = {
  clusters: {
    // Gone: nothing is left but its backups.
    'lost-1': { backups: [{ bucket: 'velero-backups', prefix: 'east/lost-1', region }] },
    'lost-2': { backups: [{ bucket: 'no-such-bucket', region }] },
  },
  schedules: [{ operation: 'backup-verification', clusters: ['*'], cron: '30 5 * * ? *', timeZone: 'Europe/Berlin' }],
  notify: [{ topic: 'create' }],
};

describe('backup verification, deployed', { timeout: 900_000 }, () => {
  let emulator: Emulator;
  let deployment: Deployment;
  let running: RunningFunction;
  let requested: Queue;
  let notified: Queue;
  let s3: S3Client;
  let events: readonly (Readonly<Record<string, unknown>> & { readonly cluster: string })[];
  let first: Report;

  const put = (key: string, Body: Uint8Array | string) =>
    s3.send(new PutObjectCommand({ Bucket: 'velero-backups', Key: `east/lost-1/${key}`, Body }));
  /** A copy of a genuine backup, under its own name. */
  const copy = async (name: string) => {
    const folder = join(genuine, 'backups', name);
    for (const file of readdirSync(folder)) await put(`backups/${name}/${file}`, readFileSync(join(folder, file)));
  };

  before(async () => {
    emulator = await startEmulator();
    s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'velero-backups', CreateBucketConfiguration: { LocationConstraint: region } }));
    await copy('shop-1');
    await copy('full-1');
    deployment = await deployNightshift(emulator, configuration);
    const verification = await deployment.operation('backup-verification');
    requested = await createQueue(emulator, 'requested');
    notified = await createQueue(emulator, 'notified');
    await divertToQueue(emulator, deployment.busArn, verification.functionArn, requested);
    await subscribe(emulator, deployment.topicArn, notified);
    running = await startFunction({ ...verification, environment: { ...emulator.environment, ...verification.environment } });
  });
  after(async () => {
    await running?.stop();
    s3?.destroy();
    await emulator?.stop();
  });

  const invoke = async (event: unknown): Promise<ReturnValue> => {
    const { response, error } = await running.invoke(event);
    assert.equal(error, undefined, `${error?.errorMessage}\n${running.logs()}`);
    return response as ReturnValue;
  };
  const textOf = async (key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: deployment.bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  };
  const reportOf = async ({ report }: ReturnValue): Promise<Report> => reportSchema.parse(JSON.parse(await textOf(report.json)));

  test('the schedule’s own input is split into one event a cluster', async () => {
    await invoke(scheduledEvent(deployment, { executionId: 'first', scheduleArn, time: '2026-11-24T04:30:00Z' }));
    events = (await requested.take()).map(({ detail }) => detail as { readonly cluster: string });
    assert.deepEqual(events.map(({ cluster }) => cluster).sort(), ['lost-1', 'lost-2']);
  });

  test('genuine backups are looked into to the end, and nothing is said to be damaged', async () => {
    const returned = await invoke(events.find(({ cluster }) => cluster === 'lost-1'));
    first = await reportOf(returned);
    assert.equal(returned.report.json, `reports/lost-1/backup-verification/2026/11/24/043000Z-${returned.runId}.json`);
    assert.equal(first.source.kind, 'backup');
    assert.equal(first.source.name, 's3://velero-backups/east/lost-1');
    assert.ok(first.scanned.objects >= 4, `${first.scanned.objects}`);
    const said = first.findings.filter(({ check }) => check.startsWith('archive-') || check.startsWith('backup-'));
    assert.deepEqual(
      said.filter(({ severity }) => severity !== 'info'),
      [],
    );
    for (const { check, ran, reason = '' } of first.checks) assert.ok(ran || reason !== '', check);
  });

  test('the report has a row a backup, a calendar of 30 days and what it took; so has the page', async () => {
    const names = (first.tables ?? []).flatMap(({ rows }) => rows.map(([name]) => name));
    assert.ok(names.includes('full-1') && names.includes('shop-1'), names.join(', '));
    assert.ok(first.tables?.some(({ title }) => title === 'What it took'));
    assert.deepEqual(
      first.backupSchedules?.map(({ schedule }) => schedule),
      ['', 'daily-backup'],
    );
    assert.equal(first.backupSchedules?.[0]?.calendar.length, 30);
    const page = await textOf('reports/lost-1/backup-verification/latest.html');
    for (const text of ['Backups of the last 30 days', 'full-1', 'What it took']) assert.ok(page.includes(text), text);
  });

  test('how old the newest verified backup is, is measured, and what is overdue by operation', () => {
    const metrics = running
      .logs()
      .split('\n')
      .filter((line) => line.includes('CloudWatchMetrics'))
      .map((line) => JSON.parse(line));
    assert.ok(metrics.some((each) => each.VerifiedBackupsOverdue !== undefined && each.Operation === 'backup-verification'));
    const hours = metrics.filter(({ Schedule }) => Schedule === 'daily-backup').map((each) => each.HoursSinceVerifiedBackup);
    assert.deepEqual(hours, [first.backupSchedules?.[1]?.hoursSinceVerified]);
  });

  test('what is cached between runs lies in the report bucket, and an unchanged backup is not read again', async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: deployment.bucket, Prefix: 'state/lost-1/' }));
    const keys = Contents.map(({ Key }) => Key ?? '');
    assert.ok(
      keys.some((key) => /^state\/lost-1\/backup-verification\/velero-backups-east-lost-1-[0-9a-f]{8}\.json$/.test(key)),
      keys.join(),
    );
    const second = await reportOf(await invoke({ cluster: 'lost-1', level: 'inventory' }));
    const requests = (report: Report) => Number(report.tables?.find(({ title }) => title === 'What it took')?.rows[0]?.[2]);
    assert.equal(requests(first) - requests(second), 2, 'the two velero-backup.json');
  });

  test('a backup that is cut short the next night is critical, with its place; mended it is resolved', async () => {
    const tarball = readFileSync(join(genuine, 'backups/full-1/full-1.tar.gz'));
    await put('backups/full-1/full-1.tar.gz', tarball.subarray(0, 2_000_000));
    await notified.take();
    const night = await reportOf(await invoke({ cluster: 'lost-1', backup: 'full-1' }));
    const found = night.findings.filter(({ check, severity }) => check === 'archive-damaged' && severity === 'critical');
    assert.equal(found.length, 1, JSON.stringify(night.findings.map(({ check, message }) => [check, message])));
    assert.match(found[0]?.message ?? '', /byte|end/);
    assert.equal(night.fullScope, false, 'a named backup is no predecessor of the next run');
    await put('backups/full-1/full-1.tar.gz', tarball);
    const mended = await reportOf(await invoke({ cluster: 'lost-1', backup: 'full-1' }));
    assert.ok(!mended.findings.some(({ check }) => check === 'archive-damaged'));
  });

  test('a location that is not there is a report with what to do, not a crash', async () => {
    const returned = await invoke(events.find(({ cluster }) => cluster === 'lost-2'));
    assert.partialDeepStrictEqual(returned, { status: 'critical', complete: false });
    const report = await reportOf(returned);
    assert.match(report.findings[0]?.message ?? '', /no-such-bucket/);
    assert.ok(report.checks.filter(({ check }) => check.startsWith('archive')).every(({ ran }) => !ran));
  });

  test('a backup that is named and not there is said to be missing', async () => {
    const report = await reportOf(await invoke({ cluster: 'lost-1', backup: 'nightly-2026*' }));
    assert.ok(report.findings.some(({ severity, message }) => severity === 'critical' && /no backup of this name/.test(message)));
  });

  test('what the function needs in memory and time', (t) => {
    t.diagnostic(`start ${Math.round(running.initDurationMs)} ms, most memory ${Math.round(running.peakMemory() / 1e6)} MB`);
    assert.ok(running.peakMemory() < 300e6, `${running.peakMemory()}`);
  });
});
