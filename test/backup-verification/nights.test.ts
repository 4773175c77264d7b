/** What one run may say after another: nothing that was not looked at becomes well, and the same fault is the same finding. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { backupVerification } from '../../functions/backup-verification/operation.ts';
import { stateKey } from '../../functions/backup-verification/state.ts';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import type { Report } from '../../functions/report/model.ts';
import { directoryStorage } from '../../functions/report/store/directory.ts';
import type { Storage } from '../../functions/report/store/storage.ts';
import { parseEvent } from '../../functions/runtime/events.ts';
import { isOverdue } from '../../functions/runtime/measure.ts';
import type { Source } from '../../functions/scan/contracts.ts';
import { startHttpStub } from '../cluster/http-stub.ts';
import { plant, verify } from './planted-nights.ts';

const [hour, day] = [3_600_000, 86_400_000];

describe('night after night', () => {
  let folder: string;
  let place: string;
  let state: Storage;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightshift-nights-'));
    place = join(folder, 'bucket');
    state = directoryStorage(join(folder, 'state'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (more: Parameters<typeof verify>[0] = {}) => verify({ backups: { place }, state, ...more });
  const readState = async (of = place) => JSON.parse((await state.read(stateKey('prod', of)))?.text ?? '{}');
  /** (Their members are as old as the genuine backup, which is said as a warning.) */
  const damage = ({ findings }: Report) => findings.filter(({ check, severity }) => check === 'archive-damaged' && severity === 'critical');
  const lineOf = ({ backupSchedules = [] }: Report, schedule: string) => backupSchedules.find((each) => each.schedule === schedule);
  /** Night by night: hours before now. */
  const night = (schedule: string, nights: number, more: { readonly cutTo?: number; readonly phase?: string } = {}) =>
    plant(place, { name: `${schedule}-${nights}`, schedule, at: Date.now() - 2 * hour - nights * day, ...more });
  /** The time is spent as soon as one archive, of 4 objects, is through. */
  const timeForOne = () => {
    const budget = new AbortController();
    return { signal: budget.signal, onProgress: ({ objects }: { readonly objects: number }) => objects === 4 && budget.abort() };
  };

  test('the same fault in the next backup of a schedule is ongoing, and mended it is resolved', async () => {
    night('nightly', 2, { cutTo: 600 });
    const first = await run();
    assert.deepEqual(
      damage(first).map(({ change }) => change),
      ['new'],
    );
    night('nightly', 1, { cutTo: 700 });
    const second = await run({ previous: first });
    assert.deepEqual(
      damage(second).map(({ change, fingerprint }) => [change, fingerprint]),
      [['ongoing', damage(first)[0]?.fingerprint]],
    );
    night('nightly', 0);
    const third = await run({ previous: second });
    assert.deepEqual(
      third.resolved
        .filter(({ check, severity }) => check === 'archive-damaged' && severity === 'critical')
        .map(({ fingerprint }) => fingerprint),
      [damage(first)[0]?.fingerprint],
    );
    assert.equal(lineOf(third, 'nightly')?.newestVerified?.backup, 'nightly-0');
  });

  test('what a check of its own said of an archive is no answer to all of them', async () => {
    night('a', 0);
    night('b', 0);
    const part = await run({ own: { only: ['archive-damaged'] } });
    assert.equal(lineOf(part, 'a')?.newestVerified, undefined);
    assert.ok(isOverdue(lineOf(part, 'a') ?? assert.fail()));
    assert.deepEqual((await readState()).verified, {});
    // Nor is one that was cut.
    await run({ ...timeForOne(), own: { off: ['backup-items'] } });
    const full = await run();
    assert.equal(full.checks.find(({ check }) => check === 'backup-items')?.objects, 8);
    assert.equal(lineOf(full, 'a')?.newestVerified?.level, 'restorability');
    // And what was proved is not taken back by it.
    await run({ own: { off: ['backup-items'] } });
    assert.equal(lineOf(await run({ own: { level: 'inventory' } }), 'a')?.newestVerified?.level, 'restorability');
  });

  test('a listing between two halves of a round leaves the round alone', async () => {
    night('a', 0);
    night('b', 0);
    const half = await run(timeForOne());
    assert.match(half.incomplete[0]?.reason ?? '', /b-0: the time budget was spent/);
    await run({ own: { level: 'inventory' } });
    const rest = await run();
    assert.equal(rest.scanned.objects, 2 + 4, 'only b-0 was read');
    assert.deepEqual((await readState()).rounds, {});
  });
  test('what is asked of another Kubernetes is no property of the backup', async () => {
    night('a', 0);
    const asked = await run({ own: { targetVersion: '1.33' } });
    assert.equal(lineOf(asked, 'a')?.newestVerified?.backup, 'a-0', 'in this report');
    assert.deepEqual((await readState()).verified, {}, 'and not for later');
  });

  test('a schedule that has nothing left to look into keeps what was found', async () => {
    night('a', 0, { cutTo: 600 });
    night('b', 0, { cutTo: 600 });
    const first = await run();
    assert.equal(damage(first).length, 2);
    // Of a nothing is usable any more; b is mended.
    night('a', 0, { phase: 'Failed' });
    night('b', 0);
    const second = await run({ previous: first });
    assert.deepEqual(
      damage(second).map(({ object, change }) => [object.name, change]),
      [
        ['a', 'unverified'],
        ['b', 'unverified'],
      ],
    );
    assert.deepEqual(
      second.resolved.filter(({ check }) => check === 'archive-damaged'),
      [],
    );
    night('a', 0);
    const third = await run({ previous: second });
    assert.equal(third.resolved.filter(({ check, severity }) => check === 'archive-damaged' && severity === 'critical').length, 2);
  });

  test('who looks into one backup is told nothing of the others', async () => {
    night('a', 0, { cutTo: 600 });
    night('b', 0);
    const first = await run();
    const named = await run({ own: { backup: 'b-0' }, previous: first });
    assert.deepEqual(damage(named), []);
    assert.deepEqual(named.resolved, []);
  });

  test('a folder that is named and is no backup is not well', async () => {
    night('a', 0);
    rmSync(join(place, 'backups/a-0/velero-backup.json'));
    const named = await run({ own: { backup: 'a-0' } });
    assert.equal(named.complete, false);
    assert.match(named.incomplete.find(({ check }) => check === 'archive-damaged')?.reason ?? '', /a-0: it has no velero-backup\.json/);
  });

  test('a location that is added changes no finding of the first', async () => {
    night('nightly', 0, { cutTo: 600 });
    const first = await run();
    const other = join(folder, 'other');
    plant(other, { name: 'nightly-0', schedule: 'nightly', at: Date.now() - hour, cutTo: 600 });
    const backups = [{ place }, { place: other }, { place }];
    const second = await run({ backups, previous: first });
    assert.deepEqual(
      damage(second)
        .map(({ change, subject }) => [change, subject?.includes(other) ?? false])
        .toSorted(),
      [
        ['new', true],
        ['ongoing', false],
      ],
    );
    assert.equal(second.tables?.filter(({ title }) => title.startsWith('Schedule nightly')).length, 2, 'each place once');
  });

  test('a location that cannot be listed is told of by its name; its age goes on, and nothing of it is over', async () => {
    night('nightly', 1);
    let isDenied = true;
    const s3 = await startHttpStub((_request, _body, response) => {
      const refusal = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
      response.writeHead(isDenied ? 403 : 200).end(isDenied ? refusal : '<ListBucketResult></ListBucketResult>');
    });
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIATEST', AWS_SECRET_ACCESS_KEY: 'secret', AWS_ENDPOINT_URL_S3: s3.endpoint });
    try {
      const backups = [{ place }, { bucket: 'velero', prefix: 'other', region: 'eu-west-1' }];
      const first = await run();
      const weekly = {
        ...(lineOf(first, 'nightly') ?? assert.fail()),
        location: 's3://velero/other',
        schedule: 'weekly',
        hoursSinceVerified: 2,
      };
      const startedAt = new Date(Date.now() - 24 * hour).toISOString();
      const earlier = { ...first, startedAt, backupSchedules: [...(first.backupSchedules ?? []), weekly] };
      const second = await run({ backups, previous: earlier });
      const said = second.findings.find(({ subject }) => subject === 'unlisted');
      assert.partialDeepStrictEqual(said, { severity: 'critical', object: { kind: 'Bucket', name: 's3://velero/other' } });
      assert.match(said?.message ?? '', /Access ?Denied/);
      assert.equal(second.complete, false);
      assert.deepEqual(second.resolved, []);
      assert.equal(lineOf(second, 'weekly')?.hoursSinceVerified, 26);
      assert.equal(lineOf(second, 'weekly')?.calendar.length, 30);
      assert.ok(lineOf(second, 'nightly')?.newestVerified, 'the other one was looked into');
      // Nor is any, where it is the only one.
      const alone = await run({ backups: backups.slice(1), previous: earlier });
      assert.partialDeepStrictEqual(alone, { status: 'critical', complete: false, source: { kind: 'backup', name: 's3://velero/other' } });
      assert.equal(alone.checks.find(({ check }) => check === 'archive-damaged')?.ran, false);
      assert.ok(isOverdue({ ...(lineOf(alone, 'weekly') ?? assert.fail()), allowedHours: 25 }));
      isDenied = false;
      const third = await run({ backups, previous: second });
      assert.ok(third.resolved.some(({ subject }) => subject === 'unlisted'));
    } finally {
      for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
      Object.assign(process.env, before);
      s3.stop();
    }
  });

  test('a deeper run’s error stays when a shallower one finds nothing', async () => {
    night('nightly', 0);
    await run();
    const key = stateKey('prod', place);
    const known = await readState();
    known.verified['nightly-0'].verdict = 'error';
    await state.write(key, JSON.stringify(known), 'application/json');
    const shallow = await run({ own: { level: 'content' } });
    assert.equal(lineOf(shallow, 'nightly')?.newestVerified, undefined);
    assert.equal((await readState()).verified['nightly-0'].level, 'restorability');
    assert.equal(lineOf(await run(), 'nightly')?.newestVerified?.backup, 'nightly-0');
  });

  test('backups may be called as they like', async () => {
    for (const name of ['constructor', 'valueof', '__proto__']) plant(place, { name, at: Date.now() - hour });
    await run({ own: { backup: '*' } });
    const report = await run({ own: { level: 'inventory' } });
    const rows = report.tables?.flatMap(({ rows }) => rows) ?? [];
    assert.ok(rows.some(([name]) => name === 'constructor'));
    assert.equal(Object.keys({}).length, 0);
  });

  test('a state that cannot be read is not written over, and what rests on it is not known', async () => {
    night('nightly', 0);
    const first = await run();
    const writes: string[] = [];
    const broken: Storage = {
      location: 'broken',
      read: () => Promise.reject(new Error('503 SlowDown')),
      write: async (key) => writes.push(key) > 0,
    };
    const second = await run({ state: broken, previous: first });
    assert.deepEqual(writes, []);
    assert.match(second.findings.find(({ subject }) => subject === 'state')?.message ?? '', /503 SlowDown/);
    assert.match(
      second.incomplete.find(({ check }) => check === 'backup-shrunk')?.reason ?? '',
      /what it remembered of earlier runs is lost/,
    );
    const third = await run({ previous: second });
    assert.equal(third.complete, true);
    assert.ok(third.resolved.some(({ subject }) => subject === 'state'));
  });

  test('a state of another location, hostile or cut is begun anew and said to be', async () => {
    night('nightly', 0);
    const key = stateKey('prod', place);
    const good = { version: 1, location: place, known: null, memory: {}, verified: {}, begun: {}, rounds: {} };
    for (const text of [
      JSON.stringify({ ...good, location: 's3://else' }),
      JSON.stringify({ ...good, verified: { 'nightly-0': null } }),
      JSON.stringify(good).slice(0, 50),
    ]) {
      await state.write(key, text, 'application/json');
      const report = await run({ own: { level: 'inventory' } });
      assert.ok(
        report.findings.some(({ subject }) => subject === 'state'),
        text,
      );
      assert.equal((await readState()).location, place);
    }
    const odd = `{"version":1,"location":${JSON.stringify(place)},"known":{"version":1,"specs":[],"labels":[],"backups":{}},"memory":{"__proto__":{"x":1}},"verified":{},"begun":{},"rounds":{"x":{"startedAt":"","done":null}}}`;
    await state.write(key, odd, 'application/json');
    const report = await run();
    assert.ok(!report.findings.some(({ subject }) => subject === 'state'));
    assert.equal(lineOf(report, 'nightly')?.newestVerified?.backup, 'nightly-0');
  });

  test('the way to the cluster is given back, whatever came of asking it', async () => {
    night('nightly', 0);
    let closed = 0;
    const source = (fails: unknown): Source => ({
      kind: 'cluster',
      name: 'https://192.0.2.1',
      now: Date.now(),
      // biome-ignore lint/correctness/useYield: it fails at once
      read: async function* () {
        throw fails;
      },
      probe: () => Promise.reject(new Error('not asked')),
      traffic: () => ({ requests: 7, bytes: 70 }),
      close: async () => void closed++,
    });
    const report = await run({ open: async () => source(new ClusterError('unreachable', 'it hung up', 'look at the network')) });
    assert.equal(closed, 1);
    assert.ok(lineOf(report, 'nightly'));
    await assert.rejects(run({ open: async () => source(new TypeError('a bug')) }), /a bug/);
    assert.equal(closed, 2);
  });
});

