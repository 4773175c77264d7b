/** What AWS answers where a kubeconfig cannot be had, and what we make of it. Against an emulator: test/deployed/kubeconfig-places.test.ts. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { openCluster } from '../../functions/cluster/open-cluster.ts';
import type { KubeconfigAccess } from '../../functions/runtime/configuration.ts';
import { type HttpStub, startHttpStub } from './http-stub.ts';

let answer: (request: IncomingMessage, body: string, response: ServerResponse) => void;
let stub: HttpStub;
before(async () => {
  stub = await startHttpStub((request, body, response) => answer(request, body, response));
  for (const name of ['S3', 'SSM', 'SECRETS_MANAGER']) process.env[`AWS_ENDPOINT_URL_${name}`] = stub.endpoint;
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAOWN', AWS_SECRET_ACCESS_KEY: 'own-secret', AWS_REGION: 'eu-central-1' });
});
after(() => stub.stop());

const options = { interactive: false, signal: new AbortController().signal, name: 'edge-7' };
const refusal = async (kubeconfig: KubeconfigAccess): Promise<string> => {
  const error = await openCluster({ kubeconfig }, options).then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ClusterError, String(error));
  return `${error.kind}: ${error.message}; ${error.remedy}`;
};
const xml = (status: number, code: string, more = '', headers: Record<string, string> = {}) => {
  answer = (_, __, response) =>
    response
      .writeHead(status, { 'content-type': 'application/xml', ...headers })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>said by S3</Message>${more}</Error>`);
};
const json = (status: number, body: object) => {
  answer = (_, __, response) => response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
};

describe('S3', () => {
  const kubeconfig: KubeconfigAccess = { s3: 's3://configs/edge/7.yaml', region: 'eu-west-1' };

  test('the object is asked for by path, where a region is given in that region', async () => {
    let asked = '';
    answer = ({ url, headers }, _, response) => {
      asked = `${url} ${/\/(\w+-\w+-\d)\/s3\//.exec(headers.authorization ?? '')?.[1]}`;
      response.writeHead(200).end('current-context: x');
    };
    assert.match(await refusal(kubeconfig), /^configuration: the kubeconfig s3:\/\/configs\/edge\/7\.yaml holds no context/);
    assert.equal(asked, '/configs/edge/7.yaml?x-id=GetObject eu-west-1');
  });

  test('denied: a missing key looks the same, and both are said', async () => {
    xml(403, 'AccessDenied');
    assert.match(
      await refusal(kubeconfig),
      /^forbidden: s3:GetObject of s3:\/\/configs\/edge\/7\.yaml in eu-west-1: AccessDenied: said by S3; is the key right\?.*allow s3:GetObject.*kms:Decrypt/,
    );
  });

  test('no such key, no such bucket', async () => {
    for (const code of ['NoSuchKey', 'NoSuchBucket']) {
      xml(404, code);
      assert.match(await refusal(kubeconfig), new RegExp(`^not-found: .*${code}: said by S3; are bucket and key right`));
    }
  });

  test('a bucket of another region: which one', async () => {
    xml(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'us-east-2' });
    assert.match(
      await refusal(kubeconfig),
      /^configuration: the bucket of s3:\/\/configs\/edge\/7\.yaml is in another region: us-east-2; .*region: us-east-2 }/,
    );
    xml(400, 'AuthorizationHeaderMalformed', '<Region>ap-south-1</Region>');
    assert.match(await refusal(kubeconfig), /is in another region: ap-south-1/);
    xml(301, 'PermanentRedirect');
    assert.match(await refusal(kubeconfig), /is in another region; name it/);
  });

  test('empty, or far too large', async () => {
    answer = (_, __, response) => response.writeHead(200).end(' \n');
    assert.match(await refusal(kubeconfig), /^configuration: the object s3:\/\/configs\/edge\/7\.yaml is empty/);
    answer = (_, __, response) => response.writeHead(200, { 'content-length': 6_000_000 }).end(Buffer.alloc(6_000_000, 'x'));
    assert.match(await refusal(kubeconfig), /^configuration: .* is no kubeconfig: it has 6000000 bytes/);
  });
});

describe('SSM', () => {
  const kubeconfig: KubeconfigAccess = { ssm: '/clusters/edge-7' };

  test('decrypted; an ARN tells its region', async () => {
    let asked = '';
    answer = ({ headers }, body, response) => {
      asked = `${headers['x-amz-target']} ${body} ${/\/(\w+-\w+-\d)\/ssm\//.exec(headers.authorization ?? '')?.[1]}`;
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ Parameter: { Value: 'hunter2' } }));
    };
    const text = await refusal({ ssm: 'arn:aws:ssm:us-west-2:123456789012:parameter/edge-7' });
    assert.match(text, /^configuration: the kubeconfig in the parameter arn:.*edge-7 holds a string; /);
    assert.doesNotMatch(text, /hunter2/);
    assert.equal(
      asked,
      'AmazonSSM.GetParameter {"Name":"arn:aws:ssm:us-west-2:123456789012:parameter/edge-7","WithDecryption":true} us-west-2',
    );
    await refusal({ ssm: 'edge-7', region: 'eu-west-3' });
    assert.match(asked, /"edge-7".* eu-west-3$/);
  });

  test('not there, denied, no right to its key, empty', async () => {
    json(400, { __type: 'ParameterNotFound' });
    assert.match(
      await refusal(kubeconfig),
      /^not-found: ssm:GetParameter of \/clusters\/edge-7: ParameterNotFound.*another region needs region/,
    );
    json(400, { __type: 'AccessDeniedException', message: 'not authorized to perform: ssm:GetParameter' });
    assert.match(await refusal(kubeconfig), /^forbidden: .*not authorized.*; allow ssm:GetParameter on this parameter, and kms:Decrypt/);
    json(400, { __type: 'InvalidKeyId', message: 'no right to the key' });
    assert.match(await refusal(kubeconfig), /^forbidden: .*InvalidKeyId.*kms:Decrypt/);
    json(200, { Parameter: { Value: ' ' } });
    assert.match(await refusal(kubeconfig), /^configuration: the parameter \/clusters\/edge-7 is empty/);
  });
});

test('a secret by name, in the region that is given', async () => {
  let asked: string | undefined;
  answer = ({ headers }, _, response) => {
    asked = /\/(\w+-\w+-\d)\/secretsmanager\//.exec(headers.authorization ?? '')?.[1];
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: 'ResourceNotFoundException' }));
  };
  assert.match(await refusal({ secret: 'edge-7', region: 'eu-north-1' }), /^not-found: .*GetSecretValue of edge-7 in eu-north-1/);
  assert.equal(asked, 'eu-north-1');
});
