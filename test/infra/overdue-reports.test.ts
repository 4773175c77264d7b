import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bucket, handler, overdue, overdueFailed, reportsKey, rights, template, topic, topicKey } from './example-stack.ts';
import { resourceOf, statementsOf, synthesize } from './synthesize.ts';

describe('the function that looks for overdue reports', () => {
  const logs = resourceOf(template, 'AWS::Logs::LogGroup', 'OverdueReports');

  test('is made as the operations are, small, and knows the bucket and the operators’ topic', () => {
    assert.partialDeepStrictEqual(overdue.Properties, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 120,
      LoggingConfig: { LogFormat: 'JSON', LogGroup: `<${logs.id}>` },
    });
    assert.equal(logs.Properties.RetentionInDays, 30);
    assert.deepEqual(overdue.Properties.Environment, {
      Variables: {
        NODE_OPTIONS: '--max-semi-space-size=8',
        MALLOC_ARENA_MAX: '1',
        MALLOC_TRIM_THRESHOLD_: '131072',
        NIGHTSHIFT_BUCKET: `<${bucket.id}>`,
        NIGHTSHIFT_OPERATORS_TOPIC: `<${topic.id}>`,
        POWERTOOLS_SERVICE_NAME: 'nightshift',
        POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
      },
    });
  });

  test('has code of its own', () => {
    // The CDK bundles one source once, whatever is made of it: this was once the health check's code.
    assert.notDeepEqual(overdue.Properties.Code, handler.Properties.Code);
  });

  test('has these rights and no other: it reaches no cluster', () => {
    assert.deepEqual(
      rights(statementsOf(resourceOf(template, 'AWS::IAM::Policy', 'OverdueReports'))),
      [
        `logs:CreateLogStream <${logs.id}.Arn>`,
        `logs:PutLogEvents <${logs.id}.Arn>`,
        `s3:GetObject <${bucket.id}.Arn>/reports/*/latest.json`,
        `s3:GetObject <${bucket.id}.Arn>/state/overdue-reports.json`,
        `s3:PutObject <${bucket.id}.Arn>/state/overdue-reports.json`,
        `s3:ListBucket <${bucket.id}.Arn>`,
        `kms:Decrypt <${reportsKey.id}.Arn>`,
        `kms:GenerateDataKey <${reportsKey.id}.Arn>`,
        `sns:Publish <${topic.id}>`,
        `kms:Decrypt <${topicKey.id}.Arn>`,
        `kms:GenerateDataKey <${topicKey.id}.Arn>`,
        `sqs:SendMessage <${overdueFailed.id}.Arn>`,
        `sqs:GetQueueAttributes <${overdueFailed.id}.Arn>`,
        `sqs:GetQueueUrl <${overdueFailed.id}.Arn>`,
        'xray:PutTraceSegments *',
        'xray:PutTelemetryRecords *',
      ].sort(),
    );
  });

  test('what failed twice lies in its own queue', () => {
    assert.partialDeepStrictEqual(resourceOf(template, 'AWS::Lambda::EventInvokeConfig', 'OverdueReports').Properties, {
      FunctionName: `<${overdue.id}>`,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: `<${overdueFailed.id}.Arn>` } },
    });
  });

  test('stays out of the VPC: it asks AWS alone, and what keeps an operation from its way out must not keep it', () => {
    const { template: inside } = synthesize({
      clusters: {},
      deployment: {
        vpc: {
          id: 'vpc-0123456789abcdef0',
          availabilityZones: ['eu-central-1a'],
          subnets: ['subnet-0123456789abcdefa'],
          securityGroups: ['sg-0123456789abcdef1'],
        },
      },
    });
    assert.equal(resourceOf(inside, 'AWS::Lambda::Function', 'OverdueReports').Properties.VpcConfig, undefined);
  });
});
