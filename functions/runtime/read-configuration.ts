/** nightshift.yaml from its text, with every mistake told by its line. For synth and the command: functions read the JSON in their bundle. */
import { type Configuration, configurationSchema } from './configuration.ts';
import type { ConfigurationPath } from './configuration-error.ts';
import { readYaml } from './read-yaml.ts';

export { ConfigurationError } from './configuration-error.ts';
export { layOptions } from './lay-options.ts';
export { selectClusters, UnknownClusterError } from './select-clusters.ts';

/**
 * The configuration that `text` holds, validated, defaults filled in. `file` is named in messages only.
 * Throws ConfigurationError with every mistake: YAML syntax, duplicate and unknown keys, wrong values.
 */
export function readConfiguration(text: string, file: string): Configuration {
  return readConfigurationWithLines(text, file).configuration;
}

/** As readConfiguration, with the line that a path stands in, for whoever checks more than the schema can. */
export function readConfigurationWithLines(
  text: string,
  file: string,
): { readonly configuration: Configuration; readonly lineOf: (path: ConfigurationPath) => number } {
  const { value, lineOf } = readYaml(configurationSchema, text, file);
  return { configuration: value, lineOf };
}