describe('an event', () => {
  const parse = (own: object) => parseEvent({ cluster: 'prod', ...own }, backupVerification);

  test('says what is wrong with its keys', () => {
    assert.throws(() => parse({ level: 'deep' }), /level: "deep" was given.*inventory.*content.*restorability/);
    assert.throws(() => parse({ backup: '' }), /backup: "" was given/);
    for (const targetVersion of ['33', '1.x', '2.0', '1.33.x y'])
      assert.throws(() => parse({ targetVersion }), /such as 1\.33/, targetVersion);
    for (const pair of ['production', 'a:b:c', 'A:b', ':b', '__proto__:b']) {
      assert.throws(() => parse({ namespaceMapping: [pair] }), /production:staging/, pair);
    }
    assert.throws(() => parse({ namespaceMapping: ['a:b', 'a:c'] }), /restored under one name/);
    assert.throws(() => parse({ namespaceMappings: ['a:b'] }), /Unknown key "namespaceMappings"; allowed are .*namespaceMapping/);
  });

  test('takes versions as clusters tell them', () => {
    for (const targetVersion of ['1.33', 'v1.33.2', 'v1.33.2-eks-1a2b3c4', '1.33.0+k3s1'])
      parse({ targetVersion, namespaceMapping: ['a:b', 'c:b'] });
  });
});
