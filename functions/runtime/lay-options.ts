/** The options of an operation on one cluster. */
import type { OperationName } from '../report/model.ts';
import type { Configuration, OperationOptions } from './configuration.ts';

/**
 * The options of `operation` for all clusters with those of `cluster` laid over them. A cluster that is not configured has only those for all.
 */
export function layOptions(
  configuration: Pick<Configuration, 'options' | 'clusters'>,
  cluster: string,
  operation: OperationName,
): OperationOptions {
  return layOver(configuration.options[operation] ?? {}, configuration.clusters[cluster]?.options?.[operation] ?? {});
}

/** Of each check, key by key, what is laid over wins; the lists `ignore` and `off` are joined. */
export function layOver(under: OperationOptions, over: OperationOptions): OperationOptions {
  const checks = layChecks(under.checks, over.checks);
  const ignore = [...(under.ignore ?? []), ...(over.ignore ?? [])];
  return { ...(checks ? { checks } : {}), ...(ignore.length > 0 ? { ignore } : {}) };
}

function layChecks(under: OperationOptions['checks'], over: OperationOptions['checks']): OperationOptions['checks'] {
  if (!under || !over) return over ?? under;
  const { off: underOff, ...underChecks } = under;
  const { off: overOff, ...overChecks } = over;
  const laid = Object.entries(overChecks).map(([check, options]) => [check, { ...underChecks[check], ...options }]);
  return { ...underChecks, ...Object.fromEntries(laid), off: [...new Set([...underOff, ...overOff])] };
}
