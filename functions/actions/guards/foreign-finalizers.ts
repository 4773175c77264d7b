/** A finalizer says that somebody has work to do when the object goes. Only those are waited for that Kubernetes' own controllers take away. */
import type { GuardedMetadata, Held } from '../contracts.ts';

/** Each with who takes it away. */
const own: Readonly<Record<string, string>> = {
  foregroundDeletion: 'the garbage collector, when the dependents are gone',
  orphan: 'the garbage collector, when the dependents are released',
  'batch.kubernetes.io/job-tracking': 'the Job controller, when it has counted the pod',
  'kubernetes.io/pvc-protection': 'the PVC protection controller, when no pod uses the claim',
  'kubernetes.io/pv-protection': 'the PV protection controller, when the volume is bound to no claim',
  'kubernetes.io/pv-controller': 'the PV controller, when the in-tree volume is deleted',
  'external-provisioner.volume.kubernetes.io/finalizer': 'the CSI provisioner, when the volume is deleted',
  'service.kubernetes.io/load-balancer-cleanup': 'the service controller, when the load balancer is deleted',
  'resource.kubernetes.io/delete-protection': 'the resource claim controller, when no pod uses the claim',
};

export const foreignFinalizer = ({ finalizers = [] }: GuardedMetadata): Held | undefined => {
  const foreign = finalizers.filter((finalizer) => !Object.hasOwn(own, finalizer));
  if (foreign.length === 0) return undefined;
  return { guard: 'foreign-finalizers', because: `has the ${foreign.length > 1 ? 'finalizers' : 'finalizer'} ${foreign.join(', ')}` };
};
