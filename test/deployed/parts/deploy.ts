/** The real `cdk bootstrap` and `cdk deploy` of this repository's app into the emulator. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CloudFormationClient, DescribeStackResourcesCommand, type StackResource } from '@aws-sdk/client-cloudformation';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { OperationName } from '../../../functions/report/model.ts';
import { startChild, temporaryDirectory } from '../../control-plane/parts/child-process.ts';
import type { Emulator } from './emulator.ts';

const root = resolve(import.meta.dirname, '../../..');
const commandLine = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');

/** A CloudFormation template, as far as tests look into it. */
export interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>>;
}

/** A function as it was deployed. */
export interface DeployedFunction {
  readonly functionArn: string;
  readonly handler: string;
  /** Its environment with every reference resolved. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its code, unpacked from the bucket that the CDK sent it to. */
  readonly bundleDirectory: string;
}

/** What was deployed: the health check's function, and what is around it. */
export interface Deployment extends DeployedFunction {
  /** As `cdk deploy` synthesized it. */
  readonly template: Template;
  readonly bucket: string;
  readonly topicArn: string;
  readonly busArn: string;
  /** The function that looks for reports that did not come. */
  readonly overdueReports: DeployedFunction;
  /** Another operation's function. */
  operation(name: OperationName): Promise<DeployedFunction>;
}

/**
 * Bootstraps the emulator's account and deploys the app with this configuration (as nightshift.yaml holds it). Throws with the CDK's own
 * words when that fails, and when it says that it succeeded but resources are missing.
 */
export async function deployNightshift(emulator: Emulator, configuration: object): Promise<Deployment> {
  const directory = temporaryDirectory('deployment');
  // JSON is YAML too.
  writeFileSync(join(directory, 'nightshift.yaml'), JSON.stringify(configuration, undefined, 2));
  await cdk(emulator, directory, ['bootstrap', `aws://${emulator.account}/${emulator.region}`]);
  await cdk(emulator, directory, ['deploy', 'Nightshift', '--method=direct', '--require-approval=never']);
  const template: Template = JSON.parse(readFileSync(join(directory, 'cdk.out', 'Nightshift.template.json'), 'utf8'));
  const resources = await deployedResources(emulator, template);
  const physical = (type: string, beginning = ''): string => {
    const [id, more] = resources
      .filter(({ ResourceType, LogicalResourceId = '' }) => ResourceType === type && LogicalResourceId.startsWith(beginning))
      .map(({ PhysicalResourceId }) => PhysicalResourceId);
    if (!id || more) throw new Error(`The stack has ${id ? 'more than one' : 'no'} ${type} ${beginning}`);
    return id;
  };
  const functionOf = (beginning: string) =>
    unpackedFunction(emulator, physical('AWS::Lambda::Function', beginning), join(directory, beginning));
  const healthCheck = await functionOf('Operationhealthcheck');
  return {
    ...healthCheck,
    template,
    bucket: physical('AWS::S3::Bucket'),
    topicArn: physical('AWS::SNS::Topic'),
    busArn: healthCheck.environment.NIGHTSHIFT_BUS ?? '',
    overdueReports: await functionOf('OverdueReports'),
    operation: (name) => functionOf(`Operation${name.replaceAll('-', '')}`),
  };
}

async function unpackedFunction(emulator: Emulator, name: string, bundleDirectory: string): Promise<DeployedFunction> {
  const { Configuration, code } = await deployedFunction(emulator, name);
  writeFileSync(`${bundleDirectory}.zip`, code);
  // The emulator needs Python anyway; Node has no unzip.
  execFileSync('python3', ['-m', 'zipfile', '-e', `${bundleDirectory}.zip`, bundleDirectory]);
  return {
    functionArn: Configuration.FunctionArn ?? '',
    handler: Configuration.Handler ?? '',
    environment: Configuration.Environment?.Variables ?? {},
    bundleDirectory,
  };
}

async function cdk(emulator: Emulator, directory: string, args: readonly string[]): Promise<void> {
  const child = startChild(
    `cdk ${args[0]}`,
    process.execPath,
    [
      commandLine,
      ...args,
      '--output',
      join(directory, 'cdk.out'),
      '--context',
      `config=${join(directory, 'nightshift.yaml')}`,
      '--no-notices',
      '--ci',
    ],
    {
      directory: root,
      log: join(directory, 'cdk.log'),
      environment: { ...emulator.environment, AWS_ENDPOINT_URL: emulator.endpointByName, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    },
  );
  if ((await child.ended) !== 0) throw new Error(`cdk ${args.join(' ')} failed:\n${child.lastLines(40)}`);
}

/** The types that the emulator creates: it accepts the others and does nothing. */
const emulated = [
  'AWS::S3::Bucket',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::Lambda::Function',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::DynamoDB::Table',
];

/** After a failure inside the emulator the CDK tries again and reports success with nothing created: so they are counted. */
async function deployedResources(emulator: Emulator, template: Template): Promise<readonly StackResource[]> {
  const client = new CloudFormationClient(clientOptions(emulator));
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: 'Nightshift' }));
  const there = new Set(StackResources.map(({ LogicalResourceId }) => LogicalResourceId));
  const missing = Object.entries(template.Resources).filter(([id, { Type }]) => emulated.includes(Type) && !there.has(id));
  if (missing.length > 0)
    throw new Error(`cdk deploy reported success, but the emulator did not create ${missing.map(([id]) => id).join(', ')}`);
  return StackResources;
}

async function deployedFunction(emulator: Emulator, name: string) {
  const lambda = new LambdaClient(clientOptions(emulator));
  const { Code, Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: name }));
  const key = new URL(Code?.Location ?? '').pathname.split('/').at(-1) ?? '';
  const s3 = new S3Client({ ...clientOptions(emulator), forcePathStyle: true });
  const bucket = `cdk-hnb659fds-assets-${emulator.account}-${emulator.region}`;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!Configuration || !Body) throw new Error(`The emulator has no code of ${name} in s3://${bucket}/${key}`);
  return { Configuration, code: await Body.transformToByteArray() };
}

/**
 * The input of the first of the deployed schedules of operations, its placeholders filled as EventBridge Scheduler fills them. `scheduleArn`: of
 * whatever schedule it shall be.
 */
export function scheduledEvent(
  { template }: Pick<Deployment, 'template'>,
  { executionId, scheduleArn, time }: { readonly executionId: string; readonly scheduleArn: string; readonly time: string },
): unknown {
  const inputs = Object.values(template.Resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::Scheduler::Schedule' ? [(Properties.Target as { readonly Input?: string }).Input ?? ''] : [],
  );
  const input = inputs.find((each) => each !== '');
  if (input === undefined) throw new Error(`The stack has no schedule of an operation`);
  const filled = input
    .replace('<aws.scheduler.execution-id>', executionId)
    .replace('<aws.scheduler.schedule-arn>', scheduleArn)
    .replace('<aws.scheduler.scheduled-time>', time);
  if (/<aws\./.test(filled)) throw new Error(`A placeholder is left in ${filled}`);
  return JSON.parse(filled);
}

/** Options for an SDK client of the emulator. */
export function clientOptions({ endpoint, region }: Emulator) {
  return { endpoint, region, credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' } };
}
