import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import rule from '../../../functions/cleanup/rules/finished-jobs.ts';
import fc from '../../fuzz.ts';
import { ago, condition, controlledBy, job } from '../../health-check/objects.ts';
import { askAgain, namesProposed, runRule, stored, theProposal } from './run-rule.ts';

type Fields = Readonly<Record<string, unknown>>;
const complete = (days: number) => [
  condition('SuccessCriteriaMet', 'True', ago({ days }), { reason: 'CompletionsReached' }),
  condition('Complete', 'True', ago({ days }), { reason: 'CompletionsReached' }),
];
const failed = (days: number) => [condition('Failed', 'True', ago({ days }), { reason: 'BackoffLimitExceeded' })];

const finished = (name: string, spec: Fields = {}, metadata: Fields = {}, status: Fields = {}) =>
  stored(job({ name, spec, metadata, status: { succeeded: 1, conditions: complete(3), startTime: ago({ days: 4 }), ...status } }));

const ofCronJob = (name = 'backup') => ({ ownerReferences: [controlledBy('CronJob', name)] });
const cronJob = (spec: Fields = {}, name = 'backup', uid = `uid-CronJob-shop-${name}`) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name, namespace: 'shop', uid },
  spec: { successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1, ...spec },
});
/** Runs of one CronJob, `run-1` the newest: one a day. */
const runs = (count: number, outcome: (days: number) => object[] = complete, name = 'run') =>
  Array.from({ length: count }, (_, index) =>
    finished(`${name}-${index + 1}`, {}, ofCronJob(), { conditions: outcome(index + 1), startTime: ago({ days: index + 1, hours: 1 }) }),
  );

describe('what goes', () => {
  test('a Job that completed, with what it rests on', async () => {
    const proposal = await theProposal(rule, { objects: [finished('done', {}, { labels: { app: 'x' } }, { succeeded: 5, failed: 2 })] });
    assert.deepEqual(proposal.object, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      namespace: 'shop',
      name: 'done',
      uid: 'uid-Job-shop-done',
      resourceVersion: '7',
    });
    assert.equal(proposal.reason, 'finished 3 days ago (Complete)');
    assert.equal(proposal.since, Date.parse(ago({ days: 3 })));
    assert.deepEqual(proposal.facts, { outcome: 'Complete', finishedAt: ago({ days: 3 }), podsSucceeded: 5, podsFailed: 2 });
    assert.equal(proposal.risk, 'low');
    assert.match(proposal.lost?.join() ?? '', /logs/);
    assert.deepEqual(proposal.metadata, { namespace: 'shop', labels: { app: 'x' } });
    assert.equal(rule.propagationPolicy, 'Background');
  });

  test('one that failed, after 7 days', async () => {
    const objects = [3, 6.9, 7.1].map((days) => finished(`failed-${days}`, {}, {}, { conditions: failed(days) }));
    const { proposals } = await runRule(rule, { objects });
    assert.deepEqual(
      proposals.map(({ object, reason }) => [object.name, reason]),
      [['failed-7.1', 'failed 7 days ago (BackoffLimitExceeded)']],
    );
    assert.deepEqual(await namesProposed(rule, { objects, options: { failedMinimumAgeHours: 24 } }), [
      'failed-3',
      'failed-6.9',
      'failed-7.1',
    ]);
  });

  test('a young one is proposed: its age is the guard’s', async () => {
    const { since } = await theProposal(rule, { objects: [finished('young', {}, {}, { conditions: complete(0) })] });
    assert.equal(since, Date.parse(ago({})));
  });

  test('one whose condition has no time is of no age', async () => {
    const untimed = finished('untimed', {}, {}, { conditions: [{ type: 'Complete', status: 'True' }] });
    assert.equal((await theProposal(rule, { objects: [untimed] })).since, undefined);
    const failedUntimed = finished('untimed', {}, {}, { conditions: [{ type: 'Failed', status: 'True' }] });
    assert.deepEqual(await namesProposed(rule, { objects: [failedUntimed] }), []);
  });

  test('one that the Job controller manages by name', async () => {
    assert.deepEqual(await namesProposed(rule, { objects: [finished('done', { managedBy: 'kubernetes.io/job-controller' })] }), ['done']);
  });
});

