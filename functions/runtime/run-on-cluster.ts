/** One operation on one cluster: look, and report. What the function and the command have in common. */
import { isClusterError } from '../cluster/cluster-error.ts';
import { buildReport, unreachableReport } from '../report/build-report.ts';
import type { StandingRule } from '../report/ignore.ts';
import type { Report } from '../report/model.ts';
import type { Storage } from '../report/store/storage.ts';
import type { Source } from '../scan/contracts.ts';
import { validateCheckOptions } from './check-options.ts';
import type { OperationOptions } from './configuration.ts';
import { layOver } from './lay-options.ts';
import { overridingOptions } from './lay-overrides.ts';
import { type BackupPlaces, type CheckSelection, checksOff, type Looked, type Operation, type Origin, type Writing } from './operation.ts';
import type { LaidOver } from './overrides-in-force.ts';

export interface ClusterRun {
  readonly operation: Operation;
  readonly cluster: string;
  /** Already laid: for all clusters, with the cluster's own over them. */
  readonly options: OperationOptions;
  /** What config/overrides.yaml lays over them; absent where there is no place for it. */
  readonly laidOver?: LaidOver | undefined;
  /** The operation's own event keys, `only` and `off` among them. */
  readonly own: CheckSelection & Readonly<Record<string, unknown>>;
  /** Not all is looked at that the configuration says, but only some namespaces: no predecessor of the next run. */
  readonly narrowed?: boolean;
  readonly runId: string;
  /** The one that may least, unless told. */
  readonly origin?: Origin | undefined;
  readonly writing?: Writing | undefined;
  /** RFC 3339: when the run was to start. */
  readonly eventTime: string;
  /** Absent where the cluster is gone. Throws ClusterError where it cannot be reached. */
  readonly open?: ((signal: AbortSignal) => Promise<Source>) | undefined;
  readonly backups?: BackupPlaces | undefined;
  /** Where an operation keeps what it caches between runs. */
  readonly state?: Storage | undefined;
  readonly previous: Report | undefined;
  /** Aborted when the time budget is spent. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly objects: number; readonly resource: string }) => void;
}

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
  const { operation, own, laidOver } = run;
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
    fullScope: !run.narrowed && ['only', 'off', ...(operation.narrowing ?? [])].every((key) => own[key] === undefined),
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
  const { off: _, ...checkOptions }: Record<string, unknown> = options.checks ?? {};
  let looked: Looked;
  try {
    looked = await operation.look({
      cluster: run.cluster,
      runId: run.runId,
      origin: run.origin ?? 'bus',
      writing: run.writing,
      laid: options,
      own,
      options: checkOptions,
      off: checksOff(operation, run.options, own, over),
      labels: [...new Set((options.ignore ?? []).flatMap(({ label }) => label ?? []))],
      previous: run.previous,
      open: run.open,
      backups: run.backups,
      state: run.state,
      signal: run.signal,
      onProgress: run.onProgress,
    });
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return unreachableReport({ facts: facts(), ...context, error });
  }
  const { kubernetesVersion, source, furtherChecks = [], ...rest } = looked;
  return buildReport({
    facts: { ...facts(), source, kubernetesVersion },
    ...rest,
    ...context,
    checks: [...operation.checks, ...furtherChecks],
    previous: within(source.namespaces, run.previous),
  });
};
