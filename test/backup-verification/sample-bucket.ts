/** How a bucket is kept, for the tests of what judges it: unset as of a new one with versions, and what a test lays over it. */
import assert from 'node:assert/strict';
import type { LocationFacts, OperationCheck } from '../../functions/backup-verification/contracts.ts';
import { NotApplicable } from '../../functions/scan/contracts.ts';
import type { Backup } from '../../functions/velero/backup.ts';
import type { Asked, BucketFacts, LifecycleRule } from '../../functions/velero/bucket/bucket-facts.ts';
import { factsOf, lookAt } from './look-at.ts';

export const unset = { state: 'unset' } as const;
export const set = <T>(value: T): Asked<T> => ({ state: 'set', value });
export const denied = { state: 'unknown', reason: 'AccessDenied', remedy: 'allow it' } as const;

export const bucketOf = (over: Partial<BucketFacts> = {}): BucketFacts => ({
  bucket: 'velero',
  prefix: 'prod',
  region: 'eu-central-1',
  versioning: set('Enabled'),
  encryption: set({ algorithm: 'AES256' }),
  keyState: unset,
  publicAccessBlock: set({ missing: [] }),
  isPublic: unset,
  objectLock: unset,
  replication: unset,
  lifecycle: unset,
  previousVersion: async () => unset,
  ...over,
});

export const ruleOf = (over: Partial<LifecycleRule>): LifecycleRule => ({
  id: 'tidy',
  enabled: true,
  prefix: '',
  narrowed: false,
  transitions: [],
  ...over,
});

/** Looks at a location in a bucket that is kept so. */
export const lookAtBucket = (
  check: OperationCheck,
  over: Partial<BucketFacts>,
  { backups = [], options, ...more }: { readonly backups?: readonly Backup[]; readonly options?: unknown } & Partial<LocationFacts> = {},
) => lookAt(check, factsOf(backups, { bucket: bucketOf(over), ...more }), options === undefined ? {} : { options });

/** What holds for every check of a bucket: a folder is not applicable, and what nobody knows is unknown and no alarm. */
export async function assertHonest(check: OperationCheck, facts: readonly (keyof BucketFacts)[]): Promise<void> {
  await assert.rejects(lookAt(check, factsOf([], { name: '/backups' })), (error: unknown) => {
    assert.ok(error instanceof NotApplicable);
    assert.equal(error.message, '/backups is no bucket');
    return true;
  });
  for (const fact of facts) {
    const { lines, unknowns } = await lookAtBucket(check, { [fact]: denied });
    assert.deepEqual(lines, [], fact);
    assert.deepEqual(unknowns.map(({ reason, remedy }) => [reason, remedy])[0], ['AccessDenied', 'allow it'], fact);
  }
}
