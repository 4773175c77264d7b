/** What the cluster that a location belongs to says, where it could be asked: its Velero objects and what a restore would find there. */
import type { Read, Wire } from '../scan/contracts.ts';

/** The objects of one read, or why there are none. `unknown`: they should have been had. */
export type Listed<T> =
  | { readonly state: 'read'; readonly objects: readonly Wire<T>[] }
  | { readonly state: 'unread'; readonly unknown: boolean; readonly reason: string; readonly remedy: string };

export interface ClusterFacts {
  /** Kubernetes' gitVersion, where it was reached. */
  readonly version?: string;
  /** What was read of it: declared in a check's `reads`. Where there is no cluster: unread, not unknown. */
  of<T>(read: Read<T>): Listed<T>;
}
