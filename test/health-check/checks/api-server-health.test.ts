import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/api-server-health.ts';
import { NotReadable, type ProbeAnswer } from '../../../functions/scan/contracts.ts';
import { assertSilent, runCheck } from '../run-check.ts';

const well = '[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]poststarthook/rbac/bootstrap-roles ok\nlivez check passed\n';
const version = { body: JSON.stringify({ major: '1', minor: '36', gitVersion: 'v1.36.3' }) };
const healthy = { '/readyz?verbose': { body: well }, '/livez?verbose': { body: well }, '/version': version };
const failing = (body: string): Partial<ProbeAnswer> => ({ status: 500, body });

describe('api-server-health', () => {
  test('says nothing of a healthy server', () => assertSilent(check, { probes: healthy }));

  test('names each check that fails, once, though both endpoints have it', async () => {
    const body = '[+]ping ok\n[-]etcd failed: reason withheld\n[-]informer-sync failed: reason withheld\nreadyz check failed\n';
    const { findings } = await runCheck(check, {
      probes: {
        ...healthy,
        '/readyz?verbose': failing(body),
        '/livez?verbose': failing('[-]etcd failed: reason withheld\nlivez check failed'),
      },
    });
    assert.deepEqual(
      findings.map(({ subject, severity, message }) => [subject, severity, message]),
      [
        ['etcd', 'critical', 'its own check etcd fails (/readyz)'],
        ['informer-sync', 'critical', 'its own check informer-sync fails (/readyz)'],
      ],
    );
  });

  test('an answer that is neither well nor a list is told with its status', async () => {
    const { findings } = await runCheck(check, { probes: { ...healthy, '/livez?verbose': { status: 503, body: 'shutting down\n' } } });
    assert.deepEqual(
      findings.map(({ message }) => message),
      ['/livez answers with status 503: shutting down'],
    );
  });

  test('a replica that shuts down, as at each upgrade, is only noted', async () => {
    const { findings } = await runCheck(check, {
      probes: { ...healthy, '/readyz?verbose': failing('[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n') },
    });
    assert.deepEqual(
      findings.map(({ subject, severity, message }) => [subject, severity, message]),
      [['shutdown', 'info', 'the replica that answered is shutting down, as at an upgrade or restart']],
    );
  });

  test('a /version that is none is told', async () => {
    const { findings } = await runCheck(check, { probes: { ...healthy, '/version': { body: '<html>login</html>' } } });
    assert.deepEqual(
      findings.map(({ subject }) => subject),
      ['/version'],
    );
  });

  test('is not run where there is no API server, and incomplete where it does not answer', async () => {
    assert.equal((await runCheck(check, {})).end.outcome, 'not-run');
    const error = new NotReadable('GET /readyz timed out', 'timeout', 'try again');
    const { end } = await runCheck(check, { probes: { ...healthy, '/readyz?verbose': error } });
    assert.deepEqual([end.outcome, end.reason, end.remedy], ['incomplete', 'GET /readyz timed out', 'try again']);
  });
});
