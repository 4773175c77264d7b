import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { credentialProvider } from '../../../functions/runtime/aws/credentials.ts';
import { s3Client } from '../../../functions/runtime/aws/s3.ts';
import { snsClient } from '../../../functions/runtime/aws/sns.ts';
import { type HttpStub, startHttpStub } from '../../cluster/http-stub.ts';

const environment = { ...process.env };
const stubs: HttpStub[] = [];
afterEach(() => {
  for (const key of Object.keys(process.env)) if (!(key in environment)) delete process.env[key];
  Object.assign(process.env, environment);
  for (const stub of stubs.splice(0)) stub.stop();
});

function useEnvironment(values: Readonly<Record<string, string>>): void {
  for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3']) delete process.env[name];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAOWN', AWS_SECRET_ACCESS_KEY: 'own-secret', ...values });
}

/** STS that gives credentials of so many minutes; what was asked is noted. */
async function useSts(minutes: () => number) {
  const asked: URLSearchParams[] = [];
  const stub = await startHttpStub((_, body, response) => {
    asked.push(new URLSearchParams(body));
    const left = minutes();
    if (left === 0) {
      response.writeHead(403, { 'content-type': 'text/xml' });
      response.end('<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>');
      return;
    }
    const expiration = new Date(Date.now() + left * 60_000).toISOString();
    const credentials = `<AccessKeyId>ASIA${asked.length}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${expiration}</Expiration>`;
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(`<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`);
  });
  stubs.push(stub);
  useEnvironment({ AWS_ENDPOINT_URL_STS: stub.endpoint, AWS_LAMBDA_FUNCTION_NAME: 'nightshift health/check' });
  return asked;
}
const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;

test('the environment’s credentials are read at every call', async () => {
  useEnvironment({ AWS_SESSION_TOKEN: 'one' });
  const provider = credentialProvider({ region: 'eu-central-1' });
  assert.deepEqual(await provider(), { accessKeyId: 'AKIAOWN', secretAccessKey: 'own-secret', sessionToken: 'one' });
  useEnvironment({ AWS_ACCESS_KEY_ID: 'AKIANEW' });
  assert.deepEqual(await provider(), { accessKeyId: 'AKIANEW', secretAccessKey: 'own-secret' });
});

test('a role is assumed once, whoever asks, with its external id and a name for CloudTrail', async () => {
  const asked = await useSts(() => 60);
  const access = { region: 'eu-central-1', role: role('reader'), externalId: 'night' };
  const [one, two] = await Promise.all([credentialProvider(access)(), credentialProvider({ ...access })()]);
  assert.equal(one.accessKeyId, 'ASIA1');
  assert.deepEqual(one, two);
  assert.equal(asked.length, 1);
  const { RoleArn, RoleSessionName, ExternalId, DurationSeconds } = Object.fromEntries(asked[0] ?? []);
  assert.deepEqual([RoleArn, RoleSessionName, ExternalId, DurationSeconds], [role('reader'), 'nightshift-health-check', 'night', '3600']);
});

test('it is assumed anew five minutes before its credentials end', async () => {
  const left = [4, 60];
  const asked = await useSts(() => left.shift() ?? 60);
  const provider = credentialProvider({ region: 'eu-central-1', role: role('short') });
  assert.equal((await provider()).accessKeyId, 'ASIA1');
  const [one, two] = await Promise.all([provider(), provider()]);
  assert.deepEqual([one.accessKeyId, two.accessKeyId, asked.length], ['ASIA2', 'ASIA2', 2]);
  await provider();
  assert.equal(asked.length, 2);
});

test('a refusal is not kept', async () => {
  let minutes = 0;
  const asked = await useSts(() => minutes);
  const provider = credentialProvider({ region: 'eu-central-1', role: role('later') });
  await assert.rejects(provider(), { name: 'AccessDenied' });
  minutes = 60;
  assert.equal((await provider()).accessKeyId, `ASIA${asked.length}`);
});

test('a client is one for the same access, and another for another region, role or endpoint', () => {
  useEnvironment({});
  const client = snsClient({ region: 'eu-central-1' });
  assert.equal(snsClient({ region: 'eu-central-1' }), client);
  assert.notEqual(snsClient({ region: 'us-east-1' }), client);
  assert.notEqual(snsClient({ region: 'eu-central-1', role: role('x') }), client);
  process.env.AWS_ENDPOINT_URL_SNS = 'http://127.0.0.1:1';
  assert.notEqual(snsClient({ region: 'eu-central-1' }), client);
});

test('S3 is asked by path where an endpoint is given, by host name at AWS', () => {
  useEnvironment({});
  assert.equal(s3Client({ region: 'eu-central-1' }).config.forcePathStyle, false);
  process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:1';
  assert.equal(s3Client({ region: 'eu-central-1' }).config.forcePathStyle, true);
});
