import { leases } from '../cluster/kinds.ts';
import { type Ref, refTo } from '../scan/contracts.ts';

/** The API server as one thing, however many replicas it has: what probes say is said of it. */
export const apiServer: Ref = { apiVersion: 'nightshift.dev/v1', kind: 'Cluster', name: 'kube-apiserver' };

/** etcd as the API server sees it. */
export const etcd: Ref = { apiVersion: 'nightshift.dev/v1', kind: 'Cluster', name: 'etcd' };

/**
 * Those that elect a leader by a Lease in kube-system, by its name. A managed control plane shows these Leases as any other does; where one
 * is not there (leader election turned off, or hidden) nothing can be told of the component.
 */
export const components = ['kube-scheduler', 'kube-controller-manager'] as const;
export type Component = (typeof components)[number];

/** What stands for a component: its Lease. The check component-status reports it, other checks link to it. */
export const leaseOf = (component: Component): Ref => refTo(leases, { namespace: 'kube-system', name: component });

/** The checks that failed in the answer of /readyz?verbose and /livez?verbose: lines such as `[-]etcd failed: reason withheld`. */
export const failedChecks = (body: string): readonly string[] =>
  [...body.matchAll(/^\[-\](\S+) failed/gm)].flatMap(([, name]) => name ?? []);
