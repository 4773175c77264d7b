import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { openManifests } from '../../../functions/cluster/source-manifests.ts';
import { checks } from '../../../functions/health-check/checks/index.ts';
import { refKey } from '../../../functions/scan/contracts.ts';
import { readsOf } from '../../../functions/scan/reads-of.ts';
import fc from '../../fuzz.ts';
import { endOf, opened, said, scanned } from '../backups-as-sources.ts';
import { type Planted, type PlantedBackup, startedAt } from '../planted-backup.ts';
import { example, plantedExample } from '../planted-example.ts';

describe('the embedded example, backed up', () => {
  let objects: readonly Planted[] = [];
  const whole = { includeClusterResources: true };
  let baseline: readonly string[] = [];
  before(async () => {
    objects = await plantedExample();
    assert(objects.length > 100);
    baseline = said(await scanned(await opened({ objects, spec: whole })));
  });

  test('is said to be what its manifests are said to be, but for what Velero leaves out', async () => {
    const manifests = await openManifests(example);
    const notTold = new Set(['pod-terminating', 'namespace-terminating']);
    const ofManifests = await scanned({ ...manifests, now: Date.parse(startedAt) });
    const gone = new Set(['/Namespace//preview-142']);
    const expected = said({
      ...ofManifests,
      out: ofManifests.out.filter(({ observer, object }) => !notTold.has(observer) && !gone.has(refKey(object))),
    });
    assert(expected.length > 20);
    assert.deepEqual(baseline, expected);
  });

  test('property: the order of the members never changes what is said', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat({ max: 1_000_000 })), async (ranks) => {
        const reorder: PlantedBackup['reorder'] = (members) =>
          members
            .map((member) => ({ member, rank: ranks.next().value ?? 0 }))
            .toSorted((a, b) => a.rank - b.rank)
            .map(({ member }) => member);
        assert.deepEqual(said(await scanned(await opened({ objects, spec: whole, reorder }))), baseline);
      }),
      { numRuns: 15 },
    );
  });

  test('property: whatever kinds are left out, nothing new is said, and nothing graver', async () => {
    const resources = [...new Set(objects.map(({ resource }) => resource))];
    const rank = { critical: 0, warning: 1, info: 2 };
    const graveness = (lines: readonly string[]) =>
      new Map(
        lines.map((line) => [
          line
            .split(' ')
            .filter((_, index) => index !== 1)
            .slice(0, 2)
            .join(' '),
          line.split(' ')[1],
        ]),
      );
    const before = graveness(baseline);
    const isCluster = (resource: string) => ['nodes', 'namespaces'].includes(resource) || /apiservices|customresource/.test(resource);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(resources, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('old', 'included', 'scoped'),
        async (out, how) => {
          const left = resources.filter((resource) => !out.includes(resource));
          const spec =
            how === 'old'
              ? { ...whole, excludedResources: out }
              : how === 'included'
                ? { ...whole, includedResources: left }
                : {
                    excludedNamespaceScopedResources: out.filter((resource) => !isCluster(resource)),
                    includedClusterScopedResources: left.filter(isCluster),
                  };
          const result = await scanned(await opened({ objects: objects.filter(({ resource }) => left.includes(resource)), spec }));
          for (const [what, severity] of graveness(said(result))) {
            // Without their ReplicaSets and Jobs, pods may be told of under the Job and not the CronJob.
            const earlier = before.get(what);
            assert(earlier !== undefined || out.some((resource) => /replicasets|jobs/.test(resource)), `${how} without ${out}: ${what}`);
            if (earlier)
              assert(rank[severity as 'info'] >= rank[earlier as 'info'], `${how} without ${out}: ${what} was ${earlier}, is ${severity}`);
          }
          for (const check of checks) {
            const misses = readsOf(check).some(
              ({ optional, resource, group }) => !optional && out.includes(group === '' ? resource : `${resource}.${group}`),
            );
            if (misses) assert.match(endOf(result, check.id), /^not-run/, `${check.id} without ${out}`);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
