import { existsSync } from 'node:fs';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import * as z from 'zod';
import type { Operation } from '../runtime/operation.ts';

/** The command line is wrong: exit code 2. The message says what was given, what is allowed and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const outputFormats = ['text', 'json', 'html', 'markdown', 'openreports'] as const;
export type OutputFormat = (typeof outputFormats)[number];
const failOnLevels = ['critical', 'warning', 'never'] as const;

/** What --backup names. */
export interface BackupPlace {
  /** A tarball, one backup's folder, a folder laid out like the bucket, or s3://BUCKET/PREFIX. */
  readonly place: string;
  /** What stands behind the #. */
  readonly name?: string;
}

/** The command line, understood. */
export interface Command {
  readonly operation: Operation;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  /** Only these namespaces are looked at. */
  readonly namespaces?: readonly string[] | undefined;
  readonly manifests?: string | undefined;
  /** Where Velero's backups lie, and which of them; a name alone beside --cluster or --event is among the operation's own keys. */
  readonly backup?: BackupPlace | undefined;
  /** A file with the whole event as Lambda would get it, or - for standard input. */
  readonly event?: string | undefined;
  readonly config?: string | undefined;
  readonly state?: string | undefined;
  /** Undefined where not given: --out may then tell by its ending. */
  readonly output?: OutputFormat | undefined;
  readonly out?: string | undefined;
  readonly failOn: (typeof failOnLevels)[number];
  readonly help: boolean;
  /** The operation's own event keys that were given as flags. */
  readonly own: Readonly<Record<string, unknown>>;
}

interface Flag {
  readonly value: string;
  readonly description: string;
}
/** The flags that all operations have, as --help shows them. */
export const commonFlags: Readonly<Record<string, Flag>> = {
  kubeconfig: {
    value: 'FILE',
    description: 'reach a cluster by this kubeconfig, or several as in $KUBECONFIG (it or ~/.kube/config with --context alone)',
  },
  context: { value: 'A,B', description: 'its contexts, by name or glob, each a cluster; the current one unless told' },
  cluster: { value: 'A,B', description: 'clusters of nightshift.yaml, by name, glob or label (team=core)' },
  namespace: { value: 'A,B', description: 'look at these namespaces alone, as with credentials that reach no further' },
  manifests: { value: 'DIR|-', description: 'a folder of manifests (kubectl get -o yaml), or standard input' },
  backup: {
    value: 'PATH|s3://BUCKET/PREFIX[#NAME]',
    description: 'a Velero backup: a tarball, a backup’s folder or a location; the newest unless named (beside --cluster: a name)',
  },
  event: { value: 'FILE|-', description: 'the whole event as the function would get it; an SNS envelope too' },
  config: { value: 'FILE', description: 'the configuration; ./nightshift.yaml unless told' },
  state: { value: 'DIR|s3://BUCKET|none', description: 'where reports are kept and the last one is looked up; none unless told' },
  output: { value: outputFormats.join('|'), description: 'the format; text unless told' },
  out: { value: 'FILE', description: 'write the report to this file; without --output its ending tells the format' },
  'fail-on': { value: failOnLevels.join('|'), description: 'exit with 1 from this severity on; critical unless told' },
};

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

interface OwnKey {
  readonly key: string;
  readonly flag: string;
  readonly type: 'string' | 'number' | 'boolean' | 'array';
  readonly description: string;
  /** What it, or each of an array, may be, where that is one of a few. */
  readonly allowed?: readonly string[] | undefined;
}
/** The operation's own event keys as flags; one that a common flag is called after (backup) is given by that. */
export const ownFlags = (operation: Operation): readonly OwnKey[] => ownKeys(operation).filter(({ flag }) => !(flag in commonFlags));

const ownKeys = (operation: Operation): readonly OwnKey[] => {
  const { properties = {} } = z.toJSONSchema(operation.event, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, { type?: string; description?: string; enum?: readonly string[]; items?: { enum?: readonly string[] } }>;
  };
  return Object.entries(properties).map(([key, { type, description = '', items, enum: own }]) => ({
    key,
    flag: kebab(key),
    type: type === 'array' || type === 'boolean' ? type : type === 'number' || type === 'integer' ? 'number' : 'string',
    description,
    allowed: items?.enum ?? own,
  }));
};

const isOneOf = <T extends string>(allowed: readonly T[], value: string): value is T => (allowed as readonly string[]).includes(value);
/** The value of a flag that takes one of a few. Throws UsageError. */
export const oneOf = <T extends string>(flag: string, value: string, allowed: readonly T[]): T => {
  if (!isOneOf(allowed, value)) throw new UsageError(`--${flag} ${value}: not known; it is one of ${allowed.join(', ')}`);
  return value;
};

const chooseOperation = (name: string | undefined, operations: readonly Operation[]): Operation => {
  const known = [...operations.map((operation) => operation.name), 'connect'].join(', ');
  if (name === undefined) throw new UsageError(`No operation was given; there are: ${known}. See nightshift --help.`);
  const operation = operations.find((candidate) => candidate.name === name);
  if (!operation) throw new UsageError(`Unknown operation ${JSON.stringify(name)}; there are: ${known}.`);
  return operation;
};

const ownValue = ({ type, flag, allowed }: OwnKey, value: unknown): unknown => {
  if (type === 'array') {
    const parts = partsOf(flag, (value as string[]).join(','));
    return allowed ? parts.map((part) => oneOf(flag, part, allowed)) : parts;
  }
  if (type === 'string' && allowed) return oneOf(flag, String(value), allowed);
  if (type !== 'number') return value;
  const number = Number(value);
  if (value === '' || Number.isNaN(number)) throw new UsageError(`--${flag} ${value}: not a number`);
  return number;
};

