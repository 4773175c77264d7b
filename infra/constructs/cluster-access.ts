import { Arn, ArnFormat, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ClusterConfiguration, Configuration } from '../../functions/runtime/configuration.ts';

/**
 * What a function's own role may do to reach the configured clusters: assume their roles, or describe those that have none, and read the
 * kubeconfigs. What is allowed inside a cluster is said there, not here.
 */
export function clusterAccessStatements(stack: Stack, clusters: Configuration['clusters']): PolicyStatement[] {
  const configured = Object.values(clusters);
  const statement = (actions: string[], resources: readonly string[]) =>
    inParts([...new Set(resources)]).map((part) => new PolicyStatement({ actions, resources: part }));
  const secrets = configured.flatMap(({ kubeconfig }) => (kubeconfig?.secret === undefined ? [] : [secretArn(stack, kubeconfig.secret)]));
  return [
    ...statement(
      ['sts:AssumeRole'],
      configured.flatMap(({ eks }) => eks?.role ?? []),
    ),
    ...statement(
      ['eks:DescribeCluster'],
      configured.flatMap((cluster) => describedArn(stack, cluster)),
    ),
    ...statement(['secretsmanager:GetSecretValue'], secrets),
    ...decryptSecrets([...new Set(secrets)]),
  ];
}

/** With a role of its own a cluster is described by that role. */
function describedArn(stack: Stack, { eks }: ClusterConfiguration): string[] {
  if (!eks || eks.role !== undefined) return [];
  return [stack.formatArn({ service: 'eks', region: eks.region, resource: 'cluster', resourceName: eks.name })];
}

/** Secrets Manager adds six random characters to the name; an ARN may come with or without them. */
function secretArn(stack: Stack, secret: string): string {
  if (/^arn:.*-[A-Za-z0-9]{6}$/.test(secret)) return secret;
  if (secret.startsWith('arn:')) return `${secret}-??????`;
  return stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${secret}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/**
 * Whatever keys encrypt the secrets, for those secrets alone; one under AWS's own key does not need it. Few statements,
 * as a fleet's policies must fit IAM's limits.
 */
function decryptSecrets(secrets: readonly string[]): PolicyStatement[] {
  const byPlace = Map.groupBy(secrets, (secret) => {
    const { partition, region = '', account = '' } = Arn.split(secret, ArnFormat.COLON_RESOURCE_NAME);
    return JSON.stringify({ keys: `arn:${partition}:kms:${region}:${account}:key/*`, service: `secretsmanager.${region}.amazonaws.com` });
  });
  return [...byPlace].flatMap(([place, arns]) => {
    const { keys, service }: { readonly keys: string; readonly service: string } = JSON.parse(place);
    return inParts(arns).map(
      (part) =>
        new PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [keys],
          conditions: { StringEquals: { 'kms:ViaService': service }, StringLike: { 'kms:EncryptionContext:SecretARN': part } },
        }),
    );
  });
}

/** The CDK moves statements of a policy that is too large to further policies, but it cannot divide a statement. */
function inParts(arns: readonly string[]): string[][] {
  const most = 30;
  return Array.from({ length: Math.ceil(arns.length / most) }, (_, index) => arns.slice(index * most, (index + 1) * most));
}
