/** Which events tell of what is over: their pod became ready since, found its node, or is gone. */
import type { Ref } from '../scan/contracts.ts';
import { timeOf } from './age.ts';
import { hasEnded, isReady, isTerminating, type Pod } from './pod-state.ts';
import { conditionOf } from './wire.ts';

/** The uid under which the kubelet's events speak of a static pod is not that of its mirror: pkg/kubelet/types/constants.go */
const staticUid = 'kubernetes.io/config.hash';

/** To be asked in `finish()`. Keeps one word a pod, and a time of those that became ready since `begin` (ms). */
export const settledPods = (begin: number) => {
  const seen = new Set<string>();
  const unscheduled = new Set<string>();
  const settledAt = new Map<string, number>();
  return {
    note(pod: Pod): void {
      const { metadata, spec, status } = pod;
      const uid = metadata?.annotations?.[staticUid] ?? metadata?.uid;
      if (!uid) return;
      seen.add(uid);
      if (!spec?.nodeName) unscheduled.add(uid);
      if (isTerminating(pod) || hasEnded(pod)) settledAt.set(uid, Number.POSITIVE_INFINITY);
      else if (isReady(pod)) {
        const since = timeOf(conditionOf(status?.conditions, 'Ready')?.lastTransitionTime);
        if (since !== undefined && since >= begin) settledAt.set(uid, since);
      }
    },

    /** Is the pod as it should be since `last` (ms), or gone? Not known where no pod could be read, or the event names no uid. */
    isOver({ kind, uid }: Ref, last: number): boolean {
      if (kind !== 'Pod' || !uid || seen.size === 0) return false;
      return !seen.has(uid) || (settledAt.get(uid) ?? Number.NEGATIVE_INFINITY) >= last;
    },

    /** Has it found its node, or is it gone? */
    isScheduled({ kind, uid }: Ref): boolean {
      return kind === 'Pod' && uid !== undefined && seen.size > 0 && !unscheduled.has(uid);
    },
  };
};