/** What looks like it and stays, with the reason that the recheck gives. */
const lookAlikes: readonly (readonly [string, ReturnType<typeof finished>, RegExp])[] = [
  [
    'runs, one of three completions done',
    finished('j', { completions: 3 }, {}, { succeeded: 1, active: 1, conditions: [] }),
    /not finished/,
  ],
  ['criteria met, pods still ending', finished('j', {}, {}, { conditions: [condition('SuccessCriteriaMet', 'True')] }), /not finished/],
  ['about to fail', finished('j', {}, {}, { conditions: [condition('FailureTarget', 'True')] }), /not finished/],
  ['complete is not true', finished('j', {}, {}, { conditions: [condition('Complete', 'False')] }), /not finished/],
  ['complete is unknown', finished('j', {}, {}, { conditions: [condition('Complete', 'Unknown')] }), /not finished/],
  [
    'resumed after it was suspended',
    finished('j', { suspend: false }, {}, { active: 1, conditions: [condition('Suspended', 'False')] }),
    /not finished/,
  ],
  ['suspended', finished('j', { suspend: true }), /suspended/],
  ['the TTL controller’s', finished('j', { ttlSecondsAfterFinished: 3600 }), /ttlSecondsAfterFinished/],
  ['the TTL controller’s at once', finished('j', { ttlSecondsAfterFinished: 0 }), /ttlSecondsAfterFinished/],
  ['managed by Kueue', finished('j', { managedBy: 'kueue.x-k8s.io/multikueue' }), /managed by kueue/],
  ['its pods still run', finished('j', {}, {}, { active: 1 }), /pods that run/],
  ['its pods still end', finished('j', {}, {}, { terminating: 2 }), /pods that run/],
  ['somebody’s finalizer', finished('j', {}, { finalizers: ['example.com/results'] }), /finalizer example/],
  [
    'a Workflow’s',
    finished('j', {}, { ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', name: 'w', uid: 'w' }] }),
    /Workflow w/,
  ],
  [
    'a JobSet’s',
    finished(
      'j',
      {},
      {
        ownerReferences: [{ apiVersion: 'jobset.x-k8s.io/v1alpha2', kind: 'JobSet', name: 's', uid: 's', controller: true }],
      },
    ),
    /JobSet s/,
  ],
  [
    'another group’s CronJob’s',
    finished('j', {}, { ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'CronJob', name: 'c', uid: 'c', controller: true }] }),
    /CronJob c/,
  ],
  [
    'a CronJob’s that does not control it',
    finished('j', {}, { ownerReferences: [{ ...controlledBy('CronJob', 'backup'), controller: false }] }),
    /CronJob backup/,
  ],
  [
    'a CronJob’s and somebody else’s',
    finished(
      'j',
      {},
      {
        ownerReferences: [controlledBy('CronJob', 'backup'), { apiVersion: 'v1', kind: 'ConfigMap', name: 'm', uid: 'm' }],
      },
    ),
    /it belongs to/,
  ],
];

describe('what stays', () => {
  for (const [what, lookAlike, because] of lookAlikes) {
    test(what, async () => {
      const objects = [lookAlike, finished('other'), cronJob({ successfulJobsHistoryLimit: 0 })];
      assert.deepEqual(await namesProposed(rule, { objects }), ['other']);
      assert.match((await askAgain(rule, lookAlike)) ?? 'still holds', because);
    });
  }

  test('nothing is proposed of half a list of Jobs', async () => {
    const endings = { jobs: { state: 'failed', reason: 'timeout', message: 'no answer', remedy: 'wait' } } as const;
    const { proposals, end } = await runRule(rule, { objects: [finished('done')], endings });
    assert.deepEqual([proposals, end.outcome], [[], 'incomplete']);
  });
});

