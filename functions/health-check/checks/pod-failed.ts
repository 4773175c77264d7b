import * as z from 'zod';
import { cronJobs, jobs, ownerReads, pods } from '../../cluster/kinds.ts';
import { defineCheck, type Ref, refKey, refTo } from '../../scan/contracts.ts';
import { hours, startedAt, timeOf } from '../age.ts';
import { type FailedJob, jobOutcomes } from '../job-outcomes.ts';
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

/** A pod of a Job that failed. */
interface Try {
  readonly ref: Ref;
  readonly pod: Pod;
  readonly trouble: PodTrouble;
}

export default defineCheck({
  id: 'pod-failed',
  title: 'Jobs and pods that failed, and pods that were evicted',
  why: 'Work ended badly: a Job gave up, or a node was too short of something to keep its pods.',
  upstream: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase',
  reads: { pods, jobs, cronJobs: { ...cronJobs, optional: true }, ...ownerReads },
  options: z.strictObject({
    windowHours: z
      .number()
      .min(1)
      .default(24)
      .describe('What failed longer ago is left to the cleanup, but for the last runs of a CronJob that is at work'),
  }),
  start(pass) {
    const { options, now, emit, owner } = pass;
    const window = hours(options.windowHours);
    const found = podsByOwner(pass);
    const outcomes = jobOutcomes(window, now);
    const triesByJob = new Map<string, Try[]>();

    /** Failed runs of one owner, newest first; the first speaks for all. */
    const reportJobs = (object: Ref, runs: readonly FailedJob[]): void => {
      const [newest] = runs;
      if (!newest) return;
      const tries = runs.flatMap(({ job }) => triesByJob.get(refKey(job)) ?? []);
      const [last] = triesByJob.get(refKey(newest.job))?.toSorted((a, b) => (refKey(a.ref) < refKey(b.ref) ? -1 : 1)) ?? [];
      for (const { pod, trouble } of tries) found.explain(pod, trouble.because, trouble.nodeMayBeCause);
      const times = runs.flatMap(({ at }) => at ?? []);
      const members = tries.length > 0 ? tries.map(({ ref }) => ref) : runs.map(({ job }) => job);
      emit({
        object,
        subject: 'JobFailed',
        severity: 'warning',
        message: `job ${newest.job.name} gave up (${newest.reason})${last ? `: its pod ${last.trouble.message}` : because(newest.message)}`,
        remedy: last?.trouble.remedy ?? kubectl(newest.job, `describe job ${newest.job.name}`),
        ...startedAt(times.length > 0 ? Math.min(...times) : undefined),
        members: members.toSorted((a, b) => (refKey(a) < refKey(b) ? -1 : 1)),
        details: { jobs: runs.length, pods: tries.length },
      });
    };

    return {
      see: {
        jobs: outcomes.note,
        cronJobs: outcomes.noteCronJob,
        pods(pod) {
          if (pod.status?.phase !== 'Failed' || isTerminating(pod)) return;
          const since = endOf(pod);
          const controller = controllerOf(pod);
          if (controller?.kind === 'Job') {
            const job = refKey(refTo(jobs, { namespace: pod.metadata?.namespace ?? '', name: controller.name ?? '' }));
            const tries = triesByJob.get(job) ?? [];
            tries.push({ ref: refTo(pods, pod.metadata), pod: essenceOf(pod), trouble: troubleOf(pod, since) });
            triesByJob.set(job, tries);
          } else if (since === undefined || now - since <= window) found.add(pod, troubleOf(pod, since));
        },
      },
      finish() {
        const newestFirst = outcomes.failed().toSorted((a, b) => (b.at ?? 0) - (a.at ?? 0) || (refKey(a.job) < refKey(b.job) ? -1 : 1));
        const above = (failed: FailedJob): Ref => owner(failed) ?? failed.job;
        for (const runs of Map.groupBy(newestFirst, (failed) => refKey(above(failed))).values()) {
          const [newest] = runs;
          if (newest) reportJobs(above(newest), runs);
        }
        found.report();
      },
    };
  },
});
