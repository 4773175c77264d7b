/** Runs the four rules about unused objects over objects in memory, together, as the operation does. */
import assert from 'node:assert/strict';
import type { Proposal } from '../../../functions/actions/contracts.ts';
import type { Rule } from '../../../functions/cleanup/contracts.ts';
import { withCustomResources } from '../../../functions/cleanup/references/with-custom-resources.ts';
import unusedConfigMaps from '../../../functions/cleanup/rules/unused-config-maps.ts';
import unusedClaims from '../../../functions/cleanup/rules/unused-persistent-volume-claims.ts';
import unusedSecrets from '../../../functions/cleanup/rules/unused-secrets.ts';
import unusedAccounts from '../../../functions/cleanup/rules/unused-service-accounts.ts';
import type { CustomResources, ObserverEnd } from '../../../functions/scan/contracts.ts';
import { scan } from '../../../functions/scan/scan.ts';
import { now } from '../../health-check/objects.ts';
import { type MemorySourceOptions, memorySource } from '../../scan/memory-source.ts';
import { stored } from '../rules/run-rule.ts';
import { customReadsOf, type Made } from './objects.ts';

export const unusedRules: readonly Rule[] = [unusedConfigMaps, unusedClaims, unusedSecrets, unusedAccounts];

export interface UnusedRun extends Omit<MemorySourceOptions, 'objects'> {
  readonly objects: readonly Made[];
  readonly custom?: CustomResources | Error;
  readonly rules?: readonly Rule[];
}

/** What they propose, in the order in which they say it, and how each ended. */
export const runUnused = async ({
  objects,
  custom = { reads: customReadsOf(objects), unknown: [] },
  rules = unusedRules,
  ...options
}: UnusedRun): Promise<{ readonly proposals: readonly Proposal[]; readonly ends: readonly ObserverEnd[]; readonly objects: number }> => {
  const source = memorySource({ now, ...options, objects: objects.map((object) => stored(object)) });
  const signal = AbortSignal.timeout(60_000);
  const customResources = async () => {
    if (custom instanceof Error) throw custom;
    return custom;
  };
  const result = await scan(source, await withCustomResources(rules, { customResources }, signal), { signal });
  return { proposals: result.out.map(({ observer: _, ...proposal }) => proposal), ends: result.observers, objects: result.objects };
};

/** `Kind namespace/name` of each, sorted; asserts that all ran. */
export const unusedOf = async (run: UnusedRun): Promise<readonly string[]> => {
  const { proposals, ends } = await runUnused(run);
  for (const { id, outcome, reason } of ends) assert.equal(outcome, 'ran', `${id}: ${reason}`);
  return proposals.map(({ object: { kind, namespace, name } }) => `${kind} ${namespace}/${name}`).toSorted();
};

const nameOf = ({ kind, metadata: { namespace, name } }: Made): string => `${kind} ${namespace}/${name}`;

/** Asserts that the object is kept beside the others, and that it is a candidate where `reference` alone is missing or replaced. */
export const assertKeptOnlyBy = async (
  object: Made,
  reference: readonly Made[],
  { others = [], instead = [] }: { readonly others?: readonly Made[]; readonly instead?: readonly Made[] } = {},
): Promise<void> => {
  const custom = { reads: customReadsOf([...reference, ...others, ...instead]), unknown: [] };
  const withIt = await unusedOf({ objects: [object, ...others, ...reference], custom });
  assert.ok(!withIt.includes(nameOf(object)), 'kept with the reference');
  const withoutIt = await unusedOf({ objects: [object, ...others, ...instead], custom });
  assert.ok(withoutIt.includes(nameOf(object)), `a candidate without the reference: ${withoutIt.join(', ')}`);
};
