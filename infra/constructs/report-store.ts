import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from './acknowledge-wildcard.ts';

/** What the report store is made with. */
export interface ReportStoreProps {
  /** For how many days a report is kept. */
  readonly retentionDays: number;
}

/** The bucket of the reports and of what operations keep between runs, under a key of its own. It outlives the stack. */
export class ReportStore extends Construct {
  readonly bucket: Bucket;
  readonly key: Key;

  constructor(scope: Construct, id: string, { retentionDays }: ReportStoreProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: 'Nightshift: reports and what is kept between runs',
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      enforceSSL: true,
      versioned: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: lifecycle(retentionDays),
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Who reads reports is told by CloudTrail data events where an account wants it; access logs would need a bucket of their own.',
    });
  }

  /** Lets a role read and write reports and state, and read the configuration that is laid over the bundled one; nothing else. */
  grantReports(role: Role): void {
    const objects = (prefix: string) => {
      const pattern = this.bucket.arnForObjects(`${prefix}/*`);
      acknowledgeWildcard(role, pattern, `The keys under ${prefix}/ are made of clusters, operations and times.`);
      return pattern;
    };
    const allow = (actions: string[], ...resources: string[]) => role.addToPolicy(new PolicyStatement({ actions, resources }));
    allow(['s3:GetObject', 's3:PutObject'], objects('reports'), objects('state'));
    allow(['s3:GetObject'], objects('config'));
    // Without it S3 answers 403 for a key that is not there, and a first run could not be told from a refused one.
    allow(['s3:ListBucket'], this.bucket.bucketArn);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], this.key.keyArn);
  }
}

/** latest.json and state are overwritten at every run: without an end to old versions they would pile up. */
function lifecycle(retentionDays: number) {
  return [
    { id: 'reports', prefix: 'reports/', expiration: Duration.days(retentionDays) },
    { id: 'old-versions', noncurrentVersionExpiration: Duration.days(Math.min(retentionDays, 30)) },
    { id: 'remnants', expiredObjectDeleteMarker: true, abortIncompleteMultipartUploadAfter: Duration.days(1) },
  ];
}