describe('a CronJob’s history', () => {
  test('the newest three that completed stay, by their start', async () => {
    const { proposals } = await runRule(rule, { objects: [...runs(5), cronJob()] });
    assert.deepEqual(
      proposals.map(({ object, reason, facts }) => [object.name, reason, facts.cronJob, facts.keptByCronJob]),
      [
        ['run-4', 'finished 4 days ago (Complete), beyond the 3 that CronJob backup keeps', 'backup', 3],
        ['run-5', 'finished 5 days ago (Complete), beyond the 3 that CronJob backup keeps', 'backup', 3],
      ],
    );
  });

  test('by their start and not by their finish or creation', async () => {
    const late = finished('first-started', {}, ofCronJob(), { conditions: complete(0), startTime: ago({ days: 90 }) });
    assert.deepEqual(await namesProposed(rule, { objects: [late, ...runs(3), cronJob()] }), ['first-started']);
  });

  test('of equal starts the later name is the newer, and one without a start is the newest', async () => {
    const at = (name: string, startTime?: string) => finished(name, {}, ofCronJob(), startTime ? { startTime } : { startTime: null });
    const objects = [at('a', ago({ days: 1 })), at('b', ago({ days: 1 })), at('c'), cronJob({ successfulJobsHistoryLimit: 2 })];
    assert.deepEqual(await namesProposed(rule, { objects }), ['a']);
  });

  test('limits of its own, and those of the API where it has none', async () => {
    assert.deepEqual(await namesProposed(rule, { objects: [...runs(3), cronJob({ successfulJobsHistoryLimit: 1 })] }), ['run-2', 'run-3']);
    assert.deepEqual(await namesProposed(rule, { objects: [...runs(2), cronJob({ successfulJobsHistoryLimit: 0 })] }), ['run-1', 'run-2']);
    const none = cronJob({ successfulJobsHistoryLimit: null, failedJobsHistoryLimit: null });
    assert.deepEqual(await namesProposed(rule, { objects: [...runs(4), none] }), ['run-4']);
  });

  test('its last failure stays, even where it keeps none', async () => {
    const old = (days: number) => failed(days + 30);
    const objects = [...runs(3, old, 'bad'), ...runs(1), cronJob({ failedJobsHistoryLimit: 0 })];
    assert.deepEqual(await namesProposed(rule, { objects }), ['bad-2', 'bad-3']);
  });

  test('one that stays for a reason of its own is part of what is kept', async () => {
    const young = runs(1, failed, 'young');
    const old = runs(1, (days) => failed(days + 30), 'old').map((each) => ({
      ...each,
      status: { ...each.status, startTime: ago({ days: 31 }) },
    }));
    assert.deepEqual(await namesProposed(rule, { objects: [...young, ...old, cronJob()] }), ['old-1']);
  });

  test('those that complete and those that fail are counted apart; running ones not at all', async () => {
    const running = Array.from({ length: 3 }, (_, index) =>
      finished(`now-${index}`, {}, ofCronJob(), { conditions: [], startTime: ago({ hours: index }) }),
    );
    const objects = [...runs(3), ...runs(1, () => failed(30), 'bad'), ...running, cronJob()];
    assert.deepEqual(await namesProposed(rule, { objects }), []);
  });

  test('one that goes already takes nobody’s place', async () => {
    const [first, ...others] = runs(4);
    const going = { ...first, metadata: { ...first?.metadata, deletionTimestamp: ago({ minutes: 1 }) } };
    assert.deepEqual(await namesProposed(rule, { objects: [going, ...others, cronJob()] }), []);
  });

  test('another CronJob’s runs do not count, nor those of one of the same name elsewhere', async () => {
    const mine = runs(3);
    const foreign = runs(3).map((each) => ({
      ...each,
      metadata: { ...each.metadata, namespace: 'other', name: `o-${each.metadata.name}` },
    }));
    assert.deepEqual(await namesProposed(rule, { objects: [...mine, ...foreign, cronJob()] }), []);
  });

  test('without its CronJob its runs stay: gone, of another uid, or not readable', async () => {
    const history = [...runs(5), finished('other')];
    const nobody = cronJob({}, 'nobody');
    assert.deepEqual(await namesProposed(rule, { objects: [...history, nobody] }), ['other']);
    assert.deepEqual(await namesProposed(rule, { objects: [...history, cronJob({}, 'backup', 'made-again')] }), ['other']);
    for (const ending of [
      { state: 'failed', reason: 'forbidden', message: 'no', remedy: 'grant' },
      { state: 'absent', reason: 'not served' },
    ] as const)
      assert.deepEqual(await namesProposed(rule, { objects: [...history, cronJob()], endings: { cronjobs: ending } }), ['other']);
  });
});

