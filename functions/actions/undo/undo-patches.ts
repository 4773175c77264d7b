/** What undo patches: what a rule had patched, back to what it was, and a kept volume that is to be bound again. */
import { fieldsAt, textAt } from '../../backup-verification/restorability/fields.ts';
import { type Action, absent, type ObjectVersion, type Resource } from '../contracts.ts';
import type { JournalItem } from '../journal.ts';
import type { Fields } from './contracts.ts';
import { holds, inverted } from './invert-patch.ts';

/** The patch back, of the object as it is now; or why there is none. Only what still has the patched values is patched: others are somebody's. */
export function patchBack(
  { action, outcome }: JournalItem,
  manifest: Fields,
  there: unknown,
): { readonly object: Action['object']; readonly patch: Fields } | { readonly because: string } {
  if (there === absent) return { because: 'it is gone' };
  const metadata = fieldsAt(there, 'metadata');
  const [uid, resourceVersion] = [textAt(metadata, 'uid'), textAt(metadata, 'resourceVersion')];
  if (uid !== action.object.uid || resourceVersion === undefined) return { because: 'it exists again, with another uid' };
  if (metadata.deletionTimestamp != null) return { because: 'it is being deleted' };
  const patch = action.patch ?? {};
  if (!holds(patch, there))
    return { because: outcome?.result === 'patched' ? 'it was changed since' : 'it was not patched, or changed since' };
  const back = inverted(patch, manifest);
  return Object.keys(back).length > 0
    ? { object: { ...action.object, uid, resourceVersion }, patch: back }
    : { because: 'it was so before' };
}

/** So that a live volume is bound to a claim of the same name that has another uid. */
export function releaseOf(volume: Fields): {
  readonly version: Pick<ObjectVersion, 'uid' | 'resourceVersion'>;
  readonly resource: Resource;
  readonly patch: Fields;
} {
  const metadata = fieldsAt(volume, 'metadata');
  return {
    version: { uid: textAt(metadata, 'uid') ?? '', resourceVersion: textAt(metadata, 'resourceVersion') ?? '' },
    resource: { group: '', version: 'v1', resource: 'persistentvolumes', kind: 'PersistentVolume', namespaced: false },
    patch: { spec: { claimRef: { uid: null, resourceVersion: null } } },
  };
}
