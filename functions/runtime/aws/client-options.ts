/** What every AWS client of the service is made with: who it is, how long it waits, how often it tries. */
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { type AwsAccess, credentialProvider } from './credentials.ts';

/** The options that all clients share; `credentials` only for a role, else the SDK's own chain finds them. */
export interface ClientOptions {
  readonly region?: string;
  readonly credentials?: AwsCredentialIdentityProvider;
  readonly maxAttempts: number;
  readonly retryMode: 'standard';
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
    readonly socketTimeout: number;
  };
}

/** Milliseconds; four attempts of a lost request still end well before a function's time does. */
const timeouts = { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true, socketTimeout: 10_000 } as const;

/**
 * Makes `build` into a function that gives the same client for the same access as long as the endpoint in the environment
 * (AWS_ENDPOINT_URL_<service>, AWS_ENDPOINT_URL) stays the same: a client keeps its connections.
 */
export function cachedClient<Client>(service: string, build: (options: ClientOptions) => Client): (access?: AwsAccess) => Client {
  const clients = new Map<string, Client>();
  return (access = {}) => {
    const key = JSON.stringify([access.region ?? process.env.AWS_REGION, access.role, access.externalId, configuredEndpoint(service)]);
    const client = clients.get(key) ?? build(clientOptions(access));
    clients.set(key, client);
    return client;
  };
}

/** The endpoint that the environment sets for a service (`S3`, `SECRETS_MANAGER`), as the SDK itself reads it. */
export function configuredEndpoint(service: string): string | undefined {
  return process.env[`AWS_ENDPOINT_URL_${service}`] || process.env.AWS_ENDPOINT_URL || undefined;
}

function clientOptions(access: AwsAccess): ClientOptions {
  return {
    ...(access.region === undefined ? {} : { region: access.region }),
    ...(access.role === undefined ? {} : { credentials: credentialProvider(access) }),
    maxAttempts: 4,
    retryMode: 'standard',
    requestHandler: timeouts,
  };
}
