import * as z from 'zod';
import { jobs, ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck } from '../../scan/contracts.ts';
import { hours, timeOf } from '../age.ts';
import { jobOutcomes } from '../job-outcomes.ts';
import { kubectl } from '../kubectl.ts';
import { called, containerStatuses, controllerOf, isTerminating, lastExit, type Pod } from '../pod-state.ts';
import { essenceOf, type PodTrouble, podsByOwner } from '../pods-by-owner.ts';
import { because, conditionOf, listOf } from '../wire.ts';

/** Reasons of status.reason that come from the node: pkg/kubelet and pkg/kubelet/lifecycle. */
const byNode = new Set([
  'Evicted',
  'NodeShutdown',
  'Terminated',
  'Shutdown',
  'NodeLost',
  'Preempting',
  'UnexpectedAdmissionError',
  'NodeAffinity',
]);
/** Of those, the ones that belong to a node's planned end. */
const planned = new Set(['NodeShutdown', 'Terminated', 'Shutdown']);

const endOf = ({ metadata, status }: Pod): number | undefined => {
  const ends = containerStatuses({ status: status ?? null }).flatMap(({ state }) => timeOf(state?.terminated?.finishedAt) ?? []);
  if (ends.length > 0) return Math.max(...ends);
  const disrupted = timeOf(conditionOf(status?.conditions, 'DisruptionTarget')?.lastTransitionTime);
  return disrupted ?? timeOf(status?.startTime) ?? timeOf(metadata?.creationTimestamp);
};

const troubleOf = (pod: Pod, since: number | undefined): PodTrouble => {
  const { metadata, status } = pod;
  const reason = status?.reason || conditionOf(status?.conditions, 'DisruptionTarget')?.reason || undefined;
  const culprit = listOf(status?.containerStatuses).find(({ state }) => state?.terminated?.exitCode);
  const exit = culprit && lastExit(culprit);
  const remedy = culprit && !reason ? `logs ${metadata?.name} -c ${culprit.name}` : `describe pod ${metadata?.name}`;
  return {
    subject: reason ?? 'Failed',
    severity: planned.has(reason ?? '') ? 'info' : 'warning',
    message: reason
      ? `${reason === 'Evicted' ? 'evicted by its node' : `failed: ${reason}`}${because(status?.message)}`
      : `failed${exit ? `: ${called(culprit)} ended with ${exit}` : ''}`,
    remedy: kubectl(metadata, remedy),
    since,
    because: 'its pod failed',
    nodeMayBeCause: reason !== undefined && (byNode.has(reason) || reason.startsWith('OutOf')),
  };
};

export default defineCheck({
  id: 'pod-failed',
  title: 'Pods that failed or were evicted',
  why: 'Work ended badly: a Job gave up, or a node was too short of something to keep its pods.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase',
  reads: { pods, jobs, ...ownerReads },
  options: z.strictObject({
    windowHours: z.number().min(1).default(24).describe('Pods that failed longer ago are left to the cleanup'),
  }),
  start(pass) {
    const { options, now } = pass;
    const found = podsByOwner(pass);
    const outcomes = jobOutcomes();
    const ofJobs: { readonly pod: Pod; readonly trouble: PodTrouble; readonly job: string }[] = [];
    return {
      see: {
        jobs: outcomes.note,
        pods(pod) {
          if (pod.status?.phase !== 'Failed' || isTerminating(pod)) return;
          const since = endOf(pod);
          if (since !== undefined && now - since > hours(options.windowHours)) return;
          const controller = controllerOf(pod);
          if (controller?.kind === 'Job') ofJobs.push({ pod: essenceOf(pod), trouble: troubleOf(pod, since), job: controller.name ?? '' });
          else found.add(pod, troubleOf(pod, since));
        },
      },
      finish() {
        for (const { pod, trouble, job } of ofJobs) {
          const failed = outcomes.failed(pod.metadata?.namespace ?? '', job);
          if (!failed) continue;
          const message = `job ${job} gave up (${failed.reason}): its pod ${trouble.message}`;
          found.add(pod, { ...trouble, subject: 'JobFailed', severity: 'warning', message, since: failed.at ?? trouble.since });
        }
        found.report();
      },
    };
  },
});
