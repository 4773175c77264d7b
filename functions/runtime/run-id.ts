import { createHash } from 'node:crypto';

/**
 * One run's name: the same for a retry or a duplicate of the same execution (a schedule's, an event's, a request's) of the same operation on
 * the same cluster, so that these overwrite their own report. 16 hexadecimal digits: fits an S3 key.
 */
export const runIdOf = (executionId: string, cluster: string, operation: string): string =>
  createHash('sha256')
    .update(JSON.stringify([executionId, cluster, operation]))
    .digest('hex')
    .slice(0, 16);
