import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/argocd-application-unhealthy.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const application = (status: object, server = 'https://kubernetes.default.svc') => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'cart', namespace: 'argocd' },
  spec: { destination: { server, namespace: 'shop' } },
  status: { sync: { status: 'Synced' }, health: { status: 'Healthy' }, ...status },
});
const degraded = {
  health: { status: 'Degraded', lastTransitionTime: ago({ hours: 2 }) },
  resources: [
    { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'cart', health: { status: 'Degraded' } },
    { version: 'v1', kind: 'Service', namespace: 'shop', name: 'cart', health: { status: 'Healthy' } },
  ],
};

describe('argocd-application-unhealthy', () => {
  test('names the resources that make it unhealthy, and is linked to them', async () => {
    const { findings, links } = await runCheck(check, { objects: [application(degraded)] });
    assert.deepEqual(
      findings.map(({ object, subject, severity, message }) => [object.name, subject, severity, message]),
      [['cart', 'health', 'warning', 'degraded for 2 hours: Deployment cart']],
    );
    assert.deepEqual(
      links.map(({ cause }) => cause),
      [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' }],
    );
  });

  test('an Application that nobody has synced yet is only noted', async () => {
    const missing = { health: { status: 'Missing', lastTransitionTime: ago({ hours: 2 }) }, sync: { status: 'OutOfSync' } };
    const finding = await theFinding(check, { objects: [application(missing)] });
    assert.deepEqual([finding.severity, finding.message], ['info', 'never synced, so nothing of it is in the cluster for 2 hours']);
    const lost = application({ ...missing, operationState: { phase: 'Succeeded', finishedAt: ago({ days: 2 }) } });
    assert.equal((await theFinding(check, { objects: [lost] })).severity, 'warning');
  });

  test('resources of another cluster are no cause here', async () => {
    const { findings, links } = await runCheck(check, { objects: [application(degraded, 'https://other.example')] });
    assert.deepEqual([findings.length, links.length], [1, 0]);
  });

  test('progressing and unknown are a fault only when they last; what is well, suspended or new is none', async () => {
    const health = (status: string, since: object) => application({ health: { status, lastTransitionTime: ago(since) } });
    await assertSilent(check, {
      objects: [
        application({}),
        health('Suspended', { days: 3 }),
        health('Progressing', { minutes: 59 }),
        health('Unknown', { minutes: 59 }),
        health('Degraded', { minutes: 9 }),
        health('SomethingNew', { days: 3 }),
        application({ sync: { status: 'OutOfSync' } }),
      ],
    });
    const lost = application({
      health: { status: 'Missing', lastTransitionTime: ago({ minutes: 11 }) },
      operationState: { phase: 'Succeeded' },
    });
    assert.match((await theFinding(check, { objects: [health('Progressing', { minutes: 61 })] })).message, /without an end/);
    assert.match((await theFinding(check, { objects: [lost] })).message, /missing in the cluster/);
  });

  test('an older Argo CD tells no time: a degraded one counts, a progressing one does not', async () => {
    await theFinding(check, { objects: [application({ health: { status: 'Degraded' } })] });
    await assertSilent(check, { objects: [application({ health: { status: 'Progressing' } })] });
  });

  test('a failed sync, and one that cannot be compared', async () => {
    const operationState = { phase: 'Failed', message: 'one or more objects failed to apply', finishedAt: ago({ hours: 1 }) };
    const sync = await theFinding(check, { objects: [application({ operationState, sync: { status: 'OutOfSync' } })] });
    assert.deepEqual([sync.subject, sync.message], ['sync', 'its last sync failed: one or more objects failed to apply']);
    await assertSilent(check, { objects: [application({ operationState })] });
    await assertSilent(check, {
      objects: [application({ sync: { status: 'OutOfSync' }, operationState: { ...operationState, phase: 'Running' } })],
    });
    const conditions = [{ type: 'ComparisonError', message: 'repository not accessible', lastTransitionTime: ago({ hours: 1 }) }];
    const compared = await theFinding(check, { objects: [application({ sync: { status: 'Unknown' }, conditions })] });
    assert.equal(compared.message, 'cannot be compared with Git (ComparisonError): repository not accessible');
  });

  test('is not run where the CRD is absent', async () => {
    assert.equal((await runCheck(check, { endings: { applications: { state: 'absent', reason: 'no such CRD' } } })).end.outcome, 'not-run');
  });

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      application({
        ...degraded,
        conditions: [{ type: 'ComparisonError', message: 'x' }],
        operationState: { phase: 'Error', finishedAt: ago({ days: 1 }) },
      }),
    ]));
});
