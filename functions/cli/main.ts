/** The nightshift command: the functions' own operations, run from a laptop. Findings go to standard output, all else to standard error. */
import { randomUUID } from 'node:crypto';
import { allOperations as operations } from '../operations.ts';
import type { Report } from '../report/model.ts';
import type { Configuration } from '../runtime/configuration.ts';
import type { OperationRequest } from '../runtime/events.ts';
import type { ClusterRun } from '../runtime/run-on-cluster.ts';
import { type Command, parseArguments, UsageError } from './arguments.ts';
import { exitCodeOf, gravestExitCode, isUnread } from './exit-code.ts';
import type { Output } from './output.ts';
import type { Outcome } from './overview.ts';
import type { State } from './state.ts';
import type { Target } from './targets.ts';
import { tell } from './tell.ts';

/** Errors that are the user's to mend: their text alone is shown. */
const usersErrorNames = new Set([
  'UsageError',
  'EventError',
  'ConfigurationError',
  'UnknownClusterError',
  'ManifestError',
  'PlaceError',
  'ReportNotStored',
]);
const isUsersError = (error: unknown): boolean => error instanceof Error && usersErrorNames.has(error.name);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What several clusters cannot be written to. Throws UsageError. */
const assertOneReport = ({ out, output }: Command, clusters: number): void => {
  if (clusters < 2) return;
  const what = out !== undefined ? '--out takes one report' : output === 'html' ? '--output html is the page of one cluster' : undefined;
  if (what) throw new UsageError(`${what}, but there are ${clusters} clusters: use --state DIR to keep them all.`);
};

const writesState = './.nightshift';

/** A plan and a journal belong to one cluster, and are taken whole. Throws UsageError. */
const assertOneCluster = (own: ClusterRun['own'], clusters: number, { namespaces }: Command): void => {
  const key = ['apply', 'undo'].find((each) => own[each] !== undefined);
  if (key && clusters > 1) throw new UsageError(`--${key} names what belongs to one cluster, but there are ${clusters}: say which.`);
  if (key && namespaces)
    throw new UsageError(
      `--namespace cannot narrow --${key}, which takes a ${key === 'apply' ? 'plan' : 'journal'} whole: make a plan of these namespaces, and apply that.`,
    );
};

/** What each of the clusters is run with. */
interface Run {
  readonly command: Command;
  readonly request: OperationRequest;
  readonly own: ClusterRun['own'];
  readonly executionId: string;
  readonly configuration: Configuration | undefined;
  readonly state: State;
  readonly signal: AbortSignal;
}

const runOne = async ({ cluster, options, narrowed = false, open, backups, writing }: Target, run: Run): Promise<Report> => {
  const { command, request, own, executionId, configuration, state, signal } = run;
  const { runOnCluster } = await import('../runtime/run-on-cluster.ts');
  const { runIdOf } = await import('../runtime/run-id.ts');
  const { progressLine } = await import('./progress.ts');
  const progress = progressLine(process.stderr, cluster);
  try {
    return await runOnCluster({
      operation: command.operation,
      cluster,
      options,
      laidOver: await state.laidOver(command.operation, cluster, configuration),
      own,
      narrowed,
      runId: runIdOf(executionId, cluster, command.operation.name),
      origin: request.origin,
      writing: command.operation.writes && writing,
      eventTime: request.time ?? new Date().toISOString(),
      open,
      backups,
      state: state.storage,
      previous: await state.latest(cluster, command.operation.name),
      signal,
      onProgress: progress.update,
    });
  } finally {
    progress.done();
  }
};

