import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { renderHtml } from '../../../functions/report/html/render-html.ts';
import type { Report } from '../../../functions/report/model.ts';
import { directoryStorage } from '../../../functions/report/store/directory.ts';
import { reportStore } from '../../../functions/report/store/report-store.ts';
import { s3Storage } from '../../../functions/report/store/s3.ts';
import { deliveryOf, receiverOf } from '../../../functions/report/store/state.ts';
import type { Storage } from '../../../functions/report/store/storage.ts';
import fc from '../../fuzz.ts';
import { healthyReport } from '../sample-report.ts';

const silent = () => undefined;
const at = (eventTime: string, more: Partial<Report> = {}): Report => ({
  ...healthyReport(),
  runId: eventTime.replace(/\D/g, ''),
  eventTime,
  startedAt: eventTime,
  ...more,
});
const morning = at('2026-11-24T06:00:00.000Z');
const evening = at('2026-11-24T18:00:00.000Z');
const [monday, tuesday] = ['2026-11-23T06:00:00.000Z', '2026-11-24T06:00:00.000Z'];
const folder = 'reports/prod/health-check';
const tryOf = (runId: string) => ({ runId, startedAt: monday });

/** An S3 that answers as AWS does, in memory: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const fakeS3 = () => {
  const objects = new Map<string, { text: string; contentType: string; etag: string }>();
  const client = new S3Client({ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  const refusal = (name: string, httpStatusCode: number) => Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
  let writes = 0;
  const failing: Error[] = [];
  client.send = (async (command: { readonly input: Record<string, string> }) => {
    const { input } = command;
    const failure = failing.shift();
    if (failure) throw failure;
    const object = objects.get(input.Key ?? '');
    if (command instanceof GetObjectCommand) {
      if (!object) throw refusal('NoSuchKey', 404);
      return { ETag: object.etag, Body: { transformToString: async () => object.text } };
    }
    if (input.IfNoneMatch === '*' && object) throw refusal('PreconditionFailed', 412);
    if (input.IfMatch !== undefined && !object) throw refusal('NoSuchKey', 404);
    if (input.IfMatch !== undefined && object?.etag !== input.IfMatch) throw refusal('PreconditionFailed', 412);
    objects.set(input.Key ?? '', { text: input.Body ?? '', contentType: input.ContentType ?? '', etag: `"${++writes}"` });
    return {};
  }) as typeof client.send;
  return { client, objects, fail: (...errors: Error[]) => failing.push(...errors), refusal };
};

const directory = async (t: { after: (work: () => Promise<void>) => void }) => {
  const path = await mkdtemp(join(tmpdir(), 'nightshift-store-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
};

/** The same of both kinds. */
const kinds: Readonly<Record<string, (t: { after: (work: () => Promise<void>) => void }) => Promise<Storage>>> = {
  bucket: async () => s3Storage(fakeS3().client, 'reports-bucket'),
  directory: async (t) => directoryStorage(await directory(t)),
};

