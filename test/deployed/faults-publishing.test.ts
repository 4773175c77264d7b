/** The function killed while it publishes: what a retry makes good, and who is told what how often. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Report, reportSchema } from '../../functions/report/model.ts';
import type { ReturnValue } from '../../functions/report/return-value.ts';
import { type Planted, silent } from '../control-plane/parts/faulty-proxy.ts';
import { type FaultyService, plantService, publishTo, putEvents, s3, startFaultyService } from './parts/faulty-service.ts';
import type { RunningFunction } from './parts/runtime-client.ts';

const latestKey = 'reports/prod/health-check/latest.json';
const state = /^state\/prod\/health-check\.json$/;

const until = async (done: () => boolean): Promise<void> => {
  for (const deadline = performance.now() + 20_000; !done(); await sleep(5)) assert.ok(performance.now() < deadline, 'within 20 s');
};

describe('killed while publishing', { timeout: 180_000 }, () => {
  let service: FaultyService;
  let night = 0;
  before(async () => {
    service = await startFaultyService();
  });
  after(() => service?.stop());

  /** A run of its own for each test: of the same cluster, a night later. */
  const nextEvent = () => {
    night += 1;
    return { cluster: 'prod', executionId: `night-${night}`, scheduledTime: `2026-11-${String(night).padStart(2, '0')}T06:00:00Z` };
  };
  const invoke = async (running: RunningFunction, event: object): Promise<ReturnValue> => {
    const { response, error } = await running.invoke(event);
    assert.equal(error, undefined, `${error?.errorMessage}\n${running.logs()}`);
    return response as ReturnValue;
  };
  /** Kills the function as soon as a request is struck: SIGKILL, which nothing can be said to. */
  const killedAt = async (event: object, ...planted: readonly Planted[]): Promise<void> => {
    const running = await service.start();
    const killed = assert.rejects(running.invoke(event));
    await until(() => planted.every(({ struck }) => struck.length > 0));
    await running.stop();
    await killed;
    for (const each of planted) each.remove();
  };
  const again = async (event: object): Promise<ReturnValue> => {
    const running = await service.start();
    try {
      return await invoke(running, event);
    } finally {
      await running.stop();
    }
  };
  const told = async () => ({ ops: (await service.ops.take()).length, leads: (await service.leads.take()).length });
  const latest = async (): Promise<Report> => reportSchema.parse(JSON.parse((await service.read(latestKey)) ?? ''));
  /** Something new for the next night to tell. */
  const plantAnother = (name: string) => plantService(service.plane, name);
  const newOnes = ({ findings }: Pick<Report, 'findings'>) =>
    findings.filter(({ change }) => change === 'new').map(({ object }) => object.name);

  afterEach(async () => {
    assert.deepEqual(await told(), { ops: 0, leads: 0 }, 'each test takes what was sent');
  });

  test('before anything is stored: the retry is as a first try', async () => {
    const event = nextEvent();
    await killedAt(event, service.aws.plant({ when: s3('PUT', /^reports\/.*\.json$/) }, silent));
    assert.deepEqual(await service.keys('reports/'), []);
    const returned = await again(event);
    assert.equal(returned.report.latest, true);
    assert.deepEqual(await told(), { ops: 1, leads: 1 });
  });

  test('between the report and latest.json: the retry completes it, and everybody is told once', async () => {
    await plantAnother('search');
    const event = nextEvent();
    await killedAt(event, service.aws.plant({ when: s3('PUT', /\/latest\.json$/) }, silent));
    assert.notEqual((await latest()).eventTime, event.scheduledTime);
    const returned = await again(event);
    assert.deepEqual(newOnes(returned), ['search']);
    assert.equal((await latest()).runId, returned.runId);
    assert.deepEqual(await told(), { ops: 1, leads: 1 });
  });

  test('between the store and SNS: the retry tells everybody once, and of the same', async () => {
    await plantAnother('cart');
    const event = nextEvent();
    const before = await service.keys('reports/');
    await killedAt(event, service.aws.plant({ when: publishTo('ops') }, silent), service.aws.plant({ when: publishTo('leads') }, silent));
    const stored = await latest();
    assert.deepEqual(newOnes(stored), ['cart']);
    assert.deepEqual(await told(), { ops: 0, leads: 0 });
    const returned = await again(event);
    assert.equal(returned.runId, stored.runId);
    assert.deepEqual(newOnes(returned), ['cart'], 'what the first try called new is new for its retry');
    const [message] = await service.ops.take();
    assert.match(String(message?.Subject), /1 new/);
    assert.equal((await service.leads.take()).length, 1);
    assert.equal((await service.keys('reports/')).length, before.length + 2, 'one report, as JSON and as page');
    await again(event);
  });

  test('between two receivers: the retry tells the second, and the first nothing more', async () => {
    await plantAnother('mail');
    const event = nextEvent();
    const marks = () => service.aws.requests.filter(s3('PUT', state)).length;
    const before = marks();
    const planted = service.aws.plant({ when: publishTo('leads') }, silent);
    const running = await service.start();
    const killed = assert.rejects(running.invoke(event));
    // The other topic and the bus are told, and marked, while this one hangs.
    await until(() => planted.struck.length > 0 && marks() >= before + 2);
    await sleep(200);
    await running.stop();
    await killed;
    planted.remove();
    assert.deepEqual(await told(), { ops: 1, leads: 0 });
    const { publishers } = await again(event);
    assert.deepEqual(await told(), { ops: 0, leads: 1 });
    assert.equal(publishers.filter(({ detail }) => detail === 'this run had already sent it').length, 2, JSON.stringify(publishers));
  });

  test('after SNS took it and before the mark: this one duplicate cannot be avoided, since SNS and S3 share no transaction', async () => {
    await plantAnother('stock');
    const event = nextEvent();
    await killedAt(event, service.aws.plant({ when: s3('PUT', state) }, silent));
    assert.deepEqual(await told(), { ops: 1, leads: 1 });
    await again(event);
    assert.deepEqual(await told(), { ops: 1, leads: 1 }, 'again, and then never more');
    await again(event);
  });

  test('and the window for it is as small as it can be: nothing is asked between the message and its mark', async () => {
    await plantAnother('blog');
    const begun = service.aws.requests.length;
    await again(nextEvent());
    const requests = service.aws.requests.slice(begun);
    const message = requests.findIndex((asked) => publishTo()(asked) || putEvents(asked));
    const mark = requests.findIndex((asked, index) => index > message && s3('PUT', state)(asked));
    const between = requests.slice(message, mark).filter((asked) => !publishTo()(asked) && !putEvents(asked));
    assert.deepEqual(
      between.map(({ method, path }) => `${method} ${path}`),
      [],
    );
    assert.deepEqual(await told(), { ops: 1, leads: 1 });
  });

  test('and never tried again: the next night tells what that one could not, though for it nothing is new', async () => {
    await plantAnother('login');
    await killedAt(
      nextEvent(),
      service.aws.plant({ when: publishTo('ops') }, silent),
      service.aws.plant({ when: publishTo('leads') }, silent),
    );
    const returned = await again(nextEvent());
    assert.deepEqual(newOnes(returned), []);
    const [message] = await service.ops.take();
    assert.match(String(message?.Message), /login/);
    assert.equal((await service.leads.take()).length, 1);
    await again(nextEvent());
  });
});
