/** The nightshift command: the functions' own operations, run from a laptop. Findings go to standard output, all else to standard error. */
import { randomUUID } from 'node:crypto';
import { healthCheck } from '../health-check/operation.ts';
import type { Report } from '../report/model.ts';
import type { CheckSelection } from '../runtime/operation.ts';
import { type Command, parseArguments, UsageError } from './arguments.ts';
import { exitCodeOf, gravestExitCode } from './exit-code.ts';

const operations = [healthCheck];

/** Errors that are the user's to mend: their text alone is shown. */
const usersErrors = new Set(['UsageError', 'EventError', 'ConfigurationError', 'UnknownClusterError', 'ManifestError']);

const run = async (command: Command, signal: AbortSignal): Promise<number> => {
  const { parseEvent } = await import('../runtime/events.ts');
  const { configurationOf, eventOf, targetsOf } = await import('./targets.ts');
  const { assertWritable, outputOf, write } = await import('./output.ts');
  const { openState } = await import('./state.ts');
  const { runOnCluster } = await import('../runtime/run-on-cluster.ts');
  const { runIdOf } = await import('../runtime/run-id.ts');
  const { progressLine } = await import('./progress.ts');

  const output = outputOf(command);
  await assertWritable(output);
  const event = command.event === undefined ? {} : await eventOf(command.event);
  const configuration = await configurationOf(command);
  const fromEvent = parseEvent(event, command.operation);
  const selection: CheckSelection = { ...fromEvent.own, ...parseEvent(command.own, command.operation).own };
  const targets = await targetsOf(command, configuration, fromEvent.clusters);
  if (command.out !== undefined && targets.length > 1) {
    throw new UsageError(`--out takes one report, but there are ${targets.length} clusters: use --state DIR to keep them all.`);
  }
  const state = await openState(command.state);
  const executionId = fromEvent.executionId ?? randomUUID();
  const codes: number[] = [];
  for (const { cluster, options, open } of targets) {
    if (signal.aborted) {
      codes.push(3);
      break;
    }
    const progress = progressLine(process.stderr, cluster);
    let report: Report;
    try {
      report = await runOnCluster({
        operation: command.operation,
        cluster,
        options,
        selection,
        runId: runIdOf(executionId, cluster, command.operation.name),
        eventTime: fromEvent.time ?? new Date().toISOString(),
        open,
        previous: await state.latest(cluster, command.operation.name),
        signal,
        onProgress: progress.update,
      });
    } finally {
      progress.done();
    }
    await write(report, output);
    // What was not read because the user left says nothing of the cluster, and must not be what the next report is compared with.
    if (signal.aborted && !report.complete) process.stderr.write('nightshift: interrupted: the report is not whole and is not kept\n');
    else await state.save(report);
    codes.push(exitCodeOf(report, command.failOn));
  }
  return gravestExitCode(codes);
};

/** Runs the command and gives its exit code. */
export const main = async (argv: readonly string[]): Promise<number> => {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  // A reader that has seen enough (head, less) closes the pipe: that is no error, but the exit code still tells what was found.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  try {
    const command = parseArguments(argv, operations);
    if (command === 'help' || command.help) {
      const { usage } = await import('./usage.ts');
      process.stdout.write(usage(operations, command === 'help' ? undefined : command.operation));
      return 0;
    }
    return await run(command, interrupted.signal);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`nightshift: ${usersErrors.has(error.name) ? error.message : (error.stack ?? error.message)}\n`);
    return 2;
  }
};
