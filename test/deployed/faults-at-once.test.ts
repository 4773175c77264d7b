/** Several runs at once, and a fan-out of which the bus takes only a part. */
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { reportSchema } from '../../functions/report/model.ts';
import type { ReturnValue } from '../../functions/report/return-value.ts';
import type { Started } from '../../functions/runtime/fan-out.ts';
import { runIdOf } from '../../functions/runtime/run-id.ts';
import type { Fault } from '../control-plane/parts/faulty-proxy.ts';
import { type FaultyService, putEvents, s3Refusal, startFaultyService } from './parts/faulty-service.ts';
import type { RunningFunction } from './parts/runtime-client.ts';

const more = Array.from({ length: 499 }, (_, index) => `edge-${String(index).padStart(3, '0')}`);
const all = ['prod', ...more];

interface Entry {
  readonly EventId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

interface Detail {
  readonly cluster: string;
  readonly executionId: string;
}
const detailsOf = (body: string): Detail[] => JSON.parse(body).Entries.map(({ Detail }: { readonly Detail: string }) => JSON.parse(Detail));

/**
 * The bus takes of each call only the entries that `isTaken` lets through; the others fail in the answer, as EventBridge tells it. What it took
 * is added to `taken`.
 */
const partly =
  (isTaken: (cluster: string) => boolean, taken: Detail[]): Fault =>
  async ({ asked, response, ask }) => {
    const details = detailsOf(asked.body);
    const through = details.map(({ cluster }) => isTaken(cluster));
    const entries = (JSON.parse(asked.body).Entries as unknown[]).filter((_, index) => through[index]);
    const upstream = entries.length > 0 ? await ask({}, JSON.stringify({ Entries: entries })) : undefined;
    const answers: Entry[] = upstream ? JSON.parse(upstream.body.toString('utf8')).Entries : [];
    const answer = through.map(
      (ok): Entry => (ok && answers.shift()) || { ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' },
    );
    taken.push(...details.filter((_, index) => answer[index]?.EventId));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify({ FailedEntryCount: answer.filter(({ ErrorCode }) => ErrorCode).length, Entries: answer }));
  };

describe('at once', { timeout: 240_000 }, () => {
  let service: FaultyService;
  let running: RunningFunction;
  before(async () => {
    service = await startFaultyService(more);
    running = await service.start();
  });
  after(() => service?.stop());

  describe('a fan-out to 500 clusters', () => {
    const clustersOf = (details: readonly Detail[]) => details.map(({ cluster }) => cluster).toSorted();
    const runsOf = (executionId: string) => all.map((cluster) => ({ cluster, runId: runIdOf(executionId, cluster, 'health-check') }));
    const byCluster = (one: { readonly cluster: string }, other: { readonly cluster: string }) => (one.cluster < other.cluster ? -1 : 1);
    const inOrder = (runs: Started['started']) => runs.toSorted(byCluster);

    const onBus = (t: TestContext, isTaken: (cluster: string) => boolean) => {
      const taken: Detail[] = [];
      const planted = service.aws.plant({ when: putEvents }, partly(isTaken, taken));
      t.after(planted.remove);
      return { taken, planted };
    };

    test('PutEvents fails for some entries: only those are sent again, and each cluster is started once', async (t) => {
      const failures = new Map<string, number>();
      const { taken, planted } = onBus(t, (cluster) => {
        const before = failures.get(cluster) ?? 0;
        // Every seventh once, every fiftieth twice.
        const number = Number(/\d+$/.exec(cluster)?.[0] ?? 1);
        const isTaken = before >= (number % 50 === 0 ? 2 : number % 7 === 0 ? 1 : 0);
        if (!isTaken) failures.set(cluster, before + 1);
        return isTaken;
      });
      const { response, error } = await running.invoke({ executionId: 'some' });
      assert.equal(error, undefined, error?.errorMessage);
      assert.ok(failures.size > 70);
      assert.deepEqual(inOrder((response as Started).started), inOrder(runsOf('some')));
      assert.deepEqual(clustersOf(taken), all.toSorted());
      const sent = Map.groupBy(
        planted.struck.flatMap(({ body }) => detailsOf(body)),
        ({ cluster }) => cluster,
      );
      for (const cluster of all) assert.equal(sent.get(cluster)?.length, 1 + (failures.get(cluster) ?? 0), cluster);
    });

    test('and some to the end: the error names them, all others are started, and a retry starts the very same runs', async (t) => {
      const never = new Set(['edge-007', 'edge-123', 'edge-498']);
      const first = onBus(t, (cluster) => !never.has(cluster));
      const { error } = await running.invoke({ executionId: 'ends' });
      assert.equal(error?.errorType, 'ClustersNotStarted');
      assert.match(
        error?.errorMessage ?? '',
        /3 of 500 clusters could not be started: edge-007, edge-123, edge-498 \(ThrottlingException: Rate exceeded/,
      );
      assert.deepEqual(clustersOf(first.taken), all.filter((cluster) => !never.has(cluster)).toSorted());
      first.planted.remove();
      const second = onBus(t, () => true);
      const { response } = await running.invoke({ executionId: 'ends' });
      assert.deepEqual(inOrder((response as Started).started), inOrder(runsOf('ends')));
      assert.deepEqual(clustersOf(second.taken), all.toSorted());
      assert.deepEqual(new Set([...first.taken, ...second.taken].map(({ executionId }) => executionId)), new Set(['ends']));
    });

    test('a call that fails as a whole keeps no later one from being sent', async (t) => {
      const refused = service.aws.plant(
        { when: (asked) => putEvents(asked) && asked.body.includes('edge-004') },
        s3Refusal(400, 'AccessDeniedException', 'no'),
      );
      t.after(refused.remove);
      const { taken } = onBus(t, () => true);
      const { error } = await running.invoke({ executionId: 'call' });
      assert.match(error?.errorMessage ?? '', /10 of 500 clusters could not be started: prod, edge-000/);
      assert.equal(taken.length, 490);
    });
  });

  describe('runs of one cluster', () => {
    test('of different nights at once: the newest is the latest, whole, and every marked delivery is kept', async (t) => {
      const others = await Promise.all([service.start(), service.start(), service.start()]);
      t.after(() => Promise.all(others.map((each) => each.stop())));
      const processes = [running, ...others];
      for (let round = 0; round < 3; round += 1) {
        const times = processes.map((_, index) => `2026-11-${10 + round}T06:0${index}:00Z`);
        const newestFirst = round % 2 === 0 ? times.toReversed() : times;
        const invocations = await Promise.all(
          processes.map((each, index) =>
            each.invoke({ cluster: 'prod', executionId: `${round}-${index}`, scheduledTime: newestFirst[index] }),
          ),
        );
        const returned = invocations.map(({ response, error }) => {
          assert.equal(error, undefined, error?.errorMessage);
          return response as ReturnValue;
        });
        const newest = returned[newestFirst.indexOf(times.at(-1) ?? '')];
        const latest = reportSchema.parse(JSON.parse((await service.read('reports/prod/health-check/latest.json')) ?? ''));
        assert.equal(latest.runId, newest?.runId);
        assert.match(
          (await service.read('reports/prod/health-check/latest.html')) ?? '',
          new RegExp(`nightshift:time" content="${new Date(times.at(-1) ?? '').toISOString()}`),
        );
        for (const { report, publishers } of returned) {
          reportSchema.parse(JSON.parse((await service.read(report.json)) ?? ''));
          assert.ok(
            publishers.every(({ ok }) => ok),
            JSON.stringify(publishers),
          );
        }
        const { notified }: { notified: string[] } = JSON.parse((await service.read('state/prod/health-check.json')) ?? '');
        for (const { runId } of returned)
          assert.ok(
            notified.some((mark) => mark.startsWith(`${runId} `) && mark.includes('event-bus')),
            `${round}: ${runId} is marked`,
          );
      }
      const told = (await service.ops.take()).length;
      assert.ok(told >= 1, 'what is new was told');
    });

    test('of the same event at once, as a duplicate of the bus: one report', async (t) => {
      const other = await service.start();
      t.after(() => other.stop());
      const before = await service.keys('reports/prod/');
      const event = { cluster: 'prod', executionId: 'twice', scheduledTime: '2026-11-20T06:00:00Z' };
      const invocations = await Promise.all([running, other].map((each) => each.invoke(event)));
      const [one, two] = invocations.map(({ response }) => response as ReturnValue);
      assert.equal(one?.runId, two?.runId);
      assert.equal(one?.report.json, two?.report.json);
      assert.equal((await service.keys('reports/prod/')).length, before.length + 2);
      assert.equal(reportSchema.parse(JSON.parse((await service.read('reports/prod/health-check/latest.json')) ?? '')).runId, one?.runId);
    });
  });
});
