/** The STS client; loaded only by what uses it. */
import { STSClient } from '@aws-sdk/client-sts';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const stsClient = cachedClient('STS', (options) => new STSClient(options));
