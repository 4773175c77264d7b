import * as z from 'zod';
import { ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck } from '../../scan/contracts.ts';
import { inWords, isOlder, minutes, timeOf } from '../age.ts';
import { kubectl } from '../kubectl.ts';
import { podsByOwner } from '../pods-by-owner.ts';
import { listOf, some } from '../wire.ts';

export default defineCheck({
  id: 'pod-terminating',
  title: 'Pods that do not go away',
  why: 'A StatefulSet starts no successor, a drain or a namespace waits for it, and its volumes stay attached.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
  reads: { pods, ...ownerReads },
  // itemInclusionChecks of velero pkg/backup/item_backupper.go.
  notInBackups: 'Velero leaves out what is being deleted',
  options: z.strictObject({
    graceMinutes: z
      .number()
      .min(0)
      .default(10)
      .describe('Leave pods alone that should be gone for less than this (their own grace period is over then)'),
  }),
  start(pass) {
    const { options, now } = pass;
    const found = podsByOwner(pass);
    return {
      see: {
        pods(pod) {
          const { metadata, spec } = pod;
          // The API server sets it to the moment at which the grace period is over: rest/delete.go of k8s.io/apiserver.
          const due = timeOf(metadata?.deletionTimestamp);
          if (due === undefined) return;
          const finalizers = listOf(metadata?.finalizers);
          if (!isOlder(due, minutes(options.graceMinutes), now)) return found.explain(pod, 'its pod is going');
          const why =
            finalizers.length > 0
              ? `held by its finalizer${finalizers.length > 1 ? 's' : ''} ${some(finalizers, 5)}`
              : spec?.nodeName
                ? `the kubelet of ${spec.nodeName} has not confirmed its end`
                : 'nothing holds it that is visible';
          found.add(pod, {
            severity: 'warning',
            message: `should have been gone ${inWords(now - due)} ago: ${why}`,
            remedy:
              finalizers.length > 0
                ? `find the controller that owns the finalizer and see why it does not finish: ${kubectl(metadata, `describe pod ${metadata?.name}`)}`
                : spec?.nodeName
                  ? `kubectl describe node ${spec.nodeName}`
                  : kubectl(metadata, `describe pod ${metadata?.name}`),
            since: due,
            because: 'its pod does not go away',
            nodeMayBeCause: finalizers.length === 0,
          });
        },
      },
      finish: () => found.report(),
    };
  },
});
