/** Assumes a role by the regional STS; loaded only where a role is configured. */
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import type { AwsAccess } from './credentials.ts';
import { stsClient } from './sts.ts';

/** The role's credentials for an hour, the most that a role assumed by a role may have. */
export async function assumedRole({ region, role, externalId }: AwsAccess & { readonly role: string }): Promise<AwsCredentialIdentity> {
  const { Credentials: given } = await stsClient(region === undefined ? {} : { region }).send(
    new AssumeRoleCommand({
      RoleArn: role,
      // Who it was, for CloudTrail: at most 64 of A-Z a-z 0-9 and +=,.@-_
      RoleSessionName: (process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'nightshift').replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64),
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
      DurationSeconds: 3600,
    }),
  );
  if (!given?.AccessKeyId || !given.SecretAccessKey) throw new Error(`STS gave no credentials for the role ${role}`);
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    ...(given.SessionToken === undefined ? {} : { sessionToken: given.SessionToken }),
    ...(given.Expiration === undefined ? {} : { expiration: given.Expiration }),
  };
}
