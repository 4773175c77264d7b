import * as z from 'zod';
import type { OperationName } from '../report/model.ts';
import type { Check } from '../scan/contracts.ts';
import type { OperationOptions } from './configuration.ts';

/** What the runtime and the command need to know of an operation; each lives in functions/<name>/operation.ts. */
export interface Operation {
  readonly name: OperationName;
  readonly title: string;
  /** What a cluster must have for it: `api`, a way to its API server (eks or kubeconfig); `backups`, places where Velero keeps its backups. */
  readonly needs: 'api' | 'backups';
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

/** Which checks do not run this time, with the reason that the report gives. `over`: what config/overrides.yaml lays over the options. */
export const checksOff = (
  operation: Operation,
  options: OperationOptions,
  selection: CheckSelection,
  over: OperationOptions = {},
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    operation.checks.flatMap(({ id }): [string, string][] => {
      if (options.checks?.off.includes(id)) return [[id, 'turned off in nightshift.yaml']];
      if (over.checks?.off.includes(id)) return [[id, 'turned off in config/overrides.yaml']];
      if (selection.off?.includes(id)) return [[id, 'turned off for this run']];
      if (selection.only && !selection.only.includes(id)) return [[id, 'not asked for in this run']];
      return [];
    }),
  );