/** A common flag as it is parsed: what takes a list may be given several times. */
export const commonOption = (flag: string) => ({ type: 'string', multiple: commonFlags[flag]?.value === 'A,B' }) as const;

const parse = (argv: readonly string[], own: readonly OwnKey[]) => {
  const options: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const flag of Object.keys(commonFlags)) options[flag] = commonOption(flag);
  for (const { flag, type } of own) options[flag] = { type: type === 'boolean' ? 'boolean' : 'string', multiple: type === 'array' };
  return parseFlags(argv, options);
};

/** Takes the flags apart. Throws UsageError, which names those that there are. */
export const parseFlags = (argv: readonly string[], options: ParseArgsOptionsConfig) => {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const { message, code } = error as Error & { code?: string };
    const known = Object.keys(options).map((flag) => `--${flag}`);
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'(-[^']*)'/.exec(message)?.[1] : undefined;
    const valueless = /^Option '(?:-\w, )?(--[\w-]+) <value>' argument missing$/.exec(message)?.[1];
    if (valueless) throw new UsageError(`${valueless} was given without a value.`);
    throw new UsageError(unknown ? `Unknown option ${unknown}; there are: ${known.join(', ')}.` : message);
  }
};

/** The text that a flag was given, several of a list as one. Throws UsageError for an empty one. */
export const givenText = (values: Readonly<Record<string, unknown>>, flag: string): string | undefined => {
  const value = values[flag];
  const given = Array.isArray(value) ? value.join(',') : value;
  if (given === '') throw new UsageError(`--${flag} was given without a value.`);
  return typeof given === 'string' ? given : undefined;
};

/** The parts of a list. Throws UsageError where there are none: a list of nothing would look at nothing, and find it well. */
export const partsOf = (flag: string, list: string): readonly string[] => {
  const parts = list
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts.length === 0) throw new UsageError(`--${flag} was given without a value.`);
  return parts;
};

/** `s3://bucket/prefix#name`; a path may hold the character. */
const placeOf = (text: string): BackupPlace => {
  const [, place = text, name] = existsSync(text) ? [] : (/^(.+)#([^#/]*)$/s.exec(text) ?? []);
  if (name === '') throw new UsageError(`--backup ${text}: a backup’s name stands behind the #; leave it out for the newest.`);
  return { place, ...(name !== undefined && { name }) };
};

/** What --backup means: a place, or, beside clusters whose places are configured, a name. Throws UsageError. */
const backupOf = (
  operation: Operation,
  values: Readonly<Record<string, unknown>>,
): { readonly backup?: BackupPlace; readonly own?: Readonly<Record<string, unknown>> } => {
  const given = givenText(values, 'backup');
  if (given === undefined) return {};
  const takesNames = 'backup' in operation.event.shape;
  if (values.cluster === undefined && values.event === undefined) {
    const backup = placeOf(given);
    return { backup, ...(takesNames && backup.name !== undefined && { own: { backup: backup.name } }) };
  }
  if (/[/#]/.test(given))
    throw new UsageError(`--backup ${given}: beside --cluster and --event it is a backup’s name; where it lies is configured there.`);
  return { own: { backup: given } };
};

const refuseTogether = (operation: Operation, values: Readonly<Record<string, unknown>>): void => {
  const targets = ['manifests', 'cluster', 'event'].filter((flag) => values[flag] !== undefined);
  if (values.kubeconfig !== undefined || values.context !== undefined) targets.push('kubeconfig/--context');
  // What looks at backups also takes the cluster that they are of; all others look at one of the two.
  if (values.backup !== undefined && (operation.needs === 'api' || values.manifests !== undefined)) targets.push('backup');
  if (values.namespace !== undefined && !['cluster', 'kubeconfig/--context'].some((flag) => targets.includes(flag)))
    throw new UsageError('--namespace narrows a cluster: say --kubeconfig FILE, --context NAME or --cluster NAME with it.');
  if (targets.length > 1)
    throw new UsageError(`${targets.map((flag) => `--${flag}`).join(' and ')} cannot be used together: say one thing to look at.`);
};

/** Reads the command line. Throws UsageError. */
export const parseArguments = (argv: readonly string[], operations: readonly Operation[]): Command | 'help' => {
  const name = argv[0]?.startsWith('-') ? undefined : argv[0];
  if (name === 'help' || (name === undefined && argv.some((argument) => argument === '--help' || argument === '-h'))) return 'help';
  const operation = chooseOperation(name, operations);
  const own = ownFlags(operation);
  const { values, positionals } = parse(argv.slice(1), own);
  if (positionals.length > 0)
    throw new UsageError(`Unexpected ${JSON.stringify(positionals[0])}: an operation takes options only. See nightshift --help.`);
  refuseTogether(operation, values);
  const text = (flag: string) => givenText(values, flag);
  const output = text('output');
  const namespaces = text('namespace');
  const { backup, own: ownOfBackup } = backupOf(operation, values);
  return {
    operation,
    kubeconfig: text('kubeconfig'),
    context: text('context'),
    cluster: text('cluster'),
    namespaces: namespaces === undefined ? undefined : partsOf('namespace', namespaces),
    manifests: text('manifests'),
    backup,
    event: text('event'),
    config: text('config'),
    state: text('state'),
    output: output === undefined ? undefined : oneOf('output', output, outputFormats),
    out: text('out'),
    failOn: oneOf('fail-on', text('fail-on') ?? 'critical', failOnLevels),
    help: values.help === true,
    own: {
      ...Object.fromEntries(own.filter(({ flag }) => values[flag] !== undefined).map((key) => [key.key, ownValue(key, values[key.flag])])),
      ...ownOfBackup,
    },
  };
};
