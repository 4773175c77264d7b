/** A plan as the operation makes it: the rules over a source in memory, guards, plan, store. */
import type { Plan } from '../../functions/actions/contracts.ts';
import { planRun, type RulesOfRun } from '../../functions/cleanup/plan-run.ts';
import { rules } from '../../functions/cleanup/rules/index.ts';
import type { Looked } from '../../functions/runtime/operation.ts';
import type { Source } from '../../functions/scan/contracts.ts';
import { type MemoryStorage, memoryStorage } from '../actions/memory-storage.ts';
import { now } from '../health-check/objects.ts';
import { type MemorySourceOptions, memorySource } from '../scan/memory-source.ts';
import type { Limits } from './properties-oracle.ts';
import { namedVolumes } from './random-cluster.ts';
import { customReadsOf, type Made } from './references/objects.ts';

export const runId = '00000000000000aa';
const signal = new AbortController().signal;

export interface PlanningOf extends Omit<MemorySourceOptions, 'objects'> {
  readonly objects: readonly Made[];
  readonly limits: Limits;
  readonly storage?: MemoryStorage;
  readonly rulesOfRun?: RulesOfRun;
}

export const builtIn: RulesOfRun = { rules, findings: () => [] };

export const options: Readonly<Record<string, unknown>> = { 'reclaim-released-volumes': { enabled: true, volumes: namedVolumes } };

export const planOfCluster = async ({
  objects,
  limits,
  storage = memoryStorage(),
  rulesOfRun = builtIn,
  ...more
}: PlanningOf): Promise<{ readonly looked: Looked; readonly plan?: Plan }> => {
  const source: Source = {
    ...memorySource({ now, ...more, objects }),
    customResources: async () => ({ reads: customReadsOf(objects), unknown: [] }),
  };
  return planRun(
    rulesOfRun,
    {
      runId,
      origin: 'direct',
      laid: { guards: { limits } },
      cluster: 'test',
      own: {},
      options,
      off: {},
      labels: [],
      previous: undefined,
      open: async () => source,
      state: storage,
      signal,
    },
    false,
  );
};
