/** Which Jobs ended badly, and whether a later run of the same CronJob made it good (kubernetes-mixin #816). */
import type { V1CronJob, V1Job } from '@kubernetes/client-node';
import { jobs } from '../cluster/kinds.ts';
import { type Ref, refTo, type Wire } from '../scan/contracts.ts';
import { isOlder, timeOf } from './age.ts';
import { controllerOf } from './pod-state.ts';
import { conditionOf } from './wire.ts';

export interface FailedJob {
  readonly job: Ref;
  /** For `pass.owner()`. */
  readonly metadata: Wire<V1Job>['metadata'];
  /** When it failed, in ms. */
  readonly at: number | undefined;
  readonly reason: string;
  readonly message: string;
}
interface Kept extends FailedJob {
  readonly created: number | undefined;
  readonly cronJob: string | undefined;
}

const isLater = (time: number | undefined, than: number | undefined): boolean => time !== undefined && (than === undefined || time > than);

/** To be asked in `finish()`. Keeps the failed Jobs, and two times a CronJob. */
export const jobOutcomes = (window: number, now: number) => {
  const failed: Kept[] = [];
  const lastSuccess = new Map<string, number>();
  const cronJobs = new Map<string, { readonly suspended: boolean; readonly succeeded: number | undefined }>();

  const wasMadeGood = ({ cronJob = '', created, at }: Kept): boolean =>
    isLater(lastSuccess.get(cronJob), created) || isLater(cronJobs.get(cronJob)?.succeeded, at);

  return {
    note({ metadata, status }: Wire<V1Job>): void {
      const cronJob = controllerOf({ metadata: metadata ?? null })?.uid ?? undefined;
      const created = timeOf(metadata?.creationTimestamp);
      if (cronJob && created !== undefined && conditionOf(status?.conditions, 'Complete')?.status === 'True')
        lastSuccess.set(cronJob, Math.max(created, lastSuccess.get(cronJob) ?? created));
      const failure = conditionOf(status?.conditions, 'Failed');
      if (failure?.status !== 'True') return;
      const { namespace = '', ownerReferences = [] } = metadata ?? {};
      failed.push({
        job: refTo(jobs, metadata),
        metadata: { namespace, ownerReferences },
        created,
        cronJob,
        at: timeOf(failure.lastTransitionTime),
        reason: failure.reason || 'Failed',
        message: failure.message ?? '',
      });
    },

    /** Its own account outlives its Jobs, of which it may keep none. */
    noteCronJob({ metadata, spec, status }: Wire<V1CronJob>): void {
      if (metadata?.uid) cronJobs.set(metadata.uid, { suspended: spec?.suspend === true, succeeded: timeOf(status?.lastSuccessfulTime) });
    },

    /**
     * The Jobs that failed for good and that no later run made good. Those that failed before the window count only where their CronJob still
     * runs: until its next success it is failing, be that a week or a month.
     */
    failed: (): readonly FailedJob[] =>
      failed.filter((job) => {
        const isRunning = cronJobs.get(job.cronJob ?? '')?.suspended === false;
        return !wasMadeGood(job) && (isRunning || !isOlder(job.at, window, now));
      }),
  };
};
