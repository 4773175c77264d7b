/** What a backup with errors lost on the way: Velero lists an item before it writes it (velero pkg/backup/item_backupper.go). */
import type { Backup } from '../backup.ts';
import type { Messages } from '../companions/companion-files.ts';
import { readCompanions } from '../companions/read-companions.ts';
import type { ObjectStore } from '../store/object-store.ts';

/** Why objects of a kind may be missing, in words, when so many of them were found; undefined where none are. */
export type LostItems = (
  kind: { readonly group: string; readonly resource: string; readonly kind: string },
  found: number,
) => string | undefined;

/** `resource: /pods name: /web message: /...`: velero pkg/util/logging/log_counter_hook.go. Of what could not be listed nothing is found at all. */
const isListing = /message: \/(?:Error (?:listing|getting|collecting)|error list)/i;

/** A backup without errors lost nothing, and nothing is read for it. Throws StoreError only where the time is spent. */
export async function lostItems(store: ObjectStore, backup: Backup, signal: AbortSignal): Promise<LostItems> {
  const { metadata } = backup;
  if (!metadata || (metadata.errors === 0 && metadata.phase === 'Completed')) return () => undefined;
  const companions = readCompanions(store, backup, signal);
  const [list, results] = [await companions.resourceList(), await companions.results()];
  if (list.state !== 'read')
    return () => 'it was backed up with errors, and what it lost by them cannot be told: its list of items is not readable';
  const errors = results.state === 'read' ? textsOf(results.value.errors) : undefined;
  return (kind, found) => {
    const listed = Math.max(0, ...Object.entries(list.value).flatMap(([key, items]) => (isOf(key, kind) ? [items.length] : [])));
    if (listed > found) return `${listed - found} of ${listed} that it lists are not in it, as it was backed up with errors`;
    if (found > 0) return undefined;
    if (errors === undefined) return 'it was backed up with errors, and which they are cannot be told';
    return errors.some((error) => isListing.test(error) && mayMean(error, kind)) ? 'they could not be listed when it was made' : undefined;
  };
}

/** `apps/v1/Deployment` or `v1/Pod`. */
function isOf(key: string, { group, kind }: { readonly group: string; readonly kind: string }): boolean {
  const parts = key.split('/');
  return parts.at(-1) === kind && (parts.length === 3 ? parts[0] : '') === group;
}

/** An error of a whole API group names no resource. */
function mayMean(error: string, { group, resource }: { readonly group: string; readonly resource: string }): boolean {
  const [, named] = /\bresource: \/(\S+)/.exec(error) ?? [];
  return named === undefined || named === resource || named === `${resource}.${group}`;
}

const textsOf = ({ velero, cluster, namespaces }: Messages): readonly string[] => [
  ...velero,
  ...cluster,
  ...Object.values(namespaces).flat(),
];
