/** A production cluster on EKS of some hundred objects, and the whole operation over it. */
import { cleanup } from '../../functions/cleanup/operation.ts';
import { isBuiltInGroup } from '../../functions/cluster/kinds.ts';
import type { Report } from '../../functions/report/model.ts';
import { runOnCluster } from '../../functions/runtime/run-on-cluster.ts';
import type { Read, Source } from '../../functions/scan/contracts.ts';
import { memoryStorage } from '../actions/memory-storage.ts';
import { now } from '../health-check/objects.ts';
import { memorySource } from '../scan/memory-source.ts';
import { apps } from './real-cluster-apps.ts';
import { leftovers } from './real-cluster-leftovers.ts';
import type { Made } from './real-cluster-objects.ts';
import { platform } from './real-cluster-platform.ts';

export const wholeCluster: readonly Made[] = [...platform, ...apps, ...leftovers];

/** As discovery tells of them. */
const customReads = (objects: readonly Made[]): readonly Read[] => {
  const reads = objects.flatMap(({ apiVersion, kind }): Read[] => {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    return isBuiltInGroup(group) ? [] : [{ group, kind, resource: `${kind.toLowerCase()}s`, versions: [version] }];
  });
  return [...new Map(reads.map((read) => [`${read.group}/${read.kind}`, read])).values()];
};

/** What the operation says of a cluster of these objects, as the function runs it; the plan is stored. */
export const cleanedUp = async (objects: readonly Made[]): Promise<Report> => {
  const source: Source = { ...memorySource({ objects, now }), customResources: async () => ({ reads: customReads(objects), unknown: [] }) };
  return runOnCluster({
    operation: cleanup,
    cluster: 'prod-eu',
    options: {},
    own: { plan: true },
    runId: '0123456789abcdef',
    eventTime: new Date(now).toISOString(),
    open: async () => source,
    state: memoryStorage(),
    previous: undefined,
    signal: AbortSignal.timeout(60_000),
  });
};
