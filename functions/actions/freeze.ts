/**
 * The freeze switch of a cluster: the SSM parameter /nightshift/freeze/<cluster>. While it has a value nothing is written there, and the value is
 * the reason: `aws ssm put-parameter --name /nightshift/freeze/prod --type String --overwrite --value 'incident 4711'`.
 */
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { clean } from '../cluster/clean.ts';

export type Freeze = { readonly frozen: false } | { readonly frozen: true; readonly reason: string };

export const freezeParameter = (cluster: string): string => `/nightshift/freeze/${cluster}`;

/** Values that stand for a switch that is off: SSM holds no empty ones. */
const off: readonly string[] = ['', 'off', 'false'];

/** Never throws: a switch that cannot be read counts as one that is on. Needs ssm:GetParameter. */
export const freezeOf = async (client: Pick<SSMClient, 'send'>, cluster: string, signal?: AbortSignal): Promise<Freeze> => {
  const name = freezeParameter(cluster);
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }), {
      ...(signal && { abortSignal: signal }),
    });
    if (typeof Parameter?.Value !== 'string') return { frozen: true, reason: `${name} could not be read: the answer has no value` };
    const value = clean(Parameter.Value).trim();
    return off.includes(value.toLowerCase()) ? { frozen: false } : { frozen: true, reason: `${name}: ${value.slice(0, 200)}` };
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterNotFound') return { frozen: false };
    // A refused signature's message quotes what was signed from its second line on.
    const said = error instanceof Error ? `${error.name}: ${error.message.split('\n', 1)[0]}` : String(error);
    return { frozen: true, reason: `${name} could not be read: ${said.slice(0, 300)}` };
  }
};
