/** nightshift connect: can these clusters be reached, and with which rights. No deployed operation: it is for whoever sets one up. */
import { isMistake } from '../cluster/cluster-error.ts';
import type { ConnectTarget } from '../connect/target.ts';
import { counted } from '../report/counts.ts';
import { validateCheckOptions } from '../runtime/check-options.ts';
import type { Configuration } from '../runtime/configuration.ts';
import { layOptions } from '../runtime/lay-options.ts';
import type { Operation } from '../runtime/operation.ts';
import { selectClusters } from '../runtime/select-clusters.ts';
import { type Command, commonFlags, commonOption, givenText, oneOf, parseFlags, partsOf, UsageError } from './arguments.ts';
import { assertNamespaces, configurationOf, kubeconfigClusters, narrowedTo } from './targets.ts';
import { tell } from './tell.ts';
import { item, row } from './usage.ts';

const flags = ['kubeconfig', 'context', 'cluster', 'namespace', 'config'] as const;
const outputs = ['text', 'json'] as const;

interface ConnectCommand extends Pick<Command, 'kubeconfig' | 'context' | 'cluster' | 'namespaces' | 'config'> {
  readonly output: (typeof outputs)[number];
}

/** Runs it and gives the exit code: 0 everything needed is there, 2 something is configured wrongly, else 3. Throws UsageError. */
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
    // What was given up because the user left says nothing of the cluster.
    if (signal.aborted && !connection.ready) break;
    if (command.output === 'text') process.stdout.write(`${connections.length > 0 ? '\n' : ''}${renderConnection(connection, text)}`);
    connections.push(connection);
  }
  const ready = connections.length === targets.length && connections.every((connection) => connection.ready);
  if (command.output === 'json') process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ready, clusters: connections }, null, 2)}\n`);
  else if (targets.length > 1 && connections.length > 0) process.stdout.write(`\n${renderOverview(connections, text)}`);
  if (signal.aborted && !ready) tell(`interrupted: ${connections.length} of ${counted(targets.length, 'cluster')} looked at`);
  if (ready) return 0;
  return connections.some(({ steps }) => steps.some(({ kind }) => isMistake(kind))) ? 2 : 3;
};

const commandOf = (argv: readonly string[]): ConnectCommand | 'help' => {
  const { values, positionals } = parseFlags(argv, {
    help: { type: 'boolean', short: 'h' },
    output: { type: 'string' },
    ...Object.fromEntries(flags.map((flag) => [flag, commonOption(flag)])),
  });
  if (values.help === true) return 'help';
  if (positionals.length > 0)
    throw new UsageError(`Unexpected ${JSON.stringify(positionals[0])}: connect takes options only. See nightshift connect --help.`);
  const given = (flag: string) => givenText(values, flag);
  const namespaces = given('namespace');
  const command = {
    kubeconfig: given('kubeconfig'),
    context: given('context'),
    cluster: given('cluster'),
    namespaces: namespaces === undefined ? undefined : partsOf('namespace', namespaces),
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
    return selectClusters(configuration, partsOf('cluster', command.cluster)).map((name) => configuredTarget(configuration, name, command));
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
    'Can a cluster be reached, and with which rights: name, TCP, TLS, identity, each',
    'right that the operations need, the buckets of its backups. It writes nothing.',
    '',
    'Options',
    ...flags.map((flag) => row(`--${flag} ${commonFlags[flag]?.value}`, commonFlags[flag]?.description ?? '')),
    row(`--output ${outputs.join('|')}`, 'the format; text unless told'),
    '',
    'Exit code',
    ...['0 everything that is needed is there', '2 the command or a configuration is wrong', '3 something is out of reach or missing'].map(
      item,
    ),
    '',
  ].join('\n');
