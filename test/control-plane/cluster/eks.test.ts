import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { nodes } from '../../../functions/cluster/kinds.ts';
import { openCluster } from '../../../functions/cluster/open-cluster.ts';
import { connect } from '../../../functions/connect/connect.ts';
import type { StepName } from '../../../functions/connect/step.ts';
import { healthCheck } from '../../../functions/health-check/operation.ts';
import { type EksStub, startEksStub } from '../../deployed/parts/eks-stub.ts';
import { startTokenWebhook, type TokenWebhook } from '../../deployed/parts/token-webhook.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { readAll } from './read-all.ts';

const region = 'eu-central-1';
const own = { accessKey: 'AKIAOWNROLE', secret: 'own-secret-key' };
const assumed = { accessKey: 'ASIAASSUMED', secret: 'assumed-secret-key' };
const signal = new AbortController().signal;
const options = { interactive: false, signal, name: 'prod' };

let plane: ControlPlane;
let webhook: TokenWebhook;
let eks: EksStub;
let sts: { readonly endpoint: string; readonly requests: URLSearchParams[]; stop(): void };
const environment = { ...process.env };

/** STS's AssumeRole, for one role that asks for an external id, and its GetCallerIdentity. */
async function startStsStub(): Promise<typeof sts> {
  const requests: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const asked = new URLSearchParams(await text(request));
    requests.push(asked);
    if (asked.get('Action') === 'GetCallerIdentity') {
      const caller = '<Arn>arn:aws:sts::123456789012:assumed-role/deployer/me</Arn><UserId>U</UserId><Account>123456789012</Account>';
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(`<GetCallerIdentityResponse><GetCallerIdentityResult>${caller}</GetCallerIdentityResult></GetCallerIdentityResponse>`);
      return;
    }
    if (asked.get('ExternalId') !== 'night') {
      const error = '<Code>AccessDenied</Code><Message>User: arn:aws:sts::1:me is not authorized to perform: sts:AssumeRole</Message>';
      response
        .writeHead(403, { 'content-type': 'text/xml' })
        .end(`<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`);
      return;
    }
    const credentials = `<AccessKeyId>${assumed.accessKey}</AccessKeyId><SecretAccessKey>${assumed.secret}</SecretAccessKey><SessionToken>session</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration>`;
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(`<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`);
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

before(async () => {
  webhook = await startTokenWebhook({
    cluster: 'prod',
    region,
    identities: {
      [own.accessKey]: { secret: own.secret, username: 'own', groups: [] },
      [assumed.accessKey]: { secret: assumed.secret, username: 'assumed', groups: ['system:masters'] },
    },
  });
  plane = await startControlPlane({ tokenWebhook: webhook.url });
  const described = { endpoint: plane.url, certificateAuthority: plane.certificateAuthority };
  const healthIssues = [{ code: 'Ec2SubnetNotFound', message: 'gone\u001b[31m', resourceIds: ['subnet-1'] }];
  eks = await startEksStub({ prod: { ...described, healthIssues }, other: described });
  sts = await startStsStub();
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: own.accessKey,
    AWS_SECRET_ACCESS_KEY: own.secret,
    AWS_ENDPOINT_URL_EKS: eks.endpoint,
    AWS_ENDPOINT_URL_STS: sts.endpoint,
  });
  delete process.env.AWS_SESSION_TOKEN;
  delete process.env.AWS_PROFILE;
});
after(async () => {
  process.env = environment;
  for (const each of [webhook, eks, sts]) each?.stop();
  await plane?.stop();
});

test('endpoint and authority from DescribeCluster, a token that the cluster takes, and what AWS says of its health', async () => {
  const source = await openCluster({ eks: { name: 'prod', region } }, options);
  assert.equal(source.name, plane.url);
  const { end } = await readAll(source, nodes);
  assert.match(end.state === 'failed' ? end.message : '', /User "own" cannot list resource "nodes"/);
  assert.ok(webhook.accepted() > 0);
  assert.deepEqual(webhook.refused, []);
  const { status, body } = await source.probe('eks:DescribeCluster', signal);
  const cluster = JSON.parse(body);
  assert.deepEqual([status, cluster.status, cluster.health.issues[0].message], [200, 'ACTIVE', 'gone[31m']);
  assert.equal(sts.requests.length, 0, 'the token is signed, STS is not asked');
  await source.close();
});

