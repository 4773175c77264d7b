/** Facts about one pod that several checks tell from. */
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { nodes } from '../cluster/kinds.ts';
import { type Ref, refTo, type Wire } from '../scan/contracts.ts';
import { minutes, timeOf } from './age.ts';
import { conditionOf, listOf } from './wire.ts';

export type Pod = Wire<V1Pod>;
export type ContainerStatus = Wire<V1ContainerStatus>;

/** Init containers first, in the order in which the kubelet starts them. */
export const containerStatuses = ({ status }: Pod): readonly ContainerStatus[] => [
  ...listOf(status?.initContainerStatuses),
  ...listOf(status?.containerStatuses),
];

export const isReady = ({ status }: Pod): boolean => conditionOf(status?.conditions, 'Ready')?.status === 'True';
export const isTerminating = ({ metadata }: Pod): boolean => Boolean(metadata?.deletionTimestamp);

/** Has it come to an end, well or badly? */
export const hasEnded = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** In a message: `container app`. */
export const called = ({ name }: ContainerStatus): string => (name ? `container ${name}` : 'a container');

/** The node that it runs on, or should. */
export const nodeOf = ({ spec }: Pod): Ref | undefined => (spec?.nodeName ? refTo(nodes, { name: spec.nodeName }) : undefined);

/** The owner reference of its immediate controller. */
export const controllerOf = ({ metadata }: Pod) => listOf(metadata?.ownerReferences).find(({ controller }) => controller);

/** Is it one try of a Job? Such a pod ends by itself, and the Job judges it. */
export const isJobPod = (pod: Pod): boolean => controllerOf(pod)?.kind === 'Job';

/** Is it to run once and end: a try of a Job, a Tekton TaskRun, a workflow's step? Deployments and the like take only restartPolicy Always. */
export const isToEnd = (pod: Pod): boolean =>
  isJobPod(pod) || pod.spec?.restartPolicy === 'Never' || pod.spec?.restartPolicy === 'OnFailure';

/** Since when it has been without ready containers: its condition's last change, else its start. */
export const unreadySince = ({ metadata, status }: Pod): number | undefined => {
  for (const type of ['ContainersReady', 'Ready']) {
    const condition = conditionOf(status?.conditions, type);
    if (condition?.status === 'False') return timeOf(condition.lastTransitionTime) ?? timeOf(metadata?.creationTimestamp);
  }
  return timeOf(status?.startTime) ?? timeOf(metadata?.creationTimestamp);
};

/** After this long a run the kubelet forgets the back-off: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy */
const backOffForgotten = minutes(10);

/**
 * Is the container in a crash loop? Not only while it waits: between two crashes it runs, and may be Ready, for a moment. It counts while
 * the kubelet has not forgotten the back-off: run for less than ten minutes, after a run of less than ten minutes that ended badly.
 */
export const inCrashLoop = ({ state, lastState }: ContainerStatus, now: number): boolean => {
  if (state?.waiting) return state.waiting.reason === 'CrashLoopBackOff';
  const ended = state?.terminated ?? lastState?.terminated;
  if (!ended?.exitCode) return false;
  const finished = timeOf(ended.finishedAt);
  const ran = finished === undefined ? Number.NaN : finished - (timeOf(ended.startedAt) ?? Number.NaN);
  if (finished === undefined || !(ran < backOffForgotten) || now - finished >= backOffForgotten) return false;
  return state?.terminated != null || now - (timeOf(state?.running?.startedAt) ?? Number.NEGATIVE_INFINITY) < backOffForgotten;
};

/**
 * How its last run ended: `exit code 137 (OOMKilled)`; undefined where none did. Never the termination message: it may be the end of
 * the container's log.
 */
export const lastExit = ({ state, lastState }: ContainerStatus): string | undefined => {
  const ended = state?.terminated ?? lastState?.terminated;
  if (!ended) return undefined;
  const { exitCode, signal, reason } = ended;
  const code = signal ? `signal ${signal}` : `exit code ${exitCode ?? 'unknown'}`;
  return reason && reason !== 'Error' ? `${code} (${reason})` : code;
};
