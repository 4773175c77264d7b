/** What a function may do to reach clusters: exactly what the configuration names. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import backupDeleted from '../../functions/backup-verification/checks/backup-deleted.ts';
import bucketEncryption from '../../functions/backup-verification/checks/bucket-encryption.ts';
import bucketVersioning from '../../functions/backup-verification/checks/bucket-versioning.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import type { ClusterConfiguration } from '../../functions/runtime/configuration.ts';
import { clusterAccessStatements } from '../../infra/constructs/cluster-access.ts';
import { rights } from './example-stack.ts';
import { flattened, resourceOf, type Statement, statementsOf, synthesize } from './synthesize.ts';

const account = '<AWS::AccountId>';
const here = '<AWS::Region>';
type Kubeconfig = NonNullable<ClusterConfiguration['kubeconfig']>;

/** The statements for clusters with these kubeconfigs, in a stack that is bound to no account or region unless told. */
function statementsFor(kubeconfigs: readonly Kubeconfig[], region?: string): readonly Statement[] {
  const stack = new Stack(new App(), 'Stack', region === undefined ? {} : { env: { account: '111122223333', region } });
  const clusters = Object.fromEntries(kubeconfigs.map((kubeconfig, index) => [`edge-${index}`, { kubeconfig }]));
  const statements = clusterAccessStatements(stack, clusters).map((statement) => stack.resolve(statement.toStatementJson()));
  return flattened(statements) as Statement[];
}

describe('a kubeconfig in S3', () => {
  test('that object alone, and whatever key encrypts it or its bucket', () => {
    assert.deepEqual(statementsFor([{ s3: 's3://configs/edge/7.yaml', region: 'eu-west-1' }]), [
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:<AWS::Partition>:s3:::configs/edge/7.yaml' },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:<AWS::Partition>:kms:eu-west-1:*:key/*',
        Condition: {
          StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' },
          StringLike: {
            'kms:EncryptionContext:aws:s3:arn': ['arn:<AWS::Partition>:s3:::configs/edge/7.yaml', 'arn:<AWS::Partition>:s3:::configs'],
          },
        },
      },
    ]);
  });

  test('several in one bucket: each once, few statements; without a region the stack’s', () => {
    const statements = statementsFor([
      { s3: 's3://configs/a' },
      { s3: 's3://configs/b', context: 'x' },
      { s3: 's3://configs/b', context: 'y' },
    ]);
    assert.equal(statements.length, 2);
    assert.deepEqual(statements[0]?.Resource, ['arn:<AWS::Partition>:s3:::configs/a', 'arn:<AWS::Partition>:s3:::configs/b']);
    assert.deepEqual(statements[1]?.Condition, {
      StringEquals: { 'kms:ViaService': `s3.${here}.<AWS::URLSuffix>` },
      StringLike: {
        'kms:EncryptionContext:aws:s3:arn': [
          'arn:<AWS::Partition>:s3:::configs/a',
          'arn:<AWS::Partition>:s3:::configs',
          'arn:<AWS::Partition>:s3:::configs/b',
        ],
      },
    });
  });

  test('a key with IAM’s own characters names no other object', () => {
    const [read, decrypt] = statementsFor([{ s3: `s3://configs/\${aws:username}/*?.yaml`, region: 'eu-west-1' }]);
    const literal = `arn:<AWS::Partition>:s3:::configs/\${$}{aws:username}/\${*}\${?}.yaml`;
    assert.equal(read?.Resource, literal);
    assert.ok(JSON.stringify(decrypt?.Condition).includes(JSON.stringify(literal)));
  });
});

describe('a kubeconfig in SSM', () => {
  test('that parameter alone, by path, name or ARN, and whatever key encrypts it', () => {
    const given = [
      { ssm: '/clusters/edge-7' },
      { ssm: 'edge-8', region: 'us-east-2' },
      { ssm: 'arn:aws:ssm:eu-west-1:444455556666:parameter/edge-9' },
    ];
    const [read, ...decrypts] = statementsFor(given);
    assert.deepEqual(
      [read?.Action, read?.Resource],
      [
        'ssm:GetParameter',
        [
          `arn:<AWS::Partition>:ssm:${here}:${account}:parameter/clusters/edge-7`,
          `arn:<AWS::Partition>:ssm:us-east-2:${account}:parameter/edge-8`,
          'arn:aws:ssm:eu-west-1:444455556666:parameter/edge-9',
        ],
      ],
    );
    assert.deepEqual(
      decrypts.map(({ Resource, Condition }) => [Resource, Condition]),
      [
        [
          `arn:<AWS::Partition>:kms:${here}:${account}:key/*`,
          `ssm.${here}.<AWS::URLSuffix>`,
          `arn:<AWS::Partition>:ssm:${here}:${account}:parameter/clusters/edge-7`,
        ],
        [
          `arn:<AWS::Partition>:kms:us-east-2:${account}:key/*`,
          'ssm.us-east-2.amazonaws.com',
          `arn:<AWS::Partition>:ssm:us-east-2:${account}:parameter/edge-8`,
        ],
        ['arn:aws:kms:eu-west-1:444455556666:key/*', 'ssm.eu-west-1.amazonaws.com', 'arn:aws:ssm:eu-west-1:444455556666:parameter/edge-9'],
      ].map(([keys, service, parameter]) => [
        keys,
        { StringEquals: { 'kms:ViaService': service }, StringLike: { 'kms:EncryptionContext:PARAMETER_ARN': [parameter] } },
      ]),
    );
  });
});

