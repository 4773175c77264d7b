/** Pods that ended, and what looks like them and stays: for the two rules that take such pods. */
import { ago, condition, controlledBy, pod, terminated } from '../../health-check/objects.ts';
import { stored } from './run-rule.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Failed three days ago on node-1, owned by nobody. */
export const failedPod = (name: string, metadata: Fields = {}, status: Fields = {}, spec: Fields = {}) =>
  stored(
    pod({
      name,
      metadata,
      spec,
      status: {
        phase: 'Failed',
        conditions: [condition('PodScheduled', 'True', ago({ days: 4 })), condition('Ready', 'False', ago({ days: 3 }))],
        containerStatuses: [{ name: 'app', state: terminated(137, 3 * 1440, 5, 'OOMKilled') }],
        ...status,
      },
    }),
  );

/** As the kubelet leaves one: pkg/kubelet/eviction. */
export const evictedPod = (name: string, metadata: Fields = {}) =>
  failedPod(name, metadata, {
    reason: 'Evicted',
    message: 'The node was low on resource: memory. ',
    conditions: [condition('DisruptionTarget', 'True', ago({ days: 5 }), { reason: 'TerminationByKubelet' })],
    containerStatuses: null,
  });

export const donePod = (name: string, metadata: Fields = {}) =>
  failedPod(name, metadata, { phase: 'Succeeded', containerStatuses: [{ name: 'app', state: terminated(0, 3 * 1440) }] });

const ownedBy = (apiVersion: string, kind: string) => ({ ownerReferences: [{ apiVersion, kind, name: 'x', uid: 'x', controller: true }] });

/** Owners whose failed pods go. */
export const replacers = [
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['v1', 'ReplicationController'],
] as const;
export const replaced = (name: string, [apiVersion, kind]: (typeof replacers)[number]) => failedPod(name, ownedBy(apiVersion, kind));

const engines = [
  ['batch/v1', 'Job'],
  ['argoproj.io/v1alpha1', 'Workflow'],
  ['tekton.dev/v1', 'TaskRun'],
  ['tekton.dev/v1', 'PipelineRun'],
  ['sparkoperator.k8s.io/v1beta2', 'SparkApplication'],
  ['ray.io/v1', 'RayJob'],
  ['ray.io/v1', 'RayCluster'],
  ['kubeflow.org/v1', 'PyTorchJob'],
  ['apps.kruise.io/v1beta1', 'StatefulSet'],
  ['batch.volcano.sh/v1alpha1', 'Job'],
  ['v1', 'Pod'],
  ['v1', 'Node'],
  ['apps/v1', 'Deployment'],
] as const;

export const lookAlikes: readonly (readonly [string, ReturnType<typeof failedPod>, RegExp])[] = [
  ...(['Pending', 'Running', 'Unknown', ''] as const).map(
    (phase) => [`phase ${phase || 'empty'}`, failedPod('p', {}, { phase }), /its phase is/] as const,
  ),
  ['a bare pod that runs and is not ready', failedPod('p', {}, { phase: 'Running', containerStatuses: [] }), /its phase is Running/],
  ['a mirror pod', failedPod('p', { annotations: { 'kubernetes.io/config.mirror': 'abc' } }), /static pod/],
  ...engines.map(
    ([apiVersion, kind]) => [`of a ${kind} of ${apiVersion}`, failedPod('p', ownedBy(apiVersion, kind)), /it belongs to/] as const,
  ),
  [
    'of a ReplicaSet and an engine',
    failedPod('p', {
      ownerReferences: [controlledBy('ReplicaSet', 'web'), { apiVersion: 'ray.io/v1', kind: 'RayCluster', name: 'r', uid: 'r' }],
    }),
    /RayCluster r/,
  ],
  ['an owner of no kind', failedPod('p', { ownerReferences: [{ apiVersion: 'apps/v1', name: 'x', uid: 'x' }] }), /it belongs to/],
  ['a ReplicaSet’s that succeeded', donePod('p', ownedBy('apps/v1', 'ReplicaSet')), /it succeeded/],
  ['a Job’s that succeeded', donePod('p', ownedBy('batch/v1', 'Job')), /Job x/],
  ['a Spark driver', donePod('p', { labels: { 'spark-role': 'driver' } }), /spark-role/],
  ['a workflow’s by label', failedPod('p', { labels: { 'workflows.argoproj.io/workflow': 'w' } }), /workflows.argoproj.io/],
  ['a task’s by label', failedPod('p', { labels: { 'tekton.dev/taskRun': 'w' } }), /tekton.dev/],
  ['somebody’s finalizer', failedPod('p', { finalizers: ['batch.kubernetes.io/job-tracking'] }), /finalizer batch/],
];
