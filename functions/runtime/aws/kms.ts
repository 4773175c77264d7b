/** The KMS client; loaded only by what uses it. */
import { KMSClient } from '@aws-sdk/client-kms';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const kmsClient = cachedClient('KMS', (options) => new KMSClient(options));
