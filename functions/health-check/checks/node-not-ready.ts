import type { V1Node } from '@kubernetes/client-node';
import * as z from 'zod';
import { nodes } from '../../cluster/kinds.ts';
import { defineCheck, refTo, type Wire } from '../../scan/contracts.ts';
import { forHowLong, hours, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { because, conditionOf, listOf } from '../wire.ts';

/** Taints of what takes nodes away on purpose, by key. From kubernetes-mixin's KubeNodeUnreachable, Karpenter and the cloud providers. */
const removal = new Set([
  'ToBeDeletedByClusterAutoscaler',
  'cloud.google.com/impending-node-termination',
  'aws-node-termination-handler/spot-itn',
  'aws-node-termination-handler/rebalance-recommendation',
  'aws-node-termination-handler/scheduled-maintenance',
  'aws-node-termination-handler/asg-lifecycle-termination',
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'node.cloudprovider.kubernetes.io/shutdown',
]);

const isBeingRemoved = ({ metadata, spec }: Wire<V1Node>): boolean =>
  Boolean(metadata?.deletionTimestamp) || listOf(spec?.taints).some(({ key }) => removal.has(key ?? ''));

export default defineCheck({
  id: 'node-not-ready',
  title: 'Nodes that are not ready',
  why: 'Its pods stop being served, and after five minutes are evicted; on too few nodes they find no other place.',
  upstream: 'https://kubernetes.io/docs/reference/node/node-status/#condition',
  reads: { nodes },
  // A kubelet that drops out now and then is found only while it is away for longer than the grace.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z
      .number()
      .min(0)
      .default(5)
      .describe('Leave nodes alone that are not ready for less than this; pods are evicted after 5 minutes'),
    removalHours: z.number().min(0).default(1).describe('A node that is being removed is only noted, unless it is still there after this'),
  }),
  start({ options, now, emit }) {
    return {
      see: {
        nodes(node) {
          const ready = conditionOf(node.status?.conditions, 'Ready');
          if (ready?.status === 'True') return;
          const since = timeOf(ready?.lastTransitionTime) ?? timeOf(node.metadata?.creationTimestamp);
          if (!isOlder(since, minutes(options.graceMinutes), now)) return;
          const object = refTo(nodes, node.metadata);
          const long = forHowLong(since, now);
          const state = !ready
            ? `its kubelet has not said whether it is ready${long}`
            : ready.status === 'False'
              ? `not ready${long}${because(ready.message || ready.reason)}`
              : `its kubelet has not reported${long}${ready.reason ? ` (${ready.reason})` : ''}`;
          const removed = isBeingRemoved(node);
          const stuck = removed && isOlder(since, hours(options.removalHours), now);
          const circumstance = stuck
            ? ', and its removal does not come to an end'
            : removed
              ? ', and it is being removed'
              : node.spec?.unschedulable
                ? ', and it is cordoned'
                : '';
          emit({
            object,
            // Not info where it is cordoned: what is down on it must find a cause to be folded under.
            severity: removed && !stuck ? 'info' : stuck || node.spec?.unschedulable ? 'warning' : 'critical',
            message: `${state}${circumstance}`,
            remedy:
              ready?.status === 'False'
                ? `kubectl describe node ${object.name}`
                : `look at the machine itself (${node.spec?.providerID || object.name}): is it running, and does its kubelet reach the API server?`,
            ...startedAt(since),
            details: { reason: ready?.reason ?? 'NoReadyCondition', cordoned: node.spec?.unschedulable === true },
          });
        },
      },
    };
  },
});
