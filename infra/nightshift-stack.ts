import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { OperationName } from '../functions/report/model.ts';
import type { Configuration } from '../functions/runtime/configuration.ts';
import { overdueReports } from '../functions/runtime/metric-names.ts';
import type { Operation } from '../functions/runtime/operation.ts';
import { Alarms } from './constructs/alarms.ts';
import { Dashboard } from './constructs/dashboard.ts';
import { FanOut } from './constructs/fan-out.ts';
import { type NotificationTarget, NotificationTopic } from './constructs/notification-topic.ts';
import { OperationFunction } from './constructs/operation-function.ts';
import { OverdueReports } from './constructs/overdue-reports.ts';
import { ReportStore } from './constructs/report-store.ts';
import { Schedules } from './constructs/schedules.ts';
import { TestEvents } from './constructs/test-events.ts';
import { WriteControl } from './constructs/write-control.ts';

/** What the stack is made with. */
export interface NightshiftStackProps extends StackProps {
  readonly configuration: Configuration;
  /** Each becomes a function of its own. */
  readonly operations: readonly Operation[];
}

/** All that Nightshift deploys. */
export class NightshiftStack extends Stack {
  constructor(scope: Construct, id: string, { configuration, operations, ...props }: NightshiftStackProps) {
    super(scope, id, { description: 'Nightshift: the night shift for Kubernetes clusters', ...props });

    const reports = new ReportStore(this, 'Reports', { retentionDays: configuration.deployment.reportRetentionDays });
    const operators = new NotificationTopic(this, 'Notifications');
    const fanOut = new FanOut(this, 'FanOut');
    const writeControl = new WriteControl(this, 'WriteControl', { reports });

    const topics = configuration.notify.map(
      ({ topic }): NotificationTarget => (topic === 'create' ? operators.target : { topicArn: topic }),
    );
    const ofOperations = new Map<OperationName, OperationFunction>();
    for (const operation of operations) {
      const created = new OperationFunction(this, `Operation-${operation.name}`, {
        operation,
        configuration,
        reports,
        bus: fanOut.bus,
        topics,
        writeControl,
      });
      fanOut.start(operation.name, created.function);
      ofOperations.set(operation.name, created);
    }
    const functions = new Map<OperationName, IFunction>([...ofOperations].map(([operation, created]) => [operation, created.function]));
    const overdue = new OverdueReports(this, 'OverdueReports', { configuration, reports, topic: operators.target });

    const schedules = new Schedules(this, 'Schedules', {
      schedules: configuration.schedules,
      functions,
      daily: { name: overdueReports, function: overdue.function },
    });
    const all = new Map([...ofOperations, [overdueReports, overdue] as const]);
    const deadLetters = new Map([
      ['schedules', schedules.deadLetters],
      ['fan-out', fanOut.deadLetters],
      ...[...all].map(([name, each]) => [name, each.deadLetters] as const),
    ]);
    const alarms = new Alarms(this, 'Alarms', {
      configuration,
      operations: ofOperations,
      overdueReports: overdue,
      deadLetters,
      topic: operators.topic,
    });
    const dashboard = new Dashboard(this, 'Dashboard', { functions: all, deadLetters, alarms: alarms.names });
    const { testEvents } = configuration.console;
    if (testEvents !== 'off') {
      new TestEvents(this, 'TestEvents', {
        operations,
        functions,
        clusters: Object.keys(configuration.clusters),
        createRegistry: testEvents === 'create',
      });
    }

    new CfnOutput(this, 'ReportBucket', { value: reports.bucket.bucketName });
    new CfnOutput(this, 'NotificationTopic', { value: operators.topic.topicArn });
    new CfnOutput(this, 'EventBus', { value: fanOut.bus.eventBusName });
    new CfnOutput(this, 'DashboardName', { value: dashboard.name });
    new CfnOutput(this, 'OverdueReportsFunction', { value: overdue.function.functionName });
    for (const [operation, handler] of functions) {
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