for (const [kind, open] of Object.entries(kinds)) {
  describe(`reports in a ${kind}`, () => {
    test('are found again as they were, under a key made of cluster, operation, time and run', async (t) => {
      const storage = await open(t);
      const store = reportStore(storage, assert.fail);
      assert.equal(await store.latest('prod', 'health-check'), undefined);
      const saved = await store.save(morning, renderHtml(morning));
      assert.deepEqual(saved, {
        location: storage.location,
        json: `${folder}/2026/11/24/060000Z-${morning.runId}.json`,
        html: `${folder}/2026/11/24/060000Z-${morning.runId}.html`,
        latest: true,
        problems: [],
      });
      assert.deepEqual(await store.latest('prod', 'health-check'), morning);
      assert.equal((await storage.read(saved.html))?.text, renderHtml(morning));
      assert.equal((await storage.read(`${folder}/latest.html`))?.text, renderHtml(morning));
      assert.equal(await store.latest('staging', 'health-check'), undefined);
    });

    test('latest is never written over by an older one, nor by one of less than full scope', async (t) => {
      const store = reportStore(await open(t), assert.fail);
      await store.save(evening, renderHtml(evening));
      const late = await store.save(morning, renderHtml(morning));
      assert.deepEqual([late.latest, late.overtaken, late.problems], [false, true, []]);
      const partial = await store.save(at('2026-11-25T06:00:00.000Z', { fullScope: false }), '');
      assert.deepEqual([partial.latest, partial.overtaken], [false, undefined]);
      assert.deepEqual(await store.latest('prod', 'health-check'), evening);
    });

    test('a run whose event says a time in the future does not stay the latest until then', async (t) => {
      const store = reportStore(await open(t), assert.fail);
      const mistyped = at('2036-11-24T06:00:00.000Z', { startedAt: '2026-11-24T12:00:00.000Z' });
      assert.match((await store.save(mistyped, renderHtml(mistyped))).json, /2036/);
      assert.equal((await store.save(evening, renderHtml(evening))).latest, true);
      assert.deepEqual(await store.latest('prod', 'health-check'), evening);
    });

    test('a retry overwrites its own', async (t) => {
      const storage = await open(t);
      const store = reportStore(storage, assert.fail);
      await store.save(morning, renderHtml(morning));
      const again = { ...morning, durationMs: 1 };
      const { json, latest } = await store.save(again, renderHtml(again));
      assert.equal(latest, true);
      assert.deepEqual(JSON.parse((await storage.read(json))?.text ?? ''), again);
      assert.deepEqual(await store.latest('prod', 'health-check'), again);
    });

    test('a latest that cannot be understood is as good as none, with a warning, and is replaced', async (t) => {
      const storage = await open(t);
      for (const text of [
        '{"cut',
        'null',
        JSON.stringify({ ...evening, schemaVersion: 2 }),
        JSON.stringify({ ...evening, eventTime: 7, findings: [{}] }),
      ]) {
        await storage.write(`${folder}/latest.json`, text, 'application/json');
        const warnings: string[] = [];
        const store = reportStore(storage, (warning) => warnings.push(warning));
        assert.equal(await store.latest('prod', 'health-check'), undefined);
        assert.equal(warnings.length, 1);
        assert.match(warnings[0] ?? '', /latest\.json is no report of this version/);
      }
      assert.equal((await reportStore(storage, silent).save(morning, '')).latest, true);
    });

    test('a delivery is marked once, and what else is in the state stays', async (t) => {
      const storage = await open(t);
      await storage.write('state/prod/health-check.json', '{"other":1}', 'application/json');
      const store = reportStore(storage, assert.fail);
      const known = () => store.deliveries('prod', 'health-check');
      assert.deepEqual(await known(), { other: 1, notified: [], told: {}, heard: {} });
      await store.markNotified('prod', 'health-check', tryOf('a'), { name: 'sns:x' }, monday);
      await store.markNotified('prod', 'health-check', tryOf('a'), { name: 'sns:x' }, monday);
      assert.deepEqual((await known()).notified, [deliveryOf('a', 'sns:x')]);
      const state = JSON.parse((await storage.read('state/prod/health-check.json'))?.text ?? '');
      assert.deepEqual(state, { other: 1, notified: ['a sns:x'], told: { 'sns:x': monday }, heard: { 'sns:x': [`a ${monday} info`] } });
      for (let run = 0; run < 150; run++) await store.markNotified('prod', 'health-check', tryOf(`run${run}`), { name: 'sns:x' }, monday);
      assert.ok((await known()).notified.includes(deliveryOf('run149', 'sns:x')));
      assert.equal((await known()).notified.length, 100);
    });

    test('when a receiver was last told something is known, of a hundred receivers', async (t) => {
      const storage = await open(t);
      const store = reportStore(storage, assert.fail);
      const receiver = async (name: string) => receiverOf(await store.deliveries('prod', 'health-check'), { name });
      assert.deepEqual(await receiver('sns:x'), { owed: false, known: false });
      await store.markNotified('prod', 'health-check', tryOf('a'), { name: 'sns:x' }, monday);
      assert.deepEqual(await receiver('sns:x'), { owed: false, known: true, lastTold: monday });
      await store.markNotified('prod', 'health-check', tryOf('b'), { name: 'sns:x' }, tuesday);
      assert.deepEqual(await receiver('sns:x'), { owed: false, known: true, lastTold: tuesday });
      for (let index = 0; index < 100; index++)
        await store.markNotified('prod', 'health-check', tryOf('c'), { name: `sns:${index}` }, tuesday);
      assert.deepEqual(await receiver('sns:x'), { owed: false, known: false });
      assert.equal((await receiver('constructor')).known, false);
    });

    test('a state of another form tells what of it is understood', async (t) => {
      const storage = await open(t);
      for (const odd of [undefined, null, 'x', ['x'], { 'sns:x': 7, 'sns:y': 'soon' }]) {
        const text = JSON.stringify({ notified: ['a sns:x', 7], told: odd, heard: odd });
        await storage.write('state/prod/health-check.json', text, 'application/json');
        const store = reportStore(storage, assert.fail);
        const deliveries = await store.deliveries('prod', 'health-check');
        assert.deepEqual(receiverOf(deliveries, { name: 'sns:x' }), { owed: false, known: true });
        await store.markHeard('prod', 'health-check', morning, [{ name: 'sns:x' }]);
        assert.equal(receiverOf(await store.deliveries('prod', 'health-check'), { name: 'sns:x' }, morning).owed, false);
      }
    });

    test('who did not hear of a report, or only of graver findings, is owed it', async (t) => {
      const store = reportStore(await open(t), assert.fail);
      const owed = async (name: string, atLeast: 'critical' | 'warning' | undefined, previous: Report) =>
        receiverOf(await store.deliveries('prod', 'health-check'), { name, ...(atLeast && { atLeast }) }, previous).owed;
      assert.equal(await owed('sns:x', 'warning', morning), true);
      await store.markHeard('prod', 'health-check', morning, [{ name: 'sns:x', atLeast: 'warning' }, { name: 'constructor' }]);
      assert.deepEqual(
        [
          await owed('sns:x', 'warning', morning),
          await owed('sns:x', 'critical', morning),
          await owed('sns:x', undefined, morning),
          await owed('sns:x', 'warning', { ...morning, startedAt: '2026-11-24T06:07:00.000Z' }),
          await owed('sns:y', 'warning', morning),
          await owed('constructor', undefined, morning),
        ],
        [false, false, true, true, true, false],
        'another try of the run is another report',
      );
      for (let hour = 7; hour < 16; hour++) {
        const startedAt = `2026-11-24T${String(hour).padStart(2, '0')}:00:00.000Z`;
        await store.markHeard('prod', 'health-check', { runId: `run${hour}`, startedAt }, [{ name: 'sns:x', atLeast: 'critical' }]);
      }
      assert.equal(await owed('sns:x', 'warning', morning), false, 'a run that began long ago still knows what it was compared with');
      await store.markHeard('prod', 'health-check', evening, [{ name: 'sns:x', atLeast: 'critical' }]);
      assert.deepEqual([await owed('sns:x', 'warning', morning), await owed('sns:x', 'warning', evening)], [true, true]);
    });

    test('latest.json is read once: it is replaced by its version, and read again only if another came between', async (t) => {
      const storage = await open(t);
      await reportStore(storage, assert.fail).save(morning, renderHtml(morning));
      const reads: string[] = [];
      const counting: Storage = { ...storage, read: (key, options) => storage.read(key, options).finally(() => reads.push(key)) };
      const readsOfJson = () => reads.filter((key) => key.endsWith('.json')).length;
      const store = reportStore(counting, assert.fail);
      await store.latest('prod', 'health-check');
      assert.equal((await store.save(evening, renderHtml(evening))).latest, true);
      assert.equal(readsOfJson(), 1);
      const late = reportStore(counting, assert.fail);
      await late.latest('prod', 'health-check');
      const night = at('2026-11-24T23:00:00.000Z');
      await reportStore(storage, assert.fail).save(night, renderHtml(night));
      assert.equal((await late.save(at('2026-11-24T20:00:00.000Z'), '')).overtaken, true);
      assert.equal(readsOfJson(), 3);
      assert.deepEqual(await store.latest('prod', 'health-check'), night);
    });
  });
}

