import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Wire } from '../scan/contracts.ts';
import { timeOf } from './age.ts';
import { listOf } from './wire.ts';

/**
 * When what people declare (`spec`) or what a controller reports (`status`) last changed, in ms, from managedFields: the API server notes
 * the time of a manager's last write that changed a value. Undefined where managedFields are not told (kubectl and backups may leave them out).
 * Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export const lastChange = (metadata: Wire<V1ObjectMeta> | null | undefined, part: 'spec' | 'status'): number | undefined => {
  let latest: number | undefined;
  for (const { subresource, time } of listOf(metadata?.managedFields)) {
    if ((subresource === 'status') !== (part === 'status')) continue;
    const changed = timeOf(time);
    if (changed !== undefined && (latest === undefined || changed > latest)) latest = changed;
  }
  return latest;
};
