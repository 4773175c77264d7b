import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  account,
  bucket,
  bus,
  handler,
  logs,
  overdue,
  overdueFailed,
  reportsKey,
  rights,
  runsFailed,
  runsNotFannedOut,
  runsNotStarted,
  template,
  topic,
  topicKey,
} from './example-stack.ts';
import { resourceOf, resourcesOf, type Statement, statementsOf, synthesize } from './synthesize.ts';

describe('the schedules', () => {
  const schedules = resourcesOf(template, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties);
  const [daily, rated, watch] = schedules;
  const target = (schedule: (typeof schedules)[number] | undefined) => schedule?.Target as Record<string, unknown>;

  test('carry cron and time zone, or rate, and the flexible window', () => {
    assert.partialDeepStrictEqual(daily, {
      ScheduleExpression: 'cron(0 6 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 10 },
      State: 'ENABLED',
    });
    assert.partialDeepStrictEqual(rated, {
      ScheduleExpression: 'rate(1 day)',
      ScheduleExpressionTimezone: 'Etc/UTC',
      FlexibleTimeWindow: { Mode: 'OFF' },
    });
  });

  test('have one more, which once a day and from the beginning looks for reports that did not come', () => {
    assert.partialDeepStrictEqual(watch, {
      Name: 'overdue-reports',
      ScheduleExpression: 'rate(1 day)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
    });
    assert.equal(watch?.StartDate, undefined);
    assert.equal(schedules.length, 3);
  });

  test('give the function the clusters, what tells the execution and its time, and the operation’s own keys', () => {
    assert.deepEqual(JSON.parse(String(target(daily).Input)), {
      clusters: ['*'],
      executionId: '<aws.scheduler.execution-id>',
      schedule: '<aws.scheduler.schedule-arn>',
      scheduledTime: '<aws.scheduler.scheduled-time>',
    });
    assert.deepEqual(JSON.parse(String(target(rated).Input)), {
      clusters: ['prod', 'edge-*'],
      executionId: '<aws.scheduler.execution-id>',
      schedule: '<aws.scheduler.schedule-arn>',
      scheduledTime: '<aws.scheduler.scheduled-time>',
      only: ['nodes'],
    });
  });

  test('try a few times within the hour, then send a dead letter, by a role that may do this alone', () => {
    for (const schedule of schedules) {
      assert.partialDeepStrictEqual(target(schedule), {
        Arn: `<${(schedule === watch ? overdue : handler).id}.Arn>`,
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3600 },
        DeadLetterConfig: { Arn: `<${runsNotStarted.id}.Arn>` },
        RoleArn: `<${resourceOf(template, 'AWS::IAM::Role', 'Schedules').id}.Arn>`,
      });
    }
    assert.deepEqual(rights(statementsOf(resourceOf(template, 'AWS::IAM::Policy', 'Schedules'))), [
      `lambda:InvokeFunction <${handler.id}.Arn>`,
      `lambda:InvokeFunction <${overdue.id}.Arn>`,
      `sqs:SendMessage <${runsNotStarted.id}.Arn>`,
    ]);
  });

  test('are made when the role may do this: a rate starts at once', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'Schedules').id;
    for (const { DependsOn } of Object.values(template.findResources('AWS::Scheduler::Schedule'))) {
      assert.ok([DependsOn].flat().includes(policy), `${DependsOn}`);
    }
  });

  test('lie in a group of their own, which alone may use the role', () => {
    const group = resourceOf(template, 'AWS::Scheduler::ScheduleGroup').Properties.Name;
    for (const { GroupName } of schedules) assert.equal(GroupName, group);
    const [trust] = statementsOf(resourceOf(template, 'AWS::IAM::Role', 'Schedules'), 'AssumeRolePolicyDocument');
    assert.deepEqual(trust?.Condition, {
      StringEquals: {
        'aws:SourceAccount': account,
        'aws:SourceArn': `arn:<AWS::Partition>:scheduler:<AWS::Region>:${account}:schedule-group/${group}`,
      },
    });
  });

  test('keep their names when another is added before them', () => {
    const clusters = { prod: { eks: { name: 'prod', region: 'us-east-1' } } };
    const first = { operation: 'health-check' as const, clusters: ['*'], rate: '1 hour' };
    const second = { operation: 'health-check' as const, clusters: ['prod'], cron: '0 7 * * ? *' };
    const names = (schedules: NonNullable<Parameters<typeof synthesize>[0]['schedules']>) =>
      resourcesOf(synthesize({ clusters, schedules }).template, 'AWS::Scheduler::Schedule').map(({ id, Properties }) => [
        id,
        Properties.Name,
      ]);
    const [kept] = names([second]);
    assert.deepEqual(names([first, second])[1], kept);
    assert.notDeepEqual(names([first, second])[0], kept);
  });
});

