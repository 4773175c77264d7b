import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/api-service-unavailable.ts';
import { assertSurvivesHoles } from '../holes.ts';
import { ago, apiService, condition } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const down = (since: string, reason = 'FailedDiscoveryCheck', message = 'failing or missing response from https://10.0.0.7:443: timeout') =>
  apiService({ status: { conditions: [condition('Available', 'False', since, { reason, message })] } });

describe('api-service-unavailable', () => {
  test('says since when and why, and hangs it on its Service', async () => {
    const objects = [down(ago({ hours: 3 }))];
    const finding = await theFinding(check, { objects });
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.message, 'does not answer for 3 hours: failing or missing response from https://10.0.0.7:443: timeout');
    assert.equal(finding.remedy, 'kubectl describe service -n kube-system metrics-server');
    assert.equal(finding.startedAt, ago({ hours: 3 }));
    const { links } = await runCheck(check, { objects });
    assert.deepEqual(
      links.map(({ cause }) => cause),
      [{ apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name: 'metrics-server' }],
    );
  });

  test('what served it was removed: the registration is what is left to remove', async () => {
    const finding = await theFinding(check, { objects: [down(ago({ days: 3 }), 'ServiceNotFound', 'service/metrics-server not present')] });
    assert.match(finding.remedy, /kubectl delete apiservice v1beta1\.metrics\.k8s\.io$/);
  });

  test('leaves alone one that answers, one that has just gone, and the API server’s own', async () => {
    const own = apiService({ name: 'v1.apps', spec: { service: null }, status: { conditions: [condition('Available', 'False')] } });
    await assertSilent(check, { objects: [apiService(), down(ago({ minutes: 4 })), own] });
  });

  test('says nothing of one that no controller has looked at', async () => {
    await assertSilent(check, { objects: [apiService({ status: { conditions: null } })] });
  });

  test('survives holes', () => assertSurvivesHoles(check, [down(ago({ hours: 3 })), apiService()]));
});
