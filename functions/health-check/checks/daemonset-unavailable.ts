import type { V1DaemonSet } from '@kubernetes/client-node';
import * as z from 'zod';
import { daemonSets } from '../../cluster/kinds.ts';
import { defineCheck, refTo, type Wire } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, timeOf } from '../age.ts';
import { lastChange } from '../last-change.ts';
import { isUnseen, reportWorkload, type WorkloadTrouble } from '../workload-trouble.ts';

type DaemonSet = Wire<V1DaemonSet>;

const troubleOf = (daemonSet: DaemonSet, grace: number, now: number): WorkloadTrouble | undefined => {
  const unseen = isUnseen(daemonSet, grace, now);
  if (unseen) return unseen;
  const { metadata, spec, status } = daemonSet;
  const desired = status?.desiredNumberScheduled ?? 0;
  // It has no conditions: what has not changed for a while is stuck.
  const since = lastChange(metadata, 'status') ?? timeOf(metadata?.creationTimestamp);
  const available = status?.numberAvailable ?? 0;
  if (available < desired) {
    const message = `${available > 0 ? 'only ' : ''}${available} of ${desired} nodes have an available pod, unchanged${forHowLong(since, now)}`;
    return isOlder(since, grace, now) ? { since, message } : undefined;
  }
  if (spec?.updateStrategy?.type !== 'OnDelete' && (status?.updatedNumberScheduled ?? desired) < desired) {
    const message = `its rollout is stuck: ${status?.updatedNumberScheduled} of ${desired} nodes have its newest pod, unchanged${forHowLong(since, now)}`;
    return isOlder(since, grace, now) ? { since, message } : undefined;
  }
  return undefined;
};

export default defineCheck({
  id: 'daemonset-unavailable',
  title: 'DaemonSets that are missing on nodes, or stuck in a rollout',
  why: 'A node without its network, log or storage agent breaks the pods on it in ways that are hard to tell.',
  upstream: 'https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/',
  reads: { daemonSets },
  // Pods that crash are available in between.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(15).describe('Leave DaemonSets alone whose status changed within this time'),
  }),
  start(pass) {
    const { options, now } = pass;
    return {
      see: {
        daemonSets(daemonSet) {
          const { metadata, status } = daemonSet;
          if (metadata?.deletionTimestamp) return;
          const trouble = troubleOf(daemonSet, minutes(options.graceMinutes), now);
          if (trouble) reportWorkload(pass, refTo(daemonSets, metadata), (status?.numberAvailable ?? 0) > 0, trouble);
        },
      },
    };
  },
});
