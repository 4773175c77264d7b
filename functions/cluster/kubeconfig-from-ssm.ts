/** A kubeconfig that lies in a parameter of Systems Manager. */
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { ssmClient } from '../runtime/aws/ssm.ts';
import { type AwsRemedies, awsError } from './aws-errors.ts';
import { ClusterError } from './cluster-error.ts';

const remedies: AwsRemedies = {
  forbidden:
    'allow ssm:GetParameter on this parameter, and kms:Decrypt on its key where it is one of your own (cdk deploy grants both for what nightshift.yaml names)',
  'not-found': 'are name, region and account right? A parameter of another region needs region beside it, or its ARN',
};

/** The value of a parameter, decrypted, given by name or ARN (which also says the region). Throws ClusterError, never with the text. */
export async function kubeconfigFromSsm(parameter: string, region: string | undefined, signal: AbortSignal): Promise<string> {
  const where = (parameter.startsWith('arn:') ? parameter.split(':')[3] : undefined) || region;
  const { Parameter: found } = await ssmClient(where ? { region: where } : {})
    .send(new GetParameterCommand({ Name: parameter, WithDecryption: true }), { abortSignal: signal })
    .catch((error: unknown) => {
      throw awsError(error, `ssm:GetParameter of ${parameter}${where ? ` in ${where}` : ''}`, signal, remedies);
    });
  const text = found?.Value ?? '';
  if (text.trim() !== '') return text;
  throw new ClusterError('configuration', `the parameter ${parameter} is empty`, 'its value is the text of a kubeconfig');
}
