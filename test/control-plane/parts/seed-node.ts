/** Nodes and their leases as a real cluster holds them. */
import type { Entry } from './seed-objects.ts';
import { uidOf } from './seed-random.ts';

/** How a seeded node fares. */
export type NodeState = 'ready' | 'down' | 'memory-pressure' | 'cordoned';

/** A node and its lease. */
export function nodeEntries(name: string, index: number, state: NodeState, created: string, now: string): Entry[] {
  const metadata = { name, uid: uidOf('node', name), creationTimestamp: created, labels: nodeLabels(name, index) };
  // A node that is down stopped renewing its lease long ago.
  const renewTime = (state === 'down' ? created : now).replace(/(\.\d+)?Z$/, '.000000Z');
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease', uid: uidOf('lease', name), creationTimestamp: created },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
  };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata,
    spec: nodeSpec(index, state, created),
    status: nodeStatus(name, state, created, now),
  };
  return [
    [`/registry/minions/${name}`, node],
    [`/registry/leases/kube-node-lease/${name}`, lease],
  ];
}

function nodeLabels(name: string, index: number): object {
  return {
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': 'm5.2xlarge',
    'topology.kubernetes.io/region': 'eu-central-1',
    'topology.kubernetes.io/zone': `eu-central-1${'abc'[index % 3]}`,
  };
}

function nodeSpec(index: number, state: NodeState, created: string): object {
  const podCIDR = `10.${64 + Math.floor(index / 256)}.${index % 256}.0/24`;
  const taints = {
    ready: [],
    'memory-pressure': [{ key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule', timeAdded: created }],
    cordoned: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: created }],
    down: ['NoSchedule', 'NoExecute'].map((effect) => ({ key: 'node.kubernetes.io/unreachable', effect, timeAdded: created })),
  }[state];
  return {
    podCIDR,
    podCIDRs: [podCIDR],
    providerID: `aws:///eu-central-1a/i-${uidOf('instance', podCIDR).replaceAll('-', '').slice(0, 17)}`,
    ...(taints.length > 0 ? { taints } : {}),
    ...(state === 'cordoned' ? { unschedulable: true } : {}),
  };
}

function nodeStatus(name: string, state: NodeState, created: string, now: string): object {
  const down = state === 'down';
  const condition = (type: string, status: string, reason: string) => ({
    type,
    status: down ? 'Unknown' : status,
    lastHeartbeatTime: down ? created : now,
    lastTransitionTime: created,
    reason: down ? 'NodeStatusUnknown' : reason,
    message: down ? 'Kubelet stopped posting node status.' : reason,
  });
  const pressed = state === 'memory-pressure';
  const resources = { cpu: '8', 'ephemeral-storage': '104845292Ki', memory: '32386544Ki', pods: '110' };
  return {
    capacity: resources,
    allocatable: { ...resources, cpu: '7910m', memory: '31369712Ki' },
    conditions: [
      condition('MemoryPressure', pressed ? 'True' : 'False', pressed ? 'KubeletHasInsufficientMemory' : 'KubeletHasSufficientMemory'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
      condition('Ready', 'True', 'KubeletReady'),
    ],
    addresses: [
      { type: 'InternalIP', address: '192.0.2.10' },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: uidOf('machine', name).replaceAll('-', ''),
      systemUUID: uidOf('system', name),
      bootID: uidOf('boot', name),
      kernelVersion: '6.12.40-63.114.amzn2023.x86_64',
      osImage: 'Amazon Linux 2023.8.20250915',
      containerRuntimeVersion: 'containerd://2.1.4',
      kubeletVersion: 'v1.36.3',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
    images: Array.from({ length: 10 }, (_, index) => ({
      names: [`registry.example.com/app-${index}@sha256:${uidOf('image', `app-${index}`).replaceAll('-', '').repeat(2)}`],
      sizeBytes: 40_000_000 + index,
    })),
  };
}
