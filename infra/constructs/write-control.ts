import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, type Role, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { freezeParameter } from '../../functions/actions/freeze.ts';
import type { Configuration } from '../../functions/runtime/configuration.ts';
import { acknowledgeWildcard } from './acknowledge-wildcard.ts';
import type { ReportStore } from './report-store.ts';

/** What write control is made with. */
export interface WriteControlProps {
  readonly reports: ReportStore;
}

/**
 * What stands between a plan and a cluster: the table of locks, the freeze switches, and the journal, which nobody writes over. What writes is
 * granted here, and to nothing that only reads.
 */
export class WriteControl extends Construct {
  readonly locks: Table;
  private readonly reports: ReportStore;

  constructor(scope: Construct, id: string, { reports }: WriteControlProps) {
    super(scope, id);
    this.reports = reports;
    this.locks = new Table(this, 'Locks', {
      partitionKey: { name: 'cluster', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expires',
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.locks).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason: 'A lock is worth nothing once its lease is over, which is minutes: there is nothing to recover.',
    });
    const { bucket } = reports;
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'JournalIsWrittenOnce',
        effect: Effect.DENY,
        principals: [new StarPrincipal()],
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects('journal/*')],
        conditions: { Null: { 's3:if-none-match': 'true' } },
      }),
    );
    bucket.addLifecycleRule({ id: 'plans', prefix: 'plans/', expiration: Duration.days(30) });
  }

  /** Lets a role keep plans and journals, take locks and ask for freezes. How it reaches the clusters to write: `writeWays`. */
  grant(role: Role): void {
    const allow = (actions: string[], ...resources: string[]) => role.addToPolicy(new PolicyStatement({ actions, resources }));
    const objects = ['plans', 'journal'].map((prefix) => {
      const pattern = this.reports.bucket.arnForObjects(`${prefix}/*`);
      acknowledgeWildcard(role, pattern, `The keys under ${prefix}/ are made of clusters and times.`);
      return pattern;
    });
    allow(['s3:GetObject', 's3:PutObject'], ...objects);
    allow(['dynamodb:UpdateItem'], this.locks.tableArn);
    // Not one by one: a fleet's would fill the policies that a role may have.
    const switches = Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName: freezeParameter('*').slice(1) });
    acknowledgeWildcard(role, switches, 'The freeze switches are named after the clusters.');
    allow(['ssm:GetParameter'], switches);
  }
}

/** The ways that write, as if they were the clusters' own: for `clusterAccessStatements`. */
export const writeWays = (clusters: Configuration['clusters']): Configuration['clusters'] => {
  const ways: Configuration['clusters'] = {};
  for (const [name, { eks, write }] of Object.entries(clusters)) {
    if (write?.kubeconfig) ways[name] = { kubeconfig: write.kubeconfig };
    else if (eks && write?.role !== undefined) ways[name] = { eks: { ...eks, role: write.role } };
  }
  return ways;
};
