import * as z from 'zod';
import { ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, timeOf } from '../age.ts';
import { leaseOf } from '../control-plane.ts';
import { kubectl } from '../kubectl.ts';
import { containerStatuses, isReady, isTerminating, type Pod } from '../pod-state.ts';
import { type PodTrouble, podsByOwner } from '../pods-by-owner.ts';
import { unschedulableCauses } from '../unschedulable.ts';
import { because, conditionOf, oneLine, some } from '../wire.ts';

type Pending = Pick<PodTrouble, 'since' | 'message' | 'nodeMayBeCause' | 'cause'>;

/** A pod that no scheduler has looked at: the one that it names is not there, or does not work. */
const unseen = (schedulerName: string, since: number | undefined): Pending => ({
  since,
  message: `no scheduler (${schedulerName}) has looked at it`,
  ...(schedulerName === 'default-scheduler'
    ? { cause: { object: leaseOf('kube-scheduler'), because: 'the scheduler does not look at new pods' } }
    : {}),
});

/** Why a pod waits for a node, or on one; undefined where it waits on purpose or its containers tell more. */
const pendingFor = (pod: Pod): Pending | undefined => {
  const { metadata, spec, status } = pod;
  const scheduled = conditionOf(status?.conditions, 'PodScheduled');
  const created = timeOf(metadata?.creationTimestamp);
  if (spec?.nodeName) {
    if (containerStatuses(pod).length > 0) return undefined;
    const since = timeOf(scheduled?.lastTransitionTime) ?? created;
    return { since, message: 'the kubelet of its node has not started it', nodeMayBeCause: true };
  }
  if (scheduled?.reason === 'SchedulingGated') return undefined;
  if (!scheduled) return unseen(spec?.schedulerName ?? 'default-scheduler', created);
  const causes = unschedulableCauses(scheduled.message);
  const why = causes.length > 0 ? `: ${some(causes, 4)} (${oneLine(scheduled.message)})` : because(scheduled.message ?? scheduled.reason);
  return { since: timeOf(scheduled.lastTransitionTime) ?? created, message: `no node can take it${why}` };
};

export default defineCheck({
  id: 'pod-pending',
  title: 'Pods that find no node',
  why: 'The work that the pod should do is not done, and nothing tells so but the pod itself.',
  upstream: 'https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/',
  reads: { pods, ...ownerReads },
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(10).describe('Leave pods alone that are pending for less than this: a node may be on its way'),
  }),
  start(pass) {
    const { options, now } = pass;
    const found = podsByOwner(pass);
    return {
      see: {
        pods(pod) {
          if (pod.status?.phase !== 'Pending') {
            if (isReady(pod)) found.works(pod);
            return;
          }
          if (isTerminating(pod)) return;
          const pending = pendingFor(pod);
          if (!pending || !isOlder(pending.since, minutes(options.graceMinutes), now)) return;
          found.add(pod, {
            ...pending,
            message: `pending${forHowLong(pending.since, now)}: ${pending.message}`,
            remedy: kubectl(pod.metadata, `describe pod ${pod.metadata?.name}`),
            because: 'its pod is pending',
          });
        },
      },
      finish: () => found.report(),
    };
  },
});
