/** The way to an EKS cluster: endpoint and authority from eks:DescribeCluster, tokens from STS's signature. */
import { DescribeClusterCommand } from '@aws-sdk/client-eks';
import { credentialProvider } from '../runtime/aws/credentials.ts';
import { eksClient } from '../runtime/aws/eks.ts';
import type { EksAccess } from '../runtime/configuration.ts';
import type { ApiAccess } from './api-client.ts';
import { awsError } from './aws-errors.ts';
import { cleanValue } from './clean.ts';
import { ClusterError } from './cluster-error.ts';
import { eksTokens } from './eks-token.ts';

/** How to reach it, and what AWS says of it: the answer's `cluster` as JSON. */
export interface EksCluster {
  readonly access: ApiAccess;
  readonly description: string;
}

/** Asks AWS where the cluster is, with the role assumed where one is configured. Throws ClusterError. */
export async function eksAccess({ name, region, role, externalId }: EksAccess, signal: AbortSignal): Promise<EksCluster> {
  const asked = { region, ...(role === undefined ? {} : { role }), ...(externalId === undefined ? {} : { externalId }) };
  const what = `eks:DescribeCluster of ${name} in ${region}${role === undefined ? '' : ` as ${role}`}`;
  const { cluster } = await eksClient(asked)
    .send(new DescribeClusterCommand({ name }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw awsError(error, what, signal);
    });
  const authority = cluster?.certificateAuthority?.data;
  if (!cluster?.endpoint || !authority) {
    const remedy = `aws eks describe-cluster --region ${region} --name ${name}: wait until its status is ACTIVE`;
    throw new ClusterError('not-found', `${what}: it has no endpoint yet (status ${cluster?.status ?? 'unknown'})`, remedy);
  }
  const credentials = credentialProvider(asked);
  const token = eksTokens({ cluster: name, region, credentials });
  return {
    access: {
      server: cluster.endpoint,
      tls: { ca: Buffer.from(authority, 'base64'), rejectUnauthorized: true },
      credentials: async (renew) => {
        try {
          return { headers: { authorization: `Bearer ${await token(renew)}` } };
        } catch (error) {
          throw awsError(error, `a token for ${name} in ${region}`, signal);
        }
      },
    },
    description: JSON.stringify(cleanValue(cluster)),
  };
}
