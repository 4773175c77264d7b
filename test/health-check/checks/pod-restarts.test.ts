import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/pod-restarts.ts';
import type { RestartMemory } from '../../../functions/health-check/restart-history.ts';
import fc from '../../fuzz.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, now, ofReplicaSet, pod, replicaSet, runningContainer, terminated, waitingContainer } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const hour = 3_600_000;
/** A pod whose container was last restarted half an hour before now. */
const restarted = (restartCount: number, created = ago({ days: 200 }), container: object = {}, name = 'web-5d8f-aaaaa') =>
  pod({
    name,
    metadata: { ...ofReplicaSet(), creationTimestamp: created },
    status: {
      containerStatuses: [
        runningContainer('app', {
          restartCount,
          state: { running: { startedAt: ago({ minutes: 30 }) } },
          lastState: terminated(137, 30, 300, 'OOMKilled'),
          ...container,
        }),
      ],
    },
  });
const memoryOf = (count: number, hoursAgo: number): RestartMemory => {
  const at = (now - hoursAgo * hour) / 1000;
  return { at, samples: { 'uid-Pod-shop-web-5d8f-aaaaa/app': [[at, count]] } };
};

describe('pod-restarts', () => {
  test('tells the increase since the last run', async () => {
    const finding = await theFinding(check, { objects: [restarted(40), replicaSet()], memory: memoryOf(33, 12) });
    assert.equal(finding.message, 'container app was restarted 7 times in the last 12 hours, last after exit code 137 (OOMKilled)');
    assert.equal(finding.severity, 'warning');
    assert.deepEqual([finding.object.kind, finding.subject], ['Deployment', 'app']);
    assert.equal(finding.remedy, 'kubectl -n shop logs web-5d8f-aaaaa -c app --previous');
  });

  test('a run a day that comes some minutes late still tells of the whole day', async () => {
    const finding = await theFinding(check, { objects: [restarted(36)], memory: memoryOf(33, 24.2) });
    assert.match(finding.message, /restarted 3 times in the last 24 hours/);
  });

  test('six restarts in a year are no finding, known or not', async () => {
    await assertSilent(check, { objects: [restarted(6, ago({ days: 365 }))] });
    await assertSilent(check, { objects: [restarted(6, ago({ days: 365 }))], memory: memoryOf(5, 24) });
  });

  test('at the first run a young pod’s restarts all count', async () => {
    const finding = await theFinding(check, { objects: [restarted(4, ago({ hours: 5 }))] });
    assert.match(finding.message, /restarted 4 times in the last 5 hours/);
  });

  test('a container that had no restart at the last run had none then', async () => {
    const memory = { at: (now - 12 * hour) / 1000, samples: {} };
    await theFinding(check, { objects: [restarted(4)], memory });
    await assertSilent(check, { objects: [restarted(4)], memory: { ...memory, full: true } });
  });

  test('restarts that ended before the window, and a crash loop, which pod-waiting reports, are left alone', async () => {
    await assertSilent(check, { objects: [restarted(40, ago({ hours: 40 }), { lastState: terminated(1, 25 * 60) })] });
    const looping = waitingContainer('CrashLoopBackOff', { restartCount: 40, lastState: terminated(1, 3) });
    await assertSilent(check, { objects: [pod({ status: { containerStatuses: [looping] } })], memory: memoryOf(1, 12) });
  });

  test('remembers only containers with restarts, in less than 64 KB however many there are', async () => {
    const many = Array.from({ length: 400 }, (_, index) => {
      const uid = `3f0c9a52-9d6b-4e0f-9a53-${`${index}`.padStart(12, '0')}`;
      return { ...restarted(index + 1), metadata: { ...restarted(1).metadata, uid, name: `web-${index}` } };
    });
    let { memory } = await runCheck(check, { objects: [pod(), ...many], now: now - 24 * hour });
    for (const hours of [14, 12, 10, 0])
      ({ memory } = await runCheck(check, { objects: [pod(), ...many], memory, now: now - hours * hour }));
    assert.ok(JSON.stringify(memory).length < 30_000, `${JSON.stringify(memory).length} bytes`);
    assert.equal(Object.keys((memory as RestartMemory).samples).length, 150);
    assert.equal((memory as RestartMemory).full, true);
  });

  test('over many runs tells an increase that is not above what happened, and not below what happened in half a window', async () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 4 })), { minLength: 3, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(runs, async (steps) => {
        let memory: unknown;
        let at = now - 10_000 * hour;
        let total = 5;
        const happened: { at: number; restarts: number }[] = [];
        for (const [hoursLater, restarts] of steps) {
          at += hoursLater * hour;
          total += restarts;
          happened.push({ at, restarts });
          const lastState = {
            terminated: { exitCode: 1, finishedAt: new Date(at - 60_000).toISOString(), startedAt: new Date(at - 2 * hour).toISOString() },
          };
          const state = { running: { startedAt: new Date(at - 60_000).toISOString() } };
          const result = await runCheck(check, {
            objects: [restarted(total, ago({ days: 3000 }), { lastState, state })],
            now: at,
            memory,
            options: { restarts: 1, windowHours: 24 },
          });
          const told = Number(/restarted (\d+) times/.exec(result.findings[0]?.message ?? '')?.[1] ?? 0);
          const since = (hours: number) =>
            happened.filter((each) => each.at > at - hours * hour).reduce((sum, each) => sum + each.restarts, 0);
          if (memory !== undefined) {
            assert.ok(told <= since(36), `${told} told, ${since(36)} happened in 36 hours`);
            const firstRun = happened[0]?.at ?? 0;
            if (at - firstRun >= 12 * hour)
              assert.ok(told >= since(Math.min(12, (at - firstRun) / hour)), `${told} told, ${since(12)} happened in 12 hours`);
          }
          memory = result.memory;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a memory that is not understood is not believed', async () => {
    for (const memory of [null, 'x', { samples: null }, { at: 'x', samples: { 'uid-Pod-shop-web-5d8f-aaaaa/app': [['a', 'b'], 7] } }]) {
      await assertSilent(check, { objects: [restarted(6)], memory });
    }
  });

  test('its node may be the cause of a container that was killed, not of one that failed by itself', async () => {
    const nodesBlamed = async (exitCode: number, reason: string) =>
      (
        await runCheck(check, { objects: [restarted(9, ago({ hours: 9 }), { lastState: terminated(exitCode, 30, 300, reason) })] })
      ).links.filter(({ cause }) => cause.kind === 'Node').length;
    assert.equal(await nodesBlamed(1, 'Error'), 0);
    assert.equal(await nodesBlamed(137, 'Error'), 1);
    assert.equal(await nodesBlamed(255, 'Unknown'), 1);
  });

  test('survives holes', () => assertSurvivesHoles(check, [restarted(40), replicaSet(), pod()], { memory: memoryOf(3, 12) }));
});
