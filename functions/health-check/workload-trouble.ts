/** What Deployments, StatefulSets and DaemonSets have in common when they are in trouble. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { Finding, Link, Pass, Ref, Wire } from '../scan/contracts.ts';
import { forHowLong, isOlder, startedAt } from './age.ts';
import { leaseOf } from './control-plane.ts';
import { kubectl } from './kubectl.ts';
import { lastChange } from './last-change.ts';

export interface WorkloadTrouble {
  /** Since when, in ms. */
  readonly since: number | undefined;
  readonly message: string;
  /** What the object itself names as the cause. */
  readonly cause?: Omit<Link, 'effect'>;
}

/** Critical where none of its pods is available. */
export const reportWorkload = (
  { emit, link }: Pick<Pass<Finding, unknown, unknown>, 'emit' | 'link'>,
  object: Ref,
  hasAvailable: boolean,
  { since, message, cause }: WorkloadTrouble,
): void => {
  const kind = object.kind.toLowerCase();
  emit({
    object,
    severity: hasAvailable ? 'warning' : 'critical',
    message,
    remedy: kubectl(object, `describe ${kind} ${object.name}`),
    ...startedAt(since),
  });
  if (cause) link({ effect: object, ...cause });
};

/**
 * Has its controller not looked at its newest change? Told from the time of the change, which only managedFields hold.
 * Source: https://kubernetes.io/docs/reference/kubernetes-api/ (status.observedGeneration)
 */
export const isUnseen = (
  {
    metadata,
    status,
  }: { readonly metadata?: Wire<V1ObjectMeta> | null; readonly status?: { readonly observedGeneration?: number | null } | null },
  grace: number,
  now: number,
): WorkloadTrouble | undefined => {
  const changed = lastChange(metadata, 'spec');
  const isBehind = (status?.observedGeneration ?? 0) < (metadata?.generation ?? 0);
  if (!isBehind || !isOlder(changed, grace, now)) return undefined;
  return {
    since: changed,
    message: `its controller has not looked at its newest change${forHowLong(changed, now)}`,
    cause: { cause: leaseOf('kube-controller-manager'), because: 'the controller manager rolls it out' },
  };
};

/** The ResourceQuota that a refusal names: `pods "x" is forbidden: exceeded quota: team, requested: ...` */
export const quotaIn = (message: string | null | undefined, namespace: string | null | undefined): WorkloadTrouble['cause'] => {
  const name = /exceeded quota: ([^,\s]+)/.exec(message ?? '')?.[1];
  return name
    ? {
        cause: { apiVersion: 'v1', kind: 'ResourceQuota', ...(namespace ? { namespace } : {}), name },
        because: 'the quota refuses its pods',
      }
    : undefined;
};
