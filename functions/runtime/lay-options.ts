/** The options of an operation on one cluster. */
import type { OperationName } from '../report/model.ts';
import type { Configuration, OperationOptions } from './configuration.ts';

/**
 * The options of `operation` for all clusters with those of `cluster` laid over them: of each check, key by key, the cluster's win;
 * the lists `ignore` and `off` are joined. A cluster that is not configured has only those for all.
 */
export function layOptions(configuration: Configuration, cluster: string, operation: OperationName): OperationOptions {
  const general = configuration.options[operation] ?? {};
  const own = configuration.clusters[cluster]?.options?.[operation] ?? {};
  const checks = layChecks(general.checks, own.checks);
  const ignore = [...(general.ignore ?? []), ...(own.ignore ?? [])];
  return { ...(checks ? { checks } : {}), ...(ignore.length > 0 ? { ignore } : {}) };
}

function layChecks(general: OperationOptions['checks'], own: OperationOptions['checks']): OperationOptions['checks'] {
  if (!general || !own) return own ?? general;
  const { off: generalOff, ...generalChecks } = general;
  const { off: ownOff, ...ownChecks } = own;
  const laid = Object.entries(ownChecks).map(([check, options]) => [check, { ...generalChecks[check], ...options }]);
  return { ...generalChecks, ...Object.fromEntries(laid), off: [...new Set([...generalOff, ...ownOff])] };
}
