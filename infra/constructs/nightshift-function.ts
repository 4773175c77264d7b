import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type ISubnet, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type FunctionProps, Function as LambdaFunction, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import { metricNamespace } from '../../functions/runtime/metric-names.ts';
import { acknowledgeWildcard } from './acknowledge-wildcard.ts';
import { functionCode } from './bundle.ts';
import { deadLetterQueue } from './dead-letter-queue.ts';

/** What any of our functions is made with. */
export interface NightshiftFunctionProps {
  /** Its folder under functions/, which holds handler.ts: its name for people too. */
  readonly folder: string;
  readonly configuration: Configuration;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** Beside what all functions have. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it runs, if it has to reach what the internet does not. */
  readonly vpc?: Configuration['deployment']['vpc'];
}

/**
 * A folder of functions/ as a Lambda function: its code with the configuration, its log group, the queue for runs that failed, and a role
 * that may log and nothing else, to which the constructs made of this one add.
 */
export class NightshiftFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  /** Runs started asynchronously that failed twice. */
  readonly deadLetters: IQueue;
  readonly memoryMegabytes: number;
  protected readonly role: Role;

  constructor(scope: Construct, id: string, props: NightshiftFunctionProps) {
    super(scope, id);
    const { folder, configuration, vpc } = props;
    this.memoryMegabytes = props.memoryMegabytes;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: configuration.deployment.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      description: `Nightshift: what ${folder} may do`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logGroup.logGroupArn);
    if (vpc) this.allow(networkInterfaces, '*');
    acknowledgeWildcard(this.role, '*', 'X-Ray’s write actions and EC2’s network interfaces know no narrower resource.');
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    this.function = new LambdaFunction(this, 'Function', {
      description: `Nightshift: ${folder}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: functionCode(folder, configuration),
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      memorySize: props.memoryMegabytes,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: {
        // A page of a list dies young in it, and it stays small: see functions/runtime/small-heap.ts.
        NODE_OPTIONS: '--max-semi-space-size=8',
        // What is freed outside of the heap goes back: glibc’s arenas and their fragments are a tenth of what a run takes.
        MALLOC_ARENA_MAX: '1',
        MALLOC_TRIM_THRESHOLD_: '131072',
        POWERTOOLS_SERVICE_NAME: 'nightshift',
        POWERTOOLS_METRICS_NAMESPACE: metricNamespace,
        ...props.environment,
      },
      retryAttempts: 1,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(this.deadLetters),
      ...this.network(vpc),
    });
  }

  protected allow(actions: string[], ...resources: string[]): void {
    this.role.addToPolicy(new PolicyStatement({ actions, resources }));
  }

  private network(vpc: Configuration['deployment']['vpc']): Pick<FunctionProps, 'vpc' | 'vpcSubnets' | 'securityGroups'> {
    if (!vpc) return {};
    const { id, availabilityZones, subnets, securityGroups } = vpc;
    return {
      vpc: Vpc.fromVpcAttributes(this, 'Vpc', { vpcId: id, availabilityZones }),
      vpcSubnets: { subnets: subnets.map((subnet) => this.subnet(subnet)) },
      securityGroups: securityGroups.map((group) => SecurityGroup.fromSecurityGroupId(this, group, group, { mutable: false })),
    };
  }

  private subnet(id: string): ISubnet {
    const subnet = Subnet.fromSubnetId(this, id, id);
    Validations.of(subnet).acknowledge({
      id: 'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
      reason: 'Nothing here asks for its routes.',
    });
    return subnet;
  }
}

/** What Lambda itself needs to reach into a VPC, with the function's role; EC2 knows no narrower resource for most of them. */
const networkInterfaces = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];
