import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import check from '../../../functions/health-check/checks/api-server-certificate.ts';
import { now } from '../objects.ts';
import { assertSilent, runCheck, theFinding } from '../run-check.ts';

const day = 86_400_000;
/** Node tells the validity as `Mar 18 09:00:00 2026 GMT`. */
const asNode = (time: number) => new Date(time).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$2 $1 $4 $3 GMT');
const showing = (validTo: number, validFrom = now - 100 * day) => ({
  probes: {
    '/version': {
      certificate: { subject: 'CN=kube-apiserver', issuer: 'CN=kubernetes', validFrom: asNode(validFrom), validTo: asNode(validTo) },
    },
  },
});

describe('api-server-certificate', () => {
  test('says nothing while it is valid for longer', () => assertSilent(check, showing(now + 31 * day)));

  test('warns 30 days before, is critical 7 days before and after', async () => {
    const finding = await theFinding(check, showing(now + 29 * day));
    assert.equal(finding.severity, 'warning');
    assert.equal(finding.message, 'its certificate runs out in 29 days, on 2026-04-16');
    assert.equal((await theFinding(check, showing(now + 6.9 * day))).severity, 'critical');
    const over = await theFinding(check, showing(now - 3 * day));
    assert.deepEqual([over.severity, over.message], ['critical', 'its certificate ran out 3 days ago, on 2026-03-15']);
  });

  test('thresholds are options', async () => {
    await assertSilent(check, { ...showing(now + 29 * day), options: { warningDays: 20 } });
    assert.equal((await theFinding(check, { ...showing(now + 29 * day), options: { criticalDays: 29.5 } })).severity, 'critical');
  });

  test('a certificate that is not valid yet is critical', async () => {
    assert.match((await theFinding(check, showing(now + 90 * day, now + day))).message, /valid only from/);
  });

  test('is not run without TLS', async () => {
    assert.equal((await runCheck(check, { probes: { '/version': {} } })).end.outcome, 'not-run');
  });
});