test('of many the key is bound to the service alone, which decrypts only what may be read', () => {
  const decrypts = (count: number) =>
    statementsFor(Array.from({ length: count }, (_, index) => ({ secret: `edge-${index}` }))).filter(
      ({ Action }) => Action === 'kms:Decrypt',
    );
  const through = { 'kms:ViaService': `secretsmanager.${here}.<AWS::URLSuffix>` };
  assert.deepEqual(
    decrypts(11).map(({ Condition }) => Condition),
    [{ StringEquals: through }],
  );
  assert.deepEqual(
    decrypts(10).map(({ Condition }) => Object.keys(Condition as object)),
    [['StringEquals', 'StringLike']],
  );
});

test('a secret of another region', () => {
  const [read, decrypt] = statementsFor([{ secret: 'edge-7', region: 'eu-north-1' }]);
  assert.equal(read?.Resource, `arn:<AWS::Partition>:secretsmanager:eu-north-1:${account}:secret:edge-7-??????`);
  assert.equal(decrypt?.Resource, `arn:<AWS::Partition>:kms:eu-north-1:${account}:key/*`);
});

test('in China services have another domain', () => {
  const arn = 'arn:aws-cn:secretsmanager:cn-northwest-1:111122223333:secret:edge-9-AbCd12';
  const statements = statementsFor([{ secret: 'edge-7' }, { ssm: '/edge-7' }, { s3: 's3://configs/x' }, { secret: arn }], 'cn-north-1');
  const services = statements.flatMap(({ Condition }) => /"kms:ViaService":"([^"]+)"/.exec(JSON.stringify(Condition ?? {}))?.[1] ?? []);
  assert.deepEqual(services, [
    'secretsmanager.cn-north-1.amazonaws.com.cn',
    'secretsmanager.cn-northwest-1.amazonaws.com.cn',
    'ssm.cn-north-1.amazonaws.com.cn',
    's3.cn-north-1.amazonaws.com.cn',
  ]);
});

test('a cluster that is gone, or reached by a file, asks for nothing', () => {
  const stack = new Stack(new App(), 'Stack');
  const backups = [{ bucket: 'velero', region: 'eu-central-1' }];
  assert.deepEqual(clusterAccessStatements(stack, { 'lost-1': { backups }, laptop: { kubeconfig: { file: 'x' } } }), []);
});

test('an operation on backups reads what lies under the locations, by their roles or its own, asks what its checks ask, and cdk-nag finds nothing', () => {
  const region = 'eu-central-1';
  const role = 'arn:aws:iam::111122223333:role/velero';
  const clusters = {
    prod: { eks: { name: 'prod', region }, backups: [{ bucket: 'velero', prefix: '/prod/', region }] },
    gone: { backups: [{ bucket: 'archive', region }] },
    edge: { backups: [{ bucket: 'theirs', region, role }] },
  };
  const rightsOf = (needs: 'api' | 'backups') => {
    const checks = [...healthCheck.checks, backupDeleted, bucketEncryption, bucketVersioning];
    const { template } = synthesize({ clusters }, [{ ...healthCheck, needs, checks }]);
    return rights(statementsOf(resourceOf(template, 'AWS::IAM::Policy', 'Operationhealthcheck')));
  };
  const without = rightsOf('api');
  const s3 = 'arn:<AWS::Partition>:s3:::';
  assert.deepEqual(
    rightsOf('backups').filter((right) => !without.includes(right)),
    [
      `kms:Decrypt arn:<AWS::Partition>:kms:${region}:*:key/* if`,
      `kms:DescribeKey arn:<AWS::Partition>:kms:${region}:*:key/*`,
      ...['archive', 'velero'].map((bucket) => `s3:GetBucketVersioning ${s3}${bucket}`),
      ...['archive', 'velero'].map((bucket) => `s3:GetEncryptionConfiguration ${s3}${bucket}`),
      `s3:GetObject ${s3}archive/*`,
      `s3:GetObject ${s3}velero/prod/*`,
      ...['archive', 'velero'].map((bucket) => `s3:ListBucket ${s3}${bucket}`),
      ...['archive', 'velero'].map((bucket) => `s3:ListBucketVersions ${s3}${bucket}`),
      `sts:AssumeRole ${role}`,
    ],
  );
});

test('in the whole stack cdk-nag finds nothing, and the function’s role holds them', () => {
  const { template } = synthesize({
    clusters: { a: { kubeconfig: { s3: 's3://configs/a', region: 'eu-west-1' } }, b: { kubeconfig: { ssm: '/clusters/b' } } },
  });
  const statements = statementsOf(resourceOf(template, 'AWS::IAM::Policy', 'Operationhealthcheck'));
  const actions = statements.flatMap(({ Action, Resource }) => (JSON.stringify(Resource).includes('configs/a') ? Action : []));
  assert.deepEqual(actions, ['s3:GetObject']);
  assert.ok(statements.some(({ Action }) => Action === 'ssm:GetParameter'));
});
