/** Services: the same addresses and ports where nobody has taken them since. */
import { fieldsAt, itemsOf } from '../../../backup-verification/restorability/fields.ts';
import { isRecord } from '../../../velero/archive/archived-object.ts';
import type { PrepareKind } from '../contracts.ts';
import { changedAt, without } from '../fields.ts';

export const prepareService: PrepareKind = (manifest) => ({
  manifest,
  notes: fieldsAt(manifest, 'spec').type === 'LoadBalancer' ? ['its load balancer is made anew and may have another address'] : [],
});

/** As the server words it (registry/core/service: ipallocator/interfaces.go, portallocator/allocator.go). */
const taken = /already allocated|not in the valid range/;

/**
 * After a 422: the Service without what the server says is taken, its cluster addresses or its node ports, so that it gets others. Undefined
 * where that is not what was wrong, or where there is nothing (any more) to do without.
 */
export function withoutAllocated(manifest: object, message: string): object | undefined {
  if (!isRecord(manifest) || manifest.apiVersion !== 'v1' || manifest.kind !== 'Service' || !taken.test(message)) return undefined;
  const spec = fieldsAt(manifest, 'spec');
  if (/clusterIP/.test(message) && spec.clusterIP !== undefined && spec.clusterIP !== 'None')
    return { ...manifest, spec: without(spec, 'clusterIP', 'clusterIPs') };
  const hasPorts = itemsOf(spec.ports).some(({ nodePort }) => nodePort !== undefined);
  if (!/node ?port/i.test(message) || !(hasPorts || spec.healthCheckNodePort !== undefined)) return undefined;
  const ports = changedAt(spec, ['ports'], (list) => itemsOf(list).map((port) => without(port, 'nodePort')));
  return { ...manifest, spec: without(ports, 'healthCheckNodePort') };
}
