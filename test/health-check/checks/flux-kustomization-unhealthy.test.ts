import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/flux-kustomization-unhealthy.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, condition } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const kustomization = (conditions: object[] | null, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'apps', namespace: 'flux-system', creationTimestamp: ago({ days: 90 }), ...metadata },
  spec: { interval: '10m', ...spec },
  status: { conditions },
});
const failed = (reason: string, message: string, since = ago({ hours: 2 })) => condition('Ready', 'False', since, { reason, message });

describe('flux-kustomization-unhealthy', () => {
  test('tells the reason and since when', async () => {
    const finding = await theFinding(check, { objects: [kustomization([failed('BuildFailed', 'kustomize build failed: no such file')])] });
    assert.equal(finding.message, 'not ready for 2 hours (BuildFailed): kustomize build failed: no such file');
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.remedy, 'kubectl -n flux-system describe kustomizations.kustomize.toolkit.fluxcd.io apps');
  });

  test('is linked to the dependency or the workload that its message names', async () => {
    const dependency = failed('DependencyNotReady', "dependency 'flux-system/infra' is not ready");
    const health = failed(
      'HealthCheckFailed',
      "timeout waiting for: [Deployment/shop/cart status: 'InProgress', Gadget/shop/x status: 'Failed']",
    );
    const causes = async (condition: object) =>
      (await runCheck(check, { objects: [kustomization([condition])] })).links.map(
        ({ cause }) => `${cause.kind} ${cause.namespace}/${cause.name}`,
      );
    assert.deepEqual(await causes(dependency), ['Kustomization flux-system/infra']);
    assert.deepEqual(await causes(health), ['Deployment shop/cart']);
  });

  test('what is ready, suspended, new or being reconciled is left alone', async () => {
    await assertSilent(check, {
      objects: [
        kustomization([condition('Ready', 'True')]),
        kustomization([failed('BuildFailed', 'x')], { suspend: true }),
        kustomization([failed('BuildFailed', 'x', ago({ minutes: 4 }))]),
        kustomization([failed('BuildFailed', 'x', ago({ minutes: 9 }))], { interval: '1h' }),
        kustomization([condition('Ready', 'Unknown', ago({ minutes: 59 }), { reason: 'Progressing' })]),
        kustomization(null, {}, { creationTimestamp: ago({ minutes: 5 }) }),
      ],
    });
  });

  test('one that is reconciled without an end, stalled, or never looked at is told', async () => {
    const message = async (conditions: object[] | null) => (await theFinding(check, { objects: [kustomization(conditions)] })).message;
    assert.match(
      await message([condition('Ready', 'Unknown', ago({ minutes: 61 }), { reason: 'Progressing' })]),
      /^being reconciled without an end for 61 minutes/,
    );
    assert.match(await message([failed('InvalidPath', 'x'), condition('Stalled', 'True')]), /^not ready, and not tried again for 2 hours/);
    assert.match(await message(null), /^no controller has looked at it for 90 days$/);
  });

  test('is not run where the CRD is absent', async () => {
    assert.equal(
      (await runCheck(check, { endings: { kustomizations: { state: 'absent', reason: 'no such CRD' } } })).end.outcome,
      'not-run',
    );
  });

  test('a failure that is tried again and again is found, though each try sets its time anew', async () => {
    const retried = (status: object, spec: object = {}) => {
      const object = kustomization(null, { retryInterval: '2m0s', ...spec });
      return { ...object, status: { ...object.status, ...status } };
    };
    const snapshot = (lastReconciledStatus: string, firstReconciled: string, lastReconciled = ago({ minutes: 1 })) => ({
      digest: 'sha256:a',
      firstReconciled,
      lastReconciled,
      lastReconciledStatus,
    });
    const justFailed = [failed('HealthCheckFailed', 'timeout waiting for: []', ago({ minutes: 1 }))];
    const trying = [condition('Ready', 'Unknown', ago({ minutes: 1 }), { reason: 'Progressing', message: 'Reconciliation in progress' })];
    const since = ago({ hours: 9 });
    for (const conditions of [justFailed, trying]) {
      const finding = await theFinding(check, {
        objects: [
          retried({
            conditions,
            history: [snapshot('HealthCheckFailed', since), snapshot('ReconciliationSucceeded', ago({ days: 9 }), ago({ hours: 10 }))],
          }),
        ],
      });
      assert.match(finding.message, /^not ready for 9 hours \(HealthCheckFailed\)(: timeout waiting for|, and being tried again$)/);
      assert.equal(finding.startedAt, since);
      await assertSilent(check, { objects: [retried({ conditions, history: [snapshot('HealthCheckFailed', ago({ minutes: 5 }))] })] });
    }
    await assertSilent(check, { objects: [retried({ conditions: trying, history: [snapshot('ReconciliationSucceeded', since)] })] });
    // One snapshot holds all failures of one revision: this one failed long ago too, and succeeded meanwhile.
    const again = [
      snapshot('HealthCheckFailed', ago({ days: 5 })),
      snapshot('ReconciliationSucceeded', ago({ days: 9 }), ago({ minutes: 6 })),
    ];
    await assertSilent(check, { objects: [retried({ conditions: justFailed, history: again })] });
    // Before Flux 2.7 there is no history: half of what lies between two tries must do.
    await theFinding(check, { objects: [retried({ conditions: justFailed })] });
    await assertSilent(check, { objects: [retried({ conditions: justFailed }, { retryInterval: '5m' })] });
  });

  test('a dependency that is not up to date is a cause too', async () => {
    const behind = failed('DependencyNotReady', "dependency 'flux-system/infra' revision is not up to date");
    const { links } = await runCheck(check, { objects: [kustomization([behind])] });
    assert.deepEqual(
      links.map(({ cause }) => cause.name),
      ['infra'],
    );
  });

  test('one that is being deleted is left alone', () =>
    assertSilent(check, { objects: [kustomization([failed('PruneFailed', 'x')], {}, { deletionTimestamp: ago({ minutes: 1 }) })] }));

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      kustomization([failed('HealthCheckFailed', "dependency 'a/b' is not ready"), condition('Stalled', 'True')]),
    ]));
});
