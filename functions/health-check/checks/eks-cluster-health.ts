import * as z from 'zod';
import { defineCheck, NotReadable, type Ref } from '../../scan/contracts.ts';
import { oneLine, some } from '../wire.ts';

const probePath = 'eks:DescribeCluster';

/** The part of a DescribeCluster answer that is read; https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html */
const describedCluster = z.object({
  name: z.string(),
  status: z.string().optional(),
  health: z
    .object({
      issues: z
        .array(
          z.object({
            code: z.string().nullish(),
            message: z.string().nullish(),
            resourceIds: z.array(z.string()).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** The codes after which the control plane loses its cluster, its secrets or its network at once; the others stop updates and new nodes. */
const critical = new Set([
  'ClusterUnreachable',
  'KmsGrantRevoked',
  'KmsKeyDisabled',
  'KmsKeyMarkedForDeletion',
  'KmsKeyNotFound',
  'VpcNotFound',
  'IamRoleNotFound',
]);

/** What a status other than ACTIVE means. */
const statuses: Readonly<Record<string, 'critical' | 'warning' | 'info'>> = {
  FAILED: 'critical',
  DELETING: 'warning',
  CREATING: 'info',
  UPDATING: 'info',
  PENDING: 'info',
};

const jsonOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

const parse = (body: string): z.infer<typeof describedCluster> => {
  const answer = describedCluster.safeParse(jsonOf(body));
  if (answer.success) return answer.data;
  throw new NotReadable(
    `the answer of eks:DescribeCluster is not understood: ${z.prettifyError(answer.error)}`,
    'error',
    'look at it with aws eks describe-cluster, and report this as a fault of Nightshift',
  );
};

export default defineCheck({
  id: 'eks-cluster-health',
  title: 'What EKS says of its control plane',
  why: 'EKS cannot update, scale or even run a control plane whose subnets, roles or keys are gone, and says so nowhere in the cluster.',
  upstream: 'https://docs.aws.amazon.com/eks/latest/APIReference/API_ClusterIssue.html',
  reads: {},
  probes: [probePath],
  aws: [probePath],
  options: z.strictObject({}),
  start({ emit, probe }) {
    return {
      see: {},
      async finish() {
        const { name, status, health } = parse((await probe(probePath)).body);
        const object: Ref = { apiVersion: 'eks.amazonaws.com/v1', kind: 'Cluster', name };
        const remedy = `aws eks describe-cluster --name ${name} --query cluster.health`;
        if (status && status !== 'ACTIVE') {
          const message = `its status is ${status}, not ACTIVE`;
          emit({
            object,
            subject: 'status',
            severity: statuses[status] ?? 'warning',
            message,
            remedy: remedy.replace('.health', '.status'),
          });
        }
        const byCode = Map.groupBy(health?.issues ?? [], ({ code }) => code ?? 'Other');
        for (const [code, issues] of byCode) {
          const resources = [...new Set(issues.flatMap(({ resourceIds }) => resourceIds ?? []))].toSorted();
          const about = resources.length > 0 ? ` (${some(resources, 5)})` : '';
          emit({
            object,
            subject: code,
            severity: critical.has(code) ? 'critical' : 'warning',
            message: `EKS reports ${code}: ${oneLine(issues[0]?.message) || 'no message'}${about}`,
            remedy,
            details: { code, resourceIds: resources.join(', ') },
          });
        }
      },
    };
  },
});
