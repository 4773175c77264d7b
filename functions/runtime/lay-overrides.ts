/** Overrides over the configuration. Without their schema, which a function loads only where there are some. */
import type { OperationName } from '../report/model.ts';
import type { Configuration, NotificationConfiguration, OperationOptions } from './configuration.ts';
import { layOver } from './lay-options.ts';
import type { Overrides } from './overrides.ts';

/** The options that the overrides have for an operation on a cluster. */
export const overridingOptions = (overrides: Overrides, cluster: string, operation: OperationName): OperationOptions =>
  layOver(overrides.options[operation] ?? {}, ownOptions(overrides, cluster, operation) ?? {});

/** Those for this cluster alone. A cluster may be called `constructor`. */
export const ownOptions = ({ clusters }: Overrides, cluster: string, operation: OperationName): OperationOptions | undefined =>
  Object.hasOwn(clusters, cluster) ? clusters[cluster]?.options[operation] : undefined;

/** The rules with the overrides of their topics laid over them, each at its own place; undefined where the topic is told nothing. */
export const layNotify = (
  notify: Configuration['notify'],
  overrides: Overrides | undefined,
): readonly (NotificationConfiguration | undefined)[] =>
  notify.map((rule) => {
    const { off, ...said } = overrides?.notify.find(({ topic }) => topic === rule.topic) ?? {};
    // What is not said is not there, whatever its type allows.
    return off ? undefined : { ...rule, ...(said as Partial<NotificationConfiguration>) };
  });

/** What is laid over for one cluster and operation, for people. */
export const describeOverrides = ({ checks, ignore = [] }: OperationOptions, { notify }: Overrides): string[] => {
  const { off = [], ...options } = checks ?? {};
  return [
    off.length > 0 && `checks turned off: ${off.join(', ')}`,
    Object.keys(options).length > 0 && `options of ${Object.keys(options).join(', ')}`,
    ignore.length > 0 && `ignore rules: ${ignore.length}`,
    ...notify.map((rule) => `notify ${rule.topic}: ${rule.off ? 'off' : saidOf(rule)}`),
  ].filter((text) => text !== false);
};

const saidOf = ({ topic: _, off: __, ...said }: Overrides['notify'][number]): string =>
  Object.entries(said)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ') || 'as configured';
