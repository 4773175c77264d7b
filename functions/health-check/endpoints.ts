/** What EndpointSlices show of each Service. */
import type { V1EndpointSlice } from '@kubernetes/client-node';
import { pods } from '../cluster/kinds.ts';
import { type Ref, refTo, type Wire } from '../scan/contracts.ts';
import { timeOf } from './age.ts';
import { listOf } from './wire.ts';

export interface Endpoints {
  ready: boolean;
  /** Some still answer while they go away: kube-proxy sends to them if nothing else is left. */
  leaving: boolean;
  /** When a pod or the Service last changed them, in ms, as far as the slices tell. */
  changed: number | undefined;
  /** The pods that are not ready; none is kept once another is ready. */
  unready: Ref[];
}

const changeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** By namespace and name of the Service. Readiness as the EndpointSlice API says: null means true. */
export const endpointsByService = () => {
  const byService = new Map<string, Endpoints>();
  return {
    note({ metadata, endpoints }: Wire<V1EndpointSlice>): void {
      const key = `${metadata?.namespace}/${metadata?.labels?.['kubernetes.io/service-name']}`;
      const known = byService.get(key) ?? { ready: false, leaving: false, changed: undefined, unready: [] };
      byService.set(key, known);
      const changed = timeOf(metadata?.annotations?.[changeAnnotation]);
      if (changed !== undefined) known.changed = Math.max(changed, known.changed ?? changed);
      for (const { conditions, targetRef } of listOf(endpoints)) {
        if (conditions?.ready !== false) known.ready = true;
        else {
          if (conditions.terminating && conditions.serving) known.leaving = true;
          if (targetRef?.kind === 'Pod') known.unready.push(refTo(pods, targetRef));
        }
      }
      if (known.ready) known.unready = [];
    },
    /** Was there no slice at all? A cluster always has that of its API server. */
    isEmpty: (): boolean => byService.size === 0,

    of: ({ namespace, name }: Ref): Endpoints | undefined => byService.get(`${namespace}/${name}`),
  };
};
