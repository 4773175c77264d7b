/** Step: which way the configuration says, and whether it can be gone: where the kubeconfig lies, what AWS says of an EKS cluster. */
import { type ClusterAccess, type Way, wayTo } from '../cluster/open-cluster.ts';
import { onlyThese } from '../scan/within-namespaces.ts';
import type { Seen } from './step.ts';

/** Finds the way. Throws ClusterError. */
export async function configuredWay(cluster: string, access: ClusterAccess, signal: AbortSignal): Promise<Seen<Way>> {
  const way = await wayTo(access, { interactive: true, signal, name: cluster });
  const facts = [
    `server ${way.access.server}`,
    ...(way.access.proxy ? [`through the proxy ${way.access.proxy}`] : []),
    ...(way.eksCluster ? eksFacts(way.eksCluster) : []),
    ...(access.namespaces ? [onlyThese(access.namespaces)] : []),
    ...('kubeconfig' in access && access.kubeconfig?.file !== undefined
      ? ['a file is for the command line alone: a function reads its kubeconfig from Secrets Manager, SSM or S3']
      : []),
  ];
  return { state: 'ok', message: placeOf(access), facts, value: way };
}

function placeOf(access: ClusterAccess): string {
  if ('kubeconfigFile' in access) return `the kubeconfig ${access.kubeconfigFile}, ${contextText(access.context)}`;
  if (access.eks) {
    const { name, region, role } = access.eks;
    return `the EKS cluster ${name} in ${region}, by eks:DescribeCluster${role ? ` as ${role}` : ''}`;
  }
  const { secret, s3, ssm, file, region, context } = access.kubeconfig ?? {};
  const place = secret ? `in the secret ${secret}` : ssm ? `in the parameter ${ssm}` : (s3 ?? file);
  return `the kubeconfig ${place}${region ? ` in ${region}` : ''}, ${contextText(context)}`;
}

const contextText = (context: string | undefined): string => (context === undefined ? 'its current context' : `context ${context}`);

/** The fields of eks:DescribeCluster's answer that say why an endpoint may be out of reach. */
interface EksDescription {
  readonly status?: string;
  readonly resourcesVpcConfig?: {
    readonly endpointPublicAccess?: boolean;
    readonly endpointPrivateAccess?: boolean;
    readonly publicAccessCidrs?: readonly string[];
  };
}

function eksFacts(description: string): readonly string[] {
  const { status, resourcesVpcConfig: vpc = {} }: EksDescription = JSON.parse(description);
  const limits = vpc.publicAccessCidrs?.filter((cidr) => cidr !== '0.0.0.0/0') ?? [];
  const endpoint = vpc.endpointPublicAccess
    ? `public endpoint${limits.length > 0 ? `, open to ${limits.join(', ')}` : ''}`
    : 'private endpoint: it is reached from its VPC alone (deployment.vpc), or through a VPN';
  return [...(status ? [`AWS calls it ${status}`] : []), endpoint];
}