describe('the fan-out', () => {
  const rule = resourceOf(template, 'AWS::Events::Rule');

  test('starts the function for what is requested of this operation, with the event’s detail', () => {
    assert.deepEqual(rule.Properties.EventPattern, {
      source: ['nightshift'],
      'detail-type': ['Operation Requested'],
      detail: { operation: ['health-check'] },
    });
    // The ARN, not the name: the emulator resolves no other.
    assert.equal(rule.Properties.EventBusName, `<${bus.id}.Arn>`);
    assert.deepEqual(rule.Properties.Targets, [
      {
        Id: 'Target0',
        Arn: `<${handler.id}.Arn>`,
        InputPath: '$.detail',
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3600 },
        DeadLetterConfig: { Arn: `<${runsNotFannedOut.id}.Arn>` },
      },
    ]);
  });

  test('may start the function and send dead letters, this rule alone', () => {
    assert.partialDeepStrictEqual(resourceOf(template, 'AWS::Lambda::Permission').Properties, {
      Principal: 'events.amazonaws.com',
      Action: 'lambda:InvokeFunction',
      SourceArn: `<${rule.id}.Arn>`,
    });
    const allowed = statementsOf(resourceOf(template, 'AWS::SQS::QueuePolicy', 'FanOut')).filter(({ Effect }) => Effect === 'Allow');
    assert.equal(allowed.length, 1);
    assert.partialDeepStrictEqual(allowed[0], {
      Action: 'sqs:SendMessage',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': `<${rule.id}.Arn>` } },
    });
  });
});

describe('the dead-letter queues', () => {
  test('are four, encrypted, TLS only, and keep letters as long as SQS can', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue');
    assert.deepEqual(queues.map(({ id }) => id).sort(), [runsFailed.id, overdueFailed.id, runsNotStarted.id, runsNotFannedOut.id].sort());
    for (const { id, Properties } of queues) {
      assert.deepEqual(
        { ...Properties, Tags: undefined },
        { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600, Tags: undefined },
      );
      const policy = resourcesOf(template, 'AWS::SQS::QueuePolicy').find((each) => JSON.stringify(each.Properties.Queues).includes(id));
      assert.ok(policy);
      assertTlsOnly(statementsOf(policy), 'sqs:*');
    }
  });
});

