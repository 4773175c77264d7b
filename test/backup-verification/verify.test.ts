/** The engine, on copies of genuine backups in a folder: levels, rounds that go on, what is remembered, several locations, what cannot be had. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checks } from '../../functions/backup-verification/checks/index.ts';
import { backupVerification } from '../../functions/backup-verification/operation.ts';
import { stateKey } from '../../functions/backup-verification/state.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import type { Report } from '../../functions/report/model.ts';
import { directoryStorage } from '../../functions/report/store/directory.ts';
import type { Storage } from '../../functions/report/store/storage.ts';
import { operationOptions } from '../../functions/runtime/configuration.ts';
import { type ClusterRun, runOnCluster } from '../../functions/runtime/run-on-cluster.ts';

const genuine = join(import.meta.dirname, '../velero/bucket');

describe('a run of backup verification', () => {
  let folder: string;
  let place: string;
  let state: Storage;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightshift-verify-'));
    place = join(folder, 'bucket');
    cpSync(genuine, place, { recursive: true });
    state = directoryStorage(join(folder, 'state'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (more: Partial<ClusterRun> = {}): Promise<Report> =>
    runOnCluster({
      operation: backupVerification,
      cluster: 'prod',
      options: {},
      own: {},
      runId: 'run',
      eventTime: '2026-11-24T05:30:00Z',
      backups: { place },
      state,
      previous: undefined,
      signal: new AbortController().signal,
      ...more,
    });
  const outcome = (report: Report, check: string) => {
    const { ran, reason } = report.checks.find((each) => each.check === check) ?? {};
    return ran ? 'ran' : reason;
  };
  const archiveChecks = checks.filter((check) => 'start' in check).map(({ id }) => id);
  const readState = async () => JSON.parse((await state.read(stateKey('prod', place)))?.text ?? '{}');

  test('looks into the newest of each schedule, and finds nothing damaged in genuine backups', async () => {
    const report = await run();
    assert.deepEqual(report.incomplete, []);
    assert.equal(report.fullScope, true);
    const damage = report.findings.filter(
      ({ check, severity }) => severity !== 'info' && /^(archive|backup|volume|repository|schedule)-/.test(check),
    );
    assert.deepEqual(damage, []);
    assert.equal(outcome(report, 'archive-damaged'), 'ran');
    assert.deepEqual(Object.keys((await readState()).verified).sort(), ['full-1', 'shop-1']);
    assert.deepEqual((await readState()).rounds, {}, 'it is through');
    assert.deepEqual(
      report.backupSchedules?.map(({ schedule, newestVerified }) => [schedule, newestVerified?.backup]),
      [
        ['', 'shop-1'],
        ['daily-backup', 'full-1'],
      ],
    );
  });

  test('that goes less deep is complete, opens no archive, and keeps what deeper ones found', async () => {
    const deep = await run();
    const warned = deep.findings.filter(({ check }) => archiveChecks.includes(check));
    assert.ok(warned.length > 0, 'there is something to keep');
    const shallow = await run({ own: { level: 'inventory' }, previous: deep, runId: 'next' });
    assert.equal(shallow.complete, true);
    assert.equal(outcome(shallow, 'archive-damaged'), 'this run goes no deeper than inventory');
    assert.ok(shallow.scanned.bytes < 100_000, `${shallow.scanned.bytes}`);
    assert.deepEqual(
      shallow.findings.filter(({ check }) => archiveChecks.includes(check)).map(({ fingerprint, change }) => ({ fingerprint, change })),
      warned.map(({ fingerprint }) => ({ fingerprint, change: 'unverified' })),
    );
    assert.deepEqual(shallow.resolved, []);
    // Verified is what was looked into, and not what was listed again.
    assert.equal(shallow.backupSchedules?.[1]?.newestVerified?.level, 'restorability');
  });

  test('of a named backup looks into that one alone, and is no predecessor', async () => {
    const report = await run({ own: { backup: 'shop-*' } });
    assert.equal(report.fullScope, false);
    assert.ok(report.scanned.objects < 100, `${report.scanned.objects}`);
    assert.ok(!report.findings.some(({ subject }) => subject === 'not found'));
    const missing = await run({ own: { backup: 'nightly-*' } });
    assert.equal(missing.status, 'critical');
    assert.match(missing.findings[0]?.message ?? '', /^no backup of this name .* there are .*full-1/);
  });

  test('whose time is spent says what is left, calls nothing resolved, and goes on in the next', async () => {
    const fresh = directoryStorage(join(folder, 'rounds'));
    // Progress is told after each archive: the time is over once the first is through.
    const budget = new AbortController();
    const first = await run({
      state: fresh,
      signal: budget.signal,
      onProgress: ({ objects, resource }) => objects === 4 && resource === 'shop-1' && budget.abort(),
      own: { only: ['archive-damaged'] },
    });
    assert.equal(first.complete, false);
    assert.match(first.incomplete.find(({ check }) => check === 'archive-damaged')?.reason ?? '', /full-1: the time budget was spent/);
    const left = JSON.parse((await fresh.read(stateKey('prod', place)))?.text ?? '{}');
    assert.deepEqual(
      Object.values<{ done: object }>(left.rounds).map(({ done }) => Object.keys(done)),
      [['shop-1']],
    );
    // One check of its level is no proof.
    assert.deepEqual(left.verified, {});

    const second = await run({ state: fresh, own: { only: ['archive-damaged'] } });
    assert.equal(second.complete, true);
    // shop-1 was not read again: its 4 objects are not among those that were.
    assert.equal(second.scanned.objects, 20_136 + 2);
    assert.deepEqual(JSON.parse((await fresh.read(stateKey('prod', place)))?.text ?? '{}').rounds, {});
  });

  test('in which a backup is damaged says so with its place, and no longer calls it restorable', async () => {
    const copy = join(folder, 'damaged');
    cpSync(genuine, copy, { recursive: true });
    const tarball = join(copy, 'backups/full-1/full-1.tar.gz');
    writeFileSync(tarball, readFileSync(tarball).subarray(0, 1_000_000));
    const report = await run({ backups: { place: copy }, state: undefined });
    const damage = report.findings.find(({ check }) => check === 'archive-damaged');
    assert.partialDeepStrictEqual(damage, {
      severity: 'critical',
      object: { kind: 'Schedule', namespace: 'velero', name: 'daily-backup' },
    });
    assert.match(damage?.message ?? '', /full-1 .*byte 1000000 of the packed file/);
    const daily = report.backupSchedules?.find(({ schedule }) => schedule === 'daily-backup');
    assert.equal(daily?.newestVerified, undefined);
    assert.ok(daily?.calendar.some(({ verdict }) => verdict === 'error'));
    const row = report.tables?.flatMap(({ rows }) => rows).find(([name]) => name === 'full-1');
    assert.equal(row?.[1], 'error');
    // What is missing in the half that could not be read is not known, and is not said to be missing.
    assert.ok(!report.findings.some(({ check }) => check.startsWith('missing-')));
  });

  test('whose cluster does not answer still verifies the bucket, and says what it could not ask', async () => {
    const open = () => Promise.reject(new ClusterError('unreachable', 'nobody answers at 192.0.2.1', 'look at the network'));
    const report = await run({ open });
    assert.equal(outcome(report, 'archive-damaged'), 'ran');
    assert.equal(report.complete, false);
    const asked = report.incomplete.find(({ check }) => check === 'schedule-paused');
    assert.match(asked?.reason ?? '', /nobody answers at 192\.0\.2\.1/);
    assert.ok(!report.checks.find(({ check }) => check === 'schedule-paused')?.ran);
  });

  test('without any place, or with one that is none, is a clear mistake', async () => {
    await assert.rejects(run({ backups: { place: join(folder, 'nowhere') } }), { name: 'PlaceError', message: /nowhere/ });
    const report = await run({ backups: undefined });
    assert.equal(report.complete, false);
    assert.match(report.findings[0]?.message ?? '', /nothing says where the backups are/);
  });

  test('that cannot keep its state is a report all the same', async () => {
    const broken: Storage = {
      location: 'broken',
      read: () => Promise.reject(new Error('denied')),
      write: () => Promise.reject(new Error('denied')),
    };
    const report = await run({ state: broken, own: { level: 'inventory' } });
    assert.equal(report.checks.find(({ check }) => check === 'backup-phase')?.ran, true);
  });

  test('turns checks off, and passes their options on', async () => {
    const report = await run({ options: operationOptions.parse({ checks: { off: ['archive-damaged'] } }) });
    assert.equal(outcome(report, 'archive-damaged'), 'turned off in nightshift.yaml');
    await assert.rejects(run({ options: operationOptions.parse({ checks: { 'schedule-overdue': { gapDays: 'many' } } }) }), /gapDays/);
  });
});

test('where no velero-backup.json could be understood, nobody knows that there is nothing to look into', async () => {
  const place = mkdtempSync(join(tmpdir(), 'nightshift-verify-'));
  try {
    cpSync(join(genuine, 'backups/shop-1'), join(place, 'backups/shop-1'), { recursive: true });
    const file = join(place, 'backups/shop-1/velero-backup.json');
    // A format that is newer than known: neither usable nor damaged.
    writeFileSync(file, readFileSync(file, 'utf8').replace('"formatVersion": "1.1.0"', '"formatVersion": "2.0.0"'));
    const report = await runOnCluster({
      operation: backupVerification,
      cluster: 'prod',
      options: {},
      own: {},
      runId: 'run',
      eventTime: '2026-11-24T05:30:00Z',
      backups: { place },
      previous: undefined,
      signal: new AbortController().signal,
    });
    assert.equal(report.complete, false);
    assert.match(
      report.incomplete.find(({ check }) => check === 'archive-damaged')?.reason ?? '',
      /whether shop-1 can be looked into .*2\.0\.0/,
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});
