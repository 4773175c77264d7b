import { Stack } from 'aws-cdk-lib';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import type { Operation } from '../../functions/runtime/operation.ts';
import { acknowledgeWildcard } from './acknowledge-wildcard.ts';
import { backupAccessStatements, clusterAccessStatements } from './cluster-access.ts';
import { NightshiftFunction } from './nightshift-function.ts';
import { type NotificationTarget, publishStatements } from './notification-topic.ts';
import type { ReportStore } from './report-store.ts';
import { type WriteControl, writeWays } from './write-control.ts';

/** What an operation's function is made with. */
export interface OperationFunctionProps {
  readonly operation: Operation;
  readonly configuration: Configuration;
  readonly reports: ReportStore;
  readonly bus: EventBus;
  /** In the order of `configuration.notify`. */
  readonly topics: readonly NotificationTarget[];
  /** For operations that write. */
  readonly writeControl: WriteControl;
}

/** One operation as a Lambda function, with the rights that it needs and no more. */
export class OperationFunction extends NightshiftFunction {
  constructor(scope: Construct, id: string, { operation, configuration, reports, bus, topics, writeControl }: OperationFunctionProps) {
    const { memoryMegabytes, timeoutSeconds, vpc } = configuration.deployment;
    super(scope, id, {
      folder: operation.name,
      configuration,
      memoryMegabytes,
      timeoutSeconds,
      vpc,
      environment: {
        NIGHTSHIFT_BUCKET: reports.bucket.bucketName,
        NIGHTSHIFT_BUS: bus.eventBusArn,
        NIGHTSHIFT_TOPICS: Stack.of(scope).toJsonString(topics.map(({ topicArn }) => topicArn)),
        ...(operation.writes && { NIGHTSHIFT_LOCKS: writeControl.locks.tableName }),
      },
    });
    reports.grantReports(this.role);
    if (operation.writes) writeControl.grant(this.role);
    this.allow(['events:PutEvents'], bus.eventBusArn);
    const { clusters } = configuration;
    for (const statement of [
      ...publishStatements(topics),
      ...clusterAccessStatements(Stack.of(this), clusters),
      ...(operation.writes ? clusterAccessStatements(Stack.of(this), writeWays(clusters)) : []),
      ...(operation.needs === 'backups'
        ? backupAccessStatements(
            Stack.of(this),
            clusters,
            operation.checks.flatMap(({ aws = [] }) => aws),
          )
        : []),
    ]) {
      this.role.addToPolicy(statement);
      for (const pattern of statement.resources.filter((resource) => resource.endsWith('/*'))) {
        const reason = pattern.endsWith(':key/*')
          ? 'The owner chose the key; the conditions narrow its use to what may be read or published, and without them it is only described.'
          : 'What Velero keeps under a location has names of its own.';
        acknowledgeWildcard(this.role, pattern, reason);
      }
    }
  }
}
