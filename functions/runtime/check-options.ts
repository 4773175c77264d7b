/** The options of checks, which the configuration's schema does not know, against each check's own. */
import type { OperationOptions } from './configuration.ts';
import { type ConfigurationPath, configurationError, type Mistake } from './configuration-error.ts';
import type { Operation } from './operation.ts';
import { mistakesOf } from './schema-mistakes.ts';

/**
 * What is wrong with the options of checks; `path` leads to the operation's options and begins each mistake's own.
 * @param rules of nightshift.yaml: they are turned off as checks are, and have no options but what they say themselves
 */
export function checkOptionMistakes(
  operation: Operation,
  options: OperationOptions | undefined,
  path: ConfigurationPath,
  rules: OperationOptions['rules'] = options?.rules,
): Mistake[] {
  const { off = [], ...byCheck }: { readonly off?: readonly string[]; readonly [check: string]: unknown } = options?.checks ?? {};
  const known = operation.checks.map(({ id }) => id);
  const ruleIds = (rules ?? []).map(({ id }) => id);
  const all = [...known, ...ruleIds];
  const unknown = `unknown check; ${operation.name} has ${all.join(', ')}`;
  const unknownOff = [...off.entries()].filter(([, id]) => !all.includes(id));
  return [
    ...unknownOff.map(([index, id]) => ({ path: [...path, 'checks', 'off', index], message: `${JSON.stringify(id)}: ${unknown}` })),
    ...Object.entries(byCheck).flatMap(([id, given]) => {
      const at = [...path, 'checks', id];
      const schema = operation.checks.find((check) => check.id === id)?.options;
      if (!schema && ruleIds.includes(id)) return [{ path: at, message: 'the rule says itself what holds for it: change it under rules' }];
      if (!schema) return [{ path: at, message: unknown }];
      const { error } = schema.safeParse(given, { reportInput: true });
      return error ? mistakesOf(schema, error).map((mistake) => ({ ...mistake, path: [...at, ...mistake.path] })) : [];
    }),
  ];
}

/** Throws ConfigurationError naming the check, the option, what was given and what is allowed. */
export function validateCheckOptions(operation: Operation, options: OperationOptions): void {
  const mistakes = checkOptionMistakes(operation, options, ['options', operation.name]);
  if (mistakes.length > 0) throw configurationError('the configuration', mistakes);
}
