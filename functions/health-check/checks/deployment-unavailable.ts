import type { V1Deployment } from '@kubernetes/client-node';
import * as z from 'zod';
import { deployments } from '../../cluster/kinds.ts';
import { defineCheck, refTo, type Wire } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, timeOf } from '../age.ts';
import { lastChange } from '../last-change.ts';
import { because, conditionOf } from '../wire.ts';
import { isUnseen, quotaIn, reportWorkload, type WorkloadTrouble } from '../workload-trouble.ts';

type Deployment = Wire<V1Deployment>;

/** Since when pods are missing: its own account, else since the rollout last came further or any number changed. */
const missingSince = ({ metadata, status }: Deployment): number | undefined => {
  const available = conditionOf(status?.conditions, 'Available');
  const progressing = conditionOf(status?.conditions, 'Progressing');
  if (available?.status === 'False') return timeOf(available.lastTransitionTime);
  const changes = [timeOf(progressing?.lastUpdateTime), lastChange(metadata, 'status')].filter((time) => time !== undefined);
  return changes.length > 0 ? Math.max(...changes) : timeOf(metadata?.creationTimestamp);
};

/** What holds it up, the most telling first; undefined where it is well. */
const troubleOf = (deployment: Deployment, grace: number, now: number): WorkloadTrouble | undefined => {
  const unseen = isUnseen(deployment, grace, now);
  if (unseen) return unseen;
  const { metadata, spec, status } = deployment;
  const desired = spec?.replicas ?? 1;
  const available = status?.availableReplicas ?? 0;
  const failure = conditionOf(status?.conditions, 'ReplicaFailure');
  const progressing = conditionOf(status?.conditions, 'Progressing');
  const counts = `${available} of ${desired} pods are available`;
  if (failure?.status === 'True' && available < desired) {
    const since = timeOf(failure.lastTransitionTime);
    if (!isOlder(since ?? 0, grace, now)) return undefined;
    const quota = quotaIn(failure.message, metadata?.namespace);
    return { since, message: `its pods are refused${because(failure.message || failure.reason)}`, ...(quota ? { cause: quota } : {}) };
  }
  if (progressing?.status === 'False') {
    const since = timeOf(progressing.lastTransitionTime);
    return { since, message: `its rollout is stuck${forHowLong(since, now)} (${progressing.reason ?? 'unknown reason'}); ${counts}` };
  }
  const since = missingSince(deployment);
  if (!isOlder(since, grace, now)) return undefined;
  if (available < desired) return { since, message: `${available > 0 ? 'only ' : ''}${counts}${forHowLong(since, now)}` };
  // Without a deadline its controller never says so itself: pkg/controller/deployment/progress.go
  const updated = status?.updatedReplicas ?? 0;
  if (!progressing && updated < desired)
    return { since, message: `its rollout is stuck: ${updated} of ${desired} pods are updated, unchanged${forHowLong(since, now)}` };
  return undefined;
};

export default defineCheck({
  id: 'deployment-unavailable',
  title: 'Deployments that are short of pods, or stuck in a rollout',
  why: 'It serves with less than was asked for, or not at all, and a newer version does not get out.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status',
  reads: { deployments },
  // Pods that crash are available in between.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(10).describe('Leave Deployments alone that are short of pods for less than this'),
  }),
  start(pass) {
    const { options, now } = pass;
    return {
      see: {
        deployments(deployment) {
          const { metadata, spec, status } = deployment;
          if (spec?.replicas === 0 || metadata?.deletionTimestamp) return;
          // A pause holds up the first rollout, or a later one, half way through; that the pods it has do not work is no part of it.
          if (spec?.paused && (!status?.replicas || conditionOf(status.conditions, 'Available')?.status !== 'False')) return;
          const trouble = troubleOf(deployment, minutes(options.graceMinutes), now);
          if (trouble) reportWorkload(pass, refTo(deployments, metadata), (status?.availableReplicas ?? 0) > 0, trouble);
        },
      },
    };
  },
});