/** One after the other, each written as soon as it is there; gives the exit code. */
const runAll = async (targets: readonly Target[], output: Output, run: Run): Promise<number> => {
  const { write } = await import('./output.ts');
  const codes: number[] = [];
  const outcomes: Outcome[] = [];
  for (const target of targets) {
    const { cluster } = target;
    if (run.signal.aborted) {
      codes.push(3);
      break;
    }
    let report: Report;
    try {
      report = await runOne(target, run);
    } catch (error) {
      // One of several that is configured wrongly must not take the others away.
      if (targets.length === 1 || !isUsersError(error)) throw error;
      tell(`${cluster}: ${messageOf(error)}`);
      outcomes.push({ cluster, mistake: messageOf(error) });
      codes.push(2);
      continue;
    }
    // What was not read because the user left says nothing of the cluster.
    if (run.signal.aborted && isUnread(report)) {
      tell(`interrupted: ${cluster} was not read`);
      codes.push(3);
      break;
    }
    if (outcomes.length > 0 && output.standard === 'text') process.stdout.write('\n');
    await write(report, output);
    outcomes.push({ cluster, report });
    // Must not be what the next report is compared with.
    if (run.signal.aborted && !report.complete) tell('interrupted: the report is not whole and is not kept');
    else await run.state.save(report);
    codes.push(exitCodeOf(report, run.command.failOn));
  }
  if (targets.length > 1 && outcomes.length > 0 && output.standard === 'text') {
    const { overview } = await import('./overview.ts');
    process.stdout.write(`\n${overview(outcomes)}`);
  }
  return gravestExitCode(codes);
};

const runOperation = async (command: Command, signal: AbortSignal): Promise<number> => {
  const { parseEvent } = await import('../runtime/events.ts');
  const { configurationOf, eventOf, targetsOf } = await import('./targets.ts');
  const { assertWritable, outputOf } = await import('./output.ts');
  const { openState } = await import('./state.ts');

  const output = outputOf(command);
  await assertWritable(output);
  const event = command.event === undefined ? {} : await eventOf(command.event);
  const configuration = await configurationOf(command);
  const request = parseEvent(event, command.operation);
  const own = { ...request.own, ...parseEvent(command.own, command.operation).own };
  const targets = await targetsOf(command, configuration, request.clusters);
  assertOneReport(command, targets.length);
  assertOneCluster(own, targets.length, command);
  // What writes keeps its plans and journals, or there would be nothing to apply and nothing to undo.
  const state = await openState(command.state ?? (command.operation.writes && writesState));
  return runAll(targets, output, {
    command,
    request,
    own,
    executionId: request.executionId ?? randomUUID(),
    configuration,
    state,
    signal,
  });
};

/** Runs the command and gives its exit code. */
export const main = async (argv: readonly string[]): Promise<number> => {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  // A reader that has seen enough (head, less) closes the pipe: that is no error, but the exit code still tells what was found.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    tell(`standard output cannot be written: ${error.message}`);
    // Nothing that was found has arrived: not 0 and not 1.
    process.exit(2);
  });
  const code = await run(argv, interrupted.signal);
  // What knows no signal, such as a plugin that waits for a browser, is left behind.
  if (interrupted.signal.aborted) process.stdout.write('', () => process.exit(code));
  return code;
};

/** `undo JOURNAL ...` is the cleanup's own `--undo JOURNAL`: what it plans is applied as any plan. Throws UsageError. */
const undoArguments = ([, journal, ...rest]: readonly string[]): readonly string[] => {
  if (journal === '--help' || journal === '-h') return ['cleanup', '--help'];
  if (journal === undefined || journal.startsWith('-'))
    throw new UsageError(
      'undo needs the id of a journal, as the report of what was applied gives it: nightshift undo JOURNAL --cluster NAME.',
    );
  return ['cleanup', '--undo', journal, ...rest];
};

const run = async (argv: readonly string[], signal: AbortSignal): Promise<number> => {
  try {
    if (argv[0] === 'connect') {
      const { runConnect } = await import('./connect.ts');
      return await runConnect(argv.slice(1), operations, signal);
    }
    const command = parseArguments(argv[0] === 'undo' ? undoArguments(argv) : argv, operations);
    if (command === 'help' || command.help) {
      const { usage } = await import('./usage.ts');
      process.stdout.write(usage(operations, command === 'help' ? undefined : command.operation));
      return 0;
    }
    return await runOperation(command, signal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    tell(isUsersError(error) ? error.message : (error.stack ?? error.message));
    return 2;
  }
};
