import * as z from 'zod';
import { ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { called, containerStatuses, inCrashLoop, isJobPod, isReady, isTerminating, isToEnd, type Pod } from '../pod-state.ts';
import { podsByOwner } from '../pods-by-owner.ts';
import { because, conditionOf, listOf, some } from '../wire.ts';

/** Which part of it is not ready. */
const whatIsNotReady = ({ status }: Pod): string => {
  const ready = conditionOf(status?.conditions, 'Ready');
  // Of the init containers only sidecars run while the pod does.
  const sidecars = listOf(status?.initContainerStatuses).filter(({ state }) => state?.running);
  const containers = [...sidecars, ...listOf(status?.containerStatuses)].filter((container) => container.ready === false);
  if (ready?.reason === 'ReadinessGatesNotReady') return because(ready.message ?? ready.reason);
  if (containers.length > 0) {
    return `: ${some(containers.map(called))} ${containers.length > 1 ? 'fail' : 'fails'} the readiness probe or ended`;
  }
  return containerStatuses({ status: status ?? null }).length > 0 ? ', though its containers last said that they are' : '';
};

/** Has a part of a pod that is to end done its work? The others may take hours, as Tekton's steps do. */
const isEndingByParts = (pod: Pod): boolean =>
  isToEnd(pod) && listOf(pod.status?.containerStatuses).some(({ state }) => state?.terminated?.exitCode === 0);

export default defineCheck({
  id: 'pod-not-ready',
  title: 'Pods that run but are not ready',
  why: 'It gets no traffic: its Service loses capacity, and its rollout waits.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate',
  reads: { pods, ...ownerReads },
  // Readiness comes and goes with what the pod depends on, and each time its grace begins anew.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(15).describe('Leave pods alone that are not ready for less than this'),
  }),
  start(pass) {
    const { options, now } = pass;
    const found = podsByOwner(pass);
    return {
      see: {
        pods(pod) {
          if (isReady(pod)) return found.works(pod);
          const phase = pod.status?.phase;
          if ((phase !== 'Running' && phase !== 'Unknown') || isTerminating(pod) || isJobPod(pod)) return;
          // What waits or crashes is the check pod-waiting's.
          if (containerStatuses(pod).some((status) => status.state?.waiting || inCrashLoop(status, now))) return;
          const ready = conditionOf(pod.status?.conditions, 'Ready');
          if (ready?.reason === 'PodCompleted' || isEndingByParts(pod)) return;
          const since = timeOf(ready?.lastTransitionTime) ?? timeOf(pod.metadata?.creationTimestamp);
          if (!isOlder(since, minutes(options.graceMinutes), now)) return found.explain(pod, 'its pod is not ready');
          found.add(pod, {
            message: `running, but not ready${forHowLong(since, now)}${whatIsNotReady(pod)}`,
            remedy: kubectl(pod.metadata, `describe pod ${pod.metadata?.name}`),
            since,
            because: 'its pod is not ready',
            nodeMayBeCause: true,
          });
        },
      },
      finish: () => found.report(),
    };
  },
});
