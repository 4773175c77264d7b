/** A kubeconfig that lies in Secrets Manager. */
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { secretsManagerClient } from '../runtime/aws/secrets-manager.ts';
import { awsError } from './aws-errors.ts';
import { ClusterError } from './cluster-error.ts';

/** The text of a secret, given by name or ARN (which also says the region). Throws ClusterError, never with the text. */
export async function secretText(secret: string, signal: AbortSignal): Promise<string> {
  const region = secret.startsWith('arn:') ? secret.split(':')[3] : undefined;
  const { SecretString: text, SecretBinary: binary } = await secretsManagerClient(region ? { region } : {})
    .send(new GetSecretValueCommand({ SecretId: secret }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw awsError(error, `secretsmanager:GetSecretValue of ${secret}`, signal);
    });
  if (text !== undefined) return text;
  if (binary !== undefined) return Buffer.from(binary).toString('utf8');
  throw new ClusterError('configuration', `the secret ${secret} is empty`, 'its value is the text of a kubeconfig');
}
