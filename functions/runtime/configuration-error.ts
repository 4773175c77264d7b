/** The configuration cannot be used. The message says of every mistake where it is, what was given and what is allowed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Where in the configuration: `['clusters', 'prod', 'eks', 'region']`. */
export type ConfigurationPath = readonly PropertyKey[];

/** One mistake. `line` counts from 1 and is absent where the mistake is in no line, such as a missing file. */
export interface Mistake {
  readonly line?: number;
  readonly path: ConfigurationPath;
  /** What was given and what is allowed. */
  readonly message: string;
}

/** The error for these mistakes, in the order of their lines: `file:line: clusters.prod.eks.region: what was given; what is allowed`. */
export function configurationError(file: string, mistakes: readonly Mistake[]): ConfigurationError {
  const sorted = mistakes.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return new ConfigurationError(sorted.map((mistake) => mistakeText(file, mistake)).join('\n'));
}

function mistakeText(file: string, { line, path, message }: Mistake): string {
  const place = path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text ? `${text}.${String(key)}` : String(key);
  }, '');
  return `${file}:${line === undefined ? '' : `${line}:`} ${place && `${place}: `}${message}`;
}
