/** Why the scheduler found no node, from its message. */

// The scheduler's own words: pkg/scheduler/framework/plugins/*/*.go of Kubernetes 1.36.
const causes: readonly (readonly [RegExp, string])[] = [
  [
    /persistentvolumeclaim "[^"]*" not found|unbound immediate PersistentVolumeClaims|bound PersistentVolumeClaim/i,
    'its volume claim is not bound',
  ],
  [
    /volume node affinity|PersistentVolume's node affinity|available persistent volumes|available volume zone|non-existent pv/i,
    'its volume lies where no fitting node is',
  ],
  [/max volume count|no available disk|enough free storage|ReadWriteOncePod/i, 'its volume cannot be attached'],
  [/Insufficient (nvidia\.com|amd\.com|gpu\.intel\.com)\//i, 'not enough GPUs'],
  [/Insufficient cpu/i, 'not enough CPU'],
  [/Insufficient memory/i, 'not enough memory'],
  [/Insufficient ephemeral-storage/i, 'not enough ephemeral storage'],
  [/Insufficient (?!nvidia\.com|amd\.com|gpu\.intel\.com)[a-z0-9.-]+\//, 'not enough of an extended resource'],
  [/Too many pods/i, 'the nodes hold as many pods as they may'],
  [
    /Pod's node affinity\/selector|pod affinity rules|anti-affinity rules|the requested node name/i,
    'no node matches its selector or affinity',
  ],
  [/untolerated taint|didn't tolerate/i, 'it does not tolerate the nodes’ taints'],
  [/were unschedulable/i, 'nodes are cordoned'],
  [/topology spread constraints/i, 'its topology spread cannot be met'],
  [/free ports/i, 'its host port is taken'],
  [/no nodes available/i, 'there are no nodes'],
];

/** All causes that the message names, the plainest shortage first: `not enough CPU and nodes are cordoned`. Empty where none is known. */
export const unschedulableCauses = (message: string | null | undefined): readonly string[] => [
  ...new Set(causes.filter(([pattern]) => pattern.test(message ?? '')).map(([, cause]) => cause)),
];
