/** The EKS client; loaded only by what uses it. */
import { EKSClient } from '@aws-sdk/client-eks';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const eksClient = cachedClient('EKS', (options) => new EKSClient(options));
