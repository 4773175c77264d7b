/** nightshift connect: can these clusters be reached, and with which rights. No deployed operation: it is for whoever sets one up. */
import type { ConnectTarget } from '../connect/target.ts';
import { validateCheckOptions } from '../runtime/check-options.ts';
import type { Configuration } from '../runtime/configuration.ts';
import { layOptions } from '../runtime/lay-options.ts';
import type { Operation } from '../runtime/operation.ts';
import { selectClusters } from '../runtime/select-clusters.ts';
import { type Command, commonFlags, oneOf, parseFlags, UsageError } from './arguments.ts';
import { assertNamespaces, configurationOf, kubeconfigClusters, narrowedTo } from './targets.ts';
import { row } from './usage.ts';

const flags = ['kubeconfig', 'context', 'cluster', 'namespace', 'config'] as const;
const outputs = ['text', 'json'] as const;

interface ConnectCommand extends Pick<Command, 'kubeconfig' | 'context' | 'cluster' | 'namespaces' | 'config'> {
  readonly output: (typeof outputs)[number];
}

/** Runs it and gives the exit code: 0 everything needed is there, 3 something is not. Throws UsageError. */
export const runConnect = async (argv: readonly string[], operations: readonly Operation[], signal: AbortSignal): Promise<number> => {
  const command = commandOf(argv);
  if (command === 'help') {
    process.stdout.write(usage());
    return 0;
  }
  const targets = await connectTargets(command);
  for (const { optionsOf } of targets) for (const operation of operations) validateCheckOptions(operation, optionsOf(operation.name));
  const { connect } = await import('../connect/connect.ts');
  const { renderConnection, renderOverview } = await import('../connect/render-text.ts');
  const { useColor } = await import('../report/render-text.ts');
  const text = { columns: Math.min(process.stdout.columns || 80, 120), color: useColor(process.stdout, process.env) };
  const connections = [];
  for (const target of targets) {
    if (signal.aborted) break;
    const connection = await connect(target, operations, signal);
    if (command.output === 'text') process.stdout.write(`${connections.length > 0 ? '\n' : ''}${renderConnection(connection, text)}`);
    connections.push(connection);
  }
  const ready = connections.length === targets.length && connections.every((connection) => connection.ready);
  if (command.output === 'json') process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ready, clusters: connections }, null, 2)}\n`);
  else if (targets.length > 1) process.stdout.write(`\n${renderOverview(connections, text)}`);
  return ready ? 0 : 3;
};

const commandOf = (argv: readonly string[]): ConnectCommand | 'help' => {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseFlags(argv, {
    help: { type: 'boolean', short: 'h' },
    output: text,
    ...Object.fromEntries(flags.map((flag) => [flag, text])),
  });
  if (values.help === true) return 'help';
  if (positionals.length > 0) throw new UsageError(`Unexpected ${JSON.stringify(positionals[0])}: connect takes options only.`);
  const given = (flag: string): string | undefined => {
    const value = values[flag];
    if (value === '') throw new UsageError(`--${flag} was given without a value.`);
    return typeof value === 'string' ? value : undefined;
  };
  const command = {
    kubeconfig: given('kubeconfig'),
    context: given('context'),
    cluster: given('cluster'),
    namespaces: given('namespace')?.split(',').filter(Boolean),
    config: given('config'),
    output: oneOf('output', given('output') ?? 'text', outputs),
  };
  const byKubeconfig = command.kubeconfig !== undefined || command.context !== undefined;
  if (byKubeconfig && command.cluster !== undefined)
    throw new UsageError('--cluster and --kubeconfig/--context cannot be used together: say one thing to connect to.');
  if (!byKubeconfig && command.cluster === undefined)
    throw new UsageError('Nothing to connect to was given. Say --cluster A,B (of nightshift.yaml), --kubeconfig FILE or --context NAME.');
  return command;
};

const connectTargets = async (command: ConnectCommand): Promise<readonly ConnectTarget[]> => {
  if (command.namespaces !== undefined) await assertNamespaces(command.namespaces);
  const configuration = await configurationOf(command);
  if (configuration !== undefined && command.cluster !== undefined) {
    const patterns = command.cluster.split(',').filter(Boolean);
    return selectClusters(configuration, patterns).map((name) => configuredTarget(configuration, name, command));
  }
  return (await kubeconfigClusters(command)).map(({ cluster, access }) => ({
    cluster,
    access,
    backups: [],
    optionsOf: (operation) => configuration?.options[operation] ?? {},
  }));
};

const configuredTarget = (configuration: Configuration, cluster: string, { namespaces }: ConnectCommand): ConnectTarget => {
  const configured = configuration.clusters[cluster] ?? {};
  const byApi = configured.eks !== undefined || configured.kubeconfig !== undefined;
  return {
    cluster,
    ...(byApi && { access: { ...configured, ...narrowedTo(namespaces) } }),
    backups: configured.backups ?? [],
    optionsOf: (operation) => layOptions(configuration, cluster, operation),
  };
};

const usage = (): string =>
  [
    'nightshift connect --cluster A,B | --kubeconfig FILE [--context A,B] [options]',
    '',
    'Can a cluster be reached, and with which rights: name, TCP, TLS, identity, each right that the operations need, the buckets of its backups.',
    'It reads, and writes nothing.',
    '',
    'Options',
    ...flags.map((flag) => row(`--${flag} ${commonFlags[flag]?.value}`, commonFlags[flag]?.description ?? '')),
    row(`--output ${outputs.join('|')}`, 'the format; text unless told'),
    '',
    'Exit code: 0 everything that is needed is there; 2 the command or the configuration is wrong; 3 something is out of reach or missing.',
    '',
  ].join('\n');
