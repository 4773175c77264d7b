/** AWS refusing the function: what is lost, what is told, and what the next run makes good. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Report, reportSchema } from '../../functions/report/model.ts';
import type { ReturnValue } from '../../functions/report/return-value.ts';
import { anyList, listOf } from '../control-plane/faults/run-health-check.ts';
import { type Aim, delayed, type Fault, type Planted, silent } from '../control-plane/parts/faulty-proxy.ts';
import {
  bucket,
  type FaultyService,
  plantService,
  publishTo,
  putEvents,
  s3,
  s3Refusal,
  snsRefusal,
  startFaultyService,
} from './parts/faulty-service.ts';
import type { RunningFunction } from './parts/runtime-client.ts';

const latestKey = 'reports/prod/health-check/latest.json';
const stateKey = 'state/prod/health-check.json';
const accessDenied = s3Refusal(403, 'AccessDenied', 'Access Denied');
const slowDown = s3Refusal(503, 'SlowDown', 'Please reduce your request rate.');

describe('AWS refuses', { timeout: 240_000 }, () => {
  let service: FaultyService;
  let running: RunningFunction;
  let night = 0;
  let planted: Planted[] = [];
  before(async () => {
    service = await startFaultyService();
    running = await service.start();
    await invoke();
    await told();
  });
  after(() => service?.stop());
  afterEach(async () => {
    for (const each of planted) each.remove();
    planted = [];
    // Whatever was owed to anybody is told, so that each test begins with nothing open.
    await invoke();
    await told();
  });

  const nextEvent = () => {
    night += 1;
    return { cluster: 'prod', executionId: `night-${night}`, scheduledTime: new Date(Date.UTC(2026, 9, night, 6)).toISOString() };
  };
  const invoke = async (event: object = nextEvent()): Promise<ReturnValue> => {
    const { response, error } = await running.invoke(event);
    assert.equal(error, undefined, `${error?.errorMessage}\n${running.logs()}`);
    return response as ReturnValue;
  };
  const plant = (when: Aim['when'], fault: Fault, more: Partial<Aim> = {}): Planted => {
    const one = service.aws.plant({ when, ...more }, fault);
    planted.push(one);
    return one;
  };
  const lift = () => {
    for (const each of planted.splice(0)) each.remove();
  };
  const told = async () => ({ ops: await service.ops.take(), leads: await service.leads.take() });
  const newLogs = () => {
    const from = running.logs().length;
    return () => running.logs().slice(from);
  };
  const latest = async (): Promise<Report> => reportSchema.parse(JSON.parse((await service.read(latestKey)) ?? ''));
  const plantAnother = (name: string) => plantService(service.plane, name);
  const storeOf = ({ publishers }: ReturnValue) => publishers.find(({ publisher }) => publisher === `s3://${bucket}`);

  describe('S3 the report', () => {
    const refusals: readonly (readonly [string, Fault, RegExp])[] = [
      ['by its policy', accessDenied, /AccessDenied: Access Denied \(allow the action to the function’s role/],
      ['since it has too much to do', slowDown, /SlowDown: .*too many requests/],
      [
        'since its key is disabled',
        s3Refusal(400, 'KMS.DisabledException', 'arn:aws:kms:eu-central-1:1:key/k is disabled.'),
        /KMS\.DisabledException.*aws kms enable-key/,
      ],
      [
        'since its key is being deleted',
        s3Refusal(400, 'KMS.KMSInvalidStateException', 'arn:aws:kms:…:key/k is pending deletion.'),
        /KMSInvalidState.*cancel-key-deletion/,
      ],
      [
        'since the role may not use its key',
        s3Refusal(
          403,
          'AccessDenied',
          'User: arn:aws:sts::1:assumed-role/r is not authorized to perform: kms:GenerateDataKey on the resource',
        ),
        /allow kms:GenerateDataKey and kms:Decrypt/,
      ],
    ];
    for (const [why, fault, message] of refusals) {
      test(`${why}: the function fails, so that Lambda tries again, and says what to do; nobody was told of a report that is not there`, async () => {
        await plantAnother(`new-${night}`);
        const event = nextEvent();
        const before = await latest();
        plant(s3('PUT', /^reports\/.*\.json$/), fault);
        const { error } = await running.invoke(event);
        assert.equal(error?.errorType, 'ReportNotStored');
        assert.match(error?.errorMessage ?? '', /the report could not be stored as s3:\/\/nightshift-reports\/reports\/prod/);
        assert.match(error?.errorMessage ?? '', message);
        assert.deepEqual(await latest(), before);
        assert.deepEqual(await told(), { ops: [], leads: [] });
        lift();
        const retried = await invoke(event);
        assert.equal(retried.report.latest, true);
        const { ops, leads } = await told();
        assert.deepEqual([ops.length, leads.length], [1, 1]);
      });
    }

    test('twice with a 500, then no more: as if nothing had been', async () => {
      const { struck } = plant(
        s3('PUT', /^reports\/.*Z-[0-9a-f]+\.json$/),
        s3Refusal(500, 'InternalError', 'We encountered an internal error.'),
        { times: 2 },
      );
      assert.equal((await invoke()).report.latest, true);
      assert.equal(struck.length, 2);
    });
  });

  test('S3 refuses latest.json alone: the report is stored, the trouble is told, and everybody hears what is new', async () => {
    await plantAnother('only-latest');
    const logs = newLogs();
    plant(s3('PUT', /\/latest\.json$/), accessDenied);
    const returned = await invoke();
    assert.equal(returned.report.latest, false);
    assert.equal(storeOf(returned)?.ok, false);
    assert.match(storeOf(returned)?.detail ?? '', /latest\.json could not be written: AccessDenied.*allow the action/);
    // The alarm's own words.
    assert.match(logs(), /"a publisher failed"/);
    assert.ok(await service.read(returned.report.json));
    assert.match(String((await told()).ops[0]?.Message), /only-latest/);
  });

  test('S3 refuses the page alone: the report is the latest all the same', async () => {
    plant(s3('PUT', /\.html$/), accessDenied);
    const returned = await invoke();
    assert.equal(returned.report.latest, true);
    assert.match(storeOf(returned)?.detail ?? '', /\.html could not be written: AccessDenied/);
    assert.equal((await latest()).runId, returned.runId);
  });

  test('S3 refuses to show the last report: a report as a first one, and the last is not written over, since it may be whole', async () => {
    const before = await latest();
    const logs = newLogs();
    plant(s3('GET', /\/latest\.json$/), accessDenied);
    const returned = await invoke();
    assert.equal(returned.report.latest, false);
    assert.match(storeOf(returned)?.detail ?? '', /latest\.json could not be read before this run, so that it was not written over/);
    assert.match(logs(), /latest\.json could not be read \(AccessDenied/);
    assert.deepEqual(returned.resolved, []);
    assert.deepEqual(await latest(), before);
    lift();
    const [finding] = (await invoke()).findings.filter(({ object }) => object.name === 'checkout');
    assert.equal(finding?.change, 'ongoing');
    assert.equal(finding?.since, before.findings.find(({ object }) => object.name === 'checkout')?.since, 'since when is not lost');
  });

  test('S3 refuses the state: everybody is told what is new, and the trouble is told too', async () => {
    await plantAnother('no-state');
    plant(s3('GET', /^state\//), accessDenied);
    plant(s3('PUT', /^state\//), accessDenied);
    const returned = await invoke();
    assert.equal(returned.report.latest, true);
    assert.equal(storeOf(returned)?.ok, false);
    assert.match(
      storeOf(returned)?.detail ?? '',
      /who was told what could not be read: AccessDenied.*; who was told what could not be marked: AccessDenied/,
    );
    const { ops, leads } = await told();
    assert.deepEqual([ops.length, leads.length], [1, 1]);
  });

  describe('SNS', () => {
    const refusals: readonly (readonly [string, Fault, RegExp])[] = [
      [
        'KMSAccessDenied',
        snsRefusal(400, 'KMSAccessDenied', 'The ciphertext refers to a key that you may not use'),
        /KMSAccessDenied.*allow kms:GenerateDataKey and kms:Decrypt/,
      ],
      ['KMSDisabled', snsRefusal(400, 'KMSDisabled', 'key is disabled'), /KMSDisabled.*aws kms enable-key/],
      ['KMSNotFound', snsRefusal(400, 'KMSNotFound', 'no such key'), /KMSNotFound.*the key is gone/],
      [
        'AuthorizationError',
        snsRefusal(403, 'AuthorizationError', 'not authorized to perform: SNS:Publish'),
        /AuthorizationError.*allow the action/,
      ],
      ['NotFound', snsRefusal(404, 'NotFound', 'Topic does not exist'), /NotFound.*the topic is gone/],
    ];
    for (const [code, fault, detail] of refusals) {
      test(`${code}: said with what to do, the other topic is told, and the next night tells what this one could not`, async () => {
        const name = `sns-${code.toLowerCase()}`;
        await plantAnother(name);
        const logs = newLogs();
        plant(publishTo('ops'), fault);
        const refused = await invoke();
        const outcome = refused.publishers.find(({ publisher }) => publisher.includes(':ops'));
        assert.equal(outcome?.ok, false);
        assert.match(outcome?.detail ?? '', detail);
        assert.match(logs(), /"a publisher failed"/);
        assert.equal(refused.report.latest, true);
        const first = await told();
        assert.deepEqual([first.ops.length, first.leads.length], [0, 1]);
        lift();
        await invoke();
        const second = await told();
        assert.deepEqual([second.ops.length, second.leads.length], [1, 0]);
        assert.match(String(second.ops[0]?.Message), new RegExp(name));
      });
    }
  });

  test('the bus refuses: said, and the topics are told', async () => {
    await plantAnother('no-bus');
    plant(putEvents, snsRefusal(400, 'AccessDeniedException', 'not authorized to perform: events:PutEvents'));
    const returned = await invoke();
    const outcome = returned.publishers.find(({ publisher }) => publisher.includes('event-bus'));
    assert.equal(outcome?.ok, false);
    const { ops, leads } = await told();
    assert.deepEqual([ops.length, leads.length], [1, 1]);
  });

  test('Secrets Manager refuses the kubeconfig: a report that says so', async () => {
    plant(({ headers }) => headers['x-amz-target'] === 'secretsmanager.GetSecretValue', s3Refusal(400, 'AccessDeniedException', 'no'));
    const returned = await invoke();
    assert.deepEqual([returned.status, returned.complete], ['critical', false]);
    assert.ok(returned.findings.some(({ check }) => check === 'cluster-access'));
    assert.deepEqual(returned.resolved, []);
  });

  describe('what is stored is damaged', () => {
    const whole = '{"schemaVersion":1,"runId":"x"';
    for (const [how, text] of [
      ['cut', whole],
      ['empty', ''],
      ['of another version', JSON.stringify({ schemaVersion: 2, startedAt: '2020-01-01T00:00:00Z' })],
      ['HTML', '<html><body>Sign in</body></html>'],
      ['null', 'null'],
      ['a list', '[1,2,3]'],
    ] as const) {
      test(`the last report is ${how}: the run counts as the first, with a warning, and its report takes the place`, async () => {
        await service.write(latestKey, text);
        const logs = newLogs();
        const returned = await invoke();
        assert.deepEqual([returned.report.latest, returned.resolved], [true, []]);
        assert.ok(returned.findings.every(({ change }) => change === 'new'));
        const stored = await latest();
        assert.equal(stored.runId, returned.runId);
        assert.equal(stored.comparedWith, undefined);
        assert.match(logs(), /latest\.json is no report of this version .*counts as the first/);
      });

      test(`the state is ${how}: everybody is told what is new, and the marks are kept again`, async () => {
        const name = `state-${how.replaceAll(' ', '-').toLowerCase()}`;
        await plantAnother(name);
        await service.write(stateKey, text);
        const returned = await invoke();
        assert.ok(
          returned.publishers.every(({ ok }) => ok),
          JSON.stringify(returned.publishers),
        );
        const { ops, leads } = await told();
        assert.deepEqual([ops.length, leads.length], [1, 1]);
        assert.match(String(ops[0]?.Message), new RegExp(name));
        const { notified }: { notified: string[] } = JSON.parse((await service.read(stateKey)) ?? '');
        assert.equal(notified.filter((mark) => mark.startsWith(`${returned.runId} `)).length, 3);
      });
    }
  });

  describe('the time of the function ends', () => {
    /** Invokes a function that has five seconds, of which it keeps half for the report, with a fault between it and the cluster. */
    const inShortTime = async (when: Aim['when'], fault: Fault): Promise<ReturnValue> => {
      const spoiled = service.cluster.plant({ when }, fault);
      const short = await service.start({ timeoutMs: 5_000 });
      try {
        const { response, error, durationMs } = await short.invoke(nextEvent());
        assert.equal(error, undefined, error?.errorMessage);
        assert.ok(durationMs < 4_500, `${durationMs} ms`);
        return response as ReturnValue;
      } finally {
        spoiled.remove();
        await short.stop();
      }
    };

    test('while a list hangs: it answers before its deadline, the report says what did not run, and nothing is resolved', async () => {
      const returned = await inShortTime(listOf('/api/v1/services'), silent);
      assert.equal(returned.complete, false);
      const report = reportSchema.parse(JSON.parse((await service.read(returned.report.json)) ?? ''));
      assert.ok(report.incomplete.some(({ check, reason }) => check === 'service-without-endpoints' && /time budget/.test(reason)));
      assert.deepEqual(report.resolved, []);
      assert.equal(report.findings.find(({ object }) => object.name === 'checkout')?.change, 'unverified');
      assert.deepEqual(await latest(), report);
    });

    test('while every list is slow: likewise', async () => {
      const returned = await inShortTime(anyList, delayed(700));
      assert.equal(returned.complete, false);
      assert.deepEqual(returned.resolved, []);
    });
  });
});
