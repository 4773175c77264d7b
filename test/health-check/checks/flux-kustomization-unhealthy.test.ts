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
        kustomization([failed('BuildFailed', 'x', ago({ minutes: 9 }))]),
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

  test('survives holes', () =>
    assertSurvivesHoles(check, [
      kustomization([failed('HealthCheckFailed', "dependency 'a/b' is not ready"), condition('Stalled', 'True')]),
    ]));
});
