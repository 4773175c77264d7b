/** EKS, STS and S3 as they refuse, by stubs of their answers; what they give is shown against an emulator in test/deployed/connect.test.ts. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { principalOf } from '../../functions/connect/aws-identity.ts';
import { connect } from '../../functions/connect/connect.ts';
import type { StepName } from '../../functions/connect/step.ts';
import type { ConnectTarget } from '../../functions/connect/target.ts';
import { healthCheck } from '../../functions/health-check/operation.ts';
import { type HttpStub, startHttpStub } from '../cluster/http-stub.ts';
import { authority } from '../cluster/https-server.ts';
import { type StubOptions, signal, startClusterStub, status } from './cluster-stub.ts';

const environment = { ...process.env };
const stubs: HttpStub[] = [];
afterEach(() => {
  for (const key of Object.keys(process.env)) if (!(key in environment)) delete process.env[key];
  Object.assign(process.env, environment);
  for (const stub of stubs.splice(0)) stub.stop();
});

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;
async function useAws(services: Readonly<Record<string, Answer>>): Promise<void> {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL']) delete process.env[name];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAOWN', AWS_SECRET_ACCESS_KEY: 'own-secret', AWS_REGION: 'eu-central-1' });
  for (const [service, answer] of Object.entries(services)) {
    const stub = await startHttpStub(answer);
    stubs.push(stub);
    process.env[`AWS_ENDPOINT_URL_${service}`] = stub.endpoint;
  }
}
const xml = (response: ServerResponse, code: number, body: string) =>
  void response.writeHead(code, { 'content-type': 'text/xml' }).end(body);
const callerArn = 'arn:aws:sts::123456789012:assumed-role/night-function/session';
const sts: Answer = (_, body, response) =>
  new URLSearchParams(body).get('Action') === 'GetCallerIdentity'
    ? xml(
        response,
        200,
        `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${callerArn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      )
    : xml(
        response,
        403,
        '<ErrorResponse><Error><Code>AccessDenied</Code><Message>is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>',
      );

async function look(target: ConnectTarget) {
  const connection = await connect(target, [healthCheck], signal);
  assert.doesNotMatch(JSON.stringify(connection), /own-secret/);
  return { connection, step: (name: StepName) => connection.steps.find((each) => each.step === name) ?? assert.fail(name) };
}

describe('an EKS cluster', () => {
  const entry =
    /aws eks create-access-entry --region eu-central-1 --cluster-name prod --principal-arn (.*) --kubernetes-groups nightshift:readers/;
  const eks = async (options: StubOptions, access: object = {}, cluster: object = {}) => {
    const stub = await startClusterStub(options);
    await useAws({
      STS: sts,
      EKS: (_, __, response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            cluster: {
              name: 'prod',
              status: 'ACTIVE',
              endpoint: stub.server.url,
              certificateAuthority: { data: Buffer.from(authority.certificate).toString('base64') },
              resourcesVpcConfig: { endpointPublicAccess: false, endpointPrivateAccess: true },
              ...cluster,
            },
          }),
        ),
    });
    return look(stub.target({ cluster: 'prod', access: { eks: { name: 'prod', region: 'eu-central-1', ...access } } }));
  };

  test('who asks, what AWS says of the cluster, and that its endpoint is private', async () => {
    const { connection, step } = await eks({});
    assert.equal(connection.ready, true);
    assert.equal(step('aws-identity').message, callerArn);
    assert.equal(step('configuration').message, 'the EKS cluster prod in eu-central-1, by eks:DescribeCluster');
    assert(step('configuration').facts?.some((fact) => fact.startsWith('private endpoint')));
    const open = await eks({}, {}, { resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] } });
    assert(open.step('configuration').facts?.includes('public endpoint, open to 203.0.113.0/24'));
  });

  test('no access entry: the command that makes it, for the role that asks', async () => {
    const { step } = await eks({
      answers: {
        '/version': status(401, 'Unauthorized'),
        '/apis/authentication.k8s.io/v1/selfsubjectreviews': status(401, 'Unauthorized'),
      },
    });
    assert.deepEqual([step('server-version').state, step('identity').state], ['ok', 'failed']);
    const [, principal] = entry.exec(step('identity').remedy ?? '') ?? assert.fail(step('identity').remedy);
    assert.equal(principal, '"$(aws iam get-role --role-name night-function --query Role.Arn --output text)"');
  });

  test('an access entry without the group: the same command and the base, and the rules for the group', async () => {
    const { step } = await eks({ user: { username: callerArn, groups: ['system:authenticated'] }, allowed: () => false });
    assert.match(step('rights').commands?.[0] ?? '', entry);
    assert.equal(step('rights').commands?.[1], 'kubectl apply -k infra/in-cluster/base');
    assert.match(step('rights').manifest ?? '', /kind: Group\n +name: nightshift:readers/);
  });

  test('a role that may not be assumed', async () => {
    const { step } = await eks({}, { role: 'arn:aws:iam::123456789012:role/closed' });
    assert.equal(step('configuration').state, 'failed');
    assert.match(step('configuration').message, /as arn:aws:iam::123456789012:role\/closed: AccessDenied: .*sts:AssumeRole/);
    assert.match(step('configuration').remedy ?? '', /trust policy/);
  });

  test('the principal of an access entry', () => {
    assert.equal(principalOf('arn:aws:iam::123456789012:user/ann'), 'arn:aws:iam::123456789012:user/ann');
  });
});

describe('a bucket', () => {
  const location = { bucket: 'night-backups', region: 'eu-central-1', prefix: '/velero/prod/' };
  const backupsAlone = (changes: object = {}): ConnectTarget => ({
    cluster: 'old',
    backups: [{ ...location, ...changes }],
    optionsOf: () => ({}),
  });
  const denied = '<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
  const list = (body: string) => `<ListBucketResult>${body}</ListBucketResult>`;
  const s3 = (head: Answer, listing: Answer = (_, __, response) => xml(response, 403, denied), object: Answer = listing): Answer => {
    return (request, body, response) => {
      const [, bucket, ...key] = (request.url ?? '').split(/[/?]/);
      assert.equal(bucket, 'night-backups');
      if (request.method === 'HEAD') return head(request, body, response);
      assert.equal(request.method, 'GET');
      return key[0] && !request.url?.includes('list-type') ? object(request, body, response) : listing(request, body, response);
    };
  };
  const there: Answer = (_, __, response) => void response.writeHead(200, { 'x-amz-bucket-region': 'eu-central-1' }).end();
  const refused =
    (code: number, headers = {}): Answer =>
    (_, __, response) =>
      void response.writeHead(code, headers).end();

  test('what the bucket refuses is explained: none there, another region, no right to it, none to list or to read', async () => {
    const cases: readonly (readonly [Answer, RegExp, RegExp])[] = [
      [s3(refused(404)), /there is no bucket night-backups/, /name and the account/],
      [
        s3(refused(403)),
        /forbids looking at the bucket night-backups \(403\)/,
        /s3:ListBucket, .*s3:ListBucketVersions on arn:aws:s3:::night-backups, s3:GetObject on arn:aws:s3:::night-backups\/\*, kms:Decrypt and kms:DescribeKey/,
      ],
      [s3(refused(301, { 'x-amz-bucket-region': 'us-east-1' })), /is in us-east-1, not in eu-central-1/, /write region: us-east-1/],
      [s3(refused(400)), /is not in eu-central-1/, /get-bucket-location/],
      [s3(there), /s3:ListBucket of night-backups under velero\/prod\/backups\/: AccessDenied/, /allow s3:ListBucket/],
    ];
    for (const [answer, message, remedy] of cases) {
      await useAws({ STS: sts, S3: answer });
      const { connection, step } = await look(backupsAlone());
      assert.equal(connection.ready, false);
      assert.match(step('backups').message, message);
      assert.match(step('backups').remedy ?? '', remedy);
    }
  });

  test('the steps to the API are skipped, since it has none', async () => {
    await useAws({ STS: sts, S3: s3(refused(404)) });
    const { connection } = await look(backupsAlone());
    const skipped = connection.steps.filter(({ state }) => state === 'skipped');
    assert.deepEqual([skipped.length, new Set(skipped.map(({ message }) => message))], [7, new Set(['it has its backups alone'])]);
    assert.equal(connection.steps.at(-1)?.subject, 's3://night-backups/velero/prod');
  });

  test('a backup that may be listed but not read', async () => {
    const prefixes = list('<CommonPrefixes><Prefix>velero/prod/backups/daily-1/</Prefix></CommonPrefixes>');
    const contents = list('<Contents><Key>velero/prod/backups/daily-1/velero-backup.json</Key></Contents>');
    const listing: Answer = (request, _, response) => xml(response, 200, request.url?.includes('delimiter') ? prefixes : contents);
    await useAws({ STS: sts, S3: s3(there, listing, (_, __, response) => xml(response, 403, denied)) });
    const { step } = await look(backupsAlone());
    assert.match(
      step('backups').message,
      /s3:GetObject of s3:\/\/night-backups\/velero\/prod\/backups\/daily-1\/velero-backup\.json: AccessDenied/,
    );
    assert.match(step('backups').remedy ?? '', /kms:Decrypt/);
  });

  test('a role that may not be assumed', async () => {
    await useAws({ STS: sts, S3: s3(there) });
    const { step } = await look(backupsAlone({ role: 'arn:aws:iam::123456789012:role/closed-bucket' }));
    assert.match(step('backups').message, /^sts:AssumeRole of arn:aws:iam::123456789012:role\/closed-bucket: AccessDenied/);
    assert.match(step('backups').remedy ?? '', /trust policy must name the identity above/);
  });

  test('credentials that AWS refuses stop all that asks AWS; an STS out of reach only warns', async () => {
    const code = 'InvalidClientTokenId';
    await useAws({
      S3: s3(there),
      STS: (_, __, response) =>
        xml(response, 403, `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`),
    });
    const { step } = await look(backupsAlone());
    assert.deepEqual([step('aws-identity').state, step('backups').state, step('backups').because], ['failed', 'skipped', 'aws-identity']);
    await useAws({ S3: s3(refused(404)), STS: sts });
    process.env.AWS_ENDPOINT_URL_STS = 'http://127.0.0.1:1';
    const unreachable = await look(backupsAlone());
    assert.deepEqual([unreachable.step('aws-identity').state, unreachable.step('backups').state], ['warning', 'failed']);
  });
});
