/** What a container waits for that does not come by itself, and how to say it. */
import { minutes } from './age.ts';
import { imagePullCause } from './image-pull.ts';
import { type ContainerStatus, called, inCrashLoop, lastExit } from './pod-state.ts';
import { because } from './wire.ts';

export interface WaitingFault {
  /** Stable while the fault lasts, though the kubelet tells it by changing reasons. */
  readonly reason: string;
  readonly message: string;
  /** How long it may last before it is a fault, in ms. */
  readonly after: number;
  /** The one container that is at fault; absent where the pod's start as a whole is. */
  readonly container?: string;
  readonly nodeMayBeCause: boolean;
  readonly look: 'logs' | 'describe';
  readonly advice?: string;
}

export interface WaitingThresholds {
  readonly crashLoopRestarts: number;
  readonly graceMinutes: number;
  readonly creatingMinutes: number;
  readonly otherMinutes: number;
}

/** The kubelet's image reasons, of which it tells one and then another for the same fault: pkg/kubelet/images/types.go */
const imageReasons = new Set(['ImagePullBackOff', 'ErrImagePull', 'ImageInspectError', 'RegistryUnavailable', 'SignatureValidationFailed']);

/** Reasons that only a change elsewhere ends: pkg/kubelet/kuberuntime/kuberuntime_container.go, pkg/kubelet/images/types.go */
const faults: Readonly<Record<string, { readonly says: string; readonly nodeMayBeCause: boolean }>> = {
  CreateContainerConfigError: { says: 'cannot be configured', nodeMayBeCause: false },
  CreateContainerError: { says: 'cannot be created', nodeMayBeCause: true },
  RunContainerError: { says: 'cannot be started', nodeMayBeCause: true },
  PreCreateHookError: { says: 'fails in its pre-create hook', nodeMayBeCause: true },
  PreStartHookError: { says: 'fails in its pre-start hook', nodeMayBeCause: true },
  PostStartHookError: { says: 'fails in its post-start hook', nodeMayBeCause: false },
  ErrImageNeverPull: { says: 'has an image that is not on the node, and is never to be pulled', nodeMayBeCause: false },
  InvalidImageName: { says: 'has an image name that is invalid', nodeMayBeCause: false },
};

const crashLoop = (status: ContainerStatus): WaitingFault => {
  const exit = lastExit(status);
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  const neverRan = ended?.reason === 'StartError' || ended?.reason === 'ContainerCannotRun';
  return {
    reason: 'CrashLoopBackOff',
    container: status.name ?? '',
    // The message of what never ran is the runtime's own: there was nobody to write a termination message or a log.
    message: neverRan
      ? `${called(status)} cannot be started${because(ended.message)}`
      : `${called(status)} crashes again and again${exit ? `, last with ${exit}` : ''}`,
    after: 0,
    nodeMayBeCause: false,
    look: neverRan ? 'describe' : 'logs',
  };
};

const imagePull = (status: ContainerStatus, after: number): WaitingFault => {
  const { name, image, state } = status;
  const { why, advice } = imagePullCause(state?.waiting?.message);
  return {
    reason: 'ImagePullBackOff',
    container: name ?? '',
    message: `${called(status)} cannot pull ${image || 'its image'}${why ? `: ${why}` : because(state?.waiting?.message)}`,
    after,
    nodeMayBeCause: false,
    look: 'describe',
    ...(advice ? { advice } : {}),
  };
};

/** Of these the kubelet tells the error or its back-off, as it comes: pkg/kubelet/reason_cache.go */
const failedStarts = new Set(['RunContainerError', 'PreStartHookError', 'PostStartHookError']);

/** Is this container held up? Undefined for one that runs, has ended, or waits for what comes by itself. */
export const waitingFault = (status: ContainerStatus, thresholds: WaitingThresholds, now: number): WaitingFault | undefined => {
  if (inCrashLoop(status, now)) return (status.restartCount ?? 0) >= thresholds.crashLoopRestarts ? crashLoop(status) : undefined;
  const waiting = status.state?.waiting;
  if (!waiting) return undefined;
  const grace = minutes(thresholds.graceMinutes);
  const reason = waiting.reason || 'ContainerCreating';
  if (failedStarts.has(reason) && (status.restartCount ?? 0) >= thresholds.crashLoopRestarts) return crashLoop(status);
  if (imageReasons.has(reason)) return imagePull(status, grace);
  const fault = faults[reason];
  if (fault) {
    const message = `${called(status)} ${fault.says}${because(waiting.message)}`;
    return { reason, container: status.name ?? '', message, after: grace, nodeMayBeCause: fault.nodeMayBeCause, look: 'describe' };
  }
  if (reason === 'ContainerCreating') {
    const message = `its containers are still not created${because(waiting.message)}`;
    return { reason, message, after: minutes(thresholds.creatingMinutes), nodeMayBeCause: true, look: 'describe' };
  }
  if (reason === 'PodInitializing') {
    const message = 'its containers still wait for its init containers to end';
    return { reason, message, after: minutes(thresholds.otherMinutes), nodeMayBeCause: true, look: 'describe' };
  }
  const message = `${called(status)} waits: ${reason}${because(waiting.message)}`;
  const after = minutes(thresholds.otherMinutes);
  return { reason, container: status.name ?? '', message, after, nodeMayBeCause: true, look: 'describe' };
};
