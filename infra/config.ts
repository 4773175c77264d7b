/** nightshift.yaml for a deployment: what the schema of functions/runtime cannot say is checked here, so that `cdk synth` tells it by its line. */
import { readFileSync } from 'node:fs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { allOperations } from '../functions/operations.ts';
import { checkOptionMistakes } from '../functions/runtime/check-options.ts';
import type { Configuration, KubeconfigAccess, OperationOptions, ScheduleConfiguration } from '../functions/runtime/configuration.ts';
import { ConfigurationError, type ConfigurationPath, configurationError } from '../functions/runtime/configuration-error.ts';
import { layOptions } from '../functions/runtime/lay-options.ts';
import type { Operation } from '../functions/runtime/operation.ts';
import { readConfigurationWithLines } from '../functions/runtime/read-configuration.ts';
import { mistakesOf } from '../functions/runtime/schema-mistakes.ts';
import { clustersFor, selectClusters, UnknownClusterError } from '../functions/runtime/select-clusters.ts';
import { cleanupMistakes } from './check-cleanup.ts';
import { cronMistakes } from './cron.ts';
import { timeZoneMistake } from './time-zone.ts';

type Tell = (path: ConfigurationPath, message: string) => void;

/**
 * The configuration of a deployment from a file. Beyond the schema it checks schedules (cron, time zone, clusters, operation, event keys), the
 * clusters of notification rules, the options of checks, what is said of the cleanup, and that no cluster is reached by a file. Throws ConfigurationError with every mistake and its line.
 */
export function loadConfiguration(path: string): Configuration {
  const { configuration, lineOf } = readConfigurationWithLines(textOf(path), path);
  const mistakes: { line: number; path: ConfigurationPath; message: string }[] = [];
  const tell: Tell = (at, message) => mistakes.push({ line: lineOf(at), path: at, message });
  checkClusters(configuration, tell);
  configuration.schedules.forEach((schedule, index) => {
    checkSchedule(configuration, schedule, ['schedules', index], tell);
  });
  configuration.notify.forEach(({ clusters = [] }, index) => {
    checkPatterns(clusters, (pattern) => selectClusters(configuration, [pattern]), ['notify', index, 'clusters'], tell);
  });
  const { checks: rules } = allOperations.find(({ name }) => name === 'cleanup') ?? { checks: [] };
  for (const { path: at, message } of cleanupMistakes(configuration, rules)) tell(at, message);
  checkTopics(configuration, tell);
  checkRepetition(configuration.schedules, tell);
  checkLogRetention(configuration.deployment.logRetentionDays, tell);
  if (mistakes.length > 0) throw configurationError(path, mistakes);
  return configuration;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'there is no such file' : 'the file cannot be read';
    throw new ConfigurationError(`${path}: ${why}; name the configuration by cdk deploy --context config=FILE (default nightshift.yaml)`);
  }
}

function checkClusters({ clusters, options }: Configuration, tell: Tell): void {
  for (const operation of allOperations) {
    checkOptions(operation, options[operation.name], ['options', operation.name], tell);
    for (const [name, cluster] of Object.entries(clusters)) {
      const { rules } = layOptions({ clusters, options }, name, operation.name);
      checkOptions(operation, cluster.options?.[operation.name], ['clusters', name, 'options', operation.name], tell, rules);
    }
  }
  for (const [name, { kubeconfig, write }] of Object.entries(clusters)) {
    checkKubeconfig(kubeconfig, ['clusters', name, 'kubeconfig'], tell);
    checkKubeconfig(write?.kubeconfig, ['clusters', name, 'write', 'kubeconfig'], tell);
  }
}

function checkKubeconfig(kubeconfig: KubeconfigAccess | undefined, at: ConfigurationPath, tell: Tell): void {
  const elsewhere = /^arn:[^:]*:[^:]*:([^:]*):/.exec(kubeconfig?.secret ?? kubeconfig?.ssm ?? '')?.[1];
  if (elsewhere && kubeconfig?.region !== undefined && kubeconfig.region !== elsewhere)
    tell([...at, 'region'], `"${kubeconfig.region}"; the ARN beside it says ${elsewhere}: leave region out`);
  if (kubeconfig?.file === undefined) return;
  const advice = 'a function has no such file: store the kubeconfig in Secrets Manager, SSM or S3 and name it by secret, ssm or s3';
  tell([...at, 'file'], `"${kubeconfig.file}" is for the command line only; ${advice}`);
}

