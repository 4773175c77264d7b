import { createHash } from 'node:crypto';
import { type Finding, refKey } from '../scan/contracts.ts';

/** Raised when the identity itself changes: every finding then counts as new once. */
const version = 'v1';

/**
 * Who a finding is, from run to run: `v1-` and 20 hexadecimal digits of a SHA-256 over the version, the cluster, the check, the object
 * (group, kind, namespace, name) and the subject. What may differ between two reports of one trouble stays out: message, remedy, severity,
 * counts, times, uid and the version part of apiVersion.
 */
export function fingerprint(cluster: string, check: string, { object, subject }: Pick<Finding, 'object' | 'subject'>): string {
  const identity = JSON.stringify([version, cluster, check, refKey(object), subject ?? '']);
  return `${version}-${createHash('sha256').update(identity).digest('hex').slice(0, 20)}`;
}
