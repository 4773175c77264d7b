/**
 * The cleanup, deployed: plan by the rights to read, apply by hand, lock in DynamoDB, freeze by SSM, journal in S3, what a schedule may do unasked, an
 * invocation that runs out of time and the next that goes on, undo. The deployed bundle before a real API server with its controllers.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Report } from '../../functions/report/model.ts';
import { makeJobs } from '../control-plane/cleanup/rule-objects.ts';
import { expectGood } from '../control-plane/parts/api-client.ts';
import { type CleanupScene, deletesTaken, letDeleteConfigMaps, makeMaps, startCleanupScene } from './parts/cleanup-scene.ts';

const many = 120;
const read = { kubeconfig: { secret: 'clusters/reader' } };
const write = { kubeconfig: { ssm: '/clusters/writer' } };
const oldMaps = (namespace: string) => ({
  id: 'old-maps',
  resource: { version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
  namespaces: [namespace],
  selector: 'temporary=yes',
  when: "object.data['keep'] == 'no'",
  minimumAgeHours: 24,
  action: 'delete',
  reason: 'is temporary',
});

/** Four names for the same cluster: what is written to by hand, read alone, by a schedule, slowly. */
const configuration = {
  clusters: {
    prod: { ...read, write },
    look: read,
    auto: { ...read, write, options: { cleanup: { rules: [oldMaps('auto')], apply: { rules: ['old-maps'], observedRuns: 1 } } } },
    slow: { ...read, write, options: { cleanup: { rules: [oldMaps('slow')], guards: { writesPerSecond: 6 } } } },
  },
  options: {
    cleanup: {
      checks: { 'finished-jobs': { minimumAgeHours: 0 }, 'terminated-pods': { enabled: false } },
      guards: { limits: { percent: 100 } },
    },
  },
  schedules: [{ operation: 'cleanup', clusters: ['auto'], cron: '0 2 * * ? *', with: { applyPermitted: true } }],
  notify: [{ topic: 'create' }],
};

const planned = ({ actions }: Report) => actions.flatMap(({ state, object }) => (state === 'planned' ? [object.name] : []));
const results = ({ actions }: Report) => actions.flatMap(({ object, outcome }) => (outcome ? [`${object.name} ${outcome.result}`] : []));

