/** What stands between a plan and a cluster, and who may pass: the operation that writes, and no other. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanup } from '../../functions/cleanup/operation.ts';
import { allOperations } from '../../functions/operations.ts';
import { account, rights } from './example-stack.ts';
import { type Resource, resourceOf, resourcesOf, statementsOf, synthesize } from './synthesize.ts';

const writer = 'arn:aws:iam::111122223333:role/write';
const { template } = synthesize(
  {
    clusters: {
      prod: { eks: { name: 'prod', region: 'us-east-1', role: 'arn:aws:iam::111122223333:role/read' }, write: { role: writer } },
      stage: { eks: { name: 'stage', region: 'eu-west-1' } },
      'edge-7': { kubeconfig: { secret: 'clusters/edge-7' }, write: { kubeconfig: { ssm: '/clusters/edge-7-write' } } },
      'edge-8': { kubeconfig: { s3: 's3://fleet/kubeconfig', context: 'read' }, write: { context: 'write' } },
    },
  },
  allOperations,
);
const grantedTo = (operation: string, of = template) =>
  [...resourcesOf(of, 'AWS::IAM::Policy'), ...resourcesOf(of, 'AWS::IAM::ManagedPolicy')]
    .filter(({ id }) => id.startsWith(`Operation${operation}`))
    .flatMap((policy) => rights(statementsOf(policy)));
const bucket = resourceOf(template, 'AWS::S3::Bucket');
const table = resourceOf(template, 'AWS::DynamoDB::Table');

test('the table of locks: one item a cluster, paid by use, forgotten by itself', () => {
  assert.partialDeepStrictEqual(table.Properties, {
    KeySchema: [{ AttributeName: 'cluster', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'cluster', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
  });
});

test('the journal is written once, by whomever: S3 refuses a write that would take what is there', () => {
  const denials = statementsOf(resourceOf(template, 'AWS::S3::BucketPolicy')).filter(({ Effect }) => Effect === 'Deny');
  const once = denials.find(({ Action }) => Action === 's3:PutObject');
  assert.partialDeepStrictEqual(once, {
    Principal: '*',
    Resource: `<${bucket.id}.Arn>/journal/*`,
    Condition: { Null: { 's3:if-none-match': 'true' } },
  });
});

test('plans go after thirty days, journals stay', () => {
  const { Rules } = bucket.Properties.LifecycleConfiguration as {
    readonly Rules: readonly { Prefix?: string; ExpirationInDays?: number }[];
  };
  assert.equal(Rules.find(({ Prefix }) => Prefix === 'plans/')?.ExpirationInDays, 30);
  const expiring = Rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined);
  assert.ok(expiring.every(({ Prefix = '' }) => Prefix !== '' && !'journal/'.startsWith(Prefix)));
});

describe('the function that writes', () => {
  test('may keep plans and journals, take locks, ask for freezes, and reach clusters by the way that writes; the others may not', () => {
    const own = [
      `s3:GetObject <${bucket.id}.Arn>/plans/*`,
      `s3:GetObject <${bucket.id}.Arn>/journal/*`,
      `s3:PutObject <${bucket.id}.Arn>/plans/*`,
      `s3:PutObject <${bucket.id}.Arn>/journal/*`,
      `dynamodb:UpdateItem <${table.id}.Arn>`,
      `ssm:GetParameter arn:<AWS::Partition>:ssm:<AWS::Region>:${account}:parameter/nightshift/freeze/*`,
      `ssm:GetParameter arn:<AWS::Partition>:ssm:<AWS::Region>:${account}:parameter/clusters/edge-7-write`,
      `sts:AssumeRole ${writer}`,
    ];
    const others = allOperations.filter(({ writes }) => !writes).map(({ name }) => name.replaceAll('-', ''));
    assert.ok(others.length >= 2);
    for (const right of own) {
      assert.ok(grantedTo('cleanup').includes(right), `${right}\n${grantedTo('cleanup').join('\n')}`);
      for (const other of others) assert.ok(!grantedTo(other).includes(right), `${other}: ${right}`);
    }
  });

  test('may do no more than that with them: nothing is deleted in S3 or DynamoDB, and no switch is set', () => {
    const granted = grantedTo('cleanup');
    assert.deepEqual([...new Set(granted.flatMap((right) => /^(?:dynamodb|ssm|s3):\w+/.exec(right) ?? []))].sort(), [
      'dynamodb:UpdateItem',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      'ssm:GetParameter',
    ]);
  });

  test('knows the table, and the others do not', () => {
    for (const { name, writes } of allOperations) {
      const { Environment } = resourceOf(template, 'AWS::Lambda::Function', `Operation${name.replaceAll('-', '')}`).Properties;
      const { Variables } = Environment as { readonly Variables: Readonly<Record<string, unknown>> };
      assert.equal(Variables.NIGHTSHIFT_LOCKS, writes ? `<${table.id}>` : undefined, name);
    }
  });
});

test('a fleet that is written to: 300 clusters with two roles each fit IAM’s limits, and each is there', () => {
  const indexes = Array.from({ length: 300 }, (_, index) => index);
  const arn = (index: number, does: string) => `arn:aws:iam::${100000000000 + index}:role/nightshift/nightshift-${does}`;
  const { template: fleet } = synthesize(
    {
      clusters: Object.fromEntries(
        indexes.map((index) => [
          `${index}`.padStart(40, 'edge-'),
          { eks: { name: 'c', region: 'eu-central-1', role: arn(index, 'read') }, write: { role: arn(index, 'write') } },
        ]),
      ),
    },
    [cleanup],
  );
  const size = ({ Properties }: Resource) =>
    JSON.stringify(Properties.PolicyDocument)
      .replaceAll(/<AWS::\w+>/g, 'ap-southeast-1')
      .replaceAll(/<\w[\w:.]+>/g, 'x'.repeat(90)).length;
  const [inline, managed] = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].map((type) => resourcesOf(fleet, type));
  assert.ok(inline && managed);
  assert.deepEqual([...inline.filter((policy) => size(policy) > 10_240), ...managed.filter((policy) => size(policy) > 6_144)], []);
  assert.ok(managed.length <= 10, `${managed.length} managed policies; a role takes 10`);
  const granted = new Set(grantedTo('cleanup', fleet));
  for (const index of indexes)
    for (const does of ['read', 'write']) assert.ok(granted.has(`sts:AssumeRole ${arn(index, does)}`), arn(index, does));
});
