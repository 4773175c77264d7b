/** Which Jobs are over and nobody's business any more. Pure: asked of a list's objects, and again of the live one before it is deleted. */
import type { V1Job } from '@kubernetes/client-node';
import { timeOf } from '../health-check/age.ts';
import { conditionOf, listOf, numberOf, textOf } from '../health-check/wire.ts';
import type { Wire } from '../scan/contracts.ts';

export type Job = Wire<V1Job>;

export interface JobEnd {
  readonly outcome: 'Complete' | 'Failed';
  /** In ms; undefined where the condition does not say. */
  readonly at: number | undefined;
  /** Why it failed: `BackoffLimitExceeded`. */
  readonly reason: string | undefined;
}

/**
 * How it ended; undefined while it has not. A condition alone tells: `status.succeeded` counts pods, also of a Job that still runs
 * (pkg/controller/cronjob/cronjob_controllerv2.go getFinishedStatus).
 */
export const endOfJob = ({ status }: Job): JobEnd | undefined => {
  for (const outcome of ['Failed', 'Complete'] as const) {
    const condition = conditionOf(status?.conditions, outcome);
    if (condition?.status === 'True') return { outcome, at: timeOf(condition.lastTransitionTime), reason: textOf(condition.reason) };
  }
  return undefined;
};

export interface CronJobOwner {
  readonly uid: string;
  readonly name: string;
}

/** The CronJob that alone owns it; undefined for none, and for whatever else owns it. */
export const cronJobOf = ({ metadata }: Job): CronJobOwner | undefined => {
  const [owner, another] = listOf(metadata?.ownerReferences);
  const [uid, name] = [textOf(owner?.uid), textOf(owner?.name)];
  if (!owner || another || !uid || !name || !owner.controller) return undefined;
  return owner.kind === 'CronJob' && owner.apiVersion?.startsWith('batch/') ? { uid, name } : undefined;
};

/** The Job controller’s own name in spec.managedBy: pkg/apis/batch/types.go JobControllerName */
const jobController = 'kubernetes.io/job-controller';

/** Why a Job stays, by what it says itself; undefined where nothing does. What its CronJob keeps is not asked here. */
export const whyJobStays = (job: Job): string | undefined => {
  const { metadata, spec, status } = job;
  if (!endOfJob(job)) return 'it is not finished';
  if (spec?.suspend) return 'it is suspended';
  if (spec?.ttlSecondsAfterFinished !== undefined && spec?.ttlSecondsAfterFinished !== null)
    return 'its own ttlSecondsAfterFinished says when it goes';
  if (spec?.managedBy && spec.managedBy !== jobController) return `it is managed by ${spec.managedBy}`;
  const owners = listOf(metadata?.ownerReferences);
  if (owners.length > 0 && !cronJobOf(job))
    return `it belongs to ${owners[0]?.kind ?? 'another object'} ${owners[0]?.name ?? ''}`.trimEnd();
  // Before 1.31 a Job was Failed while its pods still ended.
  if ((numberOf(status?.active) ?? 0) > 0 || (numberOf(status?.terminating) ?? 0) > 0) return 'it still has pods that run';
  // Whoever put a finalizer there still has something to do with it.
  const [finalizer] = listOf(metadata?.finalizers);
  return finalizer === undefined ? undefined : `it has the finalizer ${finalizer}`;
};
