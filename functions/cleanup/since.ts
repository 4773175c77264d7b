/** Since when something is as it is, where no one field of an object says so. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { timeOf } from '../health-check/age.ts';
import { lastChange } from '../health-check/last-change.ts';
import { listOf } from '../health-check/wire.ts';
import type { Wire } from '../scan/contracts.ts';

type Metadata = Wire<V1ObjectMeta> | null | undefined;

/** The latest of the times that are known, in ms; undefined where none is. */
export const latest = (...times: readonly (number | undefined)[]): number | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
};

/** When the object was made or its declared part last changed, in ms: it cannot be as it is for longer. */
export const declaredSince = (metadata: Metadata): number | undefined =>
  latest(timeOf(metadata?.creationTimestamp), lastChange(metadata, 'spec'));

/** Does another object own it? Then its owner makes it and takes it away. */
export const isOwned = (metadata: Metadata): boolean => listOf(metadata?.ownerReferences).length > 0;