test('with a role: assumed once, and it is the role that signs', async () => {
  const role = 'arn:aws:iam::123456789012:role/reader';
  const before = webhook.accepted();
  const source = await openCluster({ eks: { name: 'prod', region, role, externalId: 'night' } }, options);
  assert.equal((await readAll(source, nodes)).end.state, 'complete', 'only the role may list');
  assert.ok(webhook.accepted() > before);
  assert.deepEqual(webhook.refused, []);
  assert.deepEqual(
    sts.requests.map((asked) => [asked.get('Action'), asked.get('RoleArn'), asked.get('ExternalId')]),
    [['AssumeRole', role, 'night']],
  );
  await source.close();
});

test('a role that may not be assumed', async () => {
  const role = 'arn:aws:iam::123456789012:role/closed';
  await assert.rejects(openCluster({ eks: { name: 'prod', region, role } }, options), {
    name: 'ClusterError',
    kind: 'forbidden',
    message: /eks:DescribeCluster of prod in eu-central-1 as arn:.*closed: AccessDenied: .*not authorized to perform: sts:AssumeRole/,
  });
});

test('a token for another cluster is refused', async () => {
  await assert.rejects(openCluster({ eks: { name: 'other', region } }, options), { name: 'ClusterError', kind: 'unauthorized' });
  assert.match(webhook.refused.at(-1) ?? '', /its signature is not one for prod/);
});

describe('connect', () => {
  const connected = async (access: { name: string; role?: string; externalId?: string }) => {
    const target = { cluster: 'prod', access: { eks: { region, ...access } }, backups: [], optionsOf: () => ({}) };
    const connection = await connect(target, [healthCheck], signal);
    assert.doesNotMatch(JSON.stringify(connection), /k8s-aws-v1|own-secret|assumed-secret/);
    const step = (name: StepName) => connection.steps.find((each) => each.step === name) ?? assert.fail(name);
    return { ready: connection.ready, step };
  };
  const entry = (cluster: string, principal: string) =>
    `aws eks create-access-entry --region ${region} --cluster-name ${cluster} --principal-arn ${principal} --kubernetes-groups nightshift:readers`;
  const deployer = '"$(aws iam get-role --role-name deployer --query Role.Arn --output text)"';

  test('with a role that may do all: who asks AWS, what AWS says, whom the cluster takes the role for', async () => {
    const { ready, step } = await connected({ name: 'prod', role: 'arn:aws:iam::123456789012:role/reader', externalId: 'night' });
    assert.equal(ready, true);
    assert.equal(step('aws-identity').message, 'arn:aws:sts::123456789012:assumed-role/deployer/me');
    assert.match(step('configuration').facts?.join('; ') ?? '', /AWS calls it ACTIVE/);
    assert.match(step('identity').message, /^assumed, in system:masters/);
  });

  test('with an access entry and no rights: the entry’s group and the roles grant them', async () => {
    const { ready, step } = await connected({ name: 'prod' });
    assert.deepEqual([ready, step('identity').message, step('rights').state], [false, 'own, in system:authenticated', 'failed']);
    assert.deepEqual(step('rights').commands, [entry('prod', deployer), 'kubectl apply -k infra/in-cluster/base']);
  });

  test('without an access entry: the command that makes it', async () => {
    const { step } = await connected({ name: 'other' });
    assert.match(step('server-version').message, /not to these credentials/);
    assert.deepEqual([step('identity').state, step('identity').kind], ['failed', 'unauthorized']);
    assert.equal(step('identity').remedy, `the role has no access entry, or not yet: ${entry('other', deployer)}`);
  });
});

test('a cluster that AWS does not know', async () => {
  await assert.rejects(openCluster({ eks: { name: 'lost', region } }, options), {
    name: 'ClusterError',
    kind: 'not-found',
    message: /eks:DescribeCluster of lost in eu-central-1: ResourceNotFoundException: No cluster found/,
  });
});
