/** What the checks of a bucket's own settings share. */
import { NotApplicable } from '../../scan/contracts.ts';
import type { Backup } from '../../velero/backup.ts';
import type { Asked, BucketFacts } from '../../velero/bucket/bucket-facts.ts';
import type { CheckPass } from '../contracts.ts';

/** Throws NotApplicable where the location is no bucket: a folder has neither versions nor a policy. */
export function bucketOf({ location }: Pick<CheckPass, 'location'>): BucketFacts {
  if (!location.bucket) throw new NotApplicable(`${location.name} is no bucket`);
  return location.bucket;
}

/** An answer that is one; what nobody knows is said to be unknown, and gives undefined. */
export function known<T>(pass: Pick<CheckPass, 'unknown'>, asked: Asked<T>): Exclude<Asked<T>, { state: 'unknown' }> | undefined {
  if (asked.state !== 'unknown') return asked;
  pass.unknown({ reason: asked.reason, remedy: asked.remedy });
  return undefined;
}

export const day = 86_400_000;

/** How long Velero keeps a backup, in ms, by its own account; undefined where it does not say. */
export function lifetimeOf({ metadata }: Backup): number | undefined {
  const lifetime = Date.parse(metadata?.expiration ?? '') - Date.parse(metadata?.startTimestamp ?? '');
  return lifetime > 0 ? lifetime : undefined;
}

/** The backup that is kept longest, with its lifetime in ms. */
export function longestKept(backups: readonly Backup[]): { readonly backup: Backup; readonly lifetime: number } | undefined {
  let longest: { readonly backup: Backup; readonly lifetime: number } | undefined;
  for (const backup of backups) {
    const lifetime = lifetimeOf(backup);
    if (lifetime !== undefined && lifetime > (longest?.lifetime ?? 0)) longest = { backup, lifetime };
  }
  return longest;
}

/** The folders that restores read, as keys of the bucket; repositories only where there are any. */
export const foldersOf = (
  { prefix }: BucketFacts,
  topFolders: readonly string[],
): readonly { readonly name: string; readonly key: string }[] =>
  ['backups', 'kopia', 'restic']
    .filter((name) => name === 'backups' || topFolders.includes(name))
    .map((name) => ({ name, key: `${prefix ? `${prefix}/` : ''}${name}/` }));

/** Does a rule for keys that begin with `prefix` have to do with what lies in a folder: with all of it, or with some? */
export const reach = (prefix: string, folder: string): 'all' | 'some' | 'none' =>
  folder.startsWith(prefix) ? 'all' : prefix.startsWith(folder) ? 'some' : 'none';
