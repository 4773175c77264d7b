/** Objects to be written to a real API server, and statuses as a kubelet would report them. */

const time = () => new Date().toISOString();
type Fields = Readonly<Record<string, unknown>>;

export const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const podSpec = (spec: Fields = {}) => ({ containers: [{ name: 'app', image: 'registry.example/app:1.0' }], ...spec });

export const barePod = (namespaceName: string, name: string, spec: Fields = {}, metadata: Fields = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: namespaceName, name, ...metadata },
  spec: podSpec({ nodeName: 'node-ok', ...spec }),
});

const workload = (kind: string, namespaceName: string, name: string, spec: Fields, pod: Fields) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { namespace: namespaceName, name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec(pod) },
    ...spec,
  },
});

export const deployment = (namespaceName: string, name: string, replicas: number, pod: Fields = {}, spec: Fields = {}) =>
  workload('Deployment', namespaceName, name, { replicas, ...spec }, pod);
export const statefulSet = (namespaceName: string, name: string, replicas: number, pod: Fields = {}) =>
  workload('StatefulSet', namespaceName, name, { replicas, serviceName: name }, pod);
export const daemonSet = (namespaceName: string, name: string, pod: Fields = {}) => workload('DaemonSet', namespaceName, name, {}, pod);

export const service = (namespaceName: string, name: string, app = name) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: namespaceName, name },
  spec: { selector: { app }, ports: [{ port: 80 }] },
});

export const node = (name: string, spec: Fields = {}) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec });

export const condition = (type: string, status: string, more: Fields = {}) => ({
  type,
  status,
  lastTransitionTime: time(),
  ...more,
});

const container = (ready: boolean, more: Fields) => ({
  name: 'app',
  image: 'registry.example/app:1.0',
  imageID: '',
  restartCount: 0,
  ready,
  started: ready,
  state: { running: { startedAt: time() } },
  ...more,
});

/** A status with one container; `conditions` beside Ready and ContainersReady. */
export const podStatus = (phase: string, ready: boolean, containerStatus: Fields = {}, more: Fields = {}) => ({
  phase,
  startTime: time(),
  podIP: '10.244.0.7',
  podIPs: [{ ip: '10.244.0.7' }],
  conditions: [
    condition('PodScheduled', 'True'),
    condition('Initialized', 'True'),
    condition('ContainersReady', ready ? 'True' : 'False'),
    condition('Ready', ready ? 'True' : 'False'),
  ],
  containerStatuses: [container(ready, containerStatus)],
  ...more,
});

/** How a run of the container ended just now, after `minutes`. */
export const ended = (exitCode: number, reason: string, minutes: number) => ({
  terminated: { exitCode, reason, startedAt: new Date(Date.now() - minutes * 60_000).toISOString(), finishedAt: time() },
});

export const customResource = (group: string, version: string, kind: string, plural: string, statusSubresource: boolean) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    names: { kind, plural, singular: kind.toLowerCase() },
    scope: 'Namespaced',
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        ...(statusSubresource ? { subresources: { status: {} } } : {}),
      },
    ],
  },
});