describe('the cleanup, deployed', { timeout: 900_000 }, () => {
  let scene: CleanupScene;
  before(async () => {
    scene = await startCleanupScene(configuration);
    for (const file of ['base/rbac', 'write/base', 'write/finished-jobs', 'write/undo'])
      await scene.applyFile(`infra/in-cluster/${file}.yaml`);
    await letDeleteConfigMaps(scene);
    await makeJobs(scene.plane);
  });
  after(() => scene?.stop());

  const names = async (path: string): Promise<readonly string[]> => {
    const { items } = expectGood(path, await scene.plane.request('GET', path)) as { items: readonly { metadata: { name: string } }[] };
    return items.map(({ metadata }) => metadata.name).toSorted();
  };
  const jobs = () => names('/apis/batch/v1/namespaces/work/jobs');
  const maps = (namespace: string) => names(`/api/v1/namespaces/${namespace}/configmaps?labelSelector=temporary`);
  const told = async () => (await scene.notified.take()).map(({ Subject, Message }) => `${Subject}\n${Message}`);
  let plan = '';
  let journal = '';

  describe('by hand', () => {
    test('a plan is made with the rights to read alone, and says that nothing could be applied', async () => {
      const before = await jobs();
      const { returned, report } = await scene.run({ cluster: 'look', plan: true });
      assert.deepEqual(planned(report), ['done', 'done-5'], JSON.stringify(report.actions, undefined, 1));
      assert.match(JSON.stringify(returned.plan?.lacks), /nothing says how to write to look/);
      assert.match(await scene.refused({ cluster: 'look', apply: returned.plan?.id }), /nothing says how to write to look/);
      assert.deepEqual(await jobs(), before);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 0);
      await told();
    });

    test('the plan of a cluster that may be written to: stored, shown, told, and nothing is written', async () => {
      const { returned, report, html } = await scene.run({ cluster: 'prod', plan: true });
      plan = returned.plan?.id ?? '';
      assert.match(plan, /^\d{8}T\d{6}Z-[0-9a-f]{16}$/);
      assert.equal(report.plan?.lacks, undefined, JSON.stringify(report.plan?.lacks));
      assert.match(report.summary.text, /^2 to delete, /);
      assert.deepEqual(returned.next, [{ what: 'Apply this plan', event: JSON.stringify({ cluster: 'prod', apply: plan }) }]);
      assert.ok(html.includes(`--apply ${plan}`));
      const stored = (await scene.bucket.keys('plans/prod/')).filter((key) => key.includes(plan));
      assert.equal(stored.length, 1);
      assert.equal((await scene.bucket.object(stored[0] ?? '')).encryption, 'aws:kms');
      const messages = await told();
      assert.equal(messages.length, 1, messages.join('\n\n'));
      assert.ok(messages[0]?.includes(plan), messages[0]);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 0);
    });

    test('while another run writes to the cluster it is not applied, and who that is is said', async () => {
      await scene.takeLock('prod', 'fedcba9876543210', Date.now() + 600_000);
      const { report } = await scene.run({ cluster: 'prod', apply: plan });
      assert.equal(report.journal?.ended, 'refused');
      assert.match(report.journal?.why ?? '', /the run fedcba9876543210 writes to this cluster/);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 0);
      assert.deepEqual(await scene.lock('prod'), { owner: 'fedcba9876543210', version: 41 });
      await scene.takeLock('prod', 'fedcba9876543210', Date.now() - 1);
      await told();
    });

    test('while the cluster is frozen it is not applied, and the reason is said; the plan stays of use', async () => {
      await scene.freeze('prod', 'incident 4711');
      const { report } = await scene.run({ cluster: 'prod', apply: plan });
      assert.equal(report.journal?.ended, 'refused');
      assert.match(report.journal?.why ?? '', /prod is frozen by \/nightshift\/freeze\/prod: incident 4711/);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 0);
      await scene.freeze('prod', 'off');
      await told();
    });

    test('nobody but a person applies it by its id: no schedule, no message, nothing over the bus that was not begun', async () => {
      const other = (await scene.run({ cluster: 'slow', plan: true })).returned.plan?.id ?? '';
      const apply = { cluster: 'slow', apply: other };
      const schedule = {
        schedule: 'arn:aws:scheduler:eu-central-1:123456789012:schedule/nightshift/x',
        scheduledTime: '2026-11-24T05:00:00Z',
      };
      assert.match(await scene.refused({ ...apply, ...schedule }), /A schedule cannot apply a plan by its id, only a person can/);
      const Sns = { MessageId: 'm-1', Timestamp: '2026-11-24T06:00:00.000Z', Message: JSON.stringify(apply) };
      assert.match(await scene.refused({ Records: [{ EventSource: 'aws:sns', Sns }] }), /A message cannot apply a plan by its id/);
      assert.match(
        await scene.refused({ ...apply, operation: 'cleanup', executionId: 'x' }),
        /was not begun: over the bus a plan is only gone on with/,
      );
      assert.match(await scene.refused({ ...apply, cluster: 'prod' }), /There is no plan .* for prod/);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 0);
      await told();
    });

    test('it is applied: what was planned goes, tried first; the journal is kept, and what undoes it is told', async () => {
      const before = await jobs();
      const { returned, report } = await scene.run({ cluster: 'prod', apply: plan });
      assert.deepEqual(results(report), ['done deleted', 'done-5 deleted']);
      assert.deepEqual([report.journal?.plan, report.journal?.ended], [plan, 'complete'], JSON.stringify(report.journal));
      journal = report.journal?.id ?? '';
      const left = before.filter((name) => name !== 'done' && name !== 'done-5');
      assert.deepEqual(await jobs(), left);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 2 * 2, 'each tried, and written');
      assert.ok(returned.next?.some(({ event }) => event === JSON.stringify({ cluster: 'prod', undo: journal })));
      const messages = await told();
      assert.equal(messages.length, 1, messages.join('\n\n'));
      assert.ok(messages[0]?.includes(journal), messages[0]);
      const lock = await scene.lock('prod');
      assert.equal(lock.owner, undefined);
      assert.ok((lock.version ?? 0) > 41);
    });

    test('the journal: what was there, what was begun, what became of it, each written once and encrypted', async () => {
      const keys = (await scene.bucket.keys('journal/prod/')).filter((key) => key.includes(journal));
      assert.deepEqual(
        keys.map((key) => key.split('/').at(-1)),
        ['batch-0001.json', 'end.json', 'journal.json', 'outcomes-0001.json'],
      );
      for (const key of keys) assert.equal((await scene.bucket.object(key)).encryption, 'aws:kms');
      assert.equal(await scene.bucket.versions('journal/prod/'), keys.length);
      const { manifests } = JSON.parse((await scene.bucket.object(keys.find((key) => key.endsWith('/journal.json')) ?? '')).text);
      const kept = Object.values(manifests as Record<string, { metadata: { name: string }; spec: object }>);
      assert.deepEqual(kept.map(({ metadata }) => metadata.name).toSorted(), ['done', 'done-5']);
      assert.ok(kept.every(({ spec }) => 'template' in spec));
    });

    test('the same event again tells the same and writes nothing, neither to the cluster nor to the journal', async () => {
      const before = await jobs();
      const { report } = await scene.run({ cluster: 'prod', apply: plan });
      assert.deepEqual(results(report), ['done deleted', 'done-5 deleted']);
      assert.equal(report.journal?.id, journal);
      assert.deepEqual(await jobs(), before);
      assert.equal(await deletesTaken(scene.plane, 'jobs'), 2 * 2, 'each tried, and written');
      assert.equal(await scene.bucket.versions('journal/prod/'), 4);
      await told();
    });

    test('undo is planned, and applied as any plan: the Jobs are there again, suspended', async () => {
      const before = await jobs();
      const undo = await scene.run({ cluster: 'prod', undo: journal, restoreJobs: true });
      assert.deepEqual(planned(undo.report), ['done', 'done-5'], JSON.stringify(undo.report.actions));
      assert.equal(undo.report.plan?.undoes, journal);
      assert.deepEqual(await jobs(), before);
      const { report } = await scene.run({ cluster: 'prod', apply: undo.returned.plan?.id });
      assert.deepEqual(results(report), ['done created', 'done-5 created']);
      assert.deepEqual(await jobs(), [...before, 'done', 'done-5'].toSorted());
      const job = expectGood('job', await scene.plane.request('GET', '/apis/batch/v1/namespaces/work/jobs/done')) as {
        spec: { suspend?: boolean };
      };
      assert.equal(job.spec.suspend, true);
      const again = await scene.run({ cluster: 'prod', undo: journal, restoreJobs: true });
      assert.deepEqual(planned(again.report), []);
      await told();
    });
  });

  describe('by a schedule', () => {
    const night = (day: number) => ({
      clusters: ['auto'],
      applyPermitted: true,
      schedule: 'arn:aws:scheduler:eu-central-1:123456789012:schedule/nightshift/cleanup',
      scheduledTime: `2026-11-${day}T02:00:00Z`,
    });
    test('the schedule that is deployed asks for what is permitted', () => {
      const inputs = Object.values(scene.deployment.template.Resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::Scheduler::Schedule' ? [(Properties.Target as { readonly Input?: string }).Input ?? ''] : [],
      );
      const input = JSON.parse(inputs.find((each) => each.includes('applyPermitted')) ?? '{}');
      assert.partialDeepStrictEqual(input, { clusters: ['auto'], applyPermitted: true });
    });

    test('the first night a rule is only observed; the second its plan is applied at once, and no other rule’s', async () => {
      await makeMaps(scene, 'auto', 4);
      const before = await deletesTaken(scene.plane, 'configmaps');
      const first = await scene.run(night(24));
      const held = first.report.actions.filter(({ rule, object }) => rule === 'old-maps' && object.name !== 'young');
      assert.deepEqual(
        [...new Set(held.map(({ heldBy }) => `${heldBy?.guard}: ${heldBy?.because}`))],
        ['not-observed: its rule was observed in 0 of 1 complete run'],
      );
      assert.deepEqual(await maps('auto'), ['kept', 'm-0', 'm-1', 'm-2', 'm-3', 'young']);
      const again = await scene.run(night(24));
      assert.deepEqual(results(again.report), [], 'a retry of the same night is no second one');
      // Of several clusters the function starts one run each, over the bus: what is permitted is asked for there too.
      await scene.start({ ...night(25), clusters: ['auto', 'look'] });
      const requests = (await scene.requested.take()).map(({ detail }) => detail as { readonly cluster: string });
      const second = await scene.run(requests.find(({ cluster }) => cluster === 'auto') ?? assert.fail(JSON.stringify(requests)));
      assert.deepEqual(
        results(second.report),
        ['m-0 deleted', 'm-1 deleted', 'm-2 deleted', 'm-3 deleted'],
        JSON.stringify(second.report.actions),
      );
      assert.equal(second.report.journal?.ended, 'complete');
      assert.deepEqual(await maps('auto'), ['kept', 'young']);
      assert.equal((await deletesTaken(scene.plane, 'configmaps')) - before, 2 * 4);
      await told();
    });
  });

  describe('more than the time suffices for', () => {
    test('what is left is put on the bus, and the next invocation goes on with the same journal, nothing twice', async (t) => {
      await makeMaps(scene, 'slow', many);
      const before = await deletesTaken(scene.plane, 'configmaps');
      const id = (await scene.run({ cluster: 'slow', plan: true })).returned.plan?.id;
      assert.deepEqual(await scene.requested.take(), []);
      const { report } = await scene.runWithin(20_000, { cluster: 'slow', apply: id });
      assert.equal(report.journal?.ended, 'interrupted', JSON.stringify(report.journal));
      const left = await maps('slow');
      t.diagnostic(`${left.length - 2} of ${many} were left`);
      assert.ok(left.length > 2 && left.length < many, `${left.length}`);
      assert.equal((await scene.lock('slow')).owner, undefined);
      const [request, ...more] = await scene.requested.take();
      assert.deepEqual(more, []);
      const detail = (request?.detail ?? {}) as Record<string, unknown>;
      assert.partialDeepStrictEqual(detail, { operation: 'cleanup', cluster: 'slow', apply: id });
      const rest = await scene.run(detail);
      assert.deepEqual(
        [rest.report.journal?.id, rest.report.journal?.ended],
        [report.journal?.id, 'complete'],
        JSON.stringify(rest.report.journal),
      );
      assert.deepEqual(await maps('slow'), ['kept', 'young']);
      assert.deepEqual(results(rest.report).toSorted(), Array.from({ length: many }, (_, index) => `m-${index} deleted`).toSorted());
      assert.equal((await deletesTaken(scene.plane, 'configmaps')) - before, 2 * many, 'each tried once and written once');
      assert.deepEqual(await scene.requested.take(), [], 'it is over');
      const keys = await scene.bucket.keys('journal/slow/');
      assert.equal(await scene.bucket.versions('journal/slow/'), keys.length, 'no part of a journal is written twice');
      await told();
    });
  });

  test('neither logs nor what is kept hold a token', async () => {
    const keys = (await Promise.all(['reports/', 'plans/', 'journal/', 'state/'].map((prefix) => scene.bucket.keys(prefix)))).flat();
    assert.ok(keys.length > 20);
    const texts = await Promise.all(keys.map(async (key) => (await scene.bucket.object(key)).text));
    for (const text of [scene.logs(), ...texts])
      for (const user of ['night', 'shift', 'admin'])
        assert.ok(!text.includes(user === 'admin' ? scene.plane.adminToken : scene.plane.token(user)));
  });
});
