/** Which Jobs ended badly, and whether a later run of the same CronJob made it good (kubernetes-mixin #816). */
import type { V1Job } from '@kubernetes/client-node';
import { jobs } from '../cluster/kinds.ts';
import { type Ref, refKey, refTo, type Wire } from '../scan/contracts.ts';
import { timeOf } from './age.ts';
import { conditionOf, listOf } from './wire.ts';

export interface FailedJob {
  readonly job: Ref;
  /** When it failed, in ms. */
  readonly at: number | undefined;
  readonly reason: string;
}

/** To be asked in `finish()`. Keeps the failed Jobs, and one time a CronJob. */
export const jobOutcomes = () => {
  const failed = new Map<string, FailedJob & { readonly cronJob: string | undefined }>();
  const lastSuccess = new Map<string, number>();
  return {
    note({ metadata, status }: Wire<V1Job>): void {
      const cronJob = listOf(metadata?.ownerReferences).find(({ controller }) => controller)?.uid ?? undefined;
      if (status?.succeeded && cronJob && conditionOf(status.conditions, 'Complete')?.status === 'True') {
        const at = timeOf(metadata?.creationTimestamp) ?? Number.NEGATIVE_INFINITY;
        lastSuccess.set(cronJob, Math.max(at, lastSuccess.get(cronJob) ?? at));
      }
      const failure = conditionOf(status?.conditions, 'Failed');
      if (failure?.status !== 'True') return;
      const job = refTo(jobs, metadata);
      failed.set(refKey(job), { job, cronJob, at: timeOf(failure.lastTransitionTime), reason: failure.reason ?? 'Failed' });
    },

    /** The Job of this namespace and name, if it failed for good and no later run succeeded. */
    failed(namespace: string, name: string): FailedJob | undefined {
      const found = failed.get(refKey(refTo(jobs, { namespace, name })));
      const success = found?.cronJob === undefined ? undefined : lastSuccess.get(found.cronJob);
      return found && success !== undefined && (found.at === undefined || success > found.at) ? undefined : found;
    },
  };
};
