import { Arn, ArnFormat, type Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ClusterConfiguration, Configuration } from '../../functions/runtime/configuration.ts';
import { inParts, partSize } from './in-parts.ts';
import { serviceDomain } from './service-domain.ts';

/**
 * What a function's own role may do to reach the configured clusters: assume their roles, or describe those that have none, and read the
 * kubeconfigs. What is allowed inside a cluster is said there, not here.
 */
export function clusterAccessStatements(stack: Stack, clusters: Configuration['clusters']): PolicyStatement[] {
  const configured = Object.values(clusters);
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
    ...decryptObjects(
      stack,
      objects.map(({ address, region }) => ({ arn: objectArn(stack, address), region })),
    ),
  ];
}

/**
 * What a function's own role may do to read the backups of the configured clusters: assume the locations' roles, or read where there are none.
 * `actions`: what the checks ask beside; S3's are about the bucket as a whole, KMS's about its key.
 */
export function backupAccessStatements(
  stack: Stack,
  clusters: Configuration['clusters'],
  actions: readonly string[] = [],
): PolicyStatement[] {
  const locations = Object.values(clusters).flatMap(({ backups = [] }) => backups);
  const own = locations
    .filter(({ role }) => role === undefined)
    .map(({ bucket, prefix = '', region }) => {
      const folder = [bucket, ...prefix.split('/').filter(Boolean)].join('/');
      return { arn: `${objectArn(stack, `s3://${folder}`)}/*`, region };
    });
  return [
    ...statement(
      ['sts:AssumeRole'],
      locations.flatMap(({ role }) => role ?? []),
    ),
    ...statement(
      ['s3:ListBucket', ...ofService('s3', actions)],
      own.map(({ arn }) => bucketOf(arn)),
    ),
    ...statement(
      ['s3:GetObject'],
      own.map(({ arn }) => arn),
    ),
    ...decryptObjects(stack, own),
    ...describeKeys(
      ofService('kms', actions),
      own.map(({ region }) => keysIn(stack, region)),
    ),
  ];
}

/** Each once, in order: what several checks ask for is one right. */
const ofService = (service: string, actions: readonly string[]): string[] =>
  [...new Set(actions)].filter((action) => action.startsWith(`${service}:`)).sort();

/** What a key is, but nothing of what it does; which key that is, and whose, only the bucket tells. */
const describeKeys = (actions: string[], keys: readonly string[]): PolicyStatement[] =>
  actions.length === 0 ? [] : statement(actions, keys);

const keysIn = (stack: Stack, region: string): string => `arn:${stack.partition}:kms:${region}:*:key/*`;

const statement = (actions: string[], resources: readonly string[]): PolicyStatement[] =>
  inParts([...new Set(resources)]).map((part) => new PolicyStatement({ actions, resources: part }));

const bucketOf = (objectsArn: string): string => objectsArn.slice(0, objectsArn.indexOf('/'));

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

/** Whatever keys encrypt them, through the service alone; one under AWS's own key does not need it. */
function decrypt(service: string, contextKey: string, arns: readonly string[]): PolicyStatement[] {
  const byPlace = Map.groupBy(new Set(arns), (arn) => {
    const { partition, region = '', account = '' } = Arn.split(arn, ArnFormat.COLON_RESOURCE_NAME);
    return JSON.stringify({ keys: `arn:${partition}:kms:${region}:${account}:key/*`, region });
  });
  return [...byPlace].map(([place, same]) => {
    const { keys, region }: { readonly keys: string; readonly region: string } = JSON.parse(place);
    return throughService({ service, region, keys, contextKey, arns: same });
  });
}

/**
 * The same for objects in S3. Their bucket, and so its key, may be another account's, whose number nothing tells; the context is the object's
 * ARN, or the bucket's where it uses a bucket key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
 */
function decryptObjects(stack: Stack, objects: readonly { readonly arn: string; readonly region: string }[]): PolicyStatement[] {
  return [...Map.groupBy(objects, ({ region }) => region)].map(([region, same]) => {
    const arns = [...new Set(same.flatMap(({ arn }) => [arn, bucketOf(arn)]))];
    return throughService({ service: 's3', region, keys: keysIn(stack, region), contextKey: 'aws:s3:arn', arns });
  });
}

interface Decryption {
  readonly service: string;
  readonly region: string;
  readonly keys: string;
  readonly contextKey: string;
  readonly arns: readonly string[];
}

/**
 * A service decrypts for us only what it lets us read, which the rights above name one by one. The context says it a second time; a fleet's would
 * fill the policies that a role may have (10 of 6,144 characters), so it is left out where it is longer than a part of the others.
 */
function throughService({ service, region, keys, contextKey, arns }: Decryption): PolicyStatement {
  const context = { StringLike: { [`kms:EncryptionContext:${contextKey}`]: arns } };
  return new PolicyStatement({
    actions: ['kms:Decrypt'],
    resources: [keys],
    conditions: {
      StringEquals: { 'kms:ViaService': `${service}.${region}.${serviceDomain(region)}` },
      ...(arns.length <= partSize && context),
    },
  });
}
