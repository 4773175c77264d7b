/** A kubeconfig that lies in Secrets Manager. */
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { secretsManagerClient } from '../runtime/aws/secrets-manager.ts';
import { type AwsRemedies, awsError } from './aws-errors.ts';
import { ClusterError } from './cluster-error.ts';

const remedies: AwsRemedies = {
  forbidden:
    'allow secretsmanager:GetSecretValue on this secret, and kms:Decrypt on its key where it is one of your own (cdk deploy grants both for what nightshift.yaml names)',
  'not-found': 'are name, region and account right? A secret of another region needs region beside it, or its ARN',
};

/** The text of a secret, given by name or ARN (which also says the region). Throws ClusterError, never with the text. */
export async function kubeconfigFromSecret(secret: string, region: string | undefined, signal: AbortSignal): Promise<string> {
  const where = (secret.startsWith('arn:') ? secret.split(':')[3] : undefined) || region;
  const { SecretString: text, SecretBinary: binary } = await secretsManagerClient(where ? { region: where } : {})
    .send(new GetSecretValueCommand({ SecretId: secret }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw awsError(error, `secretsmanager:GetSecretValue of ${secret}${where ? ` in ${where}` : ''}`, signal, remedies);
    });
  const found = text ?? (binary && Buffer.from(binary).toString('utf8')) ?? '';
  if (found.trim() !== '') return found;
  throw new ClusterError('configuration', `the secret ${secret} is empty`, 'its value is the text of a kubeconfig');
}
