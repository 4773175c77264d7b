/** The objects around the pods: namespaces, and a workload's Deployment, ReplicaSet, Service, EndpointSlices and ConfigMap. */
import { isServing, type PodPlan, podName } from './seed-pod.ts';
import { uidOf } from './seed-random.ts';

/** An object and the etcd key that it lies under. */
export type Entry = readonly [key: string, object: object];

/** A workload: one Deployment and all that comes with it. */
export interface Workload {
  readonly namespace: string;
  readonly application: string;
  readonly replicaSet: string;
  readonly templateHash: string;
  readonly clusterIP: string;
  readonly created: string;
  readonly pods: readonly PodPlan[];
}

/** A namespace and its default ServiceAccount. */
export function namespaceEntries(name: string, created: string): Entry[] {
  const metadata = { name, uid: uidOf('namespace', name), creationTimestamp: created, labels: { 'kubernetes.io/metadata.name': name } };
  const inside = (kind: string, own: string) => ({ name: own, namespace: name, uid: uidOf(kind, name, own), creationTimestamp: created });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: inside('serviceaccount', 'default') };
  return [
    [
      `/registry/namespaces/${name}`,
      { apiVersion: 'v1', kind: 'Namespace', metadata, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
    ],
    [`/registry/serviceaccounts/${name}/default`, account],
  ];
}

/** All of a workload but its pods. */
export function workloadEntries(workload: Workload): Entry[] {
  const { namespace, application, created } = workload;
  const name = `${application}-config`;
  const metadata = { name, namespace, uid: uidOf('configmap', namespace, name), creationTimestamp: created };
  const configuration = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { LOG_LEVEL: 'info' } };
  return [
    [`/registry/configmaps/${namespace}/${name}`, configuration],
    [`/registry/deployments/${namespace}/${application}`, deployment(workload)],
    [`/registry/replicasets/${namespace}/${workload.replicaSet}`, replicaSet(workload)],
    [`/registry/services/specs/${namespace}/${application}`, service(workload)],
    ...endpointSlices(workload),
  ];
}

function template({ application }: Workload, labels: object): object {
  const container = {
    name: 'app',
    image: `registry.example.com/${application}:1.4.2`,
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    envFrom: [{ configMapRef: { name: `${application}-config` } }],
    resources: { limits: { memory: '512Mi' }, requests: { cpu: '100m', memory: '256Mi' } },
    volumeMounts: [{ name: 'config', readOnly: true, mountPath: '/etc/app' }],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
  return {
    metadata: { labels },
    spec: {
      volumes: [{ name: 'config', configMap: { name: `${application}-config`, defaultMode: 420 } }],
      containers: [container],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      automountServiceAccountToken: false,
      securityContext: {},
      schedulerName: 'default-scheduler',
    },
  };
}

function deployment(workload: Workload): object {
  const { namespace, application, created, pods } = workload;
  const labels = { 'app.kubernetes.io/name': application };
  const available = pods.filter((pod) => isServing(pod.state)).length;
  const unavailable = pods.length - available;
  const at = { lastUpdateTime: created, lastTransitionTime: created };
  // Half of the pods may be away before a Deployment calls itself unavailable here.
  const enough = available >= Math.ceil(pods.length / 2);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: application,
      namespace,
      uid: uidOf('deployment', namespace, application),
      generation: 1,
      creationTimestamp: created,
      labels,
    },
    spec: {
      replicas: pods.length,
      selector: { matchLabels: labels },
      template: template(workload, labels),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
    status: {
      observedGeneration: 1,
      replicas: pods.length,
      updatedReplicas: pods.length,
      readyReplicas: available,
      availableReplicas: available,
      ...(unavailable > 0 ? { unavailableReplicas: unavailable } : {}),
      conditions: [
        {
          type: 'Progressing',
          status: 'True',
          ...at,
          reason: 'NewReplicaSetAvailable',
          message: `ReplicaSet "${workload.replicaSet}" has successfully progressed.`,
        },
        {
          type: 'Available',
          status: enough ? 'True' : 'False',
          ...at,
          reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
          message: 'Deployment availability.',
        },
      ],
    },
  };
}

function replicaSet(workload: Workload): object {
  const { namespace, application, replicaSet: name, templateHash, created, pods } = workload;
  const labels = { 'app.kubernetes.io/name': application, 'pod-template-hash': templateHash };
  const ready = pods.filter((pod) => isServing(pod.state)).length;
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: application,
    uid: uidOf('deployment', namespace, application),
    controller: true,
    blockOwnerDeletion: true,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace,
      uid: uidOf('replicaset', namespace, name),
      generation: 1,
      creationTimestamp: created,
      labels,
      annotations: { 'deployment.kubernetes.io/desired-replicas': String(pods.length), 'deployment.kubernetes.io/revision': '1' },
      ownerReferences: [owner],
    },
    spec: { replicas: pods.length, selector: { matchLabels: labels }, template: template(workload, labels) },
    status: {
      replicas: pods.length,
      fullyLabeledReplicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: 1,
    },
  };
}

function service({ namespace, application, created, clusterIP }: Workload): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: application, namespace, uid: uidOf('service', namespace, application), creationTimestamp: created },
    spec: {
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
      selector: { 'app.kubernetes.io/name': application },
      clusterIP,
      clusterIPs: [clusterIP],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
    status: { loadBalancer: {} },
  };
}

/** Slices of 100 endpoints, as the endpointslice controller cuts them. A pod without an address is in none. */
function endpointSlices({ namespace, application, created, pods }: Workload): Entry[] {
  const addressed = pods.filter(({ state }) => state !== 'unschedulable' && state !== 'evicted');
  const owner = {
    apiVersion: 'v1',
    kind: 'Service',
    name: application,
    uid: uidOf('service', namespace, application),
    controller: true,
    blockOwnerDeletion: true,
  };
  return Array.from({ length: Math.max(1, Math.ceil(addressed.length / 100)) }, (_, index) => {
    const name = `${application}-${uidOf('slice', namespace, application, String(index)).slice(0, 5)}`;
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name,
        namespace,
        uid: uidOf('endpointslice', namespace, name),
        creationTimestamp: created,
        labels: { 'kubernetes.io/service-name': application, 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
        ownerReferences: [owner],
      },
      addressType: 'IPv4',
      endpoints: addressed.slice(index * 100, index * 100 + 100).map(endpoint),
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    };
    return [`/registry/endpointslices/${namespace}/${name}`, slice];
  });
}

function endpoint(pod: PodPlan): object {
  const ready = isServing(pod.state);
  const name = podName(pod);
  return {
    addresses: [pod.ip],
    conditions: { ready, serving: ready, terminating: false },
    targetRef: { kind: 'Pod', namespace: pod.namespace, name, uid: uidOf('pod', pod.namespace, name) },
    nodeName: pod.node,
  };
}
