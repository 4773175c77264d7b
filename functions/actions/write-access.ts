/** How a cluster is written to: what `write` of nightshift.yaml says, laid over the way that it is read by. */
import { ClusterError } from '../cluster/cluster-error.ts';
import type { ClusterAccess } from '../cluster/open-cluster.ts';
import type { ClusterConfiguration } from '../runtime/configuration.ts';

/** Throws ClusterError('configuration') where nothing says how, or what is said does not fit how the cluster is reached. */
export function writeAccessOf(name: string, { eks, kubeconfig, write, namespaces }: ClusterConfiguration): ClusterAccess {
  const mistake = (message: string, remedy: string) => new ClusterError('configuration', message, remedy);
  const within = namespaces && { namespaces };
  if (write === undefined)
    throw mistake(
      `nothing says how to write to ${name}`,
      `give clusters.${name} a write in nightshift.yaml: { role: ARN } on EKS, { context: NAME } or { kubeconfig: ... } else`,
    );
  if (write.kubeconfig) return { kubeconfig: write.kubeconfig, ...within };
  if (write.context !== undefined) {
    if (!kubeconfig)
      throw mistake(`write.context of ${name} is of no use: it has no kubeconfig`, 'name the role that may write: { role: ARN }');
    return { kubeconfig: { ...kubeconfig, context: write.context }, ...within };
  }
  if (!eks)
    throw mistake(
      `write.role of ${name} is of no use: it is not reached as an EKS cluster`,
      'write { context: NAME } or { kubeconfig: ... }',
    );
  // The external id is of the other role's trust policy.
  const { externalId: _, ...reading } = eks;
  return {
    eks: {
      ...reading,
      ...(write.role !== undefined && { role: write.role }),
      ...(write.externalId !== undefined && { externalId: write.externalId }),
    },
    ...within,
  };
}
