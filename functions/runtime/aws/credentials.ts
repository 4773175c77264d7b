/** Where AWS credentials come from: the function's environment, the machine's own configuration, or a role that is assumed. */
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';

/** As whom AWS is asked, and where. Absent: the function's own role, the environment's region. */
export interface AwsAccess {
  readonly region?: string;
  /** The ARN of a role to assume. */
  readonly role?: string;
  /** What the role's trust policy asks for beside, where it does. */
  readonly externalId?: string;
}

/** Credentials are renewed this long before they expire, in ms: a request under way must not outlive them. */
const renewBefore = 5 * 60_000;

const providers = new Map<string, AwsCredentialIdentityProvider>();

/**
 * The provider for an access, one and the same for the same access. It keeps what it got until five minutes before that expires.
 * Environment variables are read at every call and cost nothing; STS and the chain of profiles are loaded only where they are needed.
 * The provider's promise rejects with the SDK's own error where no credentials are found or the role may not be assumed.
 */
export function credentialProvider(access: AwsAccess = {}): AwsCredentialIdentityProvider {
  const { role } = access;
  if (role === undefined) return environmentOrChain;
  const key = JSON.stringify([access.region, access.role, access.externalId]);
  const provider = providers.get(key) ?? kept(() => assumeRole({ ...access, role }));
  providers.set(key, provider);
  return provider;
}

const chain = kept(async () => (await import('./default-credentials.ts')).defaultCredentials());

async function environmentOrChain(): Promise<AwsCredentialIdentity> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env;
  // A named profile goes before the environment, as in the SDK and the AWS command.
  if (!accessKeyId || !secretAccessKey || process.env.AWS_PROFILE) return chain();
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

async function assumeRole(access: AwsAccess & { readonly role: string }): Promise<AwsCredentialIdentity> {
  const { assumedRole } = await import('./assume-role.ts');
  return assumedRole(access);
}

function kept(get: () => Promise<AwsCredentialIdentity>): AwsCredentialIdentityProvider {
  let current: Promise<AwsCredentialIdentity> | undefined;
  const renewed = () => {
    const next = get();
    current = next;
    // A failure is not kept: the next call tries again.
    next.catch(() => {
      if (current === next) current = undefined;
    });
    return next;
  };
  return async () => {
    const known = current;
    if (known === undefined) return renewed();
    const credentials = await known;
    const fresh = credentials.expiration === undefined || credentials.expiration.getTime() - Date.now() > renewBefore;
    if (fresh) return credentials;
    // Another caller may have begun to renew them while this one waited.
    return current === known || current === undefined ? renewed() : current;
  };
}