describe('runs that meet', () => {
  /** Whatever the order in which the calls of several runs are answered. */
  const racing = (s: fc.Scheduler): Storage => {
    const storage = s3Storage(fakeS3().client, 'bucket');
    return { ...storage, read: s.scheduleFunction(storage.read), write: s.scheduleFunction(storage.write) };
  };

  test('leave the newest as the latest, as JSON and as page', async () => {
    const times = ['2026-11-24T06:00:00.000Z', '2026-11-24T07:00:00.000Z', '2026-11-24T08:00:00.000Z'];
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.shuffledSubarray(times, { minLength: 2 }), async (s, order) => {
        const storage = racing(s);
        const store = reportStore(storage, assert.fail);
        const saving = Promise.all(order.map((time) => store.save(at(time), `<meta name="nightshift:time" content="${time}">`)));
        await s.waitFor(saving);
        const newest = order.toSorted().at(-1) ?? '';
        const [json, html] = await s.waitFor(Promise.all([storage.read(`${folder}/latest.json`), storage.read(`${folder}/latest.html`)]));
        assert.equal(JSON.parse(json?.text ?? '').eventTime, newest);
        assert.ok(html?.text.includes(newest));
        for (const { problems } of await saving) assert.deepEqual(problems, []);
      }),
      { numRuns: 200 },
    );
  });

  test('lose none of their marks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (s) => {
        const storage = racing(s);
        const store = reportStore(storage, assert.fail);
        await s.waitFor(
          Promise.all(['a', 'b', 'c'].map((run) => store.markNotified('prod', 'health-check', tryOf(run), { name: 'x' }, monday))),
        );
        const state = await s.waitFor(storage.read('state/prod/health-check.json'));
        assert.deepEqual(JSON.parse(state?.text ?? '').notified.toSorted(), ['a x', 'b x', 'c x']);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a bucket', () => {
  test('is given content types, and keys below its prefix', async () => {
    const { client, objects } = fakeS3();
    const storage = s3Storage(client, 'bucket', 'some/where/');
    assert.equal(storage.location, 's3://bucket/some/where');
    await reportStore(storage, silent).save(morning, '<!doctype html>');
    assert.deepEqual(
      [...objects].map(([key, { contentType }]) => [key.replace(/2026.*\./, '*.'), contentType]),
      [
        [`some/where/${folder}/*.json`, 'application/json'],
        [`some/where/${folder}/*.html`, 'text/html; charset=utf-8'],
        [`some/where/${folder}/latest.json`, 'application/json'],
        [`some/where/${folder}/latest.html`, 'text/html; charset=utf-8'],
      ],
    );
  });

  test('that does not take the report makes save fail; what else it does not take is told', async () => {
    const { client, fail, refusal } = fakeS3();
    const store = reportStore(s3Storage(client, 'bucket'), silent);
    fail(refusal('AccessDenied', 403));
    await assert.rejects(store.save(morning, ''), {
      name: 'ReportNotStored',
      message: /s3:\/\/bucket\/reports.*AccessDenied.*allow the action/,
    });
    const { client: second, fail: failSecond } = fakeS3();
    const other = reportStore(s3Storage(second, 'bucket'), silent);
    const send = second.send.bind(second);
    second.send = (async (command: { input: { Key: string } }) => {
      if (command.input.Key.endsWith('latest.json')) throw refusal('SlowDown', 503);
      return send(command as never);
    }) as typeof second.send;
    const saved = await other.save(morning, '');
    assert.equal(saved.latest, false);
    assert.equal(saved.problems.length, 1);
    assert.match(saved.problems[0] ?? '', /latest\.json could not be written: SlowDown: .*tried several times/);
    failSecond(refusal('NoSuchBucket', 404));
    await assert.rejects(s3Storage(second, 'bucket').read('x'), { name: 'NoSuchBucket' });
  });
});

describe('a directory', () => {
  test('holds nothing unfinished, and is written nowhere outside', async (t) => {
    const path = await directory(t);
    const store = reportStore(directoryStorage(path), assert.fail);
    await Promise.all([morning, evening].map((report) => store.save(report, renderHtml(report))));
    const files = await readdir(path, { recursive: true });
    assert.deepEqual(
      files.filter((file) => /\.(part|lock)$/.test(file)),
      [],
    );
    await assert.rejects(directoryStorage(path).write('../outside', 'x', 'text/plain'), /is no key/);
    await assert.rejects(directoryStorage(path).read('reports//x'), /is no key/);
  });

  test('that cannot be written says so and leaves what is there', async (t) => {
    const path = await directory(t);
    await writeFile(join(path, 'reports'), 'a file');
    await assert.rejects(reportStore(directoryStorage(path), silent).save(morning, ''), {
      name: 'ReportNotStored',
      message: /ENOTDIR|EEXIST/,
    });
    assert.equal(await readFile(join(path, 'reports'), 'utf8'), 'a file');
  });
});
