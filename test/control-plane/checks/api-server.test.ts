/** Probes of a real API server: its own checks, and its certificate. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import apiServerHealth from '../../../functions/health-check/checks/api-server-health.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { findingsOf, saidBy, scanPlane, sourceOf, until } from './live-scan.ts';

/** The process of this control plane's etcd: no other has its directory on its command line. */
const etcdOf = ({ directory }: ControlPlane): number => {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--data-dir=${directory}/etcd`);
    } catch {
      return false;
    }
  });
  assert.ok(found, 'etcd runs');
  return Number(found);
};

describe('checks of the API server itself', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane({ servingCertificateDays: 40 });
  });
  after(() => plane?.stop());

  test('both are silent on a healthy server', async () => {
    const result = await scanPlane(plane);
    assert.deepEqual([...saidBy(result, 'api-server-health'), ...saidBy(result, 'api-server-certificate')], []);
  });

  test('the certificate’s end is told 30 days before, gravely 7 days before and after', async () => {
    const days = async (later: number) => {
      const result = await scanPlane(plane, later * 24 * 60);
      return findingsOf(result, 'api-server-certificate').map(({ severity, message }) => `${severity}: ${message.replace(/, on .*/, '')}`);
    };
    assert.deepEqual(await days(9), []);
    assert.deepEqual(await days(20), ['warning: its certificate runs out in 19 days']);
    assert.deepEqual(await days(34), ['critical: its certificate runs out in 5 days']);
    assert.deepEqual(await days(45), ['critical: its certificate ran out 5 days ago']);
  });

  test('a frozen etcd fails the server’s own checks, which are named', async () => {
    const source = await sourceOf(plane);
    const etcd = etcdOf(plane);
    process.kill(etcd, 'SIGSTOP');
    try {
      // The server asks etcd at most once a second, and answers from what it knows in between.
      await until('the server notices', async () => {
        const result = await scan(source, [apiServerHealth], { signal: AbortSignal.timeout(30_000) });
        return saidBy(result, 'api-server-health').includes('critical Cluster kube-apiserver etcd');
      });
    } finally {
      process.kill(etcd, 'SIGCONT');
      await source.close();
    }
  });
});
