/** Which pods have ended and are nobody's business any more. Pure: asked of a list's objects, and again of the live one before it is deleted. */
import type { Proposal } from '../actions/contracts.ts';
import { pods } from '../cluster/kinds.ts';
import { inWords, startedAt, timeOf } from '../health-check/age.ts';
import { called, containerStatuses, hasEnded, lastExit, type Pod } from '../health-check/pod-state.ts';
import { because, listOf, textOf } from '../health-check/wire.ts';
import { proposed } from './contracts.ts';

/**
 * When it ended, in ms: the last thing that its status tells of, so that a pod never seems older than it is. An evicted pod may have no
 * containers that ended, and one whose node was lost has some that ended in 1970.
 */
export const endOfPod = ({ metadata, status }: Pod): number | undefined => {
  const statuses = [...containerStatuses({ status: status ?? null }), ...listOf(status?.ephemeralContainerStatuses)];
  const times = [
    metadata?.creationTimestamp,
    ...statuses.map(({ state }) => state?.terminated?.finishedAt),
    ...listOf(status?.conditions).map(({ lastTransitionTime }) => lastTransitionTime),
  ].flatMap((time) => timeOf(time) ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
};

/** Whose failed pods nobody waits for: their controllers have made others meanwhile. Kinds by group, as another's StatefulSet is another kind. */
const replaced = new Set(['apps/ReplicaSet', 'apps/DaemonSet', 'apps/StatefulSet', '/ReplicationController']);

/** Engines read what became of their pods from the pods; some of them own them by a label alone. */
const engineLabels = ['spark-role', 'workflows.argoproj.io/workflow', 'tekton.dev/taskRun', 'tekton.dev/pipelineRun', 'ray.io/cluster'];

/** The kubelet's copy of a static pod: pkg/kubelet/types/constants.go */
const mirror = 'kubernetes.io/config.mirror';

const groupKind = ({ apiVersion, kind }: { readonly apiVersion?: string | null; readonly kind?: string | null }): string =>
  `${apiVersion?.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind ?? ''}`;

/**
 * Why a pod stays; undefined where nothing keeps it. A Job's pods are counted by it while it runs, tell how it ended afterwards, and go
 * when it goes; a StatefulSet's pod that succeeded, or a workflow's, is not over for its owner.
 */
export const whyPodStays = (pod: Pod): string | undefined => {
  const { metadata, status } = pod;
  if (!hasEnded(pod)) return `its phase is ${textOf(status?.phase) ?? 'not known'}`;
  if (metadata?.annotations?.[mirror] !== undefined) return 'it mirrors a static pod';
  const owners = listOf(metadata?.ownerReferences);
  const other = owners.find((owner) => !replaced.has(groupKind(owner)));
  if (other) return `it belongs to ${other.kind ?? 'another object'} ${other.name ?? ''}`.trimEnd();
  if (status?.phase === 'Succeeded' && owners.length > 0) return 'it succeeded, and its owner may count on it';
  const label = engineLabels.find((key) => metadata?.labels?.[key] !== undefined);
  if (label !== undefined) return `it has the label ${label}`;
  // Whoever put a finalizer there still has something to do with it.
  const [finalizer] = listOf(metadata?.finalizers);
  return finalizer === undefined ? undefined : `it has the finalizer ${finalizer}`;
};

const reasonOf = (pod: Pod, ended: number | undefined, now: number): string => {
  const { status } = pod;
  const ago = ended === undefined ? '' : ` ${inWords(now - ended)} ago`;
  if (status?.phase === 'Succeeded') return `succeeded${ago}`;
  if (status?.reason === 'Evicted') return `evicted${ago}${because(status.message)}`;
  if (status?.reason) return `failed${ago} (${status.reason})`;
  const culprit = listOf(status?.containerStatuses).find(({ state }) => state?.terminated?.exitCode);
  return `failed${ago}${culprit ? `: ${called(culprit)} ended with ${lastExit(culprit)}` : ''}`;
};

/** What is proposed of a pod that nothing keeps; undefined of one that stays. */
export const endedPod = (pod: Pod, now: number): Proposal | undefined => {
  if (whyPodStays(pod) !== undefined) return undefined;
  const named = proposed(pods, pod.metadata);
  const since = endOfPod(pod);
  const { startedAt: endedAt } = startedAt(since);
  const [owner] = listOf(pod.metadata?.ownerReferences);
  return (
    named && {
      ...named,
      reason: reasonOf(pod, since, now),
      since,
      facts: {
        phase: pod.status?.phase ?? '',
        ...(pod.status?.reason && { reason: pod.status.reason }),
        ...(endedAt !== undefined && { endedAt }),
        ...(pod.spec?.nodeName && { node: pod.spec.nodeName }),
        owner: owner ? `${owner.kind} ${owner.name}` : 'none',
      },
      risk: 'low',
      lost: ['its logs', 'the record of its run'],
    }
  );
};