function assertTlsOnly(statements: readonly Statement[], action: string) {
  const deny = statements.find(({ Effect }) => Effect === 'Deny');
  assert.partialDeepStrictEqual(deny, { Action: action, Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
}

describe('the report bucket', () => {
  test('is private, encrypted under its own rotating key, versioned, and outlives the stack', () => {
    assert.partialDeepStrictEqual(bucket.Properties, {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: `<${reportsKey.id}.Arn>` } },
        ],
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    assert.equal(bucket.DeletionPolicy, 'Retain');
    assert.equal(reportsKey.DeletionPolicy, 'Retain');
    assert.equal(reportsKey.Properties.EnableKeyRotation, true);
    assertTlsOnly(statementsOf(resourceOf(template, 'AWS::S3::BucketPolicy')), 's3:*');
  });

  test('forgets reports after the configured days, and old versions before', () => {
    assert.deepEqual(bucket.Properties.LifecycleConfiguration, {
      Rules: [
        { Id: 'reports', Prefix: 'reports/', ExpirationInDays: 90, Status: 'Enabled' },
        { Id: 'old-versions', NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' },
        {
          Id: 'remnants',
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          ExpiredObjectDeleteMarker: true,
          Status: 'Enabled',
        },
        { Id: 'plans', Prefix: 'plans/', ExpirationInDays: 30, Status: 'Enabled' },
      ],
    });
  });
});

describe('the topic', () => {
  const services = ['cloudwatch.amazonaws.com', 'events.amazonaws.com'];

  test('is encrypted under its own rotating key, which alarms and rules may use', () => {
    assert.equal(topic.Properties.KmsMasterKeyId, `<${topicKey.id}.Arn>`);
    assert.equal(topicKey.Properties.EnableKeyRotation, true);
    for (const service of services) {
      const statement = statementsOf(topicKey, 'KeyPolicy').find(({ Principal }) => JSON.stringify(Principal).includes(service));
      assert.deepEqual(statement?.Action, ['kms:Decrypt', 'kms:GenerateDataKey*']);
      assert.equal(statement?.Effect, 'Allow');
    }
  });

  test('lets alarms and rules of this account publish, over TLS only', () => {
    const statements = statementsOf(resourceOf(template, 'AWS::SNS::TopicPolicy'));
    assertTlsOnly(statements, 'sns:Publish');
    const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
    assert.deepEqual(
      allowed.map(({ Principal, Action, Resource, Condition }) => ({ Principal, Action, Resource, Condition })),
      [
        ['cloudwatch.amazonaws.com', `arn:<AWS::Partition>:cloudwatch:<AWS::Region>:${account}:alarm:*`],
        ['events.amazonaws.com', `arn:<AWS::Partition>:events:<AWS::Region>:${account}:rule/*`],
      ].map(([Service, source]) => ({
        Principal: { Service },
        Action: 'sns:Publish',
        Resource: `<${topic.id}>`,
        Condition: { StringEquals: { 'aws:SourceAccount': account }, ArnLike: { 'aws:SourceArn': source } },
      })),
    );
  });
});

test('a report that nobody was told of is seen in the log of the function', () => {
  assert.partialDeepStrictEqual(resourceOf(template, 'AWS::Logs::MetricFilter').Properties, {
    LogGroupName: `<${logs.id}>`,
    FilterPattern: '{ $.message = "a publisher failed" }',
    MetricTransformations: [{ MetricNamespace: 'Nightshift', MetricName: 'PublishersFailed-health-check', MetricValue: '1' }],
  });
});

describe('the stack', () => {
  test('has no resource that needs code of ours to be created, and no tag on a key', () => {
    const types = Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
    assert.deepEqual(
      types.filter((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'),
      [],
    );
    // The operation, and who looks for what did not come.
    assert.equal(types.filter((type) => type === 'AWS::Lambda::Function').length, 2);
    for (const { Properties } of resourcesOf(template, 'AWS::KMS::Key')) assert.equal(Properties.Tags, undefined);
    assert.deepEqual(bucket.Properties.Tags, [{ Key: 'application', Value: 'nightshift' }]);
  });

  test('gives every right on a resource, but for what knows none', () => {
    const everything = resourcesOf(template, 'AWS::IAM::Policy').flatMap((policy) =>
      statementsOf(policy).filter(({ Resource }) => [Resource].flat().includes('*')),
    );
    assert.deepEqual([...new Set(everything.flatMap(({ Action }) => Action))].sort(), [
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
    const actions = resourcesOf(template, 'AWS::IAM::Policy').flatMap((policy) => statementsOf(policy).flatMap(({ Action }) => Action));
    assert.deepEqual(
      actions.filter((action) => action.includes('*')),
      [],
    );
    for (const { Properties } of resourcesOf(template, 'AWS::IAM::Role')) assert.equal(Properties.ManagedPolicyArns, undefined);
  });

  test('tells what was made', () => {
    assert.deepEqual(Object.keys(template.findOutputs('*')).sort(), [
      'DashboardName',
      'EventBus',
      'HealthCheckFunction',
      'HealthCheckRole',
      'NotificationTopic',
      'OverdueReportsFunction',
      'ReportBucket',
    ]);
  });

  test('works without schedules, clusters and notifications: the topic is there for the alarms, and the function may not publish to it', () => {
    const { template: bare } = synthesize({ clusters: {} });
    assert.deepEqual(
      resourcesOf(bare, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties.Name),
      ['overdue-reports'],
    );
    assert.equal(resourcesOf(bare, 'AWS::SNS::Topic').length, 1);
    const granted = rights(statementsOf(resourceOf(bare, 'AWS::IAM::Policy', 'Operationhealthcheck')));
    assert.deepEqual(
      granted.filter((right) => /^(sns|sts|eks|secretsmanager):/.test(right)),
      [],
    );
  });
});
