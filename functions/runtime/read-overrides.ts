/** config/overrides.yaml from its text; loaded only where there is one, as it brings YAML with it. */
import { checkOptionMistakes } from './check-options.ts';
import type { Configuration, OperationOptions } from './configuration.ts';
import { type ConfigurationPath, configurationError, type Mistake } from './configuration-error.ts';
import { layOptions, layOver } from './lay-options.ts';
import { overridingOptions, ownOptions } from './lay-overrides.ts';
import type { Operation } from './operation.ts';
import { type Overrides, overridesSchema } from './overrides.ts';
import { readYaml } from './read-yaml.ts';
import { selectClusters, UnknownClusterError } from './select-clusters.ts';

/** What overrides are laid over; where nothing is configured (a command with a kubeconfig alone), clusters and topics are not judged. */
export type Underneath = Pick<Configuration, 'clusters' | 'options' | 'notify'> | undefined;

/**
 * The overrides that `text` holds. An empty file has none. Throws ConfigurationError with every mistake and its line: what the schema does not
 * allow, clusters and topics that the configuration does not have, and what does not fit a check, alone or with what it is laid over.
 */
export function readOverrides(text: string, file: string, operation: Operation, configuration: Underneath): Overrides {
  const { value, lineOf } = readYaml(overridesSchema.nullable(), text, file);
  const overrides = value ?? overridesSchema.parse({});
  const mistakes = [
    ...optionMistakes(overrides, operation, configuration),
    ...(configuration ? [...clusterMistakes(overrides, configuration), ...topicMistakes(overrides, configuration)] : []),
  ];
  if (mistakes.length === 0) return overrides;
  throw configurationError(
    file,
    mistakes.map((mistake) => ({ ...mistake, line: lineOf(mistake.path) })),
  );
}

/** As they come out on each cluster: an option alone may be wrong that is right beside another, and the other way round. */
function optionMistakes(overrides: Overrides, operation: Operation, configuration: Underneath): Mistake[] {
  const underneath = configuration ?? { clusters: {}, options: {}, notify: [] };
  const clusters = [...new Set([...Object.keys(overrides.clusters), ...Object.keys(underneath.clusters)])];
  const told = new Map<string, Mistake>();
  for (const cluster of [undefined, ...clusters]) {
    const own = cluster === undefined ? undefined : ownOptions(overrides, cluster, operation.name);
    const laid = layOver(
      layOptions(underneath, cluster ?? '', operation.name),
      overridingOptions(overrides, cluster ?? '', operation.name),
    );
    for (const { path, message } of checkOptionMistakes(operation, laid, [])) {
      const place = placeOf(path, own, cluster, operation.name, overrides);
      if (place) told.set(JSON.stringify([place, message]), { path: place, message });
    }
  }
  return [...told.values()];
}

/** Where a mistake of the laid options stands in the overrides; undefined where they have no part in it. */
function placeOf(
  path: ConfigurationPath,
  own: OperationOptions | undefined,
  cluster: string | undefined,
  operation: Operation['name'],
  { options }: Overrides,
): ConfigurationPath | undefined {
  const [, id, key] = path;
  const has = (given: OperationOptions | undefined): ConfigurationPath | undefined => {
    const { off = [], ...byCheck } = given?.checks ?? {};
    if (id !== 'off') return typeof id === 'string' && Object.hasOwn(byCheck, id) ? path : undefined;
    return off.length > 0 && key !== undefined ? ['checks', 'off'] : undefined;
  };
  const ofCluster = cluster === undefined ? undefined : has(own);
  if (ofCluster && cluster !== undefined) return ['clusters', cluster, 'options', operation, ...ofCluster];
  const general = has(options[operation]);
  return general && ['options', operation, ...general];
}

function clusterMistakes({ clusters }: Overrides, configuration: NonNullable<Underneath>): Mistake[] {
  const unknown = Object.keys(clusters).filter((name) => !Object.hasOwn(configuration.clusters, name));
  return unknown.flatMap((name) => mistakeOfPattern(configuration, name, ['clusters', name]));
}

function topicMistakes({ notify }: Overrides, configuration: NonNullable<Underneath>): Mistake[] {
  const configured = [...new Set(configuration.notify.map(({ topic }) => topic))];
  return notify.flatMap(({ topic, clusters = [] }, index): Mistake[] => {
    const path = ['notify', index, 'topic'];
    const allowed = configured.length > 0 ? `allowed: ${configured.join(', ')}` : 'nightshift.yaml has none';
    const twice = notify.findIndex((other) => other.topic === topic) < index;
    return [
      ...(configured.includes(topic)
        ? []
        : [{ path, message: `${JSON.stringify(topic)} is not configured, so that it cannot be told; ${allowed}` }]),
      ...(twice ? [{ path, message: `${JSON.stringify(topic)} is given twice` }] : []),
      ...clusters.flatMap((pattern, at) => mistakeOfPattern(configuration, pattern, ['notify', index, 'clusters', at])),
    ];
  });
}

function mistakeOfPattern(configuration: NonNullable<Underneath>, pattern: string, path: ConfigurationPath): Mistake[] {
  try {
    selectClusters(configuration, [pattern]);
    return [];
  } catch (error) {
    if (!(error instanceof UnknownClusterError)) throw error;
    return [{ path, message: error.message }];
  }
}
