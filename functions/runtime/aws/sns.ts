/** The SNS client; loaded only by what uses it. */
import { SNSClient } from '@aws-sdk/client-sns';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const snsClient = cachedClient('SNS', (options) => new SNSClient(options));
