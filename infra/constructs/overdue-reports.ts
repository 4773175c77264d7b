import type { Construct } from 'constructs';
import { stateKey } from '../../functions/overdue-reports/known-since.ts';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import { overdueReports } from '../../functions/runtime/metric-names.ts';
import { acknowledgeWildcard } from './acknowledge-wildcard.ts';
import { NightshiftFunction } from './nightshift-function.ts';
import { type NotificationTarget, publishStatements } from './notification-topic.ts';
import type { ReportStore } from './report-store.ts';

/** What the function is made with. */
export interface OverdueReportsProps {
  readonly configuration: Configuration;
  readonly reports: ReportStore;
  /** The operators': they are told of what did not come. */
  readonly topic: NotificationTarget;
}

/** The function that says which reports did not come. It knows no cluster and no bus: what keeps an operation from running must not keep it. */
export class OverdueReports extends NightshiftFunction {
  constructor(scope: Construct, id: string, { configuration, reports, topic }: OverdueReportsProps) {
    super(scope, id, {
      folder: overdueReports,
      configuration,
      memoryMegabytes: 256,
      // 500 clusters are asked for in seconds; the rest is for S3 on a bad day.
      timeoutSeconds: 120,
      environment: { NIGHTSHIFT_BUCKET: reports.bucket.bucketName, NIGHTSHIFT_OPERATORS_TOPIC: topic.topicArn },
    });
    const latest = reports.bucket.arnForObjects('reports/*/latest.json');
    acknowledgeWildcard(this.role, latest, 'The keys under reports/ are made of clusters and operations.');
    const state = reports.bucket.arnForObjects(stateKey);
    this.allow(['s3:GetObject'], latest, state);
    this.allow(['s3:PutObject'], state);
    // Without it S3 answers 403 for a report that is not there.
    this.allow(['s3:ListBucket'], reports.bucket.bucketArn);
    this.allow(['kms:Decrypt', 'kms:GenerateDataKey'], reports.key.keyArn);
    for (const statement of publishStatements([topic])) this.role.addToPolicy(statement);
  }
}
