/** The EventBridge client; loaded only by what uses it. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const eventbridgeClient = cachedClient('EVENTBRIDGE', (options) => new EventBridgeClient(options));
