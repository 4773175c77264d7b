import * as z from 'zod';
import { nodes } from '../../cluster/kinds.ts';
import { defineCheck, refTo, type Severity } from '../../scan/contracts.ts';
import { forHowLong, isOlder, minutes, startedAt, timeOf } from '../age.ts';
import { because, listOf } from '../wire.ts';

type Polarity = 'True' | 'False';
interface Fault {
  /** The condition's status that is the fault. */
  readonly when: Polarity;
  readonly severity: Severity;
  readonly says: string;
}
const bad = (when: Polarity, says: string, severity: Severity = 'warning'): Fault => ({ when, severity, says });

/**
 * The conditions whose meaning is known, each with its polarity: the kubelet's own, node-problem-detector's (config/*.json), AKS's, and the EKS node
 * monitoring agent's, which are good when True. Unknown types are no fault (k8sgpt #1461), nor is the status Unknown: node-not-ready tells that.
 */
const known: Readonly<Record<string, Fault>> = {
  MemoryPressure: bad('True', 'short of memory'),
  DiskPressure: bad('True', 'short of disk space'),
  PIDPressure: bad('True', 'short of process ids'),
  NetworkUnavailable: bad('True', 'its network is not set up', 'critical'),
  KernelDeadlock: bad('True', 'its kernel is deadlocked', 'critical'),
  ReadonlyFilesystem: bad('True', 'a file system is read-only', 'critical'),
  XfsShutdown: bad('True', 'an XFS file system is shut down', 'critical'),
  CperHardwareErrorFatal: bad('True', 'its hardware reports a fatal error', 'critical'),
  CorruptDockerOverlay2: bad('True', 'its container storage is corrupt'),
  KubeletUnhealthy: bad('True', 'its kubelet is unhealthy'),
  ContainerRuntimeUnhealthy: bad('True', 'its container runtime is unhealthy'),
  FrequentKubeletRestart: bad('True', 'its kubelet restarts frequently'),
  FrequentDockerRestart: bad('True', 'its container runtime restarts frequently'),
  FrequentContainerdRestart: bad('True', 'its container runtime restarts frequently'),
  FrequentUnregisterNetDevice: bad('True', 'its network devices are unregistered frequently'),
  NTPProblem: bad('True', 'its clock is not synchronised'),
  // Of AKS: https://learn.microsoft.com/en-us/azure/aks/node-problem-detector
  FilesystemCorruptionProblem: bad('True', 'a file system is corrupt', 'critical'),
  KubeletProblem: bad('True', 'its kubelet is down'),
  ContainerRuntimeProblem: bad('True', 'its container runtime is down', 'critical'),
  KernelReady: bad('False', 'its kernel reports a fault'),
  NetworkingReady: bad('False', 'its networking reports a fault', 'critical'),
  StorageReady: bad('False', 'its storage reports a fault'),
  ContainerRuntimeReady: bad('False', 'its container runtime reports a fault', 'critical'),
  AcceleratedHardwareReady: bad('False', 'its accelerator reports a fault'),
};

export default defineCheck({
  id: 'node-pressure',
  title: 'Nodes under pressure or with a fault',
  why: 'The kubelet evicts pods from a node that runs short, and a node with a faulty kernel, disk or network breaks them.',
  upstream: 'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-conditions',
  reads: { nodes },
  // Evicting pods relieves the node until others take their place.
  flaps: true,
  options: z.strictObject({
    graceMinutes: z.number().min(0).default(10).describe('Leave conditions alone that hold for less than this'),
    conditions: z
      .record(z.string(), z.enum(['True', 'False']))
      .default({})
      .describe('Condition types of your own, with the status that is a fault'),
  }),
  start({ options, now, emit }) {
    const own = new Map(Object.entries(options.conditions).map(([type, when]) => [type, bad(when, `reports ${type}=${when}`)]));
    const faults = new Map([...Object.entries(known), ...own]);
    return {
      see: {
        nodes({ metadata, spec, status }) {
          for (const { type, status: value, reason, message, lastTransitionTime } of listOf(status?.conditions)) {
            const fault = faults.get(type ?? '');
            if (!type || !fault || value !== fault.when) continue;
            const since = timeOf(lastTransitionTime) ?? timeOf(metadata?.creationTimestamp);
            if (!isOlder(since, minutes(options.graceMinutes), now)) continue;
            const object = refTo(nodes, metadata);
            emit({
              object,
              subject: type,
              severity: spec?.unschedulable ? 'info' : fault.severity,
              message: `${fault.says}${forHowLong(since, now)}${because(message || reason)}`,
              remedy: `kubectl describe node ${object.name}`,
              ...startedAt(since),
              details: { condition: type, reason: reason ?? '' },
            });
          }
        },
      },
    };
  },
});
