import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { account, bucket, bus, handler, logs, reportsKey, rights, role, runsFailed, template, topic, topicKey } from './example-stack.ts';
import { type Resource, resourceOf, resourcesOf, statementsOf, synthesize } from './synthesize.ts';

type Cluster = Parameters<typeof synthesize>[0]['clusters'][string];

describe('the function', () => {
  test('is Lambda’s Node 24 on arm64, as configured, with JSON logs and tracing', () => {
    assert.partialDeepStrictEqual(handler.Properties, {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 300,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: `<${logs.id}>` },
    });
    assert.equal(logs.Properties.RetentionInDays, 30);
    assert.equal(handler.Properties.ReservedConcurrentExecutions, undefined);
  });

  test('finds the bucket, the bus and the topics, in the order of notify, in its environment', () => {
    assert.deepEqual(handler.Properties.Environment, {
      Variables: {
        NODE_OPTIONS: '--max-semi-space-size=8',
        MALLOC_ARENA_MAX: '1',
        MALLOC_TRIM_THRESHOLD_: '131072',
        NIGHTSHIFT_BUCKET: `<${bucket.id}>`,
        NIGHTSHIFT_BUS: `<${bus.id}.Arn>`,
        NIGHTSHIFT_TOPICS: `["<${topic.id}>","arn:aws:sns:eu-west-1:111122223333:on-call"]`,
        POWERTOOLS_SERVICE_NAME: 'nightshift',
        POWERTOOLS_METRICS_NAMESPACE: 'Nightshift',
      },
    });
  });

  test('has these rights and no other', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'Operationhealthcheck');
    const edge7 = `arn:<AWS::Partition>:secretsmanager:<AWS::Region>:${account}:secret:clusters/edge-7-??????`;
    assert.deepEqual(
      rights(statementsOf(policy)),
      [
        `logs:CreateLogStream <${logs.id}.Arn>`,
        `logs:PutLogEvents <${logs.id}.Arn>`,
        `s3:GetObject <${bucket.id}.Arn>/reports/*`,
        `s3:GetObject <${bucket.id}.Arn>/state/*`,
        `s3:GetObject <${bucket.id}.Arn>/config/*`,
        `s3:PutObject <${bucket.id}.Arn>/reports/*`,
        `s3:PutObject <${bucket.id}.Arn>/state/*`,
        `s3:ListBucket <${bucket.id}.Arn>`,
        `kms:Decrypt <${reportsKey.id}.Arn>`,
        `kms:GenerateDataKey <${reportsKey.id}.Arn>`,
        `events:PutEvents <${bus.id}.Arn>`,
        `sns:Publish <${topic.id}>`,
        'sns:Publish arn:aws:sns:eu-west-1:111122223333:on-call',
        `kms:Decrypt <${topicKey.id}.Arn>`,
        `kms:GenerateDataKey <${topicKey.id}.Arn>`,
        'kms:Decrypt arn:aws:kms:eu-west-1:111122223333:key/* if',
        'kms:GenerateDataKey arn:aws:kms:eu-west-1:111122223333:key/* if',
        `sts:AssumeRole ${role}`,
        // Not prod: its own role describes it.
        `eks:DescribeCluster arn:<AWS::Partition>:eks:eu-west-1:${account}:cluster/stage-cluster`,
        `secretsmanager:GetSecretValue ${edge7}`,
        'secretsmanager:GetSecretValue arn:aws:secretsmanager:eu-west-1:111122223333:secret:edge-8-AbCd12',
        `kms:Decrypt arn:<AWS::Partition>:kms:<AWS::Region>:${account}:key/* if`,
        'kms:Decrypt arn:aws:kms:eu-west-1:111122223333:key/* if',
        `sqs:SendMessage <${runsFailed.id}.Arn>`,
        `sqs:GetQueueAttributes <${runsFailed.id}.Arn>`,
        `sqs:GetQueueUrl <${runsFailed.id}.Arn>`,
        'xray:PutTraceSegments *',
        'xray:PutTelemetryRecords *',
      ].sort(),
    );
  });

  test('uses keys of others for the configured secret or topic alone', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'Operationhealthcheck');
    const conditions = statementsOf(policy).flatMap(({ Condition }) => Condition ?? []);
    assert.deepEqual(conditions, [
      {
        StringEquals: {
          'kms:ViaService': 'sns.eu-west-1.amazonaws.com',
          'kms:EncryptionContext:aws:sns:topicArn': 'arn:aws:sns:eu-west-1:111122223333:on-call',
        },
      },
      {
        StringEquals: { 'kms:ViaService': 'secretsmanager.<AWS::Region>.<AWS::URLSuffix>' },
        StringLike: {
          'kms:EncryptionContext:SecretARN': [`arn:<AWS::Partition>:secretsmanager:<AWS::Region>:${account}:secret:clusters/edge-7-??????`],
        },
      },
      {
        StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' },
        StringLike: { 'kms:EncryptionContext:SecretARN': ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:edge-8-AbCd12'] },
      },
    ]);
  });

  test('started asynchronously and failed: tried once more within the hour, then a dead letter', () => {
    assert.deepEqual(resourceOf(template, 'AWS::Lambda::EventInvokeConfig', 'Operationhealthcheck').Properties, {
      FunctionName: `<${handler.id}>`,
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 3600,
      DestinationConfig: { OnFailure: { Destination: `<${runsFailed.id}.Arn>` } },
    });
  });

  test('puts the function into the configured subnets, with the rights that takes', () => {
    const { template: inside } = synthesize({
      clusters: {},
      deployment: {
        vpc: {
          id: 'vpc-0123456789abcdef0',
          availabilityZones: ['eu-central-1a', 'eu-central-1b'],
          subnets: ['subnet-0123456789abcdefa', 'subnet-0123456789abcdefb', 'subnet-0123456789abcdefc'],
          securityGroups: ['sg-0123456789abcdef1', 'sg-0123456789abcdef2'],
        },
      },
    });
    assert.deepEqual(resourceOf(inside, 'AWS::Lambda::Function', 'Operationhealthcheck').Properties.VpcConfig, {
      SecurityGroupIds: ['sg-0123456789abcdef1', 'sg-0123456789abcdef2'],
      SubnetIds: ['subnet-0123456789abcdefa', 'subnet-0123456789abcdefb', 'subnet-0123456789abcdefc'],
    });
    assert.equal(resourcesOf(inside, 'AWS::EC2::SecurityGroup').length, 0);
    const granted = rights(statementsOf(resourceOf(inside, 'AWS::IAM::Policy', 'Operationhealthcheck')));
    assert.ok(granted.includes('ec2:CreateNetworkInterface *'));
  });

  describe('holds a fleet: 300 clusters fit IAM’s limits, and each is there', () => {
    const name = (index: number) => `${index}`.padStart(40, 'edge-');
    const region = (index: number) => ['eu-central-1', 'eu-west-1', 'us-east-1'][index % 3] ?? '';
    const arn = (index: number) => `arn:aws:iam::${100000000000 + index}:role/nightshift/readers/nightshift-read`;
    const fleets: Readonly<Record<string, readonly [(index: number) => Cluster, right: (index: number) => string]>> = {
      'roles of 300 accounts': [(index) => ({ eks: { name: 'c', region: 'eu-central-1', role: arn(index) } }), (index) => arn(index)],
      'EKS clusters': [(index) => ({ eks: { name: name(index), region: region(index) } }), (index) => `:cluster/${name(index)}`],
      secrets: [
        (index) => ({ kubeconfig: { secret: `clusters/${name(index)}`, region: region(index) } }),
        (index) => `${name(index)}-??????`,
      ],
      parameters: [
        (index) => ({ kubeconfig: { ssm: `/clusters/${name(index)}`, region: region(index) } }),
        (index) => `:parameter/clusters/${name(index)}`,
      ],
      objects: [
        (index) => ({ kubeconfig: { s3: `s3://kubeconfigs/${name(index)}`, region: region(index) } }),
        (index) => `kubeconfigs/${name(index)}`,
      ],
    };
    for (const [kind, [cluster, right]] of Object.entries(fleets)) {
      test(kind, () => {
        const indexes = Array.from({ length: 300 }, (_, index) => index);
        const { template: fleet } = synthesize({ clusters: Object.fromEntries(indexes.map((index) => [name(index), cluster(index)])) });
        const pseudo: Readonly<Record<string, string>> = {
          '<AWS::Partition>': 'aws-us-gov',
          '<AWS::Region>': 'ap-southeast-1',
          [account]: '123456789012',
        };
        const size = ({ Properties }: Resource) =>
          JSON.stringify(Properties.PolicyDocument).replaceAll(/<[\w:.]+>/g, (reference) => pseudo[reference] ?? 'x'.repeat(90)).length;
        const [inline, managed] = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].map((type) => resourcesOf(fleet, type));
        assert.ok(inline && managed);
        assert.deepEqual([...inline.filter((policy) => size(policy) > 10_240), ...managed.filter((policy) => size(policy) > 6_144)], []);
        assert.ok(managed.length <= 10, `${managed.length} managed policies; a role takes 10`);
        const granted = [...inline, ...managed].flatMap((policy) => rights(statementsOf(policy)));
        for (const index of indexes)
          assert.ok(
            granted.some((each) => each.endsWith(right(index))),
            right(index),
          );
      });
    }
  });
});
