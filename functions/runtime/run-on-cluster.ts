/** One operation on one cluster: source, scan, report. What the function and the command have in common. */
import { ClusterError, isClusterError } from '../cluster/cluster-error.ts';
import { buildReport, unreachableReport } from '../report/build-report.ts';
import type { Report } from '../report/model.ts';
import type { Source } from '../scan/contracts.ts';
import { scan } from '../scan/scan.ts';
import { withinBudget } from '../scan/within-budget.ts';
import type { OperationOptions } from './configuration.ts';
import { type CheckSelection, checksOff, type Operation, validateCheckOptions } from './operation.ts';

export interface ClusterRun {
  readonly operation: Operation;
  readonly cluster: string;
  /** Already laid: for all clusters, with the cluster's own over them. */
  readonly options: OperationOptions;
  readonly selection: CheckSelection;
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

/**
 * Runs the checks and makes the report. A cluster that is unreachable or refuses us is a result: a report with one critical finding.
 * Throws ConfigurationError for options that no check takes, and what `open` throws beside ClusterError (a bad manifest, a missing file).
 */
export const runOnCluster = async (run: ClusterRun): Promise<Report> => {
  const { operation, options, selection } = run;
  validateCheckOptions(operation, options);
  const startedAt = new Date();
  const facts = () => ({
    runId: run.runId,
    operation: operation.name,
    cluster: run.cluster,
    eventTime: run.eventTime,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    fullScope: !selection.only && !selection.off,
  });
  const context = { checks: operation.checks, ignore: options.ignore ?? [], previous: run.previous, today: startedAt };

  let source: Source;
  try {
    source = await openWithinBudget(run);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return unreachableReport({ facts: facts(), ...context, error });
  }
  try {
    const { off: _, ...checkOptions }: Record<string, unknown> = options.checks ?? {};
    const result = await scan(source, operation.checks, {
      options: checkOptions,
      off: checksOff(operation, options, selection),
      memory: run.previous?.memory ?? {},
      labels: [...new Set((options.ignore ?? []).flatMap(({ label }) => label ?? []))],
      signal: run.signal,
      ...(run.onProgress && { onProgress: run.onProgress }),
    });
    return buildReport({
      facts: { ...facts(), source: { kind: source.kind, name: source.name }, kubernetesVersion: source.version },
      scan: result,
      sourceFindings: source.findings ?? [],
      ...context,
    });
  } finally {
    await source.close();
  }
};
