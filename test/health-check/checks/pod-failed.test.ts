import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/pod-failed.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, condition, controlledBy, cronJob, job, ofReplicaSet, pod, replicaSet, runningContainer, terminated } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const evicted = (name: string, startTime = ago({ hours: 3 })) =>
  pod({
    name,
    metadata: ofReplicaSet(),
    status: {
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: memory.',
      startTime,
      conditions: null,
      containerStatuses: null,
    },
  });
const tryOf = (jobName: string, name: string) =>
  pod({
    name,
    metadata: { ownerReferences: [controlledBy('Job', jobName)] },
    status: { phase: 'Failed', conditions: [], containerStatuses: [runningContainer('app', { ready: false, state: terminated(2, 60) })] },
  });
const ofCronJob = (name: string, status: object, created = ago({ hours: 2 })) =>
  job({ name, metadata: { creationTimestamp: created, ownerReferences: [controlledBy('CronJob', 'backup')] }, status: { ...status } });
const gaveUp = { failed: 7, conditions: [condition('Failed', 'True', ago({ minutes: 50 }), { reason: 'BackoffLimitExceeded' })] };
const succeeded = { succeeded: 1, conditions: [condition('Complete', 'True', ago({ minutes: 10 }))] };

describe('pod-failed', () => {
  test('evicted pods are one finding of their Deployment, linked to their nodes', async () => {
    const { findings, links } = await runCheck(check, { objects: [evicted('web-5d8f-aaaaa'), evicted('web-5d8f-bbbbb'), replicaSet()] });
    assert.deepEqual(
      findings.map(({ object, subject, severity, message, members }) => [object.kind, subject, severity, message, members?.length]),
      [['Deployment', 'Evicted', 'warning', 'evicted by its node: The node was low on resource: memory', 2]],
    );
    assert.deepEqual(
      links.filter(({ cause }) => cause.kind === 'Node').map(({ effect }) => effect.name),
      ['web-5d8f-aaaaa', 'web-5d8f-bbbbb'],
    );
  });

  test('a bare pod that failed is told with its exit code', async () => {
    const bare = pod({
      status: { phase: 'Failed', conditions: [], containerStatuses: [runningContainer('app', { state: terminated(2, 60) })] },
    });
    const finding = await theFinding(check, { objects: [bare] });
    assert.equal(finding.message, 'failed: container app ended with exit code 2');
    assert.equal(finding.object.kind, 'Pod');
  });

  test('a node’s planned end is only noted', async () => {
    const shutdown = pod({
      status: {
        phase: 'Failed',
        reason: 'Terminated',
        message: 'Pod was terminated in response to imminent node shutdown.',
        startTime: ago({ hours: 1 }),
        containerStatuses: null,
      },
    });
    assert.equal((await theFinding(check, { objects: [shutdown] })).severity, 'info');
  });

  test('a Job that gave up is one finding of its CronJob', async () => {
    const objects = [ofCronJob('backup-1', gaveUp), tryOf('backup-1', 'backup-1-aaaaa'), tryOf('backup-1', 'backup-1-bbbbb')];
    const finding = await theFinding(check, { objects });
    assert.deepEqual([finding.object.kind, finding.object.name, finding.subject], ['CronJob', 'backup', 'JobFailed']);
    assert.equal(finding.message, 'job backup-1 gave up (BackoffLimitExceeded): its pod failed: container app ended with exit code 2');
    assert.equal(finding.severity, 'warning');
  });

  test('tries of a Job that succeeded in the end, or still tries, are no fault', async () => {
    await assertSilent(check, { objects: [job({ name: 'backup-1', status: succeeded }), tryOf('backup-1', 'a')] });
    await assertSilent(check, { objects: [job({ name: 'backup-1', status: { active: 1, failed: 2 } }), tryOf('backup-1', 'a')] });
    await assertSilent(check, { objects: [tryOf('gone', 'a')] });
  });

  test('a later run of the CronJob that succeeded makes it good; an earlier one does not', async () => {
    const failed = [ofCronJob('backup-1', gaveUp), tryOf('backup-1', 'a')];
    await assertSilent(check, { objects: [...failed, ofCronJob('backup-2', succeeded, ago({ minutes: 20 }))] });
    await theFinding(check, { objects: [...failed, ofCronJob('backup-0', succeeded, ago({ hours: 5 }))] });
  });

  test('what failed before the window, and what succeeded, is left alone', async () => {
    await assertSilent(check, { objects: [evicted('old', ago({ hours: 25 })), pod({ status: { phase: 'Succeeded' } }), pod()] });
  });

  test('a Job that gave up is told also when none of its pods is left, as at its deadline', async () => {
    const deadline = condition('Failed', 'True', ago({ hours: 3 }), {
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline',
    });
    const objects = [ofCronJob('backup-1', { failed: 1, conditions: [deadline] })];
    const finding = await theFinding(check, { objects });
    assert.deepEqual([finding.object.kind, finding.object.name, finding.subject], ['CronJob', 'backup', 'JobFailed']);
    assert.equal(finding.message, 'job backup-1 gave up (DeadlineExceeded): Job was active longer than specified deadline');
    assert.equal(finding.remedy, 'kubectl -n shop describe job backup-1');
    const bare = job({ name: 'once', status: { conditions: [deadline] } });
    assert.equal((await theFinding(check, { objects: [bare] })).object.kind, 'Job');
  });

  test('two failed runs of one CronJob are one finding, in which the newest speaks', async () => {
    const at = (time: string) => ({ conditions: [condition('Failed', 'True', time, { reason: 'BackoffLimitExceeded' })] });
    const objects = [
      ofCronJob('backup-1', at(ago({ hours: 5 })), ago({ hours: 6 })),
      ofCronJob('backup-2', at(ago({ hours: 1 })), ago({ hours: 2 })),
      tryOf('backup-1', 'backup-1-aaaaa'),
    ];
    const finding = await theFinding(check, { objects });
    assert.match(finding.message, /^job backup-2 gave up/);
    assert.equal(finding.startedAt, ago({ hours: 5 }));
  });

  test('a weekly run that failed stays a finding until one succeeds, unless its CronJob is suspended or gone', async () => {
    const failed = ofCronJob(
      'backup-1',
      { conditions: [condition('Failed', 'True', ago({ days: 3 }), { reason: 'BackoffLimitExceeded' })] },
      ago({ days: 3 }),
    );
    const backup = (spec: object = {}, status: object = {}) => cronJob({ name: 'backup', spec: { ...spec }, status: { ...status } });
    await theFinding(check, { objects: [failed, backup()] });
    await assertSilent(check, { objects: [failed] });
    await assertSilent(check, { objects: [failed, backup({ suspend: true })] });
    // Its history may keep no Job that succeeded (successfulJobsHistoryLimit 0).
    await assertSilent(check, { objects: [failed, backup({}, { lastSuccessfulTime: ago({ days: 2 }) })] });
    await theFinding(check, { objects: [failed, backup({}, { lastSuccessfulTime: ago({ days: 4 }) })] });
  });

  test('a later run that succeeded while an earlier one still tried makes it good', async () => {
    const slow = ofCronJob('backup-1', gaveUp, ago({ hours: 3 }));
    await assertSilent(check, { objects: [slow, ofCronJob('backup-2', succeeded, ago({ hours: 2 }))] });
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      evicted('a'),
      ofCronJob('backup-1', gaveUp),
      tryOf('backup-1', 'b'),
      ofCronJob('backup-2', succeeded),
      replicaSet(),
    ]));
});
