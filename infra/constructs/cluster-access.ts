import { Arn, ArnFormat, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ClusterConfiguration, Configuration } from '../../functions/runtime/configuration.ts';
import { serviceDomain } from './service-domain.ts';

/**
 * What a function's own role may do to reach the configured clusters: assume their roles, or describe those that have none, and read the
 * kubeconfigs. What is allowed inside a cluster is said there, not here.
 */
export function clusterAccessStatements(stack: Stack, clusters: Configuration['clusters']): PolicyStatement[] {
  const configured = Object.values(clusters);
  const statement = (actions: string[], resources: readonly string[]) =>
    inParts([...new Set(resources)]).map((part) => new PolicyStatement({ actions, resources: part }));
  const kubeconfigs = configured.flatMap(({ kubeconfig }) => kubeconfig ?? []);
  const secrets = kubeconfigs.flatMap(({ secret, region }) => (secret === undefined ? [] : [secretArn(stack, secret, region)]));
  const parameters = kubeconfigs.flatMap(({ ssm, region }) => (ssm === undefined ? [] : [parameterArn(stack, ssm, region)]));
  const objects = kubeconfigs.flatMap(({ s3, region = stack.region }) => (s3 === undefined ? [] : [{ address: s3, region }]));
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
    ...decrypt('secretsmanager', 'SecretARN', secrets),
    ...statement(['ssm:GetParameter'], parameters),
    ...decrypt('ssm', 'PARAMETER_ARN', parameters),
    // Not s3:ListBucket, which would tell every name in the bucket: a missing key is then answered as a forbidden one, and the error says so.
    ...statement(
      ['s3:GetObject'],
      objects.map(({ address }) => objectArn(stack, address)),
    ),
    ...decryptObjects(stack, objects),
  ];
}

/** With a role of its own a cluster is described by that role. */
function describedArn(stack: Stack, { eks }: ClusterConfiguration): string[] {
  if (!eks || eks.role !== undefined) return [];
  return [stack.formatArn({ service: 'eks', region: eks.region, resource: 'cluster', resourceName: eks.name })];
}

/** Secrets Manager adds six random characters to the name; an ARN may come with or without them. */
function secretArn(stack: Stack, secret: string, region: string | undefined): string {
  if (/^arn:.*-[A-Za-z0-9]{6}$/.test(secret)) return secret;
  if (secret.startsWith('arn:')) return `${secret}-??????`;
  return stack.formatArn({
    service: 'secretsmanager',
    ...(region && { region }),
    resource: 'secret',
    resourceName: `${secret}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** The slash that a parameter's path begins with is the one after `parameter`. */
function parameterArn(stack: Stack, parameter: string, region: string | undefined): string {
  if (parameter.startsWith('arn:')) return parameter;
  return stack.formatArn({ service: 'ssm', ...(region && { region }), resource: 'parameter', resourceName: parameter.replace(/^\//, '') });
}

/** A key may hold what IAM takes for a pattern or a variable. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
function objectArn(stack: Stack, address: string): string {
  const literal = address.slice('s3://'.length).replaceAll(/[$*?]/g, (character) => `\${${character}}`);
  return `arn:${stack.partition}:s3:::${literal}`;
}

/**
 * Whatever keys encrypt them, for these secrets or parameters alone; one under AWS's own key does not need it. Few statements, as a fleet's
 * policies must fit IAM's limits.
 */
function decrypt(service: string, contextKey: string, arns: readonly string[]): PolicyStatement[] {
  const byPlace = Map.groupBy(new Set(arns), (arn) => {
    const { partition, region = '', account = '' } = Arn.split(arn, ArnFormat.COLON_RESOURCE_NAME);
    return JSON.stringify({ keys: `arn:${partition}:kms:${region}:${account}:key/*`, region });
  });
  return [...byPlace].flatMap(([place, same]) => {
    const { keys, region }: { readonly keys: string; readonly region: string } = JSON.parse(place);
    return inParts(same).map(
      (part) =>
        new PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [keys],
          conditions: {
            StringEquals: { 'kms:ViaService': `${service}.${region}.${serviceDomain(region)}` },
            StringLike: { [`kms:EncryptionContext:${contextKey}`]: part },
          },
        }),
    );
  });
}

/**
 * The same for objects in S3. Their bucket, and so its key, may be another account's, whose number nothing tells; the context is the object's
 * ARN, or the bucket's where it uses a bucket key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
 */
function decryptObjects(stack: Stack, objects: readonly { readonly address: string; readonly region: string }[]): PolicyStatement[] {
  return [...Map.groupBy(objects, ({ region }) => region)].flatMap(([region, same]) => {
    const arns = new Set(same.map(({ address }) => objectArn(stack, address)).flatMap((arn) => [arn, arn.slice(0, arn.indexOf('/'))]));
    return inParts([...arns]).map(
      (part) =>
        new PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [`arn:${stack.partition}:kms:${region}:*:key/*`],
          conditions: {
            StringEquals: { 'kms:ViaService': `s3.${region}.${serviceDomain(region)}`, 'kms:EncryptionContext:aws:s3:arn': part },
          },
        }),
    );
  });
}

/** The CDK moves statements of a policy that is too large to further policies, but it cannot divide a statement. */
function inParts(arns: readonly string[]): string[][] {
  const most = 30;
  return Array.from({ length: Math.ceil(arns.length / most) }, (_, index) => arns.slice(index * most, (index + 1) * most));
}
