import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { OperationName } from '../functions/report/model.ts';
import type { Configuration } from '../functions/runtime/configuration.ts';
import { deployedOperations } from './config.ts';
import { Alarms } from './constructs/alarms.ts';
import { FanOut } from './constructs/fan-out.ts';
import { type NotificationTarget, NotificationTopic } from './constructs/notification-topic.ts';
import { OperationFunction } from './constructs/operation-function.ts';
import { ReportStore } from './constructs/report-store.ts';
import { Schedules } from './constructs/schedules.ts';

/** What the stack is made with. */
export interface NightshiftStackProps extends StackProps {
  readonly configuration: Configuration;
}

/** All that Nightshift deploys. */
export class NightshiftStack extends Stack {
  constructor(scope: Construct, id: string, { configuration, ...props }: NightshiftStackProps) {
    super(scope, id, { description: 'Nightshift: the night shift for Kubernetes clusters', ...props });

    const reports = new ReportStore(this, 'Reports', { retentionDays: configuration.deployment.reportRetentionDays });
    const operators = new NotificationTopic(this, 'Notifications');
    const fanOut = new FanOut(this, 'FanOut');

    const topics = configuration.notify.map(
      ({ topic }): NotificationTarget => (topic === 'create' ? operators.target : { topicArn: topic }),
    );
    const operations = deployedOperations.map(({ name: operation }) => {
      const created = new OperationFunction(this, `Operation-${operation}`, { operation, configuration, reports, bus: fanOut.bus, topics });
      fanOut.start(operation, created.function);
      return { operation, ...created };
    });
    const functions = new Map<OperationName, IFunction>(operations.map(({ operation, function: handler }) => [operation, handler]));

    const schedules = new Schedules(this, 'Schedules', { schedules: configuration.schedules, functions });
    new Alarms(this, 'Alarms', {
      functions,
      logs: new Map(operations.map(({ operation, logGroup }) => [operation, logGroup])),
      deadLetters: new Map([
        ['schedules', schedules.deadLetters],
        ['fan-out', fanOut.deadLetters],
        ...operations.map(({ operation, deadLetters }) => [operation, deadLetters] as const),
      ]),
      topic: operators.topic,
    });

    new CfnOutput(this, 'ReportBucket', { value: reports.bucket.bucketName });
    new CfnOutput(this, 'NotificationTopic', { value: operators.topic.topicArn });
    new CfnOutput(this, 'EventBus', { value: fanOut.bus.eventBusName });
    for (const { operation, function: handler } of operations) {
      const name = operation.replaceAll(/(?:^|-)[a-z]/g, (start) => start.replace('-', '').toUpperCase());
      new CfnOutput(this, `${name}Function`, { value: handler.functionName });
      new CfnOutput(this, `${name}Role`, {
        value: handler.role?.roleArn ?? '',
        description: 'To be trusted by the roles of clusters, or given an EKS access entry',
      });
    }

    // Not the keys: emulators of AWS refuse tags there.
    Tags.of(this).add('application', 'nightshift', { excludeResourceTypes: ['AWS::KMS::Key'] });
  }
}
