/** The DynamoDB client; loaded only by what uses it. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { cachedClient } from './client-options.ts';

/** The client for an access (region, role, external id), cached by it. */
export const dynamodbClient = cachedClient('DYNAMODB', (options) => new DynamoDBClient(options));
