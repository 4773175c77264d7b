import type { V1StatefulSet } from '@kubernetes/client-node';
import * as z from 'zod';
import { statefulSets } from '../../cluster/kinds.ts';
import { defineCheck, refTo, type Wire } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, timeOf } from '../age.ts';
import { lastChange } from '../last-change.ts';
import { isUnseen, reportWorkload, type WorkloadTrouble } from '../workload-trouble.ts';

type StatefulSet = Wire<V1StatefulSet>;

/** Are there pods of an older revision that the update strategy would have replaced by now? */
const isHalfUpdated = ({ spec, status }: StatefulSet): boolean => {
  if (spec?.updateStrategy?.type === 'OnDelete' || !status?.updateRevision || status.currentRevision === status.updateRevision)
    return false;
  const toUpdate = (spec?.replicas ?? 1) - (spec?.updateStrategy?.rollingUpdate?.partition ?? 0);
  return (status.updatedReplicas ?? 0) < toUpdate;
};

const troubleOf = (statefulSet: StatefulSet, grace: number, now: number): WorkloadTrouble | undefined => {
  const unseen = isUnseen(statefulSet, grace, now);
  if (unseen) return unseen;
  const { metadata, spec, status } = statefulSet;
  const desired = spec?.replicas ?? 1;
  // It has no conditions: what has not changed for a while is stuck.
  const since = lastChange(metadata, 'status') ?? timeOf(metadata?.creationTimestamp);
  const available = status?.availableReplicas ?? status?.readyReplicas ?? 0;
  if (available < desired) {
    const message = `${available > 0 ? 'only ' : ''}${available} of ${desired} pods are available, unchanged${forHowLong(since, now)}`;
    return isOlder(since, grace, now) ? { since, message } : undefined;
  }
  if (isHalfUpdated(statefulSet)) {
    const message = `its rollout is stuck: ${status?.updatedReplicas ?? 0} of ${desired} pods are updated, unchanged${forHowLong(since, now)}`;
    return isOlder(since, grace, now) ? { since, message } : undefined;
  }
  return undefined;
};

export default defineCheck({
  id: 'statefulset-unavailable',
  title: 'StatefulSets that are short of pods, or stuck in a rollout',
  why: 'A database or queue runs without its spare, or not at all; the next pod is not started before this one is ready.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#rolling-updates',
  reads: { statefulSets },
  // Pods that crash are available in between.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(15).describe('Leave StatefulSets alone whose status changed within this time'),
  }),
  start(pass) {
    const { options, now } = pass;
    return {
      see: {
        statefulSets(statefulSet) {
          const { metadata, spec, status } = statefulSet;
          if (spec?.replicas === 0 || metadata?.deletionTimestamp) return;
          const trouble = troubleOf(statefulSet, minutes(options.graceMinutes), now);
          if (trouble)
            reportWorkload(pass, refTo(statefulSets, metadata), (status?.availableReplicas ?? status?.readyReplicas ?? 0) > 0, trouble);
        },
      },
    };
  },
});
