/** The Systems Manager client; loaded only by what uses it. */
import { SSMClient } from '@aws-sdk/client-ssm';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const ssmClient = cachedClient('SSM', (options) => new SSMClient(options));
