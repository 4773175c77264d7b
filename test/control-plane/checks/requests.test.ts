/** How many requests a run sends: it grows with the cluster and the kinds that are read, never with the number of checks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checks } from '../../../functions/health-check/checks/index.ts';
import type { Check } from '../../../functions/scan/contracts.ts';
import { readsOf } from '../../../functions/scan/reads-of.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { seedCluster } from '../parts/seed.ts';
import { sourceOf } from './live-scan.ts';

const kindsOf = (check: Check): string => [...new Set(readsOf(check).map(({ resource }) => resource))].toSorted().join();

describe('requests of a run', { timeout: 600_000 }, () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
    await seedCluster(plane, { nodes: 20, pods: 1_200 });
  });
  after(() => plane?.stop());

  const requestsOf = async (running: readonly Check[]): Promise<number> => {
    const source = await sourceOf(plane);
    try {
      return (await scan(source, running, { signal: AbortSignal.timeout(60_000) })).requests;
    } finally {
      await source.close();
    }
  };

  test('are as many for all checks that read the same kinds as for one of them', async () => {
    const alike = checks.filter((check) => kindsOf(check) === 'jobs,pods,replicasets' && !check.probes);
    assert.ok(alike.length >= 4, `${alike.length} checks read pods and their owners`);
    const [one, all] = [await requestsOf(alike.slice(0, 1)), await requestsOf(alike)];
    assert.equal(all, one);
    assert.ok(one > 5, 'several pages of pods are among them');
  });

  test('a kind more is one request more where its list fits a page', async () => {
    const all = await requestsOf(checks);
    const kinds = new Set(checks.flatMap((check) => readsOf(check).map(({ group, resource }) => `${group}/${resource}`)));
    const probes = new Set(checks.flatMap(({ probes: paths = [] }) => paths));
    const pods = await requestsOf(checks.filter(({ id }) => id === 'pod-waiting'));
    assert.ok(all <= pods + kinds.size + probes.size, `${all} for all, ${pods} for pods, ${kinds.size} kinds, ${probes.size} probes`);
  });
});
