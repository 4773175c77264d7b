/**
 * One invocation that applies a plan, a process of its own with one argument, `Apply` as JSON. The operation itself does it, with its guards, lock
 * and journal, and stops when the budget is spent.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { cleanup } from '../../functions/cleanup/operation.ts';
import { directoryStorage } from '../../functions/report/store/directory.ts';
import { configurationSchema } from '../../functions/runtime/configuration.ts';
import { runOnCluster } from '../../functions/runtime/run-on-cluster.ts';

export interface Apply {
  readonly kubeconfigFile: string;
  /** Directory of plans and journals. */
  readonly state: string;
  /** nightshift.yaml, as JSON. */
  readonly config: string;
  readonly cluster: string;
  /** Its id. */
  readonly plan: string;
  /** ms. */
  readonly budget: number;
  /** Where `Applied` is written. */
  readonly out: string;
}

/** What came of it. */
export interface Applied {
  readonly ended: string;
  /** How many actions have an outcome after it. */
  readonly settled: number;
  /** By result. */
  readonly results: Readonly<Record<string, number>>;
  /** How often progress was told, and the last. */
  readonly progress: number;
  readonly lastProgress: string;
}

const { kubeconfigFile, state, config, cluster, plan, budget, out }: Apply = JSON.parse(process.argv[2] ?? '{}');
const configuration = configurationSchema.parse(JSON.parse(readFileSync(config, 'utf8')));
let progress = 0;
let lastProgress = '';
const { actions, journal, findings } = await runOnCluster({
  operation: cleanup,
  cluster,
  options: configuration.options.cleanup ?? {},
  own: { apply: plan },
  runId: randomBytes(8).toString('hex'),
  origin: 'direct',
  writing: { access: { given: { kubeconfigFile } }, interactive: true, freezable: false },
  eventTime: new Date().toISOString(),
  state: directoryStorage(state),
  previous: undefined,
  signal: AbortSignal.timeout(budget),
  onProgress: ({ objects, resource }) => {
    progress += 1;
    lastProgress = `${objects} ${resource}`;
  },
});
const outcomes = actions.flatMap(({ outcome }) => outcome?.result ?? []);
const results = Object.fromEntries([...Map.groupBy(outcomes, (result) => result)].map(([result, all]) => [result, all.length]));
const ended = journal?.ended ?? `nothing: ${findings[0]?.message}`;
writeFileSync(out, JSON.stringify({ ended, settled: outcomes.length, results, progress, lastProgress } satisfies Applied));
