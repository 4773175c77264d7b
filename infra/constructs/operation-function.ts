import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type ISubnet, SecurityGroup, Subnet, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type FunctionProps, Function as LambdaFunction, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { OperationName } from '../../functions/report/model.ts';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import { acknowledgeWildcard } from './acknowledge-wildcard.ts';
import { operationCode } from './bundle.ts';
import { clusterAccessStatements } from './cluster-access.ts';
import { deadLetterQueue } from './dead-letter-queue.ts';
import { type NotificationTarget, publishStatements } from './notification-topic.ts';
import type { ReportStore } from './report-store.ts';

/** What an operation's function is made with. */
export interface OperationFunctionProps {
  readonly operation: OperationName;
  readonly configuration: Configuration;
  readonly reports: ReportStore;
  readonly bus: EventBus;
  /** In the order of `configuration.notify`. */
  readonly topics: readonly NotificationTarget[];
}

/** One operation as a Lambda function, with the rights that it needs and no more, its log group, and the queue for runs that failed. */
export class OperationFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  /** Runs started asynchronously that failed twice. */
  readonly deadLetters: IQueue;

  constructor(scope: Construct, id: string, props: OperationFunctionProps) {
    super(scope, id);
    const { operation, configuration } = props;
    const { deployment } = configuration;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: deployment.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.role(props, this.logGroup);
    this.deadLetters = deadLetterQueue(this, 'DeadLetters');
    this.function = new LambdaFunction(this, 'Function', {
      description: `Nightshift: ${operation}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: operationCode(operation, configuration),
      role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      memorySize: deployment.memoryMegabytes,
      timeout: Duration.seconds(deployment.timeoutSeconds),
      environment: {
        // Took a scan of 20,000 pods from 190 to 135 MB at the same speed.
        NODE_OPTIONS: '--max-semi-space-size=4',
        NIGHTSHIFT_BUCKET: props.reports.bucket.bucketName,
        NIGHTSHIFT_BUS: props.bus.eventBusArn,
        NIGHTSHIFT_TOPICS: Stack.of(this).toJsonString(props.topics.map(({ topicArn }) => topicArn)),
        POWERTOOLS_SERVICE_NAME: 'nightshift',
        POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
      },
      retryAttempts: 1,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(this.deadLetters),
      ...this.network(deployment.vpc),
    });
  }

  private role({ operation, configuration, reports, bus, topics }: OperationFunctionProps, logGroup: LogGroup): Role {
    const role = new Role(this, 'Role', {
      description: `Nightshift: what ${operation} may do`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    role.addToPolicy(new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }));
    reports.grantReports(role);
    role.addToPolicy(new PolicyStatement({ actions: ['events:PutEvents'], resources: [bus.eventBusArn] }));
    for (const statement of [...publishStatements(topics), ...clusterAccessStatements(Stack.of(this), configuration.clusters)]) {
      role.addToPolicy(statement);
      for (const keys of statement.resources.filter((resource) => resource.endsWith(':key/*'))) {
        acknowledgeWildcard(role, keys, 'The owner chose the key; the conditions narrow its use to the one secret or topic.');
      }
    }
    if (configuration.deployment.vpc) role.addToPolicy(networkInterfaces());
    acknowledgeWildcard(role, '*', 'X-Ray’s write actions and EC2’s network interfaces know no narrower resource.');
    return role;
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
function networkInterfaces(): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });
}
