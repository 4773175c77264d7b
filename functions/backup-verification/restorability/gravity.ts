/**
 * How grave it is that something is not in a backup: one rule for all checks of restorability.
 *
 * A backup of everything is to bring back a cluster: what it lacks is missing. A backup of some namespaces is restored into a cluster that has
 * the rest: there only what belongs into these namespaces is missing, and what is of no namespace is worth knowing, unless the cluster was
 * reached and lacks it too. Critical is what keeps a workload that ran from coming up out of the newest backup of everything. What did not run
 * when it was backed up is no worse after the restore than before: a warning. Where the cluster itself lacked the thing (a binding to a Role that
 * was deleted, a pull secret that never was), the backup is as whole as the cluster, and only what ran without it comes up no more.
 */
import type { Severity } from '../../scan/contracts.ts';
import type { OpenedBackup } from '../contracts.ts';
import { type BackupClaim, claimOf } from './backup-claim.ts';

/**
 * What the absence does. `blocking`: an object is refused, or a workload does not start. `degraded`: it starts and is not what it was.
 * `recreated`: a controller makes it again. `idle`: only what runs nothing needs it, such as a Deployment that is scaled to zero.
 */
export type Effect = 'blocking' | 'degraded' | 'recreated' | 'idle';

export interface Absence {
  readonly effect: Effect;
  /** Where the missing thing is looked for: in the namespace of what needs it, or in the cluster as a whole. */
  readonly scope: 'namespace' | 'cluster';
  /** Something that needs it was ready when it was backed up. */
  readonly worked: boolean;
  /** Of the cluster as it is now. */
  readonly inCluster: 'has' | 'lacks' | 'unasked';
  /** Whoever made the backup keeps things of this kind, or of its namespace, out of it. */
  readonly isFiltered: boolean;
  /** Everything of its kind is in the backup: the cluster lacked it too, when it was backed up. */
  readonly wasLacking: boolean;
}

export interface BackupStanding {
  readonly claim: BackupClaim;
  /** It is the one that its schedule would be restored from. */
  readonly isNewest: boolean;
}

export const standingOf = ({ backup, metadata, schedule }: OpenedBackup): BackupStanding => ({
  claim: claimOf(metadata.spec),
  isNewest: schedule.newestUsable?.name === backup.name,
});

/** Undefined: it need not be said. */
export function gravityOf(
  { claim, isNewest }: BackupStanding,
  { effect, scope, worked, inCluster, isFiltered, wasLacking }: Absence,
): Severity | undefined {
  const isHarmful = effect === 'blocking' && (worked || !wasLacking);
  // An empty cluster would lack it all the same.
  if (inCluster === 'has') {
    if (claim !== 'everything') return undefined;
    return isHarmful && !isFiltered && !wasLacking ? 'warning' : 'info';
  }
  if (effect === 'recreated' || effect === 'idle' || (wasLacking && !isHarmful)) return 'info';
  if (claim === 'everything') {
    if (isFiltered) return effect === 'blocking' ? 'warning' : 'info';
    return effect === 'blocking' && worked && isNewest ? 'critical' : 'warning';
  }
  const isMeant = claim === 'namespaces' && scope === 'namespace' && !isFiltered;
  return isMeant || (inCluster === 'lacks' && effect === 'blocking') ? 'warning' : 'info';
}
