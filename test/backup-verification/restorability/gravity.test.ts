import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BackupClaim } from '../../../functions/backup-verification/restorability/backup-claim.ts';
import { type Absence, type BackupStanding, gravityOf } from '../../../functions/backup-verification/restorability/gravity.ts';
import fc from '../../fuzz.ts';

const newest: BackupStanding = { claim: 'everything', isNewest: true };
const missing: Absence = {
  effect: 'blocking',
  scope: 'namespace',
  worked: true,
  inCluster: 'unasked',
  isFiltered: false,
  wasLacking: false,
};
const ofNamespaces: BackupStanding = { claim: 'namespaces', isNewest: true };
const ofSome: BackupStanding = { claim: 'selection', isNewest: true };

describe('how grave it is that something is missing', () => {
  const cases: readonly [string, BackupStanding, Partial<Absence>, string | undefined][] = [
    ['what ran cannot come up out of the newest backup of everything', newest, {}, 'critical'],
    ['the same of no namespace', newest, { scope: 'cluster' }, 'critical'],
    ['what did not run is no worse than before', newest, { worked: false }, 'warning'],
    ['an older backup', { ...newest, isNewest: false }, {}, 'warning'],
    ['whoever made the backup wanted it so', newest, { isFiltered: true }, 'warning'],
    ['it starts, and is not what it was', newest, { effect: 'degraded' }, 'warning'],
    ['the same, wanted so', newest, { effect: 'degraded', isFiltered: true }, 'info'],
    ['a controller makes it again', newest, { effect: 'recreated' }, 'info'],
    ['only what is scaled to zero needs it', newest, { effect: 'idle' }, 'info'],
    ['the cluster has it, an empty one would not', newest, { inCluster: 'has' }, 'warning'],
    ['the same, and it hurts little', newest, { inCluster: 'has', effect: 'degraded' }, 'info'],
    ['the same, wanted so', newest, { inCluster: 'has', isFiltered: true }, 'info'],
    ['it was made after the backup', newest, { inCluster: 'has', wasLacking: true }, 'info'],
    ['the cluster lacked it, and what ran on goes down', newest, { wasLacking: true }, 'critical'],
    ['the cluster lacked it, and it did not run for it', newest, { wasLacking: true, worked: false }, 'info'],
    ['a binding to nothing is as it was', newest, { wasLacking: true, effect: 'degraded' }, 'info'],
    ['the same in some namespaces', ofNamespaces, { wasLacking: true, effect: 'degraded' }, 'info'],
    [
      'what hurts little and the cluster lacks is as it is',
      ofNamespaces,
      { scope: 'cluster', inCluster: 'lacks', effect: 'degraded' },
      'info',
    ],
    ['the cluster lacks it too', newest, { inCluster: 'lacks' }, 'critical'],
    ['some namespaces, and it belongs into them', ofNamespaces, {}, 'warning'],
    ['some namespaces, and the cluster is to have it', ofNamespaces, { scope: 'cluster' }, 'info'],
    ['and lacks it', ofNamespaces, { scope: 'cluster', inCluster: 'lacks' }, 'warning'],
    ['and has it', ofNamespaces, { scope: 'cluster', inCluster: 'has' }, undefined],
    ['some kinds alone', ofSome, { isFiltered: true }, 'info'],
    ['some kinds alone, of no namespace, and the cluster lacks it', ofSome, { scope: 'cluster', inCluster: 'lacks' }, 'warning'],
  ];
  for (const [what, standing, absence, severity] of cases)
    test(`${what}: ${severity ?? 'nothing'}`, () => assert.equal(gravityOf(standing, { ...missing, ...absence }), severity));

  test('critical is said of the newest backup of everything alone', () => {
    const standings = fc.record({
      claim: fc.constantFrom<BackupClaim>('everything', 'namespaces', 'selection'),
      isNewest: fc.boolean(),
    });
    const absences = fc.record({
      effect: fc.constantFrom('blocking', 'degraded', 'recreated', 'idle'),
      scope: fc.constantFrom('namespace', 'cluster'),
      worked: fc.boolean(),
      inCluster: fc.constantFrom('has', 'lacks', 'unasked'),
      isFiltered: fc.boolean(),
      wasLacking: fc.boolean(),
    }) as fc.Arbitrary<Absence>;
    fc.assert(
      fc.property(standings, absences, (standing, absence) => {
        if (gravityOf(standing, absence) !== 'critical') return;
        assert.deepEqual(standing, newest);
        assert.ok(absence.effect === 'blocking' && absence.worked && !absence.isFiltered && absence.inCluster !== 'has');
      }),
    );
  });
});
