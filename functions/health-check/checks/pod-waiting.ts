import * as z from 'zod';
import { ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck } from '../../scan/contracts.ts';
import { isOlder } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { containerStatuses, hasEnded, isReady, isTerminating, type Pod, unreadySince } from '../pod-state.ts';
import { podsByOwner } from '../pods-by-owner.ts';
import { type WaitingFault, waitingFault } from '../waiting-container.ts';

/**
 * The pod's containers that are held up. A container that waits for its pod to be initialized is none where an init container is: that one
 * is the fault, or it is still at work.
 */
const heldUp = (pod: Pod, faultOf: (status: Parameters<typeof waitingFault>[0]) => WaitingFault | undefined): readonly WaitingFault[] => {
  const found = containerStatuses(pod).flatMap((status) => faultOf(status) ?? []);
  const own = found.filter(({ container }) => container !== undefined);
  return own.length > 0 ? own : found.slice(0, 1);
};

export default defineCheck({
  id: 'pod-waiting',
  title: 'Containers that crash, or cannot be started',
  why: 'The pod does no work, and does not get well by itself.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-state-waiting',
  reads: { pods, ...ownerReads },
  // A container that crashes works for a while in between.
  flaps: true,
  options: z.strictObject({
    crashLoopRestarts: z.int().min(0).default(3).describe('A container crashes again and again from this many restarts on'),
    graceMinutes: z
      .number()
      .min(0)
      .default(3)
      .describe('Leave containers alone that could not be pulled, configured or started for less than this'),
    creatingMinutes: z.number().min(0).default(15).describe('Leave pods alone whose containers are being created for less than this'),
    otherMinutes: z.number().min(0).default(60).describe('Leave containers alone that wait for another reason for less than this'),
  }),
  start(pass) {
    const { options, now } = pass;
    const found = podsByOwner(pass);
    const faultOf = (status: Parameters<typeof waitingFault>[0]) => waitingFault(status, options, now);
    return {
      see: {
        pods(pod) {
          if (isTerminating(pod) || hasEnded(pod)) return;
          const since = unreadySince(pod);
          const held = heldUp(pod, faultOf);
          if (held.length === 0) {
            if (isReady(pod)) found.works(pod);
            return;
          }
          const faults = held.filter(({ after }) => after === 0 || isOlder(since, after, now));
          if (faults.length === 0 && held.some(({ nodeMayBeCause }) => nodeMayBeCause)) found.explain(pod, 'its pod cannot start');
          for (const { reason, container, message, nodeMayBeCause, look, advice } of faults) {
            const command =
              look === 'logs' ? `logs ${pod.metadata?.name} -c ${container} --previous` : `describe pod ${pod.metadata?.name}`;
            found.add(pod, {
              subject: container === undefined ? reason : `${reason} ${container}`,
              message,
              remedy: `${kubectl(pod.metadata, command)}${advice ? `; ${advice}` : ''}`,
              since,
              weight: containerStatuses(pod).find(({ name }) => name === container)?.restartCount ?? 0,
              because: 'its pod cannot start',
              nodeMayBeCause,
            });
          }
        },
      },
      finish: () => found.report(),
    };
  },
});
