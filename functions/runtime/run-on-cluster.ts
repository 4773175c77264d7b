/** One operation on one cluster: source, scan, report. What the function and the command have in common. */
import { ClusterError, isClusterError } from '../cluster/cluster-error.ts';
import { annotatedKinds } from '../cluster/kinds.ts';
import { buildReport, unreachableReport } from '../report/build-report.ts';
import type { StandingRule } from '../report/ignore.ts';
import type { Report } from '../report/model.ts';
import type { Source } from '../scan/contracts.ts';
import { scan } from '../scan/scan.ts';
import { withinBudget } from '../scan/within-budget.ts';
import { validateCheckOptions } from './check-options.ts';
import type { OperationOptions } from './configuration.ts';
import { layOver } from './lay-options.ts';
import { overridingOptions } from './lay-overrides.ts';
import { type CheckSelection, checksOff, type Operation } from './operation.ts';
import type { LaidOver } from './overrides-in-force.ts';

export interface ClusterRun {
  readonly operation: Operation;
  readonly cluster: string;
  /** Already laid: for all clusters, with the cluster's own over them. */
  readonly options: OperationOptions;
  /** What config/overrides.yaml lays over them; absent where there is no place for it. */
  readonly laidOver?: LaidOver | undefined;
  readonly selection: CheckSelection;
  /** Not all is looked at that the configuration says, but only some namespaces: no predecessor of the next run. */
  readonly narrowed?: boolean;
  readonly runId: string;
  /** RFC 3339: when the run was to start. */
  readonly eventTime: string;
  /** Throws ClusterError where the cluster cannot be reached. */
  readonly open: (signal: AbortSignal) => Promise<Source>;
  readonly previous: Report | undefined;
  /** Aborted when the time budget is spent. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly objects: number; readonly resource: string }) => void;
}

/** Waits no longer than the budget: a lookup or an AWS client that hangs and does not listen must not cost the report. */
const openWithinBudget = async ({ open, signal, cluster }: ClusterRun): Promise<Source> => {
  const opening = open(signal);
  const source = await withinBudget(opening, signal);
  if (source) return source;
  void opening.then((late) => late.close()).catch(() => undefined);
  const remedy = 'look whether the function can reach the AWS services and the cluster: subnets, endpoints, security groups';
  throw new ClusterError('aborted', `the way to ${cluster} was still not open when the time budget was spent`, remedy);
};

/** What the last report says of namespaces that are not looked at today is no longer known: neither ongoing nor resolved. */
const within = (namespaces: Source['namespaces'], previous: Report | undefined): Report | undefined => {
  if (!namespaces || !previous) return previous;
  const isWithin = ({ object }: Report['findings'][number]) => object.namespace === undefined || namespaces.includes(object.namespace);
  const { findings, resolved, settling } = previous;
  return {
    ...previous,
    findings: findings.filter(isWithin),
    resolved: resolved.filter(isWithin),
    ...(settling && { settling: settling.filter(isWithin) }),
  };
};

/**
 * Runs the checks and makes the report. A cluster that is unreachable or refuses us is a result: a report with one critical finding.
 * Throws ConfigurationError for options that no check takes, and what `open` throws beside ClusterError (a bad manifest, a missing file).
 */
export const runOnCluster = async (run: ClusterRun): Promise<Report> => {
  const { operation, selection, laidOver } = run;
  const over = laidOver?.overrides ? overridingOptions(laidOver.overrides, run.cluster, operation.name) : {};
  const options = layOver(run.options, over);
  validateCheckOptions(operation, options);
  const startedAt = new Date();
  const facts = () => ({
    runId: run.runId,
    operation: operation.name,
    cluster: run.cluster,
    eventTime: run.eventTime,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    fullScope: !selection.only && !selection.off && !run.narrowed,
  });
  const context = {
    checks: operation.checks,
    ignore: [
      ...(run.options.ignore ?? []),
      ...(over.ignore ?? []).map((rule): StandingRule => ({ ...rule, from: 'config/overrides.yaml' })),
    ],
    overrides: laidOver?.facts,
    previous: run.previous,
    today: startedAt,
  };

  let source: Source;
  try {
    source = await openWithinBudget(run);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return unreachableReport({ facts: facts(), ...context, error });
  }
  try {
    const { kind, name, namespaces } = source;
    const { off: _, ...checkOptions }: Record<string, unknown> = options.checks ?? {};
    const result = await scan(source, operation.checks, {
      options: checkOptions,
      off: checksOff(operation, run.options, selection, over),
      memory: run.previous?.memory ?? {},
      annotatedKinds,
      labels: [...new Set((options.ignore ?? []).flatMap(({ label }) => label ?? []))],
      signal: run.signal,
      ...(run.onProgress && { onProgress: run.onProgress }),
    });
    return buildReport({
      facts: { ...facts(), source: { kind, name, ...(namespaces && { namespaces: [...namespaces] }) }, kubernetesVersion: source.version },
      scan: result,
      sourceFindings: source.findings ?? [],
      ...context,
      previous: within(namespaces, run.previous),
    });
  } finally {
    await source.close();
  }
};
