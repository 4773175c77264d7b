import * as z from 'zod';
import type { OperationName } from '../report/model.ts';
import type { Check } from '../scan/contracts.ts';
import type { OperationOptions } from './configuration.ts';
import { ConfigurationError } from './configuration-error.ts';

/** What the runtime and the command need to know of an operation; each lives in functions/<name>/operation.ts. */
export interface Operation {
  readonly name: OperationName;
  readonly title: string;
  readonly checks: readonly Check[];
  /** Its own event keys beside cluster and clusters; the command's flags are made of them, in kebab case. */
  readonly event: z.ZodObject<Record<string, z.ZodType>>;
}

/** The own event keys of operations that run checks. */
export const checkSelection = (checks: readonly Check[]) => {
  const id = z.enum(checks.map((check) => check.id) as [string, ...string[]]);
  return z.object({
    only: z.array(id).min(1).optional().describe('Run these checks alone'),
    off: z.array(id).min(1).optional().describe('Do not run these checks'),
  });
};
export interface CheckSelection {
  readonly only?: readonly string[] | undefined;
  readonly off?: readonly string[] | undefined;
}

const pathOf = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/**
 * Validates the configured options of each check against the check's own schema, which the configuration's schema does not know.
 * Throws ConfigurationError naming the check, the option, and what is allowed.
 */
export const validateCheckOptions = (operation: Operation, options: OperationOptions): void => {
  const known = operation.checks.map(({ id }) => id);
  const { off = [], ...byCheck }: { off?: readonly string[]; [check: string]: unknown } = options.checks ?? {};
  const mistakes = [...off, ...Object.keys(byCheck)]
    .filter((id) => !known.includes(id))
    .map((id) => `options.${operation.name}.checks: there is no check ${JSON.stringify(id)}; there are ${known.join(', ')}`);
  for (const check of operation.checks) {
    const parsed = check.options.safeParse(byCheck[check.id] ?? {});
    for (const issue of parsed.error?.issues ?? []) {
      mistakes.push(`options.${operation.name}.checks.${[check.id, pathOf(issue.path)].filter(Boolean).join('.')}: ${issue.message}`);
    }
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes.join('\n'));
};

/** Which checks do not run this time, with the reason that the report gives. */
export const checksOff = (operation: Operation, options: OperationOptions, selection: CheckSelection): Readonly<Record<string, string>> =>
  Object.fromEntries(
    operation.checks.flatMap(({ id }): [string, string][] => {
      if (options.checks?.off.includes(id)) return [[id, 'turned off in nightshift.yaml']];
      if (selection.off?.includes(id)) return [[id, 'turned off for this run']];
      if (selection.only && !selection.only.includes(id)) return [[id, 'not asked for in this run']];
      return [];
    }),
  );