describe('asked again', () => {
  test('it still holds', async () => {
    assert.equal(await askAgain(rule, finished('done')), undefined);
    assert.equal(await askAgain(rule, finished('done', {}, {}, { conditions: failed(8) })), undefined);
  });

  test('a failed one is younger than the options want', async () => {
    const fresh = finished('done', {}, {}, { conditions: failed(8) });
    assert.match((await askAgain(rule, fresh, { options: { failedMinimumAgeHours: 240 } })) ?? '', /240 hours/);
  });

  test('its CronJob is the same, gone, made again, or not to be had', async () => {
    const [fresh] = runs(1);
    assert.equal(await askAgain(rule, fresh, { live: [cronJob()] }), undefined);
    assert.equal(await askAgain(rule, fresh, { live: [] }), undefined);
    assert.match((await askAgain(rule, fresh, { live: [cronJob({}, 'backup', 'made-again')] })) ?? '', /another CronJob/);
    await assert.rejects(askAgain(rule, fresh, { error: new Error('403') }), /403/);
  });

  test('what is no Job stays', async () => {
    const { apiVersion: _, ...versionless } = finished('j');
    const odd = [
      undefined,
      null,
      'Job',
      {},
      { kind: 'Job', apiVersion: 'batch/v1' },
      { ...finished('j'), kind: 'Pod' },
      { ...finished('j'), apiVersion: 'batch.volcano.sh/v1' },
      versionless,
      { ...finished('j'), metadata: { ownerReferences: 'none' } },
      { ...finished('j'), status: 'Complete' },
    ];
    for (const each of odd) assert.match((await askAgain(rule, each)) ?? 'still holds', /not as expected/, JSON.stringify(each));
  });
});

test('the order of objects changes nothing, and every CronJob keeps what it wants to', async () => {
  const shape = fc.record({
    cronJob: fc.constantFrom('a', 'b', undefined),
    failed: fc.boolean(),
    startedDaysAgo: fc.integer({ min: 0, max: 12 }),
    running: fc.boolean(),
  });
  const scenario = fc.array(shape, { maxLength: 24 }).chain((shapes) => {
    const objects = [
      cronJob({}, 'a'),
      cronJob({ successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 2 }, 'b'),
      ...shapes.map(({ cronJob: owner, failed: hasFailed, startedDaysAgo: days, running }, index) =>
        finished(`job-${index}`, {}, owner ? ofCronJob(owner) : {}, {
          conditions: running ? [] : hasFailed ? failed(days) : complete(days),
          startTime: ago({ days, hours: 1 }),
        }),
      ),
    ];
    return fc.record({
      objects: fc.constant(objects),
      shuffled: fc.shuffledSubarray(objects, { minLength: objects.length, maxLength: objects.length }),
      shapes: fc.constant(shapes),
    });
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ objects, shuffled, shapes }) => {
      const { proposals } = await runRule(rule, { objects, options: { failedMinimumAgeHours: 0 } });
      assert.deepEqual(
        (await runRule(rule, { objects: shuffled, pageSize: 3, options: { failedMinimumAgeHours: 0 } })).proposals,
        proposals,
      );
      const gone = new Set(proposals.map(({ object }) => object.name));
      for (const [owner, hasFailed, limit] of [
        ['a', false, 3],
        ['a', true, 1],
        ['b', false, 1],
        ['b', true, 2],
      ] as const) {
        const mine = shapes.flatMap((each, index) =>
          each.cronJob === owner && each.failed === hasFailed && !each.running ? [{ ...each, name: `job-${index}` }] : [],
        );
        const left = mine.filter(({ name }) => !gone.has(name));
        assert.equal(left.length, Math.min(limit, mine.length));
        const newestGone = Math.min(...mine.filter(({ name }) => gone.has(name)).map(({ startedDaysAgo }) => startedDaysAgo));
        assert(left.every(({ startedDaysAgo }) => startedDaysAgo <= newestGone));
      }
      for (const [index, { running }] of shapes.entries()) assert(!(running && gone.has(`job-${index}`)));
    }),
    { numRuns: 300 },
  );
});
