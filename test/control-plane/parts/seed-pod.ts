/** Pods as a real cluster holds them: every default filled in, managedFields, and a status that a kubelet could have written. */
import { suffixOf, suffixOfIndex, uidOf } from './seed-random.ts';

/** How a seeded pod fares. */
export type PodState = 'running' | 'crash-loop' | 'image-pull' | 'unschedulable' | 'out-of-memory' | 'not-ready' | 'evicted' | 'node-down';

/** What a pod is made of. */
export interface PodPlan {
  readonly namespace: string;
  readonly application: string;
  readonly replicaSet: string;
  readonly templateHash: string;
  readonly index: number;
  readonly node: string;
  readonly ip: string;
  readonly state: PodState;
  /** When it was created. */
  readonly created: string;
  /** About how many bytes its JSON has. */
  readonly bytes: number;
}

// Pods smaller than this go without what makes most real ones bigger.
const roomy = 5000;
const readinessProbe = {
  httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' },
  timeoutSeconds: 1,
  periodSeconds: 10,
  successThreshold: 1,
  failureThreshold: 3,
};

/** Whether it would serve requests. */
export function isServing(state: PodState): boolean {
  return state === 'running' || state === 'out-of-memory';
}

/** The pod's name, made of its ReplicaSet's. */
export function podName(plan: PodPlan): string {
  return `${plan.replicaSet}-${suffixOf(3, plan.namespace, plan.replicaSet, String(plan.index))}${suffixOfIndex(plan.index)}`;
}

/** The pod, filled up with environment variables and their managedFields to about the planned size. */
export function podOf(plan: PodPlan): object {
  const bare = JSON.stringify(podWith(plan, 0)).length;
  const unit = JSON.stringify(podWith(plan, 1)).length - bare;
  return podWith(plan, Math.max(0, Math.round((plan.bytes - bare) / unit)));
}

function podWith(plan: PodPlan, settings: number): object {
  const names = Array.from({ length: settings }, (_, index) => `SETTING_${String(index).padStart(3, '0')}`);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(plan, names),
    spec: spec(plan, names),
    status: status(plan),
  };
}

function metadata(plan: PodPlan, settings: readonly string[]): object {
  const { namespace, application, replicaSet, templateHash, created } = plan;
  const name = podName(plan);
  return {
    name,
    generateName: `${replicaSet}-`,
    namespace,
    uid: uidOf('pod', namespace, name),
    generation: 1,
    creationTimestamp: created,
    labels: { 'app.kubernetes.io/name': application, 'pod-template-hash': templateHash },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: replicaSet,
        uid: uidOf('replicaset', namespace, replicaSet),
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    managedFields: [managedSpec(plan, settings), managedStatus(plan)],
  };
}

function managedSpec({ created, replicaSet, namespace }: PodPlan, settings: readonly string[]): object {
  const env = Object.fromEntries(settings.map((name) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {}, 'f:value': {} }]));
  const owner = `k:{"uid":"${uidOf('replicaset', namespace, replicaSet)}"}`;
  const container = { '.': {}, 'f:env': env, 'f:image': {}, 'f:name': {} };
  return {
    manager: 'kube-controller-manager',
    operation: 'Update',
    apiVersion: 'v1',
    time: created,
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:generateName': {}, 'f:labels': {}, 'f:ownerReferences': { [owner]: {} } },
      'f:spec': { 'f:containers': { 'k:{"name":"app"}': container } },
    },
  };
}

function managedStatus({ created }: PodPlan): object {
  return {
    manager: 'kubelet',
    operation: 'Update',
    apiVersion: 'v1',
    time: created,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:status': { 'f:conditions': {}, 'f:containerStatuses': {}, 'f:phase': {} } },
    subresource: 'status',
  };
}

function image(application: string): string {
  return `registry.example.com/${application}:1.4.2`;
}

function spec({ application, node, state, bytes }: PodPlan, settings: readonly string[]): object {
  return {
    volumes: [{ name: 'config', configMap: { name: `${application}-config`, defaultMode: 420 } }],
    containers: [
      {
        name: 'app',
        image: image(application),
        ports: [{ containerPort: 8080, protocol: 'TCP' }],
        envFrom: [{ configMapRef: { name: `${application}-config` } }],
        env: settings.map((name) => ({ name, value: `https://${suffixOf(12, application, name)}.example.com/` })),
        resources: { limits: { memory: '512Mi' }, requests: { cpu: '100m', memory: '256Mi' } },
        volumeMounts: [{ name: 'config', readOnly: true, mountPath: '/etc/app' }],
        ...(bytes < roomy ? {} : { readinessProbe }),
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    serviceAccount: 'default',
    automountServiceAccountToken: false,
    ...(state === 'unschedulable' ? {} : { nodeName: node }),
    securityContext: {},
    schedulerName: 'default-scheduler',
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

function status(plan: PodPlan): object {
  const { state, created, ip } = plan;
  const startTime = created;
  if (state === 'evicted') {
    return { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.', startTime, qosClass: 'Burstable' };
  }
  if (state === 'unschedulable') {
    const message = '0/1000 nodes are available: 1000 Insufficient memory.';
    const condition = { type: 'PodScheduled', status: 'False', lastTransitionTime: created, reason: 'Unschedulable', message };
    return { phase: 'Pending', conditions: [condition], qosClass: 'Burstable' };
  }
  const ready = isServing(state) ? 'True' : 'False';
  const started = plan.bytes < roomy ? {} : { PodReadyToStartContainers: 'True' };
  const types = { ...started, Initialized: 'True', Ready: ready, ContainersReady: ready, PodScheduled: 'True' };
  return {
    phase: state === 'image-pull' ? 'Pending' : 'Running',
    conditions: Object.entries(types).map(([type, value]) => ({ type, status: value, lastProbeTime: null, lastTransitionTime: created })),
    hostIP: '192.0.2.10',
    hostIPs: [{ ip: '192.0.2.10' }],
    podIP: ip,
    podIPs: [{ ip }],
    startTime,
    containerStatuses: [containerStatus(plan)],
    qosClass: 'Burstable',
  };
}

function containerStatus({ application, namespace, state, created }: PodPlan): object {
  const digest = uidOf('image', application).replaceAll('-', '').repeat(2);
  const containerID = `containerd://${uidOf('container', namespace, application).replaceAll('-', '').repeat(2)}`;
  const running = { state: { running: { startedAt: created } }, ready: isServing(state), started: true, restartCount: 0 };
  const ended = (reason: string, exitCode: number) => ({
    lastState: { terminated: { exitCode, reason, startedAt: created, finishedAt: created, containerID } },
  });
  const waiting = (reason: string, message: string) => ({ state: { waiting: { reason, message } }, ready: false, started: false });
  const byState: Readonly<Partial<Record<PodState, object>>> = {
    'crash-loop': {
      ...waiting('CrashLoopBackOff', 'back-off 5m0s restarting failed container=app'),
      ...ended('Error', 1),
      restartCount: 12,
    },
    'image-pull': { ...waiting('ImagePullBackOff', `Back-off pulling image "${image(application)}"`), restartCount: 0 },
    'out-of-memory': { ...running, ...ended('OOMKilled', 137), restartCount: 7 },
  };
  return {
    name: 'app',
    image: image(application),
    imageID: state === 'image-pull' ? '' : `registry.example.com/${application}@sha256:${digest}`,
    ...(state === 'image-pull' ? {} : { containerID }),
    lastState: {},
    ...(byState[state] ?? running),
  };
}
