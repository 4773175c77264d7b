/**
 * The token that EKS takes: a presigned GetCallerIdentity of the regional STS, which names the cluster in a signed header. The cluster
 * asks STS with it. https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
 */
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentityProvider } from '@smithy/types';

/** EKS takes a token for 15 minutes from its signature on. */
const renewAfter = 10 * 60_000;
/** Credentials that end sooner end the token with them. */
const beforeCredentialsEnd = 60_000;

/** Domains by the region's beginning; https://docs.aws.amazon.com/general/latest/gr/rande.html */
const domains: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['us-iso-', 'c2s.ic.gov'],
  ['us-isob-', 'sc2s.sgov.gov'],
  ['us-isof-', 'csp.hci.ic.gov'],
  ['eu-isoe-', 'cloud.adc-e.uk'],
  ['eusc-', 'amazonaws.eu'],
];

/** For which cluster, by whom. */
export interface TokenRequest {
  readonly cluster: string;
  readonly region: string;
  readonly credentials: AwsCredentialIdentityProvider;
}

/**
 * Gives a token that holds for at least five minutes, signed anew ten minutes after the last, before the credentials end, or when `renew`
 * says that the last was refused. Rejects with the provider's error where there are no credentials. `clock` is for tests.
 */
export function eksTokens(request: TokenRequest, clock: () => number = Date.now): (renew?: boolean) => Promise<string> {
  let token: { readonly value: string; readonly renewAt: number } | undefined;
  return async (renew = false) => {
    const now = clock();
    if (token !== undefined && !renew && now < token.renewAt) return token.value;
    const credentials = await request.credentials();
    const credentialsEnd = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - beforeCredentialsEnd;
    token = { value: await signedToken(request, now), renewAt: Math.min(now + renewAfter, credentialsEnd) };
    return token.value;
  };
}

async function signedToken({ cluster, region, credentials }: TokenRequest, now: number): Promise<string> {
  const hostname = `sts.${region}.${domains.find(([beginning]) => region.startsWith(beginning))?.[1] ?? 'amazonaws.com'}`;
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const { path, query } = await signer.presign(
    new HttpRequest({
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, 'x-k8s-aws-id': cluster },
    }),
    { expiresIn: 60, signingDate: new Date(now) },
  );
  const parameters = Object.entries(query ?? {}).map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return `k8s-aws-v1.${Buffer.from(`https://${hostname}${path}?${parameters.join('&')}`).toString('base64url')}`;
}
