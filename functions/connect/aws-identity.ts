/** Step: as whom AWS is asked. Only where something is asked of AWS. */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { awsError } from '../cluster/aws-errors.ts';
import { stsClient } from '../runtime/aws/sts.ts';
import type { Seen } from './step.ts';

/** The caller; undefined where STS does not say. */
export interface AwsCaller {
  readonly arn: string | undefined;
}

/** Asks STS, which tells everybody who they are. Only credentials that are missing or refused stop the steps after it. */
export async function awsIdentity(region: string | undefined, signal: AbortSignal): Promise<Seen<AwsCaller>> {
  const what = `sts:GetCallerIdentity${region ? ` in ${region}` : ''}`;
  try {
    const { Arn: arn } = await stsClient(region ? { region } : {}).send(new GetCallerIdentityCommand(), { abortSignal: signal });
    return { state: 'ok', message: arn ?? 'STS gives no ARN', value: { arn } };
  } catch (error) {
    const { kind, message, remedy } = awsError(error, what, signal);
    const state = kind === 'credentials' || kind === 'aborted' ? 'failed' : 'warning';
    return state === 'failed' ? { state, message, remedy } : { state, message, remedy, value: { arn: undefined } };
  }
}

/**
 * The identity that an EKS access entry names, for a command line: a role that was assumed loses its path in STS's answer, so IAM is asked for it.
 * https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
 */
export function principalOf(callerArn: string): string {
  const role = /^arn:[^:]+:sts::\d+:assumed-role\/([^/]+)\//.exec(callerArn)?.[1];
  return role === undefined ? callerArn : `"$(aws iam get-role --role-name ${role} --query Role.Arn --output text)"`;
}
