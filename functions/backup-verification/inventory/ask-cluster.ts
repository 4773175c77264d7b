/** What a check needs of the cluster, where it can say nothing without it. */
import { NotApplicable, type Read, type Wire } from '../../scan/contracts.ts';
import type { Listed } from '../../velero/cluster-facts.ts';
import type { CheckPass } from '../contracts.ts';

/**
 * The objects; undefined where they should have been had, which is then said as unknown. Throws NotApplicable where there is no cluster to ask:
 * the check does not run, and nothing is missing.
 */
export const askCluster = <T>(pass: CheckPass, read: Read<T>): readonly Wire<T>[] | undefined =>
  objectsOf(pass, pass.location.cluster.of(read));

/** The same of what was already asked for. */
export function objectsOf<T>(pass: CheckPass, listed: Listed<T>): readonly Wire<T>[] | undefined {
  if (listed.state === 'read') return listed.objects;
  if (!listed.unknown) throw new NotApplicable(listed.reason);
  pass.unknown({ reason: listed.reason, remedy: listed.remedy });
  return undefined;
}
