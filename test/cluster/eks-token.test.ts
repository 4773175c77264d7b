import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eksTokens } from '../../functions/cluster/eks-token.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session+token/=',
};
const start = Date.parse('2026-03-01T12:00:00Z');
const minute = 60_000;

function decoded(token: string): URL {
  assert.match(token, /^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
  return new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('utf8'));
}

test('a token is the presigned GetCallerIdentity of the regional STS, with the cluster in a signed header', async () => {
  const url = decoded(await eksTokens({ cluster: 'prod', region: 'eu-central-1', credentials: async () => credentials }, () => start)());
  assert.equal(url.origin + url.pathname, 'https://sts.eu-central-1.amazonaws.com/');
  const { 'X-Amz-Signature': signature, ...parameters } = Object.fromEntries(url.searchParams);
  assert.match(signature ?? '', /^[0-9a-f]{64}$/);
  assert.deepEqual(parameters, {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20260301/eu-central-1/sts/aws4_request',
    'X-Amz-Date': '20260301T120000Z',
    'X-Amz-Expires': '60',
    'X-Amz-Security-Token': 'session+token/=',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  });
});

test('the cluster’s name is under the signature', async () => {
  const signatureFor = async (cluster: string) =>
    decoded(await eksTokens({ cluster, region: 'eu-central-1', credentials: async () => credentials }, () => start)()).searchParams.get(
      'X-Amz-Signature',
    );
  assert.notEqual(await signatureFor('prod'), await signatureFor('staging'));
});

test('in China the domain is another', async () => {
  const token = await eksTokens({ cluster: 'prod', region: 'cn-north-1', credentials: async () => credentials }, () => start)();
  assert.equal(decoded(token).host, 'sts.cn-north-1.amazonaws.com.cn');
});

test('it is kept for ten minutes and then signed anew, well before its fifteen are over', async () => {
  let now = start;
  const token = eksTokens({ cluster: 'prod', region: 'eu-central-1', credentials: async () => credentials }, () => now);
  const first = await token();
  now = start + 10 * minute - 1;
  assert.equal(await token(), first);
  now = start + 10 * minute;
  const second = await token();
  assert.equal(decoded(second).searchParams.get('X-Amz-Date'), '20260301T121000Z');
  assert.equal(await token(), second);
});

test('a refused one is signed anew at once', async () => {
  let now = start;
  const token = eksTokens({ cluster: 'prod', region: 'eu-central-1', credentials: async () => credentials }, () => now);
  const first = await token();
  now = start + 2_000;
  assert.notEqual(await token(true), first);
});

test('it ends with the credentials that signed it', async () => {
  let now = start;
  let expiration = new Date(start + 4 * minute);
  const token = eksTokens(
    { cluster: 'prod', region: 'eu-central-1', credentials: async () => ({ ...credentials, expiration }) },
    () => now,
  );
  const first = await token();
  now = start + 3 * minute - 1;
  assert.equal(await token(), first);
  now = start + 3 * minute;
  expiration = new Date(start + 60 * minute);
  assert.notEqual(await token(), first);
});

test('without credentials there is no token, and the next call asks again', async () => {
  let refuse = true;
  const provider = async () => {
    if (refuse) throw new Error('no credentials');
    return credentials;
  };
  const token = eksTokens({ cluster: 'prod', region: 'eu-central-1', credentials: provider }, () => start);
  await assert.rejects(token(), /no credentials/);
  refuse = false;
  decoded(await token());
});
