/** The Secrets Manager client; loaded only by what uses it. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const secretsManagerClient = cachedClient('SECRETS_MANAGER', (options) => new SecretsManagerClient(options));
