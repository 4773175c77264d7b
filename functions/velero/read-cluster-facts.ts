/** Asks the cluster for what the checks of a run want to know of it. */
import { isClusterError } from '../cluster/cluster-error.ts';
import type { End, Read, Source, Wire } from '../scan/contracts.ts';
import { planReads } from '../scan/plan-reads.ts';
import { soundObjects } from '../scan/sound-objects.ts';
import { isRecord } from './archive/archived-object.ts';
import type { ClusterFacts, Listed } from './cluster-facts.ts';

/** Objects of one kind beyond which they are not kept: nobody has so many StorageClasses or Schedules. */
const mostObjects = 100_000;

const keyOf = ({ group, resource }: Read): string => `${group}/${resource}`;

/** Where no cluster is asked; `unknown`: it should have been. */
export const noCluster = (reason: string, remedy: string, unknown: boolean): ClusterFacts => ({
  of: () => ({ state: 'unread', unknown, reason, remedy }),
});

/** Why a cluster that should have been asked was not; throws on what is no ClusterError. */
export function clusterTrouble(error: unknown): ClusterFacts {
  if (!isClusterError(error)) throw error;
  return noCluster(`the cluster could not be asked: ${error.message}`, error.remedy, true);
}

/** Without what no check looks at and makes up nearly all of it: the schemas of a CustomResourceDefinition. */
function withoutSchemas(object: unknown): unknown {
  if (!isRecord(object) || !isRecord(object.spec) || !Array.isArray(object.spec.versions)) return object;
  const versions = object.spec.versions.map((each: unknown) => (isRecord(each) ? { name: each.name, served: each.served } : each));
  return { ...object, spec: { ...object.spec, versions } };
}
const same = (object: unknown): unknown => object;

/** Reads each resource once, whatever the number of checks that want it. */
export async function readClusterFacts(source: Source, reads: readonly Read[], signal: AbortSignal): Promise<ClusterFacts> {
  const planned = planReads(reads.map((read, index) => ({ observer: '', name: String(index), read })));
  const ends = new Map<string, Listed<unknown>>();
  const objects = new Map<string, unknown[]>();
  const asked = planned.map(({ read }) => read);
  for await (const each of source.read(asked, signal)) {
    const key = keyOf(each.read);
    if ('state' in each) {
      // Of several lists of one resource, each of a namespace, all must have come.
      if (ends.get(key)?.state !== 'unread') ends.set(key, listedBy(each, objects.get(key) ?? []));
    } else {
      const kept = objects.get(key) ?? [];
      objects.set(key, kept);
      if (kept.length <= mostObjects)
        kept.push(...soundObjects(each.objects).map(each.read.resource === 'customresourcedefinitions' ? withoutSchemas : same));
    }
  }
  return {
    ...(source.version !== undefined && { version: source.version }),
    of: <T>(read: Read<T>) => (ends.get(keyOf(read)) ?? notAsked(read)) as Listed<T>,
  };
}

function listedBy(end: End, objects: readonly unknown[]): Listed<unknown> {
  if (end.state === 'failed') return { state: 'unread', unknown: true, reason: end.message, remedy: end.remedy };
  if ('reason' in end) return { state: 'unread', unknown: false, reason: end.reason, remedy: '' };
  if (objects.length <= mostObjects) return { state: 'read', objects: objects as readonly Wire<unknown>[] };
  const reason = `there are more than ${mostObjects} ${end.read.resource}`;
  return { state: 'unread', unknown: true, reason, remedy: 'turn the check off that reads them' };
}

const notAsked = ({ resource }: Read): Listed<unknown> => ({
  state: 'unread',
  unknown: true,
  reason: `${resource} was not asked for`,
  remedy: 'this is a fault of Nightshift: please report it',
});
