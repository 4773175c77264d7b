import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/warning-events.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, controlledBy, event, now, ofReplicaSet, pod, podConditions, replicaSet } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const ofPod = (name: string, fields: object = {}) => event({ ...fields }, { name, uid: `uid-Pod-shop-${name}` });
const podOf = (name: string) => pod({ name, metadata: ofReplicaSet() });

describe('warning-events', () => {
  test('groups by reason and owner: two pods’ events are one finding of their Deployment', async () => {
    const { findings } = await runCheck(check, {
      objects: [
        ofPod('web-5d8f-aaaaa', { count: 7, lastTimestamp: ago({ minutes: 9 }), message: 'older' }),
        ofPod('web-5d8f-bbbbb', { count: 5, lastTimestamp: ago({ minutes: 3 }) }),
        ofPod('web-5d8f-bbbbb', { count: 2, reason: 'Unhealthy', message: 'Readiness probe failed: 503' }),
        podOf('web-5d8f-aaaaa'),
        podOf('web-5d8f-bbbbb'),
        replicaSet(),
      ],
    });
    assert.deepEqual(
      findings.map(({ object, subject, severity, message, members }) => [
        object.kind,
        object.name,
        subject,
        severity,
        message,
        members?.length,
      ]),
      [
        ['Deployment', 'web', 'BackOff', 'warning', 'BackOff, 12 times, last 3 minutes ago: Back-off restarting failed container', 2],
        ['Deployment', 'web', 'Unhealthy', 'info', 'Unhealthy, 2 times, last 2 minutes ago: Readiness probe failed: 503', 1],
      ],
    );
  });

  test('tells time and count of events of the new style, whose lastTimestamp is null', async () => {
    const series = { count: 40, lastObservedTime: ago({ minutes: 4 }).replace('Z', '123Z') };
    const fields = { lastTimestamp: null, firstTimestamp: null, count: null, eventTime: ago({ minutes: 59 }) };
    const finding = await theFinding(check, { objects: [ofPod('web-5d8f-aaaaa', { ...fields, series })] });
    assert.match(finding.message, /^BackOff, 40 times, last 4 minutes ago/);
    const single = await theFinding(check, { objects: [ofPod('web-5d8f-aaaaa', fields)] });
    assert.match(single.message, /^BackOff, once, last 59 minutes ago/);
    const bare = { ...fields, eventTime: null };
    assert.match((await theFinding(check, { objects: [ofPod('web-5d8f-aaaaa', bare)] })).message, /last 50 minutes ago/);
  });

  test('a ReplicaSet’s events belong to its Deployment, a Job’s to its CronJob', async () => {
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'backup-1', namespace: 'shop', ownerReferences: [controlledBy('CronJob', 'backup')] },
    };
    const { findings } = await runCheck(check, {
      objects: [
        event({ reason: 'FailedCreate' }, { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d8f', uid: 'r' }),
        event({ reason: 'BackoffLimitExceeded' }, { apiVersion: 'batch/v1', kind: 'Job', name: 'backup-1', uid: 'j' }),
        replicaSet(),
        job,
      ],
    });
    assert.deepEqual(
      findings.map(({ object }) => `${object.kind} ${object.name}`),
      ['Deployment web', 'CronJob backup'],
    );
  });

  test('a pod that is gone is told by the name that its controller gave it', async () => {
    const finding = await theFinding(check, { objects: [ofPod('web-5d8f-zzzzz'), podOf('web-5d8f-aaaaa'), replicaSet()] });
    assert.equal(finding.object.kind, 'Deployment');
    const unknown = await theFinding(check, { objects: [ofPod('other-1-zzzzz'), podOf('web-5d8f-aaaaa'), replicaSet()] });
    assert.deepEqual(unknown.object, { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'other-1-zzzzz' });
  });

  test('leaves normal events and those before the window alone', async () => {
    await assertSilent(check, {
      objects: [ofPod('a', { type: 'Normal' }), ofPod('b', { lastTimestamp: ago({ minutes: 61 }) })],
    });
    await theFinding(check, { objects: [ofPod('b', { lastTimestamp: ago({ minutes: 61 }) })], options: { windowMinutes: 90 } });
  });

  test('names at most 50 objects', async () => {
    const names = Array.from({ length: 80 }, (_, index) => `web-5d8f-${index}`);
    const finding = await theFinding(check, { objects: [...names.map((name) => ofPod(name)), ...names.map(podOf), replicaSet()] });
    assert.equal(finding.members?.length, 50);
    assert.equal(finding.details?.count, 80);
    assert.equal(finding.severity, 'warning');
  });

  test('runs without the right to list pods: each pod then stands for itself', async () => {
    const ending = { state: 'failed', reason: 'forbidden', message: 'forbidden', remedy: 'grant it' } as const;
    const finding = await theFinding(check, { objects: [ofPod('web-5d8f-aaaaa')], endings: { pods: ending } });
    assert.equal(finding.object.kind, 'Pod');
  });

  test('what came before its pod was ready, or of a pod that is gone or going, is only noted', async () => {
    const late = { count: 40, lastTimestamp: ago({ minutes: 4 }) };
    const readySince = (name: string, minutes: number, metadata: object = {}) =>
      pod({ name, metadata: { ...ofReplicaSet(), ...metadata }, status: { conditions: podConditions(true, ago({ minutes })) } });
    const severity = async (...objects: object[]) => (await theFinding(check, { objects: [...objects, replicaSet()] })).severity;
    assert.equal(await severity(ofPod('web-5d8f-aaaaa', late), readySince('web-5d8f-aaaaa', 3)), 'info');
    assert.equal(await severity(ofPod('web-5d8f-aaaaa', late), readySince('web-5d8f-aaaaa', 5)), 'warning');
    assert.equal(await severity(ofPod('web-5d8f-gone1', late), readySince('web-5d8f-aaaaa', 900)), 'info');
    assert.equal(await severity(ofPod('web-5d8f-aaaaa', late), readySince('web-5d8f-aaaaa', 900, { deletionTimestamp: ago({}) })), 'info');
    // A static pod is told by the hash of its file, not by the uid of its mirror.
    const mirrored = readySince('web-5d8f-aaaaa', 900, { uid: 'm', annotations: { 'kubernetes.io/config.hash': 'uid-Pod-shop-static' } });
    assert.equal(await severity(ofPod('static', late), mirrored), 'warning');
  });

  test('a pod that found its node is no word worth, however many were at first without one', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `web-5d8f-bbbb${'bcdfghjklmnpqrstvwxz'[index]}`);
    const unscheduled = (name: string) => ofPod(name, { reason: 'FailedScheduling', message: '0/9 nodes are available' });
    await assertSilent(check, { objects: [...names.map(unscheduled), ...names.map(podOf), replicaSet()] });
    const pending = names.map((name) =>
      pod({ name, metadata: ofReplicaSet(), spec: { nodeName: null }, status: { phase: 'Pending', conditions: [] } }),
    );
    assert.equal((await theFinding(check, { objects: [...names.map(unscheduled), ...pending, replicaSet()] })).severity, 'warning');
  });

  test('what was not seen of late is over, and only noted', async () => {
    const seen = (minutes: number) => ofPod('a', { count: 40, lastTimestamp: ago({ minutes }) });
    assert.equal((await theFinding(check, { objects: [seen(21)] })).severity, 'info');
    assert.equal((await theFinding(check, { objects: [seen(19)] })).severity, 'warning');
  });

  test('of an event that began before the window only the window’s share counts', async () => {
    const slow = ofPod('a', { count: 12, firstTimestamp: ago({ hours: 12 }), lastTimestamp: ago({ minutes: 0 }) });
    const finding = await theFinding(check, { objects: [slow] });
    assert.equal(finding.severity, 'info');
    assert.match(finding.message, /^BackOff, once, last/);
    const quick = ofPod('a', { count: 500, firstTimestamp: ago({ hours: 10 }), lastTimestamp: ago({ minutes: 0 }) });
    assert.match((await theFinding(check, { objects: [quick] })).message, /^BackOff, about 50 times, last/);
  });

  test('reasons that say nothing of health are left out', async () => {
    await assertSilent(check, { objects: [ofPod('a', { reason: 'DNSConfigForming', count: 900 })] });
    await theFinding(check, { objects: [ofPod('a', { reason: 'DNSConfigForming' })], options: { leaveOut: [] } });
  });

  test('a pod that is gone is told by its ReplicaSet or Job, though no pod of that is left', async () => {
    const rolled = await theFinding(check, { objects: [ofPod('web-5d8f-zzzzz'), podOf('other'), replicaSet()] });
    assert.equal(`${rolled.object.kind} ${rolled.object.name}`, 'Deployment web');
    const minute = Math.floor(now / 60_000) - 30;
    for (const [kind, name] of [
      ['Pod', `report-${minute}-zzzzz`],
      ['Job', `report-${minute}`],
    ] as const) {
      const gone = await theFinding(check, {
        objects: [event({}, { kind, name, uid: name, apiVersion: kind === 'Pod' ? 'v1' : 'batch/v1' })],
      });
      assert.equal(`${gone.object.apiVersion} ${gone.object.kind} ${gone.object.name}`, 'batch/v1 CronJob report');
    }
    // A date is no minute of a schedule.
    const dated = await theFinding(check, {
      objects: [event({}, { kind: 'Job', name: 'migrate-20260318', uid: 'x', apiVersion: 'batch/v1' })],
    });
    assert.equal(dated.object.name, 'migrate-20260318');
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      ofPod('web-5d8f-aaaaa'),
      ofPod('b', { series: { count: 2, lastObservedTime: ago({}) } }),
      podOf('web-5d8f-aaaaa'),
      replicaSet(),
    ]));
});
