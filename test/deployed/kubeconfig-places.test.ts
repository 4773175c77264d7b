/** Kubeconfigs that lie in Secrets Manager, SSM and S3 of the AWS emulator open a real API server, as a function would. What moto cannot play (denials, buckets elsewhere): test/cluster. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { ClusterError } from '../../functions/cluster/cluster-error.ts';
import { nodes } from '../../functions/cluster/kinds.ts';
import { openCluster } from '../../functions/cluster/open-cluster.ts';
import type { KubeconfigAccess } from '../../functions/runtime/configuration.ts';
import { readAll } from '../control-plane/cluster/read-all.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/parts/control-plane.ts';
import { type Emulator, startEmulator } from './parts/emulator.ts';

const options = { interactive: false, signal: new AbortController().signal, name: 'edge-7' };
const elsewhere = 'us-east-2';

/** The environment as it was, to be put back: the clients read it at every call. */
const environment = { ...process.env };

describe('a kubeconfig in AWS', () => {
  let emulator: Emulator;
  let plane: ControlPlane;
  let text: string;
  before(async () => {
    [emulator, plane] = await Promise.all([startEmulator(), startControlPlane()]);
    text = await readFile(await plane.kubeconfig(), 'utf8');
    for (const [name, value] of Object.entries(emulator.environment)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    const s3 = new S3Client({ endpoint: emulator.endpoint, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'configs', CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }));
    await s3.send(new PutObjectCommand({ Bucket: 'configs', Key: 'edge/7.yaml', Body: text }));
    await s3.send(new PutObjectCommand({ Bucket: 'configs', Key: 'empty', Body: '' }));
    await s3.send(new PutObjectCommand({ Bucket: 'configs', Key: 'password', Body: 'hunter2' }));
    const ssm = new SSMClient({ endpoint: emulator.endpoint });
    const parameter = { Value: text, Type: 'SecureString', Tier: 'Advanced' } as const;
    await ssm.send(new PutParameterCommand({ Name: '/clusters/edge-7', ...parameter }));
    await new SSMClient({ endpoint: emulator.endpoint, region: elsewhere }).send(new PutParameterCommand({ Name: 'edge-7', ...parameter }));
    const { Parameter: stored } = await ssm.send(new GetParameterCommand({ Name: '/clusters/edge-7' }));
    assert.notEqual(stored?.Value, text, 'without WithDecryption it is not readable');
    const secrets = new SecretsManagerClient({ endpoint: emulator.endpoint });
    await secrets.send(new CreateSecretCommand({ Name: 'clusters/edge-7', SecretString: text }));
    await secrets.send(new CreateSecretCommand({ Name: 'binary', SecretBinary: Buffer.from(text) }));
  });
  after(async () => {
    await plane?.stop();
    await emulator?.stop();
    Object.assign(process.env, environment);
  });

  const places: Readonly<Record<string, () => KubeconfigAccess>> = {
    'in S3': () => ({ s3: 's3://configs/edge/7.yaml' }),
    'in a SecureString by its path': () => ({ ssm: '/clusters/edge-7' }),
    'in a parameter of another region': () => ({ ssm: 'edge-7', region: elsewhere }),
    'in a parameter by its ARN': () => ({ ssm: `arn:aws:ssm:${elsewhere}:${emulator.account}:parameter/edge-7` }),
    'in a secret': () => ({ secret: 'clusters/edge-7' }),
    'in a secret as bytes': () => ({ secret: 'binary' }),
  };
  for (const [where, kubeconfig] of Object.entries(places)) {
    test(`${where}: the API server is read through it`, async () => {
      const source = await openCluster({ kubeconfig: kubeconfig() }, options);
      try {
        assert.equal(source.name, plane.url);
        assert.equal((await readAll(source, nodes)).end.state, 'complete');
      } finally {
        await source.close();
      }
    });
  }

  const mistakes: Readonly<Record<string, readonly [KubeconfigAccess, RegExp]>> = {
    'a key that is not there': [{ s3: 's3://configs/edge/8.yaml' }, /^not-found: .*NoSuchKey/],
    'a bucket that is not there': [{ s3: 's3://config/edge/7.yaml' }, /^not-found: .*NoSuchBucket/],
    'an empty object': [{ s3: 's3://configs/empty' }, /^configuration: the object s3:\/\/configs\/empty is empty/],
    'an object that is no kubeconfig': [
      { s3: 's3://configs/password' },
      /^configuration: the kubeconfig s3:\/\/configs\/password holds a string/,
    ],
    'a context that is not there': [
      { s3: 's3://configs/edge/7.yaml', context: 'prod' },
      /^unknown-context: .* has no context prod; it has test/,
    ],
    'a parameter that is not there': [{ ssm: '/clusters/edge-8' }, /^not-found: ssm:GetParameter of \/clusters\/edge-8: ParameterNotFound/],
    'a parameter of another region': [{ ssm: 'edge-7' }, /^not-found: .*another region needs region/],
    'a secret that is not there': [{ secret: 'clusters/edge-8' }, /^not-found: .*ResourceNotFoundException/],
  };
  for (const [what, [kubeconfig, message]] of Object.entries(mistakes)) {
    test(`${what} is said, without the text`, async () => {
      const error = await openCluster({ kubeconfig }, options).then(
        () => assert.fail('it was expected to fail'),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof ClusterError, String(error));
      const said = `${error.kind}: ${error.message}; ${error.remedy}`;
      assert.match(said, message);
      assert.doesNotMatch(said, /hunter2|token-of-admin/);
    });
  }
});
