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
  // What may be applied unasked is said of one cluster at a time: never of all, whatever was read without the checks of a deployment.
  const { apply: _, ...forAll }: OperationOptions = configuration.options[operation] ?? {};
  return layOver(forAll, configuration.clusters[cluster]?.options?.[operation] ?? {});
}

/**
 * Of each check and of the guards, key by key, what is laid over wins, and so does a rule over the one with its id; the lists `ignore`, `off`
 * and `protectedNamespaces` are joined, so that a cluster protects no less than all do.
 */
export function layOver(under: OperationOptions, over: OperationOptions): OperationOptions {
  const checks = layChecks(under.checks, over.checks);
  const ignore = [...(under.ignore ?? []), ...(over.ignore ?? [])];
  const guards = layGuards(under.guards, over.guards);
  const apply = over.apply ?? under.apply;
  const rules = layRules(under.rules, over.rules);
  return {
    ...(checks ? { checks } : {}),
    ...(ignore.length > 0 ? { ignore } : {}),
    ...(guards ? { guards } : {}),
    ...(apply ? { apply } : {}),
    ...(rules ? { rules } : {}),
  };
}

function layGuards(under: OperationOptions['guards'], over: OperationOptions['guards']): OperationOptions['guards'] {
  if (!under || !over) return over ?? under;
  const limits = { ...under.limits, ...over.limits };
  const protectedNamespaces = [...new Set([...(under.protectedNamespaces ?? []), ...(over.protectedNamespaces ?? [])])];
  return {
    ...under,
    ...over,
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(protectedNamespaces.length > 0 ? { protectedNamespaces } : {}),
  };
}

function layRules(under: OperationOptions['rules'], over: OperationOptions['rules']): OperationOptions['rules'] {
  if (!under || !over) return over ?? under;
  const replaced = new Set(over.map(({ id }) => id));
  return [...under.filter(({ id }) => !replaced.has(id)), ...over];
}

function layChecks(under: OperationOptions['checks'], over: OperationOptions['checks']): OperationOptions['checks'] {
  if (!under || !over) return over ?? under;
  const { off: underOff, ...underChecks } = under;
  const { off: overOff, ...overChecks } = over;
  const laid = Object.entries(overChecks).map(([check, options]) => [check, { ...underChecks[check], ...options }]);
  return { ...underChecks, ...Object.fromEntries(laid), off: [...new Set([...underOff, ...overOff])] };
}