function checkOptions(
  operation: Operation,
  options: OperationOptions | undefined,
  at: ConfigurationPath,
  tell: Tell,
  rules?: OperationOptions['rules'],
): void {
  for (const { path, message } of checkOptionMistakes(operation, options, at, rules)) tell(path, message);
}

function tellMistakes(schema: z.ZodType, given: unknown, at: ConfigurationPath, tell: Tell): void {
  const { error } = schema.safeParse(given, { reportInput: true });
  for (const { path, message } of error ? mistakesOf(schema, error) : []) tell([...at, ...path], message);
}

function checkSchedule(configuration: Configuration, schedule: ScheduleConfiguration, path: ConfigurationPath, tell: Tell): void {
  for (const mistake of schedule.cron === undefined ? [] : cronMistakes(schedule.cron)) {
    tell([...path, 'cron'], `"${schedule.cron}": ${mistake}`);
  }
  const zone = schedule.timeZone === undefined ? undefined : timeZoneMistake(schedule.timeZone);
  if (zone !== undefined) tell([...path, 'timeZone'], zone);
  const operation = allOperations.find(({ name }) => name === schedule.operation);
  const pick = (pattern: string) =>
    operation ? clustersFor(operation, configuration, [pattern]) : selectClusters(configuration, [pattern]);
  checkPatterns(schedule.clusters, pick, [...path, 'clusters'], tell);
  if (!operation) {
    const deployed = allOperations.map(({ name }) => name).join(', ');
    tell([...path, 'operation'], `"${schedule.operation}" is not deployed yet; allowed: ${deployed}`);
  } else {
    tellMistakes(z.strictObject(operation.event.shape), schedule.with ?? {}, [...path, 'with'], tell);
  }
}

/** `pick` throws UnknownClusterError for a pattern that picks none. */
function checkPatterns(patterns: readonly string[], pick: (pattern: string) => unknown, path: ConfigurationPath, tell: Tell): void {
  patterns.forEach((pattern, index) => {
    try {
      pick(pattern);
    } catch (error) {
      if (!(error instanceof UnknownClusterError)) throw error;
      tell([...path, index], error.message);
    }
  });
}

/** A function learns the topics from its environment, which holds 4 KB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const topicsRoom = 3_500;
/** Of the stack's own topic, made by CloudFormation of the stack's name: its ARN. */
const createdTopic = 'x'.repeat(110);

function checkTopics({ notify }: Configuration, tell: Tell): void {
  const size = JSON.stringify(notify.map(({ topic }) => (topic === 'create' ? createdTopic : topic))).length;
  if (size <= topicsRoom) return;
  const advice = 'let rules for clusters share a topic, and its subscriptions filter by the attributes cluster and severity';
  tell(
    ['notify'],
    `${notify.length} rules, whose topics take ${size} characters; a function’s environment has room for ${topicsRoom}: ${advice}`,
  );
}

function checkLogRetention(days: number, tell: Tell): void {
  const allowed = Object.values(RetentionDays).filter((value) => typeof value === 'number' && value !== RetentionDays.INFINITE);
  if (allowed.includes(days)) return;
  tell(['deployment', 'logRetentionDays'], `${days}; CloudWatch Logs keeps logs for ${allowed.join(', ')} days`);
}

function checkRepetition(schedules: readonly ScheduleConfiguration[], tell: Tell): void {
  const seen = new Map<string, number>();
  schedules.forEach((schedule, index) => {
    const text = JSON.stringify(schedule);
    const first = seen.get(text);
    if (first !== undefined) tell(['schedules', index], `the same as schedules[${first}]; remove one of the two`);
    seen.set(text, first ?? index);
  });
}
